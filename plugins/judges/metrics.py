"""The metrics of `--judge overlap` by name, each from 0 to 100."""

from __future__ import annotations

from typing import Literal, TypeAlias

from judgekit.models import text_metrics
from judgekit.models.text_metrics import Metric

from .chrf import Chrf

__all__ = ["Name", "make"]

Name: TypeAlias = Literal["chrf", "bleu", "rouge-l", "token-f1"]


def make(name: Name) -> Metric:
    """The metric of that name; BLEU imports sacrebleu, chrF numpy once there is much to score."""
    match name:
        case "chrf":
            return Chrf()
        case "bleu":
            return text_metrics.bleu()
        case "rouge-l":
            return text_metrics.rouge_l
        case "token-f1":
            return text_metrics.token_f1
