"""``drift.json``: a judge beside itself at an earlier time, as a dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from judgekit.runs.reports import read_report
from judgekit.stats.agreement import Agreement
from judgekit.stats.intervals import Rate
from judgekit.stats.metric import metric
from judgekit.stats.paired_test import PairedTest
from judgekit.stats.plain import decode, encode

__all__ = ["DriftReport"]

FILE = "drift.json"
SCHEMA = "judgekit.drift/1"


@dataclass(frozen=True, slots=True)
class DriftReport:
    """A judge now beside itself before, over the `cases` that both runs judged.

    `agreement` is over cases with a verdict in both runs, and None for scores. `position` holds
    the position shares and `statuses` the counts of trials by status, each as (before, now).
    `reasons` says why the judge is held to have drifted; empty where it has not.
    """

    judge: str
    model: str | None
    cases: int
    missing_cases: int = field(
        metadata=metric("cases of the earlier run that were not judged again", formerly="gone")
    )
    equal_share: Rate = field(
        metadata=metric(
            "the share of equal outcomes, no verdict being an outcome too; of scores, equal ones",
            unit="share",
            denominator="cases of both runs",
            formerly="same",
        )
    )
    agreement: Agreement | None
    shift: PairedTest = field(
        metadata=metric("the mean of response 0's value, or of the score: now minus before")
    )
    decided_shift: PairedTest = field(
        metadata=metric("the share of cases with a verdict: now minus before", formerly="decided")
    )
    instability: PairedTest | None = field(
        metadata=metric(
            "how much more often a repeat before and one now differ than two repeats before; None "
            "where the earlier run has no repeats",
            formerly="unsteady",
        )
    )
    position: tuple[Mapping[str, float | None], Mapping[str, float | None]]
    statuses: tuple[Mapping[str, int], Mapping[str, int]]
    tolerance: float | None
    reasons: tuple[str, ...]
    position_shifts: Mapping[str, PairedTest] = field(
        default_factory=dict,
        metadata=metric(
            "the position shares of `position`, the mean over cases of a case's own first share, "
            "and the net lean to the first place as `audit` has it: now minus before; empty of "
            "scores",
            unit="difference of shares",
            denominator="cases that both runs showed in both orders; of the first share, in which "
            "both chose a position; of the net lean, whose orders are all valid",
        ),
    )

    @property
    def drifted(self) -> bool:
        """Whether the judge is held to have drifted."""
        return bool(self.reasons)

    @property
    def sentence(self) -> str:
        """The result in words."""
        if self.drifted:
            return f"{self.judge} has drifted: {'; '.join(self.reasons)}"
        text = f"no drift of {self.judge} is seen"
        if self.equal_share.value is not None:
            text += f": {100 * self.equal_share.value:.1f} % of {self.cases} outcomes are unchanged"
        if self.tolerance is None and self.instability is None:
            text += (
                "; how well it agrees with itself is not known (make the earlier run with "
                "--repeats 2, or set --tolerance)"
            )
        return text

    def to_dict(self) -> dict[str, Any]:
        """What ``drift.json`` holds; renamed keys stand also under their names before."""
        head = {"schema": SCHEMA, "drifted": self.drifted, "sentence": self.sentence}
        return {**head, **encode(self)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The report that `to_dict` made `plain` from, in this release or the one before.

        Args:
            plain: The JSON values.

        Returns:
            The report.

        Raises:
            KeyError, TypeError, ValueError: `plain` holds no drift check.
        """
        return decode(cls, plain)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The report in a drift check's folder.

        Args:
            folder: The folder that holds ``drift.json``.

        Returns:
            The report.

        Raises:
            InputError: The folder holds no drift check, or a damaged one.
        """
        return read_report(folder / FILE, SCHEMA, cls.from_dict)
