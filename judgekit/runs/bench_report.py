"""``bench.json``: judges on labelled sets, as dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from judgekit.runs.reports import read_report
from judgekit.stats.accuracy import Accuracy
from judgekit.stats.paired_test import PairedTest
from judgekit.stats.plain import decode, encode

__all__ = ["BenchReport", "JudgeComparison", "JudgeResult", "SetResult"]

FILE = "bench.json"
SCHEMA = "judgekit.bench/1"


@dataclass(frozen=True, slots=True)
class JudgeResult:
    """One judge on one set.

    `trivial` judges cost nothing and are the baseline. `run` is the run's folder, and `stopped`
    says why it ended early. `unfinished` counts judged cases that no metric includes, because
    other cases of their question were not judged. `without_verdict`: no case got a verdict, so the
    accuracy means nothing. What was asked and paid is counted as in `RunCounts`.
    """

    judge: str
    model: str | None
    trivial: bool
    run: str
    stopped: str
    unfinished: int
    without_verdict: bool
    calls: int
    calls_from_store: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    accuracy: Accuracy
    by_category: Mapping[str, Accuracy]
    by_language: Mapping[str, Accuracy]
    calls_now: int | None = None
    reused: int | None = None
    without_usage: int = 0
    unpriced: int = 0

    def by(self, part: str) -> Mapping[str, Accuracy]:
        """The accuracy in each category or language.

        Args:
            part: ``category`` or ``language``.

        Returns:
            The accuracy by the part's value.
        """
        return self.by_category if part == "category" else self.by_language

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the metrics of the whole set stand beside the other keys."""
        plain: dict[str, Any] = encode(self)
        metrics = plain.pop("accuracy")
        parts = {name: plain.pop(name) for name in ("by_category", "by_language")}
        return {**plain, **metrics, **parts}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The result that `to_dict` made `plain` from.

        Args:
            plain: The JSON values.

        Returns:
            The result.
        """
        return decode(cls, {**plain, "accuracy": plain})


@dataclass(frozen=True, slots=True)
class JudgeComparison:
    """A paired test of two judges' accuracy on one set."""

    judge: str
    against: str
    test: PairedTest

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the test's own stand beside the names."""
        return {"judge": self.judge, "against": self.against, **encode(self.test)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The comparison that `to_dict` made `plain` from.

        Args:
            plain: The JSON values.

        Returns:
            The comparison.
        """
        return cls(plain["judge"], plain["against"], decode(PairedTest, plain))


@dataclass(frozen=True, slots=True)
class SetResult:
    """All judges on one labelled set.

    `file` holds the cases as they were judged. `questions` counts the groups of cases that are
    right only together. `labels` counts the cases by label, and `left_out` the rows of the source
    that are no case, by reason. `note` says what a reader of the metrics has to know.
    """

    name: str
    source: str
    licence: str
    note: str
    file: str
    cases: int
    questions: int
    labels: Mapping[str, int]
    left_out: Mapping[str, int]
    judges: tuple[JudgeResult, ...]
    tests: tuple[JudgeComparison, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        plain: dict[str, Any] = {
            name: encode(getattr(self, name))
            for name in ("name", "source", "licence", "note", "file", "cases", "questions")
        }
        return plain | {
            "labels": dict(self.labels),
            "left_out": dict(self.left_out),
            "judges": [judge.to_dict() for judge in self.judges],
            "tests": [test.to_dict() for test in self.tests],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The result that `to_dict` made `plain` from.

        Args:
            plain: The JSON values.

        Returns:
            The result.
        """
        nested = {
            "judges": tuple(map(JudgeResult.from_dict, plain["judges"])),
            "tests": tuple(map(JudgeComparison.from_dict, plain["tests"])),
        }
        return cls(**{name: plain[name] for name in cls.__dataclass_fields__} | nested)


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All that ``bench.json`` holds: the results of each set."""

    sets: tuple[SetResult, ...]

    def to_dict(self) -> dict[str, Any]:
        """What ``bench.json`` holds."""
        return {"schema": SCHEMA, "sets": [result.to_dict() for result in self.sets]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The report that `to_dict` made `plain` from.

        Args:
            plain: The JSON values.

        Returns:
            The report.

        Raises:
            KeyError, TypeError, ValueError: `plain` holds no benchmark.
        """
        return cls(tuple(map(SetResult.from_dict, plain["sets"])))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The report in a benchmark's folder.

        Args:
            folder: The folder that holds ``bench.json``.

        Returns:
            The report.

        Raises:
            InputError: The folder holds no benchmark, or a damaged one.
        """
        return read_report(folder / FILE, SCHEMA, cls.from_dict)
