"""What a judge said, and what is made of it: verdicts, judgements, outcomes, rankings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from judgekit.types.cases import Trial

__all__ = [
    "Choice",
    "CriterionMean",
    "CriterionVerdict",
    "Judgement",
    "Label",
    "Outcome",
    "Position",
    "Ranking",
    "Status",
    "StopKind",
    "StopReason",
    "Verdict",
]

Label = int | Literal["tie"]
"""What is known or said of two responses: the index of the better one, or a tie."""


class Status(StrEnum):
    """What became of one trial. Only `VALID` carries a choice or a score."""

    VALID = "valid"
    UNPARSED = "unparsed"  # a reply without a verdict
    AMBIGUOUS = "ambiguous"  # a reply with more than one
    TRUNCATED = "truncated"  # cut at the token limit before its verdict
    REFUSED = "refused"  # the model or a content filter would not
    TOO_LONG = "too_long"  # does not fit the judge's context
    NOT_APPLICABLE = "not_applicable"  # the answer has nothing that this judge judges
    FAILED = "failed"  # no reply, or the judge itself broke


class Choice(StrEnum):
    """Which of two shown answers is better, in positions as shown."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


class Position(StrEnum):
    """How the two orders of one case agree; the five shares add up to one."""

    CONSISTENT = "consistent"  # the same response twice, or tie twice
    FIRST = "first"  # the first shown in both orders
    SECOND = "second"  # the second shown in both orders
    HALF_TIE = "half_tie"  # one order a tie, the other not
    ERROR = "error"  # an order without a valid verdict


class StopKind(StrEnum):
    """Why a run ended before its plan."""

    BUDGET = "budget"  # a limit of calls or cost came first
    DECIDED = "decided"  # the interval lies on one side of one half
    PRECISE = "precise"  # the interval is narrow enough


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a run ended before its plan: the kind, and one sentence for people."""

    kind: StopKind
    text: str

    @property
    def cut_short(self) -> bool:
        """Whether a limit ended the run, not a result that is known well enough."""
        return self.kind is StopKind.BUDGET


@dataclass(frozen=True, slots=True)
class CriterionVerdict:
    """What the judge said of one criterion of a rubric.

    `value` is how far it is met, in 0 to 1; only `Status.VALID` has one. `weight` is that of the
    criterion in the score. `error` names why there is no value. `place` is where it stood among
    the criteria that the judge was shown, from 1; None where that is not known.
    """

    name: str
    status: Status
    value: float | None = None
    weight: float = 1.0
    reason: str = ""
    error: str = ""
    place: int | None = None

    def __post_init__(self) -> None:
        if (self.status is Status.VALID) != (self.value is not None):
            raise ValueError(f"a criterion has a value exactly when its status is valid: {self!r}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge said of one trial, in positions as shown.

    `probability` is that the first shown is better (a tie counting half), in 0 to 1; `score` is
    of a single answer, on the judge's own scale; `label` is the class of a single answer, one of
    the set that a classifier may say, and `probabilities` those of all classes; `error` names why a
    verdict is not valid. `criteria` are those of a rubric, in its own order; they may be valid
    where the verdict is not.
    """

    status: Status
    choice: Choice | None = None
    score: float | None = None
    probability: float | None = None
    reasoning: str = ""
    error: str = ""
    label: str | None = None
    criteria: tuple[CriterionVerdict, ...] = ()
    probabilities: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        has_value = not (self.choice is None and self.score is None and self.label is None)
        if (self.status is Status.VALID) != has_value or (
            self.probability is not None and not has_value
        ):
            raise ValueError(
                f"a verdict has a choice, a score or a label exactly when it is valid: {self!r}"
            )
        for name in ("score", "probability"):
            value = getattr(self, name)
            if value is not None and type(value) is not float:  # of numpy or torch, or an int
                object.__setattr__(self, name, float(value))

    @classmethod
    def chose(
        cls, choice: Choice, *, probability: float | None = None, reasoning: str = ""
    ) -> Verdict:
        """A valid verdict on a pair.

        Args:
            choice: Which of the two shown is better.
            probability: That the first shown is better (a tie counting half), in 0 to 1.
            reasoning: The judge's reasons.

        Returns:
            The verdict.
        """
        return cls(Status.VALID, choice=choice, probability=probability, reasoning=reasoning)

    @classmethod
    def scored(cls, score: float, *, reasoning: str = "") -> Verdict:
        """A valid verdict on a single answer.

        Args:
            score: On the judge's own scale.
            reasoning: The judge's reasons.

        Returns:
            The verdict.
        """
        return cls(Status.VALID, score=score, reasoning=reasoning)

    @classmethod
    def classified(
        cls,
        label: str,
        *,
        score: float | None = None,
        probabilities: tuple[tuple[str, float], ...] = (),
        reasoning: str = "",
    ) -> Verdict:
        """A valid verdict of a classifier on a single answer.

        Args:
            label: The class.
            score: The value of the class, where classes have values.
            probabilities: The name and the probability of each class, adding up to 1.
            reasoning: The judge's reasons.

        Returns:
            The verdict.
        """
        return cls(
            Status.VALID,
            score=score,
            reasoning=reasoning,
            label=label,
            probabilities=probabilities,
        )

    @classmethod
    def without(cls, status: Status, error: str = "", *, reasoning: str = "") -> Verdict:
        """A trial that has no valid verdict, and why.

        Args:
            status: How the trial ended.
            error: What went wrong, where that is known.
            reasoning: The judge's reasons, where it gave some.

        Returns:
            The verdict.
        """
        return cls(status, error=error, reasoning=reasoning)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A trial with its verdict and where it came from: the digests of its calls, tokens used."""

    trial: Trial
    verdict: Verdict
    calls: tuple[str, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class CriterionMean:
    """One criterion of one response over its repeats: the mean value, in 0 to 1.

    `value` is None unless more than half of the repeats have one.
    """

    name: str
    value: float | None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case after its trials are folded; un-swapped, so in response indices.

    `winner`: a response's index, ``"tie"``, or None (inconsistent or undecided; `decided` tells
    which: False where an order, or a response, has no valid verdict). `position` is None where
    the case was not shown in both orders. `mean`: the mean over valid trials of 1 / 0.5 / 0 (or
    of the probability) that response 0 is better, None without any; `margin`: how clearly it
    won, in 0 to 1 for choices and in points for scores. `scores`: each response's mean score,
    for judges of single answers; `labels`: each response's class, and `probabilities` the mean
    probability of each class, of a classifier; `criteria`: those of each response, where a rubric
    judged it. `first`/`second`: valid trials that chose by position.
    """

    case: str
    cluster: str
    winner: int | Literal["tie"] | None
    decided: bool
    position: Position | None
    mean: float | None
    margin: float | None
    scores: tuple[float | None, ...]
    statuses: Mapping[str, int]
    first: int = 0
    second: int = 0
    identical: bool = False
    category: str | None = None
    criteria: tuple[tuple[CriterionMean, ...], ...] = ()
    labels: tuple[str | None, ...] = ()
    probabilities: tuple[Mapping[str, float] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """A case of n responses after its trials are folded, every field in response indices.

    `ranks`: 1 is best, ties share the better rank. `scores`: what the ranks go by, over what is
    known; higher is better, None where nothing is. `scale` is their unit: ``points`` (of a judge of
    single answers), ``log_odds`` or ``lead`` (`judgekit.stats.outcomes.rank`). `beats[i][j]`: the
    probability that i is better than j (ties count half), None where a showing has no valid
    verdict. `complete`: no cell of it is unknown. `comparisons` holds, for i < j, the outcome of i
    (its response 0) against j; a run that chooses its games has some of them. `originals`: as
    `Case.originals`. `statuses` counts trials.
    """

    case: str
    cluster: str
    models: tuple[str, ...]
    ranks: tuple[int | None, ...]
    scores: tuple[float | None, ...]
    scale: Literal["points", "log_odds", "lead"]
    complete: bool
    beats: tuple[tuple[float | None, ...], ...]
    comparisons: Mapping[tuple[int, int], Outcome]
    originals: tuple[int, ...]
    statuses: Mapping[str, int]
    category: str | None = None

    @property
    def identical(self) -> bool:
        """Whether all responses are the same text."""
        return not any(self.originals)

    @property
    def best_first(self) -> tuple[int, ...]:
        """Response indices by rank, equal ranks as they stand, those without a rank last."""
        last = len(self.ranks) + 1
        return tuple(sorted(range(len(self.ranks)), key=lambda i: self.ranks[i] or last))
