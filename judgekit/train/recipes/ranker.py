"""How a ranker (PairRM) is trained: the keywords of `train_ranker`, and under the same names flags.

A ranker is small and trained whole, in full precision, so it has a recipe of its own: none of the
settings of adapters and 4-bit weights apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self, get_args

from judgekit.config.fields import as_json, fitted, setting
from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.train.recipes.language_model import DATA, MODEL, STEPS, WATCH, Recipe

__all__ = ["MetricName", "Ranker"]

MetricName = Literal["bleu", "rouge-1", "rouge-2", "rouge-l", "bertscore"]


@dataclass(frozen=True, kw_only=True)
class Ranker:
    """A PairRM (Jiang et al. 2023, arXiv:2306.02561), from pairs or from measured candidates."""

    model: str = setting(
        "", "What to start from, a folder or a hub id: a PairRM, or a DeBERTa-v3 encoder.", MODEL
    )
    dtype: Literal["float32", "bfloat16"] = setting(
        "float32", "What to compute in; the weights and the optimizer stay in float32.", MODEL
    )
    device: str = setting("auto", "Where to train: cpu, cuda, cuda:1.", MODEL)
    dropout: float = setting(0.05, "Share of the head's inputs and inner units dropped.", MODEL)
    checkpoint_activations: bool = setting(
        False, "Compute activations again in the backward pass: less memory, a third slower.", MODEL
    )
    loss: Literal["pairwise", "bce"] = setting(
        "pairwise", "On the difference of two answers (pairwise), or on each answer (bce).", STEPS
    )
    learning_rate: float = setting(1e-5, "The highest learning rate.", STEPS)
    schedule: Literal["cosine", "linear", "constant"] = setting(
        "linear", "How the learning rate falls.", STEPS
    )
    warmup: float = setting(0.05, "Share of the steps in which the learning rate rises.", STEPS)
    optimizer: Literal["adamw", "adamw_8bit", "paged_adamw_8bit"] = setting(
        "adamw", "The optimizer.", STEPS
    )
    weight_decay: float = setting(0.0, "Weight decay.", STEPS)
    max_grad_norm: float = setting(1.0, "Gradients are scaled down to this norm.", STEPS)
    epochs: float = setting(1.0, "Times through the data, where steps are not given.", STEPS)
    steps: int | None = setting(None, "Optimizer steps, instead of epochs.", STEPS)
    batch_size: int = setting(
        4, "Pairs in one forward pass, each in both orders, on each process.", STEPS
    )
    accumulate: int = setting(8, "Forward passes in one optimizer step.", STEPS)
    seed: int = setting(0, "Of the order of rows, a new head and dropout.", STEPS)
    metrics: tuple[str, ...] = setting(
        (),
        "Learn from candidates with references, by these: bleu, rouge-1, rouge-2, rouge-l, "
        "bertscore; a head each. Without, from preference pairs.",
        DATA,
    )
    bertscore_model: str | None = setting(
        None, "The encoder that bertscore embeds with: a folder or a hub id.", DATA
    )
    bertscore_layer: int | None = setting(
        None, "Its layer, from 1; by default three quarters of the depth.", DATA
    )
    pairs_per_prompt: int = setting(
        10, "At most so many pairs of one prompt's candidates, drawn by the seed.", DATA
    )
    source_maxlength: int | None = setting(
        None, "Tokens of a prompt; its end is cut. By default the checkpoint's, or 1224.", DATA
    )
    candidate_maxlength: int | None = setting(
        None, "Tokens of an answer beside the longest prompt; by default the same, or 412.", DATA
    )
    limit: int | None = setting(None, "Only the first N rows, or prompts with candidates.", DATA)
    eval_data: Path | None = setting(None, "Held-out rows, instead of a share of the data.", DATA)
    eval_share: float = setting(
        0.05, "Share of the prompts held out for measuring; 0 for none.", DATA
    )
    eval_every: int | None = setting(
        None, "Measure on held-out rows every N steps; by default ten times.", WATCH
    )
    save_every: int | None = setting(
        None, "Write a checkpoint every N steps; by default ten times.", WATCH
    )
    keep_checkpoints: int = setting(2, "How many checkpoints stay.", WATCH)

    def __post_init__(self) -> None:
        for name, value in fitted(type(self), vars(self)).items():
            object.__setattr__(self, name, value)
        if not self.model:
            raise InputError("training needs a model to start from: add --model FOLDER or HUB-ID")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout must be at least 0 and below 1, not {self.dropout!r}")
        for metric in self.metrics:
            if metric not in get_args(MetricName):
                raise InputError(unknown("metric", metric, get_args(MetricName)))
        if len(set(self.metrics)) < len(self.metrics):
            raise InputError(f"a metric is named twice: {', '.join(self.metrics)}")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """From keywords; an unknown one is an error that names the nearest."""
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(unknown("setting", name, known))
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as JSON, for `train.json`."""
        return {name: as_json(value) for name, value in vars(self).items()}

    def loop(self) -> Recipe:
        """What of it the training loop, which is every objective's, goes by."""
        shared = {f.name for f in fields(Recipe)} & vars(self).keys()
        own = {name: getattr(self, name) for name in shared}
        return Loop(**own, quant="none", lora=False, samples=0, told=self.as_dict())


@dataclass(frozen=True, kw_only=True)
class Loop(Recipe):
    """A recipe that is written down as the ranker's, which it was made of."""

    told: Mapping[str, Any] = setting(dict, "The ranker's recipe.", WATCH)

    def as_dict(self) -> dict[str, Any]:
        return dict(self.told)
