"""A run's outcomes and metrics, computed again from its judgements by the rules that made them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from judgekit.jobs.panel import panel_summary
from judgekit.jobs.tasks import CompareTask, RankTask, ScheduleReport, ScoreTask
from judgekit.report.content import RunContent
from judgekit.runs.analysis import rate_runs
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import CaseResult
from judgekit.stats import RankingSummary, Rate, Summary
from judgekit.stats.outcomes.combine import combine
from judgekit.stats.outcomes.values import label
from judgekit.stats.stopping import Stopping
from judgekit.stats.summaries.context import RunContext
from judgekit.stats.summaries.document import AnySummary
from judgekit.types import Outcome, Ranking

__all__ = ["Recomputed", "recompute"]

AnyTask = CompareTask | ScoreTask | RankTask


@dataclass(frozen=True)
class Recomputed:
    """A run's summary, computed again, and the cases whose outcome is another than recorded.

    `taken` names the metrics that were taken as recorded: the rules of a schedule, which need the
    whole plan, and what only the input files show.
    """

    summary: AnySummary
    outcomes: tuple[str, ...]
    taken: tuple[str, ...]


def recompute(content: RunContent) -> Recomputed:
    """Folds and summarises a run's judgements again.

    Args:
        content: The run, with the judgements to go by.

    Raises:
        KeyError, TypeError, ValueError: The run does not name its rules, as those of old versions.
    """
    metadata = content.metadata
    if metadata.task in ("jury", "route"):
        summary, changed = recompute_panel(content)
        return Recomputed(with_context_of(summary, content.summary), changed, ())
    task = task_of(metadata, metadata.decides, class_names(content.summary))
    results = list(content.results())
    folded = [fold_again(task, result) for result in results]
    changed = tuple(
        result.case.id
        for result, outcome in zip(results, folded, strict=True)
        if outcome != result.outcome
    )
    report, taken = schedule_report(content, folded)
    judge, model = content.summary.judge, content.summary.model
    summary = task.summarise(folded, judge, model, report)  # type: ignore[arg-type]
    return Recomputed(with_context_of(summary, content.summary), changed, taken)


def class_names(summary: AnySummary) -> tuple[str, ...]:
    """The classes that a run's judge could say, in the order in which its summary has them."""
    classes = None if isinstance(summary, RankingSummary) else summary.classes
    return tuple(entry.name for entry in classes or ())


def task_of(
    metadata: RunMetadata, decides: Mapping[str, Any], classes: tuple[str, ...] = ()
) -> AnyTask:
    """What made outcomes of judgements.

    Args:
        metadata: Its kind and models.
        decides: The rules, of the run or of one of its judges.
        classes: Those that the judge may say, of a classifier.
    """
    merge, margin = decides["merge"], float(decides["tie_margin"])
    inconsistent = metadata.inconsistent
    if metadata.kind == "score":
        return ScoreTask(metadata.models[0], classes)
    if metadata.kind == "compare":
        return CompareTask(metadata.models, merge, margin, inconsistent, classes)
    arity = int(decides["arity"])
    both = arity > 1 and decides["orders"] == "both"
    return RankTask(arity, both, merge, margin, inconsistent)


def fold_again(task: AnyTask, result: CaseResult) -> Outcome | Ranking:
    """A case's outcome by its judgements; of a ranking, of the answers that were compared."""
    if isinstance(task, RankTask):
        if not isinstance(result.outcome, Ranking):
            raise TypeError(f"the case {result.case.id!r} was not ranked")
        return task.fold(result.case, result.judgements, list(result.outcome.comparisons))
    return task.fold(result.case, result.judgements)


def schedule_report(
    content: RunContent, folded: Sequence[Outcome | Ranking]
) -> tuple[ScheduleReport, tuple[str, ...]]:
    """What the schedule adds, and what of it is taken as recorded."""
    summary, metadata = content.summary, content.metadata
    if metadata.games is not None:
        again = replace(content, results=lambda: with_outcomes(content.results(), folded))
        return ScheduleReport(ratings=rate_runs([again])), ()
    if not isinstance(summary, Summary):
        return ScheduleReport(), ()
    taken = () if summary.adaptive is None else ("adaptive",)
    anytime = None
    if summary.anytime_win_rate_a is not None:
        outcomes = [outcome for outcome in folded if isinstance(outcome, Outcome)]
        anytime = anytime_rate(metadata, outcomes, summary.anytime_win_rate_a)
    return ScheduleReport(anytime=anytime, adaptive=summary.adaptive), taken


def with_outcomes(
    results: Iterable[CaseResult], outcomes: Sequence[Outcome | Ranking]
) -> Iterator[CaseResult]:
    """Cases with other outcomes."""
    for result, outcome in zip(results, outcomes, strict=True):
        yield replace(result, outcome=outcome)


def anytime_rate(metadata: RunMetadata, outcomes: Sequence[Outcome], recorded: Rate) -> Rate:
    """The anytime-valid win rate; the last prompt counts only if the run judged all its cases.

    A run does not say whether it did, so that of the two which was recorded is taken, if either.
    """
    until = float(metadata.settings["until"])
    clusters = [outcome.cluster for outcome in outcomes]
    rates = [
        watched(planned, outcomes, until, metadata)
        for planned in (clusters, [*clusters, *clusters[-1:]])
    ]
    return recorded if recorded in rates else rates[0]


def watched(
    clusters: Sequence[str], outcomes: Sequence[Outcome], until: float, metadata: RunMetadata
) -> Rate:
    """The win rate at the end of a run with `--until` that planned these prompts."""
    stopping = Stopping(
        clusters, until=until, inconsistent=metadata.inconsistent, model=metadata.models[0]
    )
    for outcome in outcomes:
        if stopping.add(outcome) is not None:
            break
    return stopping.interval


def recompute_panel(content: RunContent) -> tuple[AnySummary, tuple[str, ...]]:
    """The summary of a jury or a route, and the cases whose outcome is another."""
    metadata = content.metadata
    rule = metadata.decides.get("rule")
    tasks = {part.judge: task_of(metadata, part.decides) for part in metadata.parts}
    of_part: dict[str, list[Outcome]] = {name: [] for name in tasks}
    outcomes: list[Outcome] = []
    changed: list[str] = []
    for result in content.results():
        votes = part_outcomes(tasks, result)
        for name, vote in votes.items():
            of_part[name].append(vote)
        cast = list(votes.values())
        outcome = combine(result.case, cast, rule) if rule else cast[0]
        labels = {name: label(vote) for name, vote in votes.items()}
        compared = metadata.kind == "compare"
        if outcome != result.outcome or (compared and labels != dict(result.votes)):
            changed.append(result.case.id)
        outcomes.append(outcome)
    task = next(iter(tasks.values()))
    if isinstance(task, RankTask):
        raise TypeError("several judges together do not rank")
    name = content.summary.judge
    return panel_summary(task, name, outcomes, of_part, rule, metadata.inconsistent), tuple(changed)


def part_outcomes(tasks: Mapping[str, AnyTask], result: CaseResult) -> dict[str, Outcome]:
    """What each judge of several makes of a case, of those that were given it."""
    names = result.votes or dict.fromkeys(stored.judge for stored in result.stored)
    made: dict[str, Outcome] = {}
    for name in (name for name in tasks if name in names):
        judgements = [stored.judgement for stored in result.stored if stored.judge == name]
        outcome = tasks[name].fold(result.case, judgements)
        if not isinstance(outcome, Outcome):
            raise TypeError("several judges together do not rank")
        made[name] = outcome
    return made


def with_context_of(summary: AnySummary, recorded: AnySummary) -> AnySummary:
    """A summary with what its run adds, which its judgements do not tell."""
    known = {f.name: getattr(recorded, f.name) for f in fields(RunContext)}
    return replace(summary, **known)
