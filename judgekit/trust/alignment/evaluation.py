"""A judge's finished run beside the labels: which cases are right, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judgekit.config.prices import Price
from judgekit.io.prompt_digest import prompt_digest
from judgekit.runs.align_report import JudgeMetrics
from judgekit.runs.reader import CaseResult, StoredRun
from judgekit.stats import positions
from judgekit.stats.balanced_accuracy import PairedCase, balanced_accuracy
from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.stats.outcomes.values import value, value_of
from judgekit.stats.paired_test import PairedTest, paired_test
from judgekit.stats.share_differences import share_difference
from judgekit.trust.alignment.labelled_cases import AnyLabel, LabelledCases, is_right
from judgekit.trust.audit.agreement import correlation
from judgekit.types import Case, Judgement, Label, Outcome, Position, Status

__all__ = ["GradedCase", "consistency_change", "graded_cases", "judge_metrics", "paired_cases"]


@dataclass(frozen=True)
class GradedCase:
    """A labelled case with a judge's outcome and judgements. `prompt` is the prompt's digest."""

    case: Case
    prompt: str
    label: AnyLabel
    right: bool
    outcome: Outcome
    judgements: tuple[Judgement, ...]


def graded_cases(labelled: LabelledCases, run: StoredRun) -> dict[str, GradedCase]:
    """The judged cases of a run beside their labels, by id."""
    labels = set(labelled.labels.values())
    values = [] if labelled.pairs else sorted(v for v in labels if isinstance(v, float))
    return {
        result.case.id: _graded(result, labelled.labels, values) for result in run.case_results()
    }


def _graded(
    result: CaseResult, labels: Mapping[str, AnyLabel], values: Sequence[float]
) -> GradedCase:
    case, outcome = result.case, result.outcome
    if not isinstance(outcome, Outcome):
        raise TypeError(f"the case {case.id!r} was ranked, not judged by itself")
    label = labels[case.id]
    return GradedCase(
        case,
        prompt_digest(case),
        label,
        is_right(outcome, label, values),
        outcome,
        result.judgements,
    )


def paired_cases(
    before: Mapping[str, GradedCase], after: Mapping[str, GradedCase]
) -> list[PairedCase]:
    """The cases that both judges judged, with the results of both."""
    return [
        PairedCase(graded_case.prompt, graded_case.label, graded_case.right, after[name].right)
        for name, graded_case in before.items()
        if name in after
    ]


def judge_metrics(graded: Sequence[GradedCase], price: Price | None) -> JudgeMetrics:
    """All metrics of one judge on labelled cases."""
    judgements = [(graded_case.prompt, j) for graded_case in graded for j in graded_case.judgements]
    placed = positions([graded_case.outcome for graded_case in graded])
    n = len(judgements) or None
    tokens_in, tokens_out = (
        sum(getattr(j, name) for _, j in judgements) for name in ("tokens_in", "tokens_out")
    )
    cost = None if price is None else price.cost(tokens_in, tokens_out)
    return JudgeMetrics(
        cases=len(graded),
        prompts=len({graded_case.prompt for graded_case in graded}),
        balanced_accuracy=balanced_accuracy((g.prompt, g.label, g.right) for g in graded),
        accuracy=clustered_rate((g.prompt, float(g.right), 1.0) for g in graded),
        consistent=placed.consistent,
        first_share=placed.first_share,
        length_effect=length_effect(graded),
        without_verdict=clustered_rate(
            (prompt, float(j.verdict.status is not Status.VALID), 1.0) for prompt, j in judgements
        ),
        tokens_in=tokens_in / n if n else None,
        tokens_out=tokens_out / n if n else None,
        cost_usd=cost / n if n and cost is not None else None,
    )


def length_effect(graded: Sequence[GradedCase]) -> Rate:
    """What length does to the verdict beside what it does to people's.

    Of pairs: how much more often the longer answer wins with the judge than with people, as a
    difference of shares, ties one half. Of single answers: the correlation of an answer's length
    with the judge's score minus people's; empty of classes.
    """
    if graded and len(graded[0].case.responses) == 1:
        rows = [
            (g.prompt, float(len(g.case.responses[0].text)), g.outcome.scores[0] - g.label)
            for g in graded
            if isinstance(g.label, float) and g.outcome.scores and g.outcome.scores[0] is not None
        ]
        return correlation(rows) if rows else Rate()
    differences = []
    for g in graded:
        label: Label = "tie" if g.label == "tie" else int(g.label)
        ours, theirs = value(g.outcome), value_of(label)
        first, second = (len(response.text) for response in g.case.responses)
        if ours is None or theirs is None or first == second:
            continue
        more = ours - theirs
        differences.append((g.prompt, more if first > second else -more, 1.0))
    return share_difference(differences)


def consistency_change(
    before: Mapping[str, GradedCase], after: Mapping[str, GradedCase]
) -> PairedTest | None:
    """The paired difference in position consistency; None where no case was shown in both orders.

    A case whose order lacks a verdict is not consistent.
    """
    rows = [
        (graded_case.prompt, is_consistent(after[name]), is_consistent(graded_case))
        for name, graded_case in before.items()
        if name in after
        and None not in (graded_case.outcome.position, after[name].outcome.position)
    ]
    return paired_test(rows) if rows else None


def is_consistent(graded: GradedCase) -> float:
    """1 where both orders say the same, else 0."""
    return float(graded.outcome.position is Position.CONSISTENT)
