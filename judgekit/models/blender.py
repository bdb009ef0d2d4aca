"""PairRM computed by the package `llm-blender` (Jiang et al. 2023, arXiv:2306.02561).

Tokenisation, truncation, network and ranking are the package's own code. Only its import and its
loader are replaced: the package can be imported with transformers 4 only, and its loader downloads
the backbone's weights a second time, although the checkpoint contains them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import transformers

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.models.deberta import Size
from judgekit.models.pairrm import (
    ENCODER,
    SPARE,
    PairRM,
    network_size,
    prompt_batches,
    read_config,
)
from judgekit.models.pairrm_tokens import Limits
from judgekit.models.tensors import Tensors
from judgekit.types import digest

__all__ = ["Blender"]

PREFIXES = ("<|source|>", "<|candidate1|>", "<|candidate2|>", "<|candidate|>")
SPECIAL = {f"{name}_token": f"[{name.upper()}]" for name in ("cls", "sep", "pad", "unk")}
DEBERTA_V3: dict[str, Any] = {  # what all its sizes share (He et al. 2021, arXiv:2111.09543)
    "relative_attention": True,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "type_vocab_size": 0,
}


@dataclass(frozen=True)
class Blender:
    """llm-blender's PairRM; `fingerprint` is a digest of weights, tokenizer and settings."""

    fingerprint: str
    upstream: Any = field(repr=False)  # llm_blender.Blender

    @classmethod
    def load(cls, path_or_hub_id: str, device: str = "auto") -> Blender:
        """Loads a PairRM, in the layout of PairRM or of PairRM-hf.

        As in llm-blender, a GPU computes in half precision unless the checkpoint's config has
        ``"fp16": false``.

        Args:
            path_or_hub_id: A folder or a hub id.
            device: A torch device; ``auto`` is a GPU if there is one.

        Raises:
            InputError: The package is missing, or as `PairRM.load`.
        """
        package = import_upstream()
        pairrm = PairRM.load(path_or_hub_id, device=device)  # finds and checks, reads no weights
        blender = build_blender(package, pairrm.folder)
        half = pairrm.device.type != "cpu" and blender.ranker_config.fp16
        blender.ranker = (blender.ranker.half() if half else blender.ranker.float()).eval()
        blender.ranker.to(pairrm.device)
        blender.ranker_config.device = pairrm.device
        return cls(digest(pairrm.fingerprint, "fp16" if half else "fp32"), blender)

    def logits(self, pairs: Sequence[tuple[str, str, str]], *, batch_size: int = 1) -> list[float]:
        """The logits that the first answer is better.

        Args:
            pairs: Triples (prompt, first answer, second answer).
            batch_size: 1 computes each pair alone. Otherwise the number of prompts, with their
                consecutive pairs, in a batch; the longest prompt of a batch decides where its
                answers are truncated.

        Raises:
            ValueError: A text contains one of llm-blender's markers.
        """
        self.check(text for pair in pairs for text in pair)
        prompts = [prompt for prompt, _, _ in pairs]
        alone = batch_size == 1
        groups = ([i] for i in range(len(pairs))) if alone else prompt_batches(prompts, batch_size)
        all_logits: list[float] = []
        for group in groups:
            shown = ([self.after_marker(text) for text in pairs[i]] for i in group)
            sources, first, second = zip(*shown, strict=True)
            logits = self.upstream.compare(
                sources,
                first,
                second,
                mode="[A,B]",  # this order alone; the caller asks for the other
                return_logits=True,
                batch_size=len(group),
                disable_tqdm=True,
            )
            all_logits += map(float, logits)
        return all_logits

    def rank(
        self, prompts: Sequence[str], candidates: Sequence[Sequence[str]], *, batch_size: int = 8
    ) -> list[list[int]]:
        """Ranks each prompt's candidates; 1 is the best, equal candidates share the better rank.

        Args:
            prompts: The prompts.
            candidates: The candidates of each prompt, equally many for all.
            batch_size: The number of prompts in a batch.

        Raises:
            ValueError: The prompts have unequal numbers of candidates, or as `logits`.
        """
        rows = self.rank_array(prompts, candidates, batch_size, return_scores=False)
        return [[int(rank) for rank in row] for row in rows]

    def scores(
        self, prompts: Sequence[str], candidates: Sequence[Sequence[str]], *, batch_size: int = 8
    ) -> list[list[float]]:
        """The scores behind `rank`: the mean over candidates j of logit(i, j) - logit(j, i)."""
        rows = self.rank_array(prompts, candidates, batch_size, return_scores=True)
        return [[float(score) for score in row] for row in rows]

    def rank_array(
        self,
        prompts: Sequence[str],
        candidates: Sequence[Sequence[str]],
        batch_size: int,
        *,
        return_scores: bool,
    ) -> Any:
        """The result of llm-blender's `rank`: an array (prompts, candidates)."""
        if len({len(some) for some in candidates}) > 1:
            raise ValueError("llm-blender ranks prompts with equally many candidates only")
        if not prompts:
            return []
        self.check(chain(prompts, *candidates))
        return self.upstream.rank(
            [self.after_marker(prompt) for prompt in prompts],
            [[self.after_marker(text) for text in some] for some in candidates],
            return_scores=return_scores,
            batch_size=batch_size,
            disable_tqdm=True,
        )

    def after_marker(self, text: str) -> str:
        """The text as it can follow a marker.

        A combining mark at its beginning can join the marker's last character (``>`` with U+0338 is
        ``≯``), and llm-blender would not find the marker. A space keeps them apart, as in `PairRM`.
        """
        normalizer = self.upstream.ranker_tokenizer.backend_tokenizer.normalizer
        joined = normalizer is not None and not normalizer.normalize_str(f">{text}").startswith(">")
        return f" {text}" if joined else text

    def check(self, texts: Iterable[str]) -> None:
        """Refuses texts that llm-blender would misread, or fail on together with their batch.

        Raises:
            ValueError: A text contains one of llm-blender's markers.
        """
        normalizer = self.upstream.ranker_tokenizer.backend_tokenizer.normalizer
        for text in texts:
            # Markers are found in the normalised text, so full-width ones count as well.
            normal = normalizer.normalize_str(text) if normalizer else text
            held = next((p for p in PREFIXES if p in text or p in normal), None)
            if held:
                raise ValueError(
                    f"llm-blender cannot judge a text that holds {held!r}; the native backend can"
                )


@cache
def import_upstream() -> ModuleType:
    """Imports the package `llm_blender`, and leaves transformers unchanged.

    Raises:
        InputError: The package, or one that it needs, is not installed.
    """
    try:
        hub = importlib.import_module("transformers.utils.hub")
        constants = importlib.import_module("huggingface_hub.constants")
        # A constant of transformers 4 that llm-blender needs at import; only its loader uses it.
        with temporary_attribute(hub, "TRANSFORMERS_CACHE", constants.HF_HUB_CACHE):
            return importlib.import_module("llm_blender")
    except ModuleNotFoundError as error:
        raise InputError(
            f"the backend 'llm-blender' needs the package {error.name!r}; "
            f"{install_hint('llm-blender')}"
        ) from error


@contextmanager
def temporary_attribute(module: ModuleType, name: str, value: object) -> Iterator[None]:
    """Sets an attribute of a module for a while, unless the module has it already."""
    if hasattr(module, name):
        yield
        return
    setattr(module, name, value)
    try:
        yield
    finally:
        delattr(module, name)


def build_blender(package: ModuleType, folder: Path) -> Any:
    """An `llm_blender.Blender` with only its ranker, from a checked checkpoint's folder."""
    from llm_blender.pair_ranker.model_util import build_collator
    from llm_blender.pair_ranker.ranker import CrossCompareReranker

    settings, tensors, limits = read_config(folder), Tensors(folder), Limits()
    size, tasks = network_size(folder, tensors, settings)
    known = {each.name for each in fields(package.RankerConfig)}
    config = package.RankerConfig(**{k: v for k, v in settings.items() if k in known})
    config.ranker_type, config.n_tasks = "pairranker", tasks  # PairRM-hf's config lacks the type
    config.source_maxlength = config.source_maxlength or limits.source
    config.candidate_maxlength = config.candidate_maxlength or limits.candidate
    tokenizer = upstream_tokenizer(folder)
    collator = build_collator(
        config.ranker_type, tokenizer, config.source_maxlength, config.candidate_maxlength
    )
    backbone = transformers.DebertaV2Model(backbone_config(size))
    backbone.config.out_hidden_state_size = size.hidden
    ranker = CrossCompareReranker(backbone, config, tokenizer)
    weights = (name for name in tensors.shapes if name != ENCODER + SPARE)
    ranker.load_state_dict({name: tensors.read(name) for name in weights})

    # Its initialiser would configure the root logger to report that no fuser is loaded.
    blender = package.Blender.__new__(package.Blender)
    blender.blender_config = package.BlenderConfig(use_tqdm=False)
    blender.ranker_config, blender.ranker = config, ranker
    blender.ranker_tokenizer, blender.ranker_collator = tokenizer, collator
    return blender


def upstream_tokenizer(folder: Path) -> Any:
    """The checkpoint's tokenizer, with the methods that llm-blender calls."""
    # Not AutoTokenizer: the DeBERTa class of transformers 5 adds a normaliser.
    read: Any = transformers.PreTrainedTokenizerFast
    tokenizer = read(tokenizer_file=str(folder / "tokenizer.json"), **SPECIAL)
    tokenizer.batch_encode_plus = tokenizer  # transformers 4's other name for `__call__`
    return tokenizer


def backbone_config(size: Size) -> Any:
    """The backbone's config, which llm-blender's loader takes from its `model_name`."""
    sizes: dict[str, Any] = {
        "vocab_size": size.vocabulary,
        "hidden_size": size.hidden,
        "pooler_hidden_size": size.hidden,
        "intermediate_size": size.inner,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "position_buckets": size.buckets,
        "max_position_embeddings": size.farthest,
        "layer_norm_eps": size.epsilon,
    }
    return transformers.DebertaV2Config(**sizes, **DEBERTA_V3)
