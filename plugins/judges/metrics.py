"""The metrics that `--judge overlap` offers, by name; each 0 to 100."""

from __future__ import annotations

from typing import Literal, TypeAlias

from judgekit.models import text_metrics
from judgekit.models.text_metrics import Metric

__all__ = ["Name", "make"]

Name: TypeAlias = Literal["chrf", "bleu", "rouge-l", "token-f1"]


def make(name: Name) -> Metric:
    """The metric of that name; what it needs (numpy, sacrebleu) is imported here."""
    match name:
        case "chrf":
            from .chrf import chrf

            return chrf
        case "bleu":
            return text_metrics.bleu()
        case "rouge-l":
            return text_metrics.rouge_l
        case "token-f1":
            return text_metrics.token_f1
