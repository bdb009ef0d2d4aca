"""The recipe of a ranker (PairRM).

A ranker is small and trained in full, in full precision: no adapter and no 4-bit weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from judgekit.config.fields import setting
from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.train.recipes.recipe import DATA, MODEL, OPTIMIZATION, Recipe

__all__ = ["MetricName", "Ranker"]

MetricName = Literal["bleu", "rouge-1", "rouge-2", "rouge-l", "bertscore"]


@dataclass(frozen=True, kw_only=True)
class Ranker(Recipe):
    """A PairRM (Jiang et al. 2023, arXiv:2306.02561), from pairs or from measured candidates."""

    model: str = setting(
        "", "Model to start from: a PairRM or a DeBERTa-v3 encoder, as folder or hub id.", MODEL
    )
    dtype: Literal["float32", "bfloat16"] = setting(
        "float32", "Compute dtype; weights and optimizer stay in float32.", MODEL
    )
    dropout: float = setting(0.05, "Dropout in the head.", MODEL)
    loss: Literal["pairwise", "bce"] = setting(
        "pairwise",
        "Loss on the difference of two answers (pairwise), or on each answer (bce).",
        OPTIMIZATION,
    )
    learning_rate: float = setting(1e-5, "Peak learning rate.", OPTIMIZATION, above=0)
    schedule: Literal["cosine", "linear", "constant"] = setting(
        "linear", "Learning-rate schedule after warmup.", OPTIMIZATION
    )
    warmup: float = setting(
        0.05,
        "Share of the steps over which the learning rate rises.",
        OPTIMIZATION,
        least=0,
        most=1,
    )
    optimizer: Literal["adamw", "adamw_8bit", "paged_adamw_8bit"] = setting(
        "adamw", "Optimizer.", OPTIMIZATION
    )
    batch_size: int = setting(
        4, "Pairs per forward pass and process, each in both orders.", OPTIMIZATION, least=1
    )
    metrics: tuple[str, ...] = setting(
        (),
        "Learn from candidates scored by these metrics, a head each: bleu, rouge-1, rouge-2, "
        "rouge-l, bertscore. Default: preference pairs.",
        DATA,
    )
    bertscore_model: str | None = setting(
        None, "Encoder for bertscore: a folder or a hub id.", DATA
    )
    bertscore_layer: int | None = setting(
        None, "Encoder layer for bertscore, from 1. Default: three quarters of the depth.", DATA
    )
    pairs_per_prompt: int = setting(
        10, "Pairs of one prompt's candidates, at most; drawn with the seed.", DATA
    )
    source_maxlength: int | None = setting(
        None, "Tokens of a prompt; its end is cut. Default: the checkpoint's, or 1224.", DATA
    )
    candidate_maxlength: int | None = setting(
        None, "Tokens of an answer; its end is cut. Default: the checkpoint's, or 412.", DATA
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout must be at least 0 and below 1, not {self.dropout!r}")
        for metric in self.metrics:
            if metric not in get_args(MetricName):
                raise InputError(unknown("metric", metric, get_args(MetricName)))
        if len(set(self.metrics)) < len(self.metrics):
            raise InputError(f"a metric is named twice: {', '.join(self.metrics)}")

    def memory_savings(self) -> list[str]:
        return [*super().memory_savings(), "a lower --source-maxlength or --candidate-maxlength"]
