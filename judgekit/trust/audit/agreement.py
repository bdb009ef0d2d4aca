"""How far the judge agrees with itself, and with other judges on the same answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, sqrt
from typing import Any

from judgekit.runs.match import as_in
from judgekit.stats import Rate, clustered_mean, clustered_rate
from judgekit.stats.agreement import Level, agreement, krippendorff_alpha
from judgekit.stats.intervals import jackknife_interval
from judgekit.stats.outcomes.values import MaybeLabel, in_name_order, label
from judgekit.trust.audit.audit_input import AuditInput
from judgekit.trust.audit.metric import AuditMetric, number, share, unknown
from judgekit.trust.audit.probe import Probe
from judgekit.trust.audit.probe_runs import (
    PLAIN,
    FinishedRun,
    FinishedRuns,
    PlannedRun,
    Unidentified,
)
from judgekit.types import Case, Outcome, Status

__all__ = ["JudgesProbe", "Rater", "RepeatsProbe", "raters", "shared"]


class RepeatsProbe(Probe):
    """The same trials repeated, at the judge's own temperature."""

    name = "repeats"
    about = "does the judge say the same twice?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        if audit.job.plan.repeats > 1:
            return [audit.plain_run()]
        return [PlannedRun(self.name, audit.cases, audit.models, repeats=2)]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:
        run = finished[PLAIN] if audit.job.plan.repeats > 1 else finished[self.name]
        groups = list(repeats_of(run))
        if not groups:
            raise Unidentified("no trial has two valid verdicts to compare")
        n = len({case for case, _, _ in groups})
        pairs = [
            (
                cluster,
                sum(x == y for x, y in combinations(verdicts, 2)),
                len(verdicts) * (len(verdicts) - 1) / 2,
            )
            for _, cluster, verdicts in groups
        ]
        level: Level = "interval" if audit.job.plan.arity == 1 else "nominal"
        alpha = krippendorff_alpha(((c, verdicts) for _, c, verdicts in groups), level)
        return [
            share(
                "equal when repeated",
                clustered_rate(pairs),
                n,
                "the same trial, repeated, gets the same verdict",
            ),
            number(
                "alpha of repeats",
                alpha,
                n,
                "Krippendorff's alpha: 1 is always the same, 0 no better than chance",
                "every verdict is the same, so there is no chance to correct for",
            ),
        ]


def repeats_of(run: FinishedRun) -> Iterator[tuple[str, str, list[Any]]]:
    """Case, cluster and valid verdicts of each order that has two verdicts or more."""
    of_order: defaultdict[tuple[str, str, tuple[int, ...]], list[Any]] = defaultdict(list)
    for judgement in run.judgements():
        trial, verdict = judgement.trial, judgement.verdict
        if verdict.status is Status.VALID:
            value = verdict.choice if verdict.score is None else verdict.score
            of_order[trial.case.id, trial.case.cluster, trial.order].append(value)
    for (case, cluster, _), verdicts in of_order.items():
        if len(verdicts) > 1:
            yield case, cluster, verdicts


@dataclass(frozen=True)
class Rater:
    """Another judge's finished run. `model` is its model, or the judge itself if it asks none."""

    name: str
    model: str
    run: FinishedRun


def raters(audit: AuditInput, finished: FinishedRuns) -> list[Rater]:
    """The other judges with verdicts: those of this audit, and those of earlier runs."""
    beside = [
        Rater(name, job.settings.model or job.judge_name, finished[run.name])
        for (name, job), run in zip(audit.others.items(), audit.runs_beside(), strict=True)
        if name not in audit.silent
    ]
    against = []
    for stored in audit.against:
        judge, model = stored.metadata.judge, stored.metadata.model
        name = f"{judge}@{model}" if model else judge
        against.append(Rater(name, model or judge, FinishedRun(stored)))
    return beside + against


def shared(plain_run: FinishedRun, rater: Rater) -> dict[str, Outcome]:
    """The rater's outcomes of the plain run's cases, by id, in the plain run's response indices.

    Only cases of the same prompt and the same answers, in either order, are shared.
    """
    cases = {case.id: case for case, _ in plain_run.pairs}
    outcomes = {}
    for case, outcome in rater.run.pairs:
        plain_case = cases.get(case.id)
        if plain_case is not None and (theirs := as_in(plain_case, case, outcome)) is not None:
            outcomes[case.id] = theirs
    return outcomes


class JudgesProbe(Probe):
    """Other judges on the same answers: how often they agree, and how far apart they score."""

    name = "agreement"
    about = "do other judges say the same?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        if not audit.others and not audit.against:
            raise Unidentified(
                "there is no other judge: name some with --beside JUDGE@ENGINE/MODEL, or their "
                "finished runs with --against RUN"
            )
        return [audit.plain_run(), *audit.runs_beside()]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:
        plain_run = finished[PLAIN]
        metrics: list[AuditMetric] = []
        sides = []
        for rater in raters(audit, finished):
            theirs = shared(plain_run, rater)
            if not theirs:
                metrics.append(
                    unknown(f"agrees with {rater.name}", "it judged none of these cases")
                )
                continue
            sides.append(theirs)
            metrics += agreement_with(plain_run.pairs, rater.name, theirs)
        if sides:
            units = [
                (o.cluster, [in_name_order(case, rated) for rated in (label(o), *votes(o, sides))])
                for case, o in plain_run.pairs
            ]
            metrics.append(
                number(
                    "alpha of all judges",
                    krippendorff_alpha(units),
                    len(units),
                    "Krippendorff's alpha: 1 is full agreement, 0 no more than chance",
                    "all judges say the same of every case",
                )
            )
        return metrics + [unknown(f"agrees with {n}", why) for n, why in audit.silent.items()]


def votes(outcome: Outcome, sides: Sequence[Mapping[str, Outcome]]) -> Iterator[MaybeLabel]:
    """What each other judge says of a case; None where it did not judge it."""
    return (label(side[outcome.case]) if outcome.case in side else None for side in sides)


def agreement_with(
    pairs: Sequence[tuple[Case, Outcome]], name: str, theirs: Mapping[str, Outcome]
) -> list[AuditMetric]:
    """How far the audited judge and another agree."""
    shared_pairs = [(case, o, theirs[o.case]) for case, o in pairs if o.case in theirs]
    result = agreement(
        (x.cluster, in_name_order(case, label(x)), in_name_order(case, label(y)))
        for case, x, y in shared_pairs
    )
    metrics = [
        share(
            f"agrees with {name}", result.equal, result.cases, "the same winner, or a tie by both"
        ),
        number(
            f"kappa with {name}",
            result.kappa,
            result.cases,
            "Cohen's kappa: 1 is full agreement, 0 no more than chance",
            "both give one and the same label throughout",
        ),
    ]
    scores = [
        (ours.cluster, x, y)
        for _, ours, other in shared_pairs
        for x, y in zip(ours.scores, other.scores, strict=False)
        if x is not None and y is not None
    ]
    return metrics + (score_distance(name, scores) if scores else [])


Scores = Sequence[tuple[str, float, float]]


def score_distance(name: str, scores: Scores) -> list[AuditMetric]:
    """How far two judges' scores of the same answers lie apart, each on its own scale."""
    n = len(scores)
    ours, theirs = standardised([x for _, x, _ in scores]), standardised([y for *_, y in scores])
    if ours is None or theirs is None:
        return [unknown(f"scores against {name}", "a judge gives one score to all", cases=n)]
    apart = [
        (cluster, abs(x - y), 1.0)
        for (cluster, _, _), x, y in zip(scores, ours, theirs, strict=True)
    ]
    sentence = "mean distance of two judges' scores of one answer, in standard deviations"
    return [
        number(f"scores apart from {name}", clustered_mean(apart), n, sentence, ""),
        number(f"correlation with {name}", correlation(scores), n, "Pearson's, of the scores", ""),
    ]


def standardised(values: Sequence[float]) -> list[float] | None:
    """z-scores; None where all values are equal."""
    mean = fsum(values) / len(values)
    spread = sqrt(fsum((v - mean) ** 2 for v in values) / len(values))
    return [(v - mean) / spread for v in values] if spread else None


def correlation(rows: Scores) -> Rate:
    """Pearson's correlation; its interval (`jackknife_interval`) needs ten clusters."""
    of_cluster: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * 6)
    # Measured from the middle, lest the sums of squares cancel.
    middle_x, middle_y = (
        fsum(column) / len(rows) for column in ([x for _, x, _ in rows], [y for *_, y in rows])
    )
    for cluster, a, b in rows:
        x, y = a - middle_x, b - middle_y
        for place, term in enumerate((1.0, x, y, x * x, y * y, x * y)):
            of_cluster[cluster][place] += term
    totals = [fsum(column) for column in zip(*of_cluster.values(), strict=True)]
    without = [
        pearson([t - s for t, s in zip(totals, sums, strict=True)]) for sums in of_cluster.values()
    ]
    return jackknife_interval(pearson(totals), without)


def pearson(sums: Sequence[float]) -> float | None:
    """From n, Σx, Σy, Σx², Σy² and Σxy; None where either does not vary."""
    n, x, y, xx, yy, xy = sums
    if n < 2:
        return None
    a, b = xx - x * x / n, yy - y * y / n
    return (xy - x * y / n) / sqrt(a * b) if a > 1e-12 and b > 1e-12 else None
