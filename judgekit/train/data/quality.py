"""The quality of answers compared with reference answers, which a ranker can learn from.

BLEU and ROUGE are those of `judgekit.models.text_metrics`; BERTScore is here, with any encoder of
transformers. All are from 0 to 100, higher is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import torch
from torch import Tensor
from torch.nn.functional import normalize

from judgekit.errors import EngineError, InputError
from judgekit.models import loading, text_metrics
from judgekit.naming import unknown
from judgekit.train.recipes.ranker import MetricName

__all__ = ["BertScore", "qualities"]

BATCH = 32  # texts in one forward pass, padded to the longest
UNLIMITED = 10**9  # tokenizers without a limit say 10^30


def qualities(
    names: Sequence[str],
    answers: Sequence[str],
    references: Sequence[str],
    *,
    bertscore: BertScore | None = None,
) -> list[tuple[float, ...]]:
    """The metrics of answers.

    Args:
        names: Metrics, see `recipes.ranker.MetricName`.
        answers: The answers.
        references: The reference of each.
        bertscore: The encoder of ``bertscore``.

    Returns:
        For each answer one value per metric, in the order of `names`.

    Raises:
        InputError: An unknown metric, ``bertscore`` without an encoder, or a text that is too long
            for a metric.
    """
    columns = [metric_values(name, answers, references, bertscore) for name in names]
    return list(zip(*columns, strict=True)) if columns else [()] * len(answers)


def metric_values(
    name: str,
    answers: Sequence[str],
    references: Sequence[str],
    bertscore: BertScore | None,
) -> list[float]:
    """One metric of all answers."""
    if name == "bertscore":
        if bertscore is None:
            raise InputError("bertscore needs an encoder: add --bertscore-model FOLDER or HUB-ID")
        return bertscore.f1(answers, references)
    metric = text_metric(name)
    try:
        return [metric(a, r) for a, r in zip(answers, references, strict=True)]
    except text_metrics.TextTooLong as error:
        raise InputError(f"{name} cannot be measured: {error}; shorten the answers") from error


def text_metric(name: str) -> text_metrics.Metric:
    """A metric that needs no network, by name."""
    match name:
        case "bleu":
            return text_metrics.bleu()
        case "rouge-1" | "rouge-2":
            n = int(name[-1])
            return lambda answer, reference: text_metrics.rouge_n(answer, reference, n)
        case "rouge-l":
            return text_metrics.rouge_l
    raise InputError(unknown("metric", name, get_args(MetricName)))


class BertScore:
    """BERTScore's F1 (Zhang et al. 2020, arXiv:1904.09675) with the encoder `model`.

    Each token of a text is matched with the most similar one of the other, by the cosine of their
    contextual embeddings; recall is the mean over the reference's tokens, precision over the
    answer's (equations of section 3, without idf weights and without rescaling). Special tokens
    are left out. `layer` counts from 1, 0 being the embeddings; None is three quarters of the
    depth, where the paper's appendix B finds the layers that agree best with people (9 of 12 in
    bert-base, 18 of 24 in bert-large, 17 of 24 in roberta-large). Texts are cut at the encoder's
    length.

    Raises `InputError` for no such model or layer, `EngineError` where it cannot be loaded.
    """

    def __init__(self, model: str, *, layer: int | None = None, device: str = "auto") -> None:
        self._at = loading.find_checkpoint(loading.Weights(model, "float32", device))
        config = self._at.config.get_text_config()
        depth = int(config.num_hidden_layers)
        self.layer = round(0.75 * depth) if layer is None else layer
        if not 0 <= self.layer <= depth:
            raise InputError(f"{model!r} has layers 0 to {depth}, not {layer!r}")
        self._tokenizer = self._at.load_tokenizer()
        known = (self._tokenizer.model_max_length, getattr(config, "max_position_embeddings", None))
        self.max_length = min((n for n in known if n and n < UNLIMITED), default=None)
        self._network = self._load()

    def f1(self, answers: Sequence[str], references: Sequence[str]) -> list[float]:
        """F1 of each answer with its reference, times 100; 0 if either has no tokens."""
        scores: list[float] = []
        for start in range(0, len(answers), BATCH // 2):
            pairs = list(
                zip(
                    answers[start : start + BATCH // 2],
                    references[start : start + BATCH // 2],
                    strict=True,
                )
            )
            texts = list(dict.fromkeys(text for pair in pairs for text in pair))
            known = dict(zip(texts, self._embedded(texts), strict=True))
            scores += [100 * greedy_f1(known[a], known[r]) for a, r in pairs]
        return scores

    @torch.inference_mode()
    def _embedded(self, texts: Sequence[str]) -> list[Tensor]:
        """The tokens of each text as unit vectors, (tokens, hidden)."""
        batch = self._tokenizer(
            list(texts),
            padding=True,
            truncation=self.max_length is not None,
            max_length=self.max_length,
            return_special_tokens_mask=True,
            return_tensors="pt",
        ).to(self._at.device)
        content_masks = batch.pop("special_tokens_mask") == 0
        content_masks &= batch["attention_mask"] == 1
        states = self._network(**batch, output_hidden_states=True).hidden_states[self.layer]
        return [
            normalize(state[mask].float(), dim=-1).cpu()
            for state, mask in zip(states, content_masks, strict=True)
        ]

    def _load(self) -> Any:
        import transformers

        auto: Any = transformers.AutoModel
        with loading.loading_errors(self._at.name):
            network, loading_info = auto.from_pretrained(
                self._at.folder,
                dtype=self._at.dtype,
                device_map={"": self._at.device},
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
        missing = sorted(
            name for name in loading_info["missing_keys"] if not name.startswith("pooler")
        )
        if missing:
            raise EngineError(
                f"{self._at.name!r} is not an encoder: it lacks {len(missing)} of its weights "
                f"({missing[0]!r}), which would be random"
            )
        return network.eval()


def greedy_f1(answer: Tensor, reference: Tensor) -> float:
    """F1 of two texts as unit vectors, (tokens, hidden) each; 0 if nothing is similar."""
    if not len(answer) or not len(reference):
        return 0.0
    similar = answer @ reference.T
    precision = similar.amax(1).mean()
    recall = similar.amax(0).mean()
    both = float(precision + recall)
    return 2 * float(precision * recall) / both if both > 0 else 0.0
