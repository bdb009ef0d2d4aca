"""How far the judge agrees with itself, and with other judges of the same answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, sqrt
from typing import Any

from judgekit import runs
from judgekit.runs.match import as_in
from judgekit.stats import Rate, clustered_mean, clustered_rate
from judgekit.stats.agreement import Level, agreement, krippendorff_alpha
from judgekit.stats.intervals import jackknifed
from judgekit.stats.outcomes.values import label
from judgekit.trust.audit.figure import Figure, share, unknown
from judgekit.trust.audit.given import Given
from judgekit.trust.audit.probe import PLAIN, Judged, Showing, Unidentified
from judgekit.types import Outcome, Status

__all__ = ["JudgesProbe", "Rater", "RepeatsProbe", "raters", "shared"]


class RepeatsProbe:
    """The same showing judged again, at the judge's own temperature."""

    name = "repeats"
    about = "does the judge say the same twice?"

    def showings(self, given: Given) -> Sequence[Showing]:
        if given.job.plan.repeats > 1:
            return [given.plain()]
        return [Showing(self.name, given.cases, given.models, repeats=2)]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:
        run = judged[PLAIN] if given.job.plan.repeats > 1 else judged[self.name]
        showings = list(repeated(run))
        if not showings:
            raise Unidentified("no showing has two valid verdicts to hold against each other")
        n = len({case for case, _, _ in showings})
        pairs = [
            (
                cluster,
                sum(x == y for x, y in combinations(said, 2)),
                len(said) * (len(said) - 1) / 2,
            )
            for _, cluster, said in showings
        ]
        level: Level = "interval" if given.job.plan.arity == 1 else "nominal"
        alpha = krippendorff_alpha(((c, said) for _, c, said in showings), level)
        return [
            share(
                "equal when repeated",
                clustered_rate(pairs),
                n,
                "the same showing, judged again, gets the same verdict",
            ),
            number(
                "alpha of repeats",
                alpha,
                n,
                "Krippendorff's alpha: 1 is always the same, 0 no better than chance",
                "every verdict is the same, so there is no chance to correct for",
            ),
        ]


def repeated(run: Judged) -> Iterator[tuple[str, str, list[Any]]]:
    """Case, cluster and the valid verdicts of each showing that has two or more."""
    clusters = {case.id: case.cluster for case, _ in run.pairs}
    said: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in run.judgements():
        if row["status"] == Status.VALID:
            verdict = row["choice"] if row["score"] is None else row["score"]
            said[row["case"], repr(row["order"])].append(verdict)
    for (case, _), verdicts in said.items():
        if len(verdicts) > 1:
            yield case, clusters[case], verdicts


def number(name: str, rate: Rate, cases: int, sentence: str, empty: str) -> Figure:
    """A figure on a scale of its own; `empty` is why it may have no value."""
    if rate.value is None:
        return unknown(name, empty, cases=cases)
    return Figure(name, rate, "number", cases, sentence)


@dataclass(frozen=True)
class Rater:
    """Another judge's finished run. `asked` is its model, or the judge itself if it asks none."""

    name: str
    asked: str
    judged: Judged


def raters(given: Given, judged: Mapping[str, Judged]) -> list[Rater]:
    """The judges beside the audited one that gave verdicts: those run with it, and earlier runs."""
    found = [
        Rater(name, job.settings.model or job.judge_name, judged[showing.name])
        for (name, job), showing in zip(given.others.items(), given.beside(), strict=True)
        if name not in given.silent
    ]
    for folder in given.against:
        decides = runs.read_json(folder / "run.json").get("decides", {})
        model = decides.get("model")
        judge = str(decides.get("judge"))
        name = f"{judge}@{model}" if model else judge
        found.append(Rater(name, model or judge, Judged(folder)))
    return found


def shared(plain: Judged, rater: Rater) -> dict[str, Outcome]:
    """The rater's outcomes of the plain run's cases, by id, in the plain run's response indices.

    Only cases of the same prompt and the same answers, in either order, are shared.
    """
    cases = {case.id: case for case, _ in plain.pairs}
    found = {}
    for case, outcome in rater.judged.pairs:
        own = cases.get(case.id)
        if own is not None and (theirs := as_in(own, case, outcome)) is not None:
            found[case.id] = theirs
    return found


class JudgesProbe:
    """Other judges of the same answers: how often they agree, and how far their scores waver."""

    name = "agreement"
    about = "do other judges say the same?"

    def showings(self, given: Given) -> Sequence[Showing]:
        if not given.others and not given.against:
            raise Unidentified(
                "there is no other judge: name some with --beside JUDGE@ENGINE/MODEL, or their "
                "finished runs with --against RUN"
            )
        return [given.plain(), *given.beside()]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:
        plain = judged[PLAIN]
        figures: list[Figure] = []
        sides = []
        for rater in raters(given, judged):
            theirs = shared(plain, rater)
            if not theirs:
                figures.append(
                    unknown(f"agrees with {rater.name}", "it judged none of these cases")
                )
                continue
            sides.append(theirs)
            figures += beside(plain.outcomes, rater.name, theirs)
        if sides:
            units = [
                (o.cluster, [label(o), *(label(s[o.case]) if o.case in s else None for s in sides)])
                for o in plain.outcomes
            ]
            figures.append(
                number(
                    "alpha of all judges",
                    krippendorff_alpha(units),
                    len(units),
                    "Krippendorff's alpha: 1 is full agreement, 0 no more than chance",
                    "all judges say the same of every case",
                )
            )
        return figures + [unknown(f"agrees with {n}", why) for n, why in given.silent.items()]


def beside(outcomes: Sequence[Outcome], name: str, theirs: Mapping[str, Outcome]) -> list[Figure]:
    """How far the audited judge and another agree."""
    found = agreement(
        (o.cluster, label(o), label(theirs[o.case])) for o in outcomes if o.case in theirs
    )
    figures = [
        share(f"agrees with {name}", found.equal, found.cases, "the same winner, or a tie by both"),
        number(
            f"kappa with {name}",
            found.kappa,
            found.cases,
            "Cohen's kappa: 1 is full agreement, 0 no more than chance",
            "both give one and the same label throughout",
        ),
    ]
    scores = [
        (o.cluster, x, y)
        for o in outcomes
        if o.case in theirs
        for x, y in zip(o.scores, theirs[o.case].scores, strict=False)
        if x is not None and y is not None
    ]
    return figures + (fluctuation(name, scores) if scores else [])


Scores = Sequence[tuple[str, float, float]]


def fluctuation(name: str, scores: Scores) -> list[Figure]:
    """How far two judges' scores of the same answers lie apart, each on its own scale."""
    n = len(scores)
    ours, theirs = standardised([x for _, x, _ in scores]), standardised([y for *_, y in scores])
    if ours is None or theirs is None:
        return [unknown(f"scores against {name}", "a judge gives one score to all", cases=n)]
    apart = [
        (cluster, abs(x - y), 1.0)
        for (cluster, _, _), x, y in zip(scores, ours, theirs, strict=True)
    ]
    said = "mean distance of two judges' scores of one answer, in standard deviations"
    return [
        number(f"scores apart from {name}", clustered_mean(apart), n, said, ""),
        number(f"correlation with {name}", correlation(scores), n, "Pearson's, of the scores", ""),
    ]


def standardised(values: Sequence[float]) -> list[float] | None:
    """z-scores; None where all values are equal."""
    mean = fsum(values) / len(values)
    spread = sqrt(fsum((v - mean) ** 2 for v in values) / len(values))
    return [(v - mean) / spread for v in values] if spread else None


def correlation(rows: Scores) -> Rate:
    """Pearson's correlation; its interval (`jackknifed`) needs ten clusters."""
    of_cluster: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * 6)
    # Measured from the middle, lest the sums of squares cancel.
    middle_x, middle_y = (
        fsum(own) / len(rows) for own in ([x for _, x, _ in rows], [y for *_, y in rows])
    )
    for cluster, a, b in rows:
        x, y = a - middle_x, b - middle_y
        for place, term in enumerate((1.0, x, y, x * x, y * y, x * y)):
            of_cluster[cluster][place] += term
    whole = [fsum(column) for column in zip(*of_cluster.values(), strict=True)]
    without = [
        pearson([t - s for t, s in zip(whole, sums, strict=True)]) for sums in of_cluster.values()
    ]
    return jackknifed(pearson(whole), without)


def pearson(sums: Sequence[float]) -> float | None:
    """From n, Σx, Σy, Σx², Σy² and Σxy; None where either does not vary."""
    n, x, y, xx, yy, xy = sums
    if n < 2:
        return None
    a, b = xx - x * x / n, yy - y * y / n
    return (xy - x * y / n) / sqrt(a * b) if a > 1e-12 and b > 1e-12 else None
