"""``align.json``: how a judge was aligned with labels, and what the test showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from judgekit.runs.reports import read_report
from judgekit.stats.balanced_accuracy import GainTest
from judgekit.stats.intervals import Rate
from judgekit.stats.paired_test import PairedTest
from judgekit.stats.plain import decode, encode

__all__ = ["FILE", "AlignReport", "CandidateResult", "JudgeMetrics"]

FILE = "align.json"
SCHEMA = "judgekit.align/1"


@dataclass(frozen=True, slots=True)
class JudgeMetrics:
    """One judge on labelled cases.

    `accuracy` is the share of right cases, `balanced_accuracy` the mean of that share over the
    labels. `consistent` and `first_share` are those of a comparison (None of single answers).
    `length_effect`: of pairs, how much more often the longer answer wins than with people; of
    single answers, the correlation of length with the score's excess over people's.
    `without_verdict` is the share of judgements. `tokens_in`, `tokens_out` and `cost_usd` are means
    per judgement; None where they are not known.
    """

    cases: int
    prompts: int
    balanced_accuracy: Rate
    accuracy: Rate
    consistent: Rate
    first_share: Rate
    length_effect: Rate
    without_verdict: Rate
    tokens_in: float | None
    tokens_out: float | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """A candidate: what was added to the prompt, and its balanced accuracy on the picking part.

    `before` is that of the judge as it was, on the same cases. `examples` counts the examples
    shown, and `rules` the lines of the rules. `fold` is that of cross-fitting, None without.
    """

    name: str
    digest: str
    examples: int
    rules: int
    balanced_accuracy: Rate
    before: Rate
    picked: bool
    fold: int | None = None


@dataclass(frozen=True, slots=True)
class AlignReport:
    """All that ``align.json`` holds.

    `pairs`: whether pairs were judged, otherwise single answers. `parts` counts the labelled
    prompts of each part (with cross-fitting, those of the judge that is written), `left_out` the
    cases that are in none, by reason. `looks` counts the looks at the test part in the reply store,
    this one included: 0 where no candidate was better than the judge and the test part stayed
    unseen. `smallest_gain` is what the test part shows with a power of 80 %. `people` is how often
    two people agree. `before` and `after` are of the test part. `shown`: the gain is significant,
    and this was the first look. `written` is the prompt file, empty where none was written.
    `stopped` says why the alignment ended early.
    """

    labelled: str
    judge: str
    model: str | None
    proposer: str | None
    pairs: bool
    cross_fit: bool
    parts: Mapping[str, int]
    left_out: Mapping[str, int]
    smallest_gain: float | None
    people: Rate
    candidates: tuple[CandidateResult, ...]
    picked: str | None
    unusable_revisions: int
    looks: int
    before: JudgeMetrics | None
    after: JudgeMetrics | None
    gain: GainTest | None
    consistency: PairedTest | None
    shown: bool
    sentence: str
    written: str
    calls: int
    calls_now: int | None
    reused: int | None
    cost_usd: float | None
    stopped: str = ""
    remarks: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """What ``align.json`` holds."""
        return {"schema": SCHEMA, **encode(self)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The report that `to_dict` made `plain` from.

        Args:
            plain: The JSON values.

        Returns:
            The report.

        Raises:
            KeyError, TypeError, ValueError: `plain` holds no alignment.
        """
        return decode(cls, plain)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The report in an alignment's folder.

        Args:
            folder: The folder that holds ``align.json``.

        Returns:
            The report.

        Raises:
            InputError: The folder holds no alignment, or a damaged one.
        """
        return read_report(folder / FILE, SCHEMA, cls.from_dict)
