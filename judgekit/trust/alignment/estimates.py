"""What an alignment would ask and cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from judgekit.io.prompt_digest import prompt_digest
from judgekit.stats.intervals import Rate
from judgekit.stats.outcomes.fold import identical_outcome
from judgekit.trust.alignment.candidates import Candidate, example_candidates, revision_tasks
from judgekit.trust.alignment.evaluation import GradedCase
from judgekit.trust.alignment.prepare import Alignment
from judgekit.trust.alignment.splitting import FOLDS, Split, fold_of, split_without
from judgekit.types import Case

__all__ = ["AlignEstimate", "RunEstimate", "estimate_alignment"]


@dataclass(frozen=True)
class RunEstimate:
    """What some runs of one kind would ask together; None stands for what is not known."""

    run: str
    cases: int
    calls: int
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None


@dataclass(frozen=True)
class AlignEstimate:
    """The estimate of an alignment.

    Calls are an upper limit: replies in the store are free, and less is tried where examples or
    mistakes are few. `smallest_gain` is what the test shows with a power of 80 %, None where it
    shows none; `people` is how often two people agree.
    """

    runs: tuple[RunEstimate, ...]
    total: RunEstimate
    smallest_gain: float | None
    people: Rate
    remarks: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def estimate_alignment(alignment: Alignment) -> AlignEstimate:
    """What the alignment would ask and cost, and what it can show; asks nothing."""
    runs = tuple(cross_fitted(alignment) if alignment.options.cross_fit else held_out(alignment))
    return AlignEstimate(
        runs,
        summed("all", runs),
        alignment.smallest_gain,
        alignment.labelled.agreement(),
        tuple(alignment.remarks()),
    )


def held_out(alignment: Alignment) -> Iterator[RunEstimate]:
    """The runs of an alignment that holds one part out."""
    cases, parts = alignment.labelled.cases, alignment.split
    train, pick, test = (parts.cases(part, cases) for part in ("train", "pick", "test"))
    yield judged(alignment, "the judge as it is", [*train, *pick, *test], None)
    yield from searched(alignment, parts)
    yield judged(alignment, "test of the best candidate", test, stand_in(alignment, train))


def cross_fitted(alignment: Alignment) -> Iterator[RunEstimate]:
    """The runs of a cross-fitted alignment: a search for each fold, and one for the result."""
    cases = alignment.labelled.cases
    yield judged(alignment, "the judge as it is", cases, None)
    searches: list[RunEstimate] = []
    tests: list[RunEstimate] = []
    for fold in range(FOLDS):
        parts = split_without(cases, fold)
        searches += searched(alignment, parts)
        tested = [case for case in cases if fold_of(prompt_digest(case)) == fold]
        best = stand_in(alignment, parts.cases("train", cases))
        tests.append(judged(alignment, "tests of the folds", tested, best))
    searches += searched(alignment, alignment.split)
    for name in dict.fromkeys(part.run for part in searches):
        yield summed(name, [part for part in searches if part.run == name])
    yield summed("tests of the folds", tests)


def searched(alignment: Alignment, parts: Split) -> Iterator[RunEstimate]:
    """The candidates of one search, and the proposals."""
    cases, options = alignment.labelled.cases, alignment.options
    train, pick = parts.cases("train", cases), parts.cases("pick", cases)
    largest = stand_in(alignment, train)
    sizes = len(options.sizes) if largest is not None else 0
    tried = sizes + options.revisions + (1 if sizes and options.revisions else 0)
    each = judged(alignment, "candidates", pick, largest)
    yield summed("candidates", [each] * tried)
    if alignment.proposer is not None:
        tasks = revision_tasks(unjudged(alignment, train), alignment.template, options.revisions)
        asked = replace(alignment.proposer, tasks=tasks).estimate()
        yield RunEstimate(
            "proposals of rules",
            asked.prompts,
            asked.calls,
            asked.tokens_in,
            asked.tokens_out,
            asked.cost_usd,
        )


def judged(
    alignment: Alignment, name: str, cases: Sequence[Case], candidate: Candidate | None
) -> RunEstimate:
    """The estimate of one run."""
    e = alignment.job_of(cases, candidate, alignment.folder, "estimate").estimate()
    return RunEstimate(name, e.cases, e.calls, e.tokens_in, e.tokens_out, e.cost_usd)


def stand_in(alignment: Alignment, train: Sequence[Case]) -> Candidate | None:
    """A candidate with as many examples as there may be; None where there may be none."""
    head = alignment.template.head
    graded = unjudged(alignment, train)
    return next(iter(example_candidates(graded, head, alignment.options.sizes[-1:])), None)


def unjudged(alignment: Alignment, cases: Sequence[Case]) -> list[GradedCase]:
    """Cases in the place of the judge's mistakes, which nobody knows yet."""
    labels = alignment.labelled.labels
    return [
        GradedCase(
            case,
            prompt_digest(case),
            labels[case.id],
            right=False,
            outcome=identical_outcome(case),
            judgements=(),
        )
        for case in cases
    ]


def summed(name: str, runs: Sequence[RunEstimate]) -> RunEstimate:
    """Several estimates as one; None where a part of a sum is not known."""

    def total(key: str) -> Any:
        values = [getattr(part, key) for part in runs]
        return None if None in values else sum(values)

    keys = ("cases", "calls", "tokens_in", "tokens_out", "cost_usd")
    return RunEstimate(name, *map(total, keys))
