"""Whether a judge still judges as it did: the cases of an earlier run are judged again.

>>> check = prepare_drift(Path("runs/frozen"), {})
>>> report = read_drift(check, run_job(check.job))
>>> report.drifted, report.sentence

All replies are new: a check has a reply store of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations, product
from math import fsum
from pathlib import Path
from typing import Any

from judgekit import stats
from judgekit.config.fields import taken_by
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.io import input_digest
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.inputs import JudgeInput
from judgekit.jobs.job import Job
from judgekit.jobs.judge_settings import judge_specs, juror_settings
from judgekit.jobs.prepare import job_for
from judgekit.runs.diff import value_or_score, word
from judgekit.runs.drift_report import FILE, DriftReport
from judgekit.runs.reader import CaseResult, StoredRun
from judgekit.runs.reports import check_report_folder, write_report
from judgekit.stats import clustered_rate
from judgekit.stats.agreement import agreement
from judgekit.stats.outcomes.values import MaybeLabel, in_name_order, label
from judgekit.stats.paired_test import PairedTest, paired_test
from judgekit.trust.position_shifts import position_shares, position_shifts
from judgekit.types import Judgement, Outcome

__all__ = ["DriftCheck", "prepare_drift", "read_drift"]

LEVEL = 0.01  # of each test: a check that is repeated every week must seldom raise a false alarm


@dataclass(frozen=True)
class DriftCheck:
    """An earlier run, and the job that judges its cases again, for a report in `folder`."""

    frozen: StoredRun
    folder: Path
    job: Job
    tolerance: float | None


def prepare_drift(
    frozen: Path,
    changes: Mapping[str, Any],
    registry: Registry | None = None,
    *,
    tolerance: float | None = None,
) -> DriftCheck:
    """Reads an earlier run, and prepares to judge its cases again; asks nothing.

    Args:
        frozen: The earlier run's folder.
        changes: Settings that differ from the earlier run's. ``out`` is the check's folder, by
            default ``runs/drift-RUN-DATE``; the same command on the same day continues there.
        registry: Saves loading the plugins again.
        tolerance: The share of outcomes that may change, in [0, 1). By default tests decide (1 %).

    Returns:
        The prepared check.

    Raises:
        InputError: The run is not of one judge that compares or scores, or a setting does not fit.
        PluginError: A plugin is broken.
    """
    run = StoredRun.open(frozen)
    check_one_judge(run)
    check_tolerance(tolerance)
    folder = Path(changes["out"]) if "out" in changes else usual_folder(run.folder)
    check_folder(folder, run.folder)
    settings = replace(
        settings_again(run.metadata.settings, changes),
        out=folder / run.folder.resolve().name,
        store=folder / "replies.db",
    )
    registry = registry or Registry.load(files=settings.plugins)
    specs = judge_specs(settings)
    if len(specs) > 1:
        raise InputError(
            f"{settings.judge!r} names {len(specs)} judges; drift is measured of one at a time"
        )
    for spec in specs:
        settings = juror_settings(spec, settings, registry, alone=True)
    file = run.folder / "cases.jsonl"
    inputs = JudgeInput.of_cases(
        list(run.cases())[: settings.limit],
        run.metadata.models,
        files=[file],
        digests=[input_digest(file)],
    )
    job = job_for(inputs, JudgeFactory(registry, settings), out=settings.out)
    return DriftCheck(run, folder, job, tolerance)


def check_one_judge(run: StoredRun) -> None:
    """Raises `InputError` for the run of a jury, a route or a ranking."""
    if run.metadata.task:
        raise InputError(
            f"{str(run.folder)!r} is a {run.metadata.task} run; drift is measured of one judge "
            f"that compares or scores: check each judge by itself"
        )


def check_tolerance(tolerance: float | None) -> None:
    """Raises `InputError` for a tolerance that is no share below 1."""
    if tolerance is not None and not 0 <= tolerance < 1:
        raise InputError(
            f"the tolerance is a share of the cases, from 0 up and below 1, not {tolerance!r}"
        )


def usual_folder(frozen: Path) -> Path:
    """The check's folder by the run's name and the date."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Path("runs") / f"drift-{frozen.resolve().name}-{today}"


def check_folder(folder: Path, frozen: Path) -> None:
    """Refuses (`InputError`) a folder that holds something else, or the earlier run itself."""
    check_report_folder(folder, FILE)
    if frozen.resolve().parent == folder.resolve():
        raise InputError(
            f"{str(folder)!r} holds the earlier run, which the new one would replace; choose "
            f"another folder with --out"
        )


def settings_again(before: Mapping[str, Any], changes: Mapping[str, Any]) -> Settings:
    """The settings of the earlier run with the changes."""
    names = {f.name for f in fields(Settings) if taken_by(f, "drift")} - {"out"}
    settings = {name: value for name, value in before.items() if name in names}
    if changes.get("judge", settings.get("judge")) != settings.get("judge"):
        settings |= {"options": {}, "prompt": None}
    changed = {name: value for name, value in changes.items() if name in names}
    return Settings.of(settings | changed)


def read_drift(check: DriftCheck, folder: Path) -> DriftReport:
    """Compares a finished run with the earlier one, and writes ``drift.json``.

    Args:
        check: From `prepare_drift`.
        folder: The folder of the run that `check.job` made.

    Returns:
        The report.

    Raises:
        InputError: No case was judged again, or the file cannot be written.
    """
    before, now = (
        {result.case.id: result for result in run.case_results()}
        for run in (check.frozen, StoredRun.open(folder))
    )
    results = [(before[name], now[name]) for name in before if name in now]
    if not results:
        raise InputError("no case was judged again; raise --max-calls or --max-cost")
    pairs = [(outcome_of(x), outcome_of(y)) for x, y in results]
    scored = len(pairs[0][0].scores) == 1
    report = DriftReport(
        judge=check.job.judge_name,
        model=check.job.settings.model,
        cases=len(pairs),
        missing_cases=len(before) - len(pairs),
        equal_share=clustered_rate((x.cluster, word(x) == word(y), 1) for x, y in pairs),
        agreement=None if scored else agreement(map(labels_in_name_order, results)),
        shift=value_shift(pairs, shares=not scored),
        decided_shift=paired_test(
            (x.cluster, float(y.decided), float(x.decided)) for x, y in pairs
        ),
        instability=instability(check.job, results),
        position_shifts=position_shifts(pairs),
        position=position_shares(pairs),
        statuses=(stats.statuses(x for x, _ in pairs), stats.statuses(y for _, y in pairs)),
        tolerance=check.tolerance,
        reasons=(),
    )
    report = replace(report, reasons=tuple(drift_reasons(report)))
    write_report(check.folder / FILE, report.to_dict())
    return report


def outcome_of(result: CaseResult) -> Outcome:
    """The outcome of a comparison or a score."""
    if not isinstance(result.outcome, Outcome):
        raise TypeError(f"the case {result.case.id!r} was ranked, not compared")
    return result.outcome


def labels_in_name_order(
    result: tuple[CaseResult, CaseResult],
) -> tuple[str, MaybeLabel, MaybeLabel]:
    """Cluster, and the labels before and now, of a case that both runs judged."""
    case = result[0].case
    before, now = (in_name_order(case, label(outcome_of(side))) for side in result)
    return outcome_of(result[0]).cluster, before, now


def value_shift(pairs: Sequence[tuple[Outcome, Outcome]], *, shares: bool) -> PairedTest:
    """Response 0's value, or the score: now minus before."""
    rows = (
        (x.cluster, now, before)
        for x, y in pairs
        if (before := value_or_score(x)) is not None and (now := value_or_score(y)) is not None
    )
    return paired_test(rows, shares=shares)


def drift_reasons(report: DriftReport) -> Iterator[str]:
    """Why the judge is held to have drifted.

    With a tolerance: more outcomes changed than that, at the lower end of the interval. Without:
    a test at `LEVEL` finds that its values, its share of cases with a verdict, one of its position
    shares, or its stability changed. The position shares share one `LEVEL` (Bonferroni).
    """
    if report.tolerance is not None:
        high = report.equal_share.high
        if high is not None and high < 1 - report.tolerance:
            yield (
                f"at least {100 * (1 - high):.1f} % of the outcomes changed, and "
                f"{100 * report.tolerance:g} % may"
            )
        return
    tests = {"the mean value": report.shift, "the share with a verdict": report.decided_shift}
    for name, test in tests.items():
        if significant(test):
            yield f"{name} moved by {test.difference.value:+.3f} (p = {test.p_value:.2g})"
    for name, test in report.position_shifts.items():
        if significant(test, LEVEL / len(report.position_shifts)):
            points = 100 * (test.difference.value or 0.0)
            yield f"{name} moved by {points:+.1f} points (p = {test.p_value:.2g})"
    if report.instability is not None and significant(report.instability):
        difference = report.instability.difference.value or 0.0
        if difference > 0:
            yield (
                f"its verdicts differ from the earlier ones {100 * difference:.1f} points more "
                f"often than those differ among themselves (p = {report.instability.p_value:.2g})"
            )


def significant(test: PairedTest, level: float = LEVEL) -> bool:
    """Whether a test finds a difference at this level."""
    return test.p_value is not None and test.p_value < level


def instability(job: Job, results: Sequence[tuple[CaseResult, CaseResult]]) -> PairedTest | None:
    """How much more often a repeat before and one now differ than two repeats before.

    Each repeat is folded by itself, so that both shares have the same expectation for a judge that
    has not changed. None without repeats in the earlier run.
    """
    rows = []
    for before, now in results:
        old, new = repeats(job, before), repeats(job, now)
        if len(old) > 1 and new:
            within = [x != y for x, y in combinations(old, 2)]
            across = [x != y for x, y in product(old, new)]
            rows.append((before.case.cluster or before.case.id, mean(across), mean(within)))
    return paired_test(rows) if rows else None


def repeats(job: Job, result: CaseResult) -> list[str]:
    """The outcome, in a word, that each repeat of a case would have had by itself."""
    of_repeat: dict[int, list[Judgement]] = {}
    for judgement in result.judgements:
        of_repeat.setdefault(judgement.trial.repeat, []).append(judgement)
    outcomes = [job.task.fold(result.case, judgements) for judgements in of_repeat.values()]
    return [word(outcome) for outcome in outcomes if isinstance(outcome, Outcome)]


def mean(flags: Sequence[bool]) -> float:
    """The share of true ones."""
    return fsum(flags) / len(flags)
