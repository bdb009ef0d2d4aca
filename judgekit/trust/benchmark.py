"""Judges against labels: each set before each judge, as any other run, and how often it is right.

>>> benchmark = prepare_bench(["llmbar"], parse_seats("pairwise"), settings, registry)
>>> for entry in benchmark.entries:
...     run_job(entry.job)
>>> benchmark.finish()["sets"][0]["judges"][0]["accuracy"]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from judgekit import runs
from judgekit.config.judge_spec import JudgeSpec
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.harness.limits import Budget
from judgekit.io.files import make_parents, safe_name, write_file
from judgekit.io.labelled_pairs import LETTERS, keep_labelled
from judgekit.io.labelled_set import LabelledSet, SetSetup
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.inputs import read_input
from judgekit.jobs.job import Job
from judgekit.jobs.judge_settings import juror_settings
from judgekit.jobs.prepare import job_for
from judgekit.stats.accuracy import Graded, accuracy, compare_accuracy
from judgekit.stats.outcomes.fold import fold
from judgekit.types import (
    Case,
    Choice,
    Judgement,
    Outcome,
    Status,
    Trial,
    Verdict,
    digest,
)

__all__ = ["TRIVIAL", "Benchmark", "Entry", "prepare_bench"]

TRIVIAL = ("longer", "first", "chance")
"""What costs nothing, and has to be beaten."""

KEPT = Path(".judgekit/sets")
SCHEMA = "judgekit.bench/1"


@dataclass(frozen=True)
class Entry:
    """One set before one judge."""

    labelled: LabelledSet
    seat: JudgeSpec
    trivial: bool
    job: Job

    @property
    def run(self) -> Path:
        """The folder of its run."""
        return self.job.folder("")


@dataclass(frozen=True)
class Benchmark:
    """Everything decided; `entries` stand set by set, the trivial judges last."""

    folder: Path
    entries: tuple[Entry, ...]

    def finish(self) -> dict[str, Any]:
        """Reads the entries' finished runs, and writes and returns what ``bench.json`` holds."""
        of_set: dict[str, list[Entry]] = {}
        for entry in self.entries:
            of_set.setdefault(entry.labelled.name, []).append(entry)
        whole = {"schema": SCHEMA, "sets": [set_figures(own) for own in of_set.values()]}
        path = self.folder / "bench.json"
        make_parents(path)
        write_file(path, orjson.dumps(whole, option=orjson.OPT_INDENT_2))
        return whole


def prepare_bench(
    sets: Sequence[str],
    seats: Sequence[JudgeSpec],
    settings: Settings,
    registry: Registry,
    *,
    limit: int | None = None,
) -> Benchmark:
    """Reads the sets and prepares a job for each with each judge; asks nothing.

    A set is a name, NAME=FILE or a file of labelled pairs. `limit`: at most so many questions of
    each, drawn by their ids, so that the same ones come every time and every part of a set has
    its share. `Settings.max_calls` and `Settings.max_cost` are for all entries together: what one
    used is not there for the next. Raises `InputError`, `PluginError`.
    """
    if settings.orders != "both":
        raise InputError(
            f"a benchmark shows all pairs in both orders, not {settings.orders!r}; leave orders out"
        )
    labelled = [drawn(read_set(word, settings.columns, registry), limit) for word in sets]
    names = [one.name for one in labelled]
    if len(set(names)) < len(names):
        raise InputError(f"two sets have one name: {', '.join(names)}; write NAME=FILE for one")
    plain = replace(settings, columns={}, limit=None, out=None)
    alone = len(seats) == 1
    said = [(seat, False, juror_settings(seat, plain, registry, alone=alone)) for seat in seats]
    free = Settings(store=settings.store, plugins=settings.plugins)
    said += [
        (seat, True, replace(free, judge=seat.judge))
        for seat in map(JudgeSpec, TRIVIAL)
        if seat not in seats
    ]
    inputs = [read_input([keep_labelled(one, KEPT)], plain, "compare") for one in labelled]
    factories = [JudgeFactory(registry, own) for _, _, own in said]
    jobs = [[job_for(of_set, factory) for of_set in inputs] for factory in factories]
    ids = [job.identity("") for own in jobs for job in own]
    name = f"bench-{'+'.join(names)}"[:80]
    folder = settings.out or Path("runs") / f"{safe_name(name)}-{digest(*ids, size=4)}"
    budget = Budget(settings.max_calls, settings.max_cost)
    return Benchmark(
        folder,
        tuple(
            Entry(one, seat, trivial, placed(own[number].with_budget(budget), folder, one.name))
            for number, one in enumerate(labelled)
            for (seat, trivial, _), own in zip(said, jobs, strict=True)
        ),
    )


def placed(job: Job, folder: Path, of_set: str) -> Job:
    """The job with its run's folder below the benchmark's, in one for its set."""
    name = f"{safe_name(job.judge_name)}-{job.identity('')[:8]}"
    out = folder / safe_name(of_set) / name
    return replace(job, settings=replace(job.settings, out=out))


def read_set(word: str, columns: Mapping[str, str], registry: Registry) -> LabelledSet:
    """The set that a word of the command line means."""
    name, equals, location = word.partition("=")
    if equals and name and location and not Path(word).exists():
        known = {known for plugin in registry.listing() for known in plugin.sets}
        factory = registry.labelled_set(name if name in known else "pairs")
        return factory(SetSetup(name, location, columns))
    if "/" in word or "." in word or Path(word).is_file():
        stem = Path(word).name.removesuffix(".gz")
        return registry.labelled_set("pairs")(SetSetup(Path(stem).stem or stem, word, columns))
    return registry.labelled_set(word)(SetSetup(word))


def drawn(labelled: LabelledSet, limit: int | None) -> LabelledSet:
    """At most `limit` questions of a set, in their order; fewer are among those of more."""
    groups = dict.fromkeys(labelled.group(case) for case in labelled.cases)
    if limit is None or len(groups) <= limit:
        return labelled
    kept = set(sorted(groups, key=lambda group: digest(labelled.name, group))[:limit])
    cases = tuple(case for case in labelled.cases if labelled.group(case) in kept)
    left_out = {**labelled.left_out, "not drawn (--limit)": len(labelled.cases) - len(cases)}
    return replace(labelled, cases=cases, left_out=left_out)


def set_figures(entries: Sequence[Entry]) -> dict[str, Any]:
    """One set's part of ``bench.json``: what it is, each judge's figures, and the paired tests."""
    labelled = entries[0].labelled
    begun = [grade(entry) for entry in entries]
    graded = [finished(labelled, own) for own in begun]
    told = [
        (entry, own) for entry, own in zip(entries, graded, strict=True) if not without_verdict(own)
    ]
    labels = [labelled.labels[case.id] for case in labelled.cases]
    return {
        "name": labelled.name,
        "source": labelled.source,
        "licence": labelled.licence,
        "note": labelled.note,
        "file": str(entries[0].job.inputs.files[0]),
        "cases": len(labels),
        "questions": len({labelled.group(case) for case in labelled.cases}),
        "labels": {LETTERS[label]: labels.count(label) for label in (0, 1, "tie")},
        "left_out": dict(labelled.left_out),
        "judges": [
            judge_figures(entry, own, len(some) - len(own))
            for entry, own, some in zip(entries, graded, begun, strict=True)
        ],
        "tests": [
            {"judge": str(x.seat), "against": str(y.seat), **asdict(compare_accuracy(xs, ys))}
            for (x, xs), (y, ys) in combinations(told, 2)
            if not (x.trivial and y.trivial)
        ],
    }


def without_verdict(graded: Sequence[Graded]) -> bool:
    """Whether a judge said nothing of any pair that it was shown, or was shown none.

    All its cases are then wrong, which says nothing of whether it would be right.
    """
    outcomes = [g.outcome for g in graded]
    asked = [outcome for outcome in outcomes if not outcome.identical]
    return not any(outcome.decided for outcome in asked or outcomes)


def finished(labelled: LabelledSet, graded: Sequence[Graded]) -> list[Graded]:
    """Without the cases of questions that a stopped run began: the rest could have been wrong."""
    planned = Counter(labelled.group(case) for case in labelled.cases)
    judged = Counter(g.group for g in graded)
    return [g for g in graded if judged[g.group] == planned[g.group]]


def judge_figures(entry: Entry, graded: Sequence[Graded], unfinished: int) -> dict[str, Any]:
    """One judge on one set, as a whole and in parts. `unfinished`: cases that were judged, and are
    in no figure because their question was not judged to its end."""
    facts = runs.read_json(entry.run / "run.json")
    counts = ("calls", "calls_from_store", "tokens_in", "tokens_out", "cost_usd")
    return {
        "judge": str(entry.seat),
        "model": entry.job.settings.model,
        "trivial": entry.trivial,
        "run": str(entry.run),
        "stopped": facts["stopped"],
        "unfinished": unfinished,
        "without_verdict": without_verdict(graded),
        **{name: facts["counts"][name] for name in counts},
        **accuracy(graded).as_dict(),
        "by_category": parts(graded, [g.outcome.category for g in graded]),
        "by_language": parts(graded, [g.language for g in graded]),
    }


def parts(graded: Sequence[Graded], keys: Sequence[str | None]) -> dict[str, dict[str, Any]]:
    """The figures of each part, by name; empty where nothing names one."""
    of_part: dict[str, list[Graded]] = {}
    for key, g in zip(keys, graded, strict=True):
        if key is not None:
            of_part.setdefault(key, []).append(g)
    return {key: accuracy(own).as_dict() for key, own in sorted(of_part.items())}


def grade(entry: Entry) -> list[Graded]:
    """An entry's finished run, case by case, beside the labels."""
    labelled, job = entry.labelled, entry.job
    said: dict[str, list[Mapping[str, Any]]] = {}
    for row in runs.read_rows(entry.run / "judgements.jsonl"):
        said.setdefault(row["case"], []).append(row)
    outcomes = {outcome.case: outcome for outcome, _ in runs.read_outcomes(entry.run)}
    found = []
    for case in labelled.cases:
        if case.id not in outcomes:  # the run was stopped before it
            continue
        outcome = replace(outcomes[case.id], cluster=case.cluster or outcomes[case.id].cluster)
        judgements = [judgement(case, row) for row in said.get(case.id, ())]
        a, b = (response.model for response in case.responses)
        found.append(
            Graded(
                outcome,
                labelled.labels[case.id],
                labelled.group(case),
                orders(outcome, case, judgements, job) if job.plan.both_orders else None,
                reversed_names=b < a,
                language=labelled.languages.get(case.id),
            )
        )
    return found


def orders(
    outcome: Outcome, case: Case, judgements: Sequence[Judgement], job: Job
) -> tuple[Outcome, Outcome] | None:
    """The outcomes of the two orders, each as if it were the only one; None without both."""
    if outcome.identical:
        return outcome, outcome
    shown = [[j for j in judgements if j.trial.order == order] for order in ((0, 1), (1, 0))]
    if not all(shown):
        return None
    first, second = (fold(case, j, merge=job.judge.merge, both_orders=False) for j in shown)
    return first, second


def judgement(case: Case, row: Mapping[str, Any]) -> Judgement:
    """A row of ``judgements.jsonl`` as what it was written from, as far as `fold` reads it."""
    verdict = Verdict(
        Status(row["status"]),
        None if row["choice"] is None else Choice(row["choice"]),
        row["score"],
        row["probability"],
    )
    return Judgement(Trial(case, tuple(row["order"]), tuple(row["names"]), row["repeat"]), verdict)
