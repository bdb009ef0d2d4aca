"""How probes make their metrics: each with a sentence, or with the reason why it has no value."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.runs.audit_report import AuditMetric
from judgekit.stats import Rate

__all__ = ["AuditMetric", "number", "points", "share", "unknown", "verdict"]

EMPTY = "no case is left to count"


def unknown(name: str, reason: str, *, cases: int = 0) -> AuditMetric:
    """A metric that the data cannot give."""
    return AuditMetric(name, Rate(), "share", cases, "", reason)


def share(name: str, rate: Rate, cases: int, sentence: str) -> AuditMetric:
    """A share in 0 to 1."""
    if rate.value is None:
        return unknown(name, EMPTY, cases=cases)
    return AuditMetric(name, rate, "share", cases, sentence)


def points(name: str, rate: Rate, cases: int, sentences: Sequence[str]) -> AuditMetric:
    """A difference of two shares, with the one of `sentences` that `verdict` picks."""
    if rate.value is None:
        return unknown(name, EMPTY, cases=cases)
    return AuditMetric(name, rate, "points", cases, verdict(rate, *sentences))


def number(name: str, rate: Rate, cases: int, sentence: str, empty: str) -> AuditMetric:
    """A metric on a scale of its own; `empty` is the reason where it has no value."""
    if rate.value is None:
        return unknown(name, empty, cases=cases)
    return AuditMetric(name, rate, "number", cases, sentence)


def verdict(rate: Rate, more: str, less: str, level: str) -> str:
    """`more` if the interval lies above 0, `less` if below, else `level`."""
    if rate.low is not None and rate.low > 0:
        return more
    if rate.high is not None and rate.high < 0:
        return less
    return level
