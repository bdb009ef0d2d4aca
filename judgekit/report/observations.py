"""What a report computes from the cases themselves: by category, by length, juror and criterion.

A run is read once, case by case; of each case only numbers and names are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from judgekit.report.document import Cell, Chart, Column, Section
from judgekit.runs.reader import CaseResult
from judgekit.stats import Rate, clustered_mean, clustered_rate
from judgekit.stats.agreement import agreement
from judgekit.stats.length_control import length_controlled_rate
from judgekit.stats.outcomes.values import Inconsistent, MaybeLabel, counted
from judgekit.types import Outcome, Ranking, RunKind

__all__ = ["Observation", "Observations", "observe"]

Valued = tuple[str, float]  # cluster and value
LENGTHS = (
    ("less than half as long", 0.5),
    ("shorter", 0.95),
    ("about equally long", 1.05),
    ("longer", 2.0),
    ("more than twice as long", float("inf")),
)
QUARTERS = ("shortest quarter", "second quarter", "third quarter", "longest quarter")


@dataclass(frozen=True, slots=True)
class Observation:
    """The numbers of one case.

    `value` is response 0's value where the win rate counts it, or the score of a single answer.
    `shares`: of a ranking, each model's mean share of wins against the others. `label`: the class
    of a single answer.
    """

    cluster: str
    category: str | None
    value: float | None
    lengths: tuple[int, ...]
    shares: tuple[tuple[str, float], ...] = ()
    label: str | None = None


@dataclass
class Observations:
    """The numbers of all cases of a run."""

    kind: RunKind
    cases: list[Observation] = field(default_factory=list)
    votes: list[tuple[str, dict[str, MaybeLabel]]] = field(default_factory=list)
    criteria: dict[str, list[Valued]] = field(default_factory=dict)
    criteria_without: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, result: CaseResult, inconsistent: Inconsistent, category: str | None) -> None:
        """Takes one case.

        Args:
            result: The case.
            inconsistent: What an inconsistent case counts for.
            category: The category's name in the report.
        """
        outcome = result.outcome
        cluster = outcome.cluster
        lengths = tuple(len(response.text) for response in result.case.responses)
        if isinstance(outcome, Ranking):
            shares = tuple(model_shares(outcome))
            self.cases.append(Observation(cluster, category, None, lengths, shares))
        else:
            value = case_value(outcome, inconsistent, self.kind)
            label = outcome.labels[0] if len(outcome.labels) == 1 else None
            self.cases.append(Observation(cluster, category, value, lengths, label=label))
        if result.votes:
            self.votes.append((cluster, dict(result.votes)))
        for judgement in result.judgements:
            if judgement.verdict.label is not None:
                self.labels[judgement.verdict.label] += 1
            for criterion in judgement.verdict.criteria:
                values = self.criteria.setdefault(criterion.name, [])
                if criterion.value is None:
                    self.criteria_without[criterion.name] += 1
                else:
                    values.append((cluster, criterion.value))

    def sections(self, a: str) -> Iterator[Section]:
        """What the cases show beside the summary, of what there is.

        Args:
            a: The first model's name.
        """
        makers: tuple[Callable[[], Section | None], ...] = (
            lambda: self._lengths(a),
            lambda: self._categories(a),
            self._jurors,
            self._criteria,
            self._classes,
        )
        for make in makers:
            section = make()
            if section is not None:
                yield section

    def _rates(self, groups: Iterable[tuple[str, Sequence[Observation]]]) -> list[tuple[Cell, ...]]:
        rows: list[tuple[Cell, ...]] = []
        for name, cases in groups:
            triples = [(c.cluster, c.value, 1.0) for c in cases if c.value is not None]
            mean = clustered_mean if self.kind == "score" else clustered_rate
            rows.append((name, len(cases), mean(triples)))
        return rows

    def _columns(self, what: str, a: str) -> tuple[Column, ...]:
        if self.kind == "score":
            return Column(what), Column("answers", "count"), Column("mean score", "points")
        return Column(what), Column("cases", "count"), Column(f"win rate of {a}", "share")

    def _lengths(self, a: str) -> Section | None:
        if self.kind == "rank" or all(case.value is None for case in self.cases):
            return None
        if self.kind == "score":
            rows = self._rates(quarters(self.cases))
            note = "Answers by their length in characters."
        else:
            rows = self._rates(grouped(self.cases, relative_length, [n for n, _ in LENGTHS]))
            note = f"The answer of {a} beside the other one, by their lengths in characters."
            note += controlled_length(self.cases, a)
        if len(rows) < 2:
            return None
        return self._rated("lengths", "Length", self._columns("length", a), rows, note)

    def _categories(self, a: str) -> Section | None:
        names = list(dict.fromkeys(c.category for c in self.cases if c.category is not None))
        if len(names) < 2:
            return None
        if self.kind == "rank":
            return self._model_categories(names)
        if any(case.label is not None for case in self.cases):
            return self._class_categories(names)
        rows = self._rates(grouped(self.cases, lambda case: case.category or "", names))
        return self._rated("categories", "Categories", self._columns("category", a), rows, "")

    def _rated(
        self,
        name: str,
        title: str,
        columns: tuple[Column, ...],
        rows: Sequence[tuple[Cell, ...]],
        note: str,
    ) -> Section:
        share = self.kind != "score"
        return Section(
            name,
            title,
            columns,
            tuple(rows),
            "intervals",
            note,
            middle=0.5 if share else None,
            extent=(0.0, 1.0) if share else None,
        )

    def _class_categories(self, names: Sequence[str]) -> Section:
        """The share of each class in each category."""
        classes = sorted({case.label for case in self.cases if case.label is not None})
        rows: list[tuple[Cell, ...]] = []
        for name, cases in grouped(self.cases, lambda case: case.category or "", names):
            labels = [(c.cluster, c.label) for c in cases if c.label is not None]
            rates = (
                clustered_rate((cluster, label == each, 1) for cluster, label in labels)
                for each in classes
            )
            rows.append((name, *rates))
        columns = Column("category"), *(Column(each, "share") for each in classes)
        note = "The share of each class among the answers that have one."
        return Section("categories", "Categories", columns, tuple(rows), "heat", note)

    def _model_categories(self, names: Sequence[str]) -> Section:
        models = list(dict.fromkeys(model for c in self.cases for model, _ in c.shares))
        won: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
        for case in self.cases:
            for model, share in case.shares:
                if case.category is not None:
                    won.setdefault((model, case.category), []).append((case.cluster, share, 1.0))
        rows: list[tuple[Cell, ...]] = [
            (model, *(clustered_rate(won.get((model, name), [])) for name in names))
            for model in models
        ]
        columns = (Column("model"), *(Column(name, "share") for name in names))
        note = "The share of its comparisons that a model wins, ties counting half."
        return Section("categories", "Categories", columns, tuple(rows), "heat", note)

    def _jurors(self) -> Section | None:
        names = list(dict.fromkeys(name for _, votes in self.votes for name in votes))
        if len(names) < 2:
            return None
        rows: list[tuple[Cell, ...]] = []
        for one in names:
            cells = (self._agreement(one, other) for other in names)
            rows.append((one, *cells))
        columns = (Column("judge"), *(Column(name, "share") for name in names))
        note = "How often two judges give a case the same label, of the cases that both decide."
        return Section("agreement", "Judges beside judges", columns, tuple(rows), "heat", note)

    def _agreement(self, one: str, other: str) -> Rate | None:
        if one == other:
            return None
        return agreement((c, v.get(one), v.get(other)) for c, v in self.votes).equal

    def _criteria(self) -> Section | None:
        rows = tuple(
            (name, len(values), self.criteria_without[name], clustered_rate(as_triples(values)))
            for name, values in self.criteria.items()
        )
        columns = (
            Column("criterion"),
            Column("verdicts", "count"),
            Column("without a value", "count"),
            Column("mean, 0 to 1", "points"),
        )
        note = "How far each criterion of the rubric is met, over all verdicts with a value."
        section = Section("criteria", "Criteria", columns, rows, "intervals", note, None, (0, 1))
        return section if rows else None

    def _classes(self) -> Section | None:
        columns = Column("class"), Column("verdicts", "count")
        chart: Chart = "bars"
        rows = tuple(self.labels.most_common())
        return Section("classes", "Classes", columns, rows, chart) if rows else None


def observe(
    results: Iterable[CaseResult],
    kind: RunKind,
    inconsistent: Inconsistent,
    category: Callable[[str | None], str | None],
) -> Observations:
    """The numbers of all cases of a run.

    Args:
        results: Its cases.
        kind: What the run did.
        inconsistent: What an inconsistent case counts for.
        category: A category's name in the report.
    """
    observations = Observations(kind)
    for result in results:
        observations.add(result, inconsistent, category(result.case.category))
    return observations


def case_value(outcome: Outcome, inconsistent: Inconsistent, kind: RunKind) -> float | None:
    """What the mean of a run takes of a case."""
    if kind == "score":
        return outcome.scores[0] if outcome.scores else None
    return counted(outcome, inconsistent)


def model_shares(ranking: Ranking) -> Iterator[tuple[str, float]]:
    """Each model's mean probability of being better than another, over those it met."""
    for model, row in zip(ranking.models, ranking.beats, strict=True):
        met = [share for share in row if share is not None]
        if met:
            yield model, sum(met) / len(met)


def relative_length(case: Observation) -> str:
    """How long the first answer is beside the second."""
    ratio = (case.lengths[0] + 1) / (case.lengths[1] + 1)
    return next(name for name, most in LENGTHS if ratio < most)


def controlled_length(cases: Sequence[Observation], a: str) -> str:
    """The win rate at equal length in words, or why there is none."""
    fit = length_controlled_rate(
        (c.cluster, c.value, c.lengths[0], c.lengths[1]) for c in cases if c.value is not None
    )
    if fit.rate.value is None:
        return f" No win rate at equal length: {fit.reason}." if fit.reason else ""
    low, high = fit.rate.low, fit.rate.high
    ends = "" if low is None or high is None else f" ({100 * low:.1f} to {100 * high:.1f})"
    return f" At equal length {a} would win {100 * fit.rate.value:.1f} %{ends}."


def grouped(
    cases: Iterable[Observation], key: Callable[[Observation], str], order: Sequence[str]
) -> list[tuple[str, list[Observation]]]:
    """The cases of each key that has some, in this order."""
    groups: dict[str, list[Observation]] = {}
    for case in cases:
        groups.setdefault(key(case), []).append(case)
    return [(name, groups[name]) for name in order if name in groups]


def quarters(cases: Sequence[Observation]) -> list[tuple[str, list[Observation]]]:
    """The cases by the length of their one answer, in four parts of about equal size."""
    by_length = sorted(cases, key=lambda case: case.lengths[0])
    edges = [i * len(by_length) // 4 for i in range(5)]
    parts = [
        (name, by_length[begin:end])
        for name, begin, end in zip(QUARTERS, edges, edges[1:], strict=False)
    ]
    return [(name, part) for name, part in parts if part]


def as_triples(values: Sequence[Valued]) -> list[tuple[str, float, float]]:
    """Values as observations of one each."""
    return [(cluster, value, 1.0) for cluster, value in values]
