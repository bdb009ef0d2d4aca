"""Finished runs of a benchmark beside the labels: what each judge got right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal

from judgekit.io.labelled_pairs import LETTERS
from judgekit.io.labelled_set import LabelledSet
from judgekit.runs.bench_report import JudgeComparison, JudgeResult, SetResult
from judgekit.runs.reader import CaseResult, StoredRun
from judgekit.stats.accuracy import Accuracy, LabelledOutcome, accuracy, compare_accuracy
from judgekit.stats.outcomes.fold import fold
from judgekit.stats.outcomes.values import names_reversed
from judgekit.types import Case, Outcome

__all__ = ["BenchRun", "set_result"]

Merge = Literal["agree", "mean"]


@dataclass(frozen=True)
class BenchRun:
    """A judge's finished run on a set.

    `merge` is how the judge's orders become one outcome, and None of a judge of single answers.
    """

    judge: str
    trivial: bool
    merge: Merge | None
    run: StoredRun


def set_result(labelled: LabelledSet, file: Path, bench_runs: Sequence[BenchRun]) -> SetResult:
    """One set's part of ``bench.json``: what it is, each judge's result, and the paired tests.

    Args:
        labelled: The set.
        file: The file with its cases.
        bench_runs: The finished run of each judge, the trivial ones last.
    """
    judged = [grade(labelled, run) for run in bench_runs]
    graded = [whole_questions(labelled, cases) for cases in judged]
    with_verdict = [
        (run, cases)
        for run, cases in zip(bench_runs, graded, strict=True)
        if not lacks_verdicts(cases)
    ]
    labels = [labelled.labels[case.id] for case in labelled.cases]
    return SetResult(
        name=labelled.name,
        source=labelled.source,
        licence=labelled.licence,
        note=labelled.note,
        file=str(file),
        cases=len(labels),
        questions=len({labelled.group(case) for case in labelled.cases}),
        labels={LETTERS[label]: labels.count(label) for label in (0, 1, "tie")},
        left_out=dict(labelled.left_out),
        judges=tuple(
            judge_result(run, cases, len(all_cases) - len(cases))
            for run, cases, all_cases in zip(bench_runs, graded, judged, strict=True)
        ),
        tests=tuple(
            JudgeComparison(x.judge, y.judge, compare_accuracy(xs, ys))
            for (x, xs), (y, ys) in combinations(with_verdict, 2)
            if not (x.trivial and y.trivial)
        ),
    )


def judge_result(
    bench_run: BenchRun, graded: Sequence[LabelledOutcome], unfinished: int
) -> JudgeResult:
    """One judge on one set, as a whole and in parts."""
    run = bench_run.run
    counts = run.metadata.counts
    return JudgeResult(
        judge=bench_run.judge,
        model=run.metadata.model,
        trivial=bench_run.trivial,
        run=str(run.folder),
        stopped=run.metadata.stopped,
        unfinished=unfinished,
        without_verdict=lacks_verdicts(graded),
        calls=counts.calls,
        calls_from_store=counts.calls_from_store,
        tokens_in=counts.tokens_in,
        tokens_out=counts.tokens_out,
        cost_usd=counts.cost_usd,
        accuracy=accuracy(graded),
        by_category=accuracy_by([g.outcome.category for g in graded], graded),
        by_language=accuracy_by([g.language for g in graded], graded),
        calls_now=counts.calls_now,
        reused=counts.reused,
        without_usage=counts.without_usage,
        unpriced=counts.unpriced,
    )


def accuracy_by(
    keys: Sequence[str | None], graded: Sequence[LabelledOutcome]
) -> dict[str, Accuracy]:
    """The accuracy on the cases of each key; empty where no case has one."""
    of_key: dict[str, list[LabelledOutcome]] = {}
    for key, g in zip(keys, graded, strict=True):
        if key is not None:
            of_key.setdefault(key, []).append(g)
    return {key: accuracy(cases) for key, cases in sorted(of_key.items())}


def lacks_verdicts(graded: Sequence[LabelledOutcome]) -> bool:
    """Whether a judge gave no verdict on any case that it was shown, or was shown none.

    All cases then count as wrong, which does not mean that the judge would be.
    """
    outcomes = [g.outcome for g in graded]
    shown = [outcome for outcome in outcomes if not outcome.identical]
    return not any(outcome.decided for outcome in shown or outcomes)


def whole_questions(
    labelled: LabelledSet, graded: Sequence[LabelledOutcome]
) -> list[LabelledOutcome]:
    """Without the cases of questions that a stopped run left unfinished."""
    planned = Counter(labelled.group(case) for case in labelled.cases)
    judged = Counter(g.group for g in graded)
    return [g for g in graded if judged[g.group] == planned[g.group]]


def grade(labelled: LabelledSet, bench_run: BenchRun) -> list[LabelledOutcome]:
    """The judged cases of a run beside their labels, in the order of the set."""
    results = {result.case.id: result for result in bench_run.run.case_results()}
    return [
        graded_case(labelled, case, results[case.id], bench_run.merge)
        for case in labelled.cases
        if case.id in results  # a stopped run lacks the rest
    ]


def graded_case(
    labelled: LabelledSet, case: Case, result: CaseResult, merge: Merge | None
) -> LabelledOutcome:
    """One judged case beside its label."""
    outcome = result.outcome
    if not isinstance(outcome, Outcome):
        raise TypeError(f"the case {case.id!r} was ranked, not compared")
    outcome = replace(outcome, cluster=case.cluster or outcome.cluster)
    return LabelledOutcome(
        outcome,
        labelled.labels[case.id],
        labelled.group(case),
        None if merge is None else outcomes_by_order(case, outcome, result, merge),
        reversed_names=names_reversed(case),
        language=labelled.languages.get(case.id),
    )


def outcomes_by_order(
    case: Case, outcome: Outcome, result: CaseResult, merge: Merge
) -> tuple[Outcome, Outcome] | None:
    """The outcomes of the two orders, each as if it were the only one; None without both."""
    if outcome.identical:
        return outcome, outcome
    by_order = [
        [j for j in result.judgements if j.trial.order == order] for order in ((0, 1), (1, 0))
    ]
    if not all(by_order):
        return None
    first, second = (fold(case, j, merge=merge, both_orders=False) for j in by_order)
    return first, second
