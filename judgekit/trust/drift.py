"""Whether a judge still judges as it did: a frozen run's cases judged again, and compared.

>>> check = prepare_drift(Path("runs/frozen"), {})
>>> found = read_drift(check, run_job(check.job).folder)
>>> found.drifted, found.sentence

The replies are asked anew: a check has a reply store of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import combinations, islice, product
from math import fsum
from pathlib import Path
from typing import Any

import orjson

from judgekit import runs, stats
from judgekit.config.fields import taken_by
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.io import input_digest
from judgekit.io.files import write_file
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.inputs import JudgeInput
from judgekit.jobs.job import Job
from judgekit.jobs.judge_settings import judge_specs, juror_settings
from judgekit.jobs.prepare import job_for
from judgekit.runs.diff import value_or_score, word
from judgekit.stats import Rate, clustered_rate
from judgekit.stats.agreement import Agreement, agreement
from judgekit.stats.outcomes.values import label
from judgekit.stats.paired_test import PairedTest, paired_test
from judgekit.types import Case, Choice, Judgement, Outcome, Status, Trial, Verdict

__all__ = ["Drift", "DriftCheck", "prepare_drift", "read_drift"]

LEVEL = 0.01  # of each test: a check that is repeated every week must seldom cry wolf
SCHEMA = "judgekit.drift/1"


@dataclass(frozen=True)
class DriftCheck:
    """A frozen run, and the prepared job that judges its cases again."""

    frozen: Path
    folder: Path
    job: Job
    tolerance: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    """A judge now beside itself before, over the cases that both runs judged.

    `same`: the share of equal outcomes, an undecided one being an outcome too; of scores, equal
    ones. `agreement` is over cases decided in both, None of scores. `shift`: of response 0's
    value, or of the score, now less before; `decided` the same of whether there is one.
    `unsteady` is by how much more often two verdicts, one before and one now, differ than two of
    the repeats before: None where the frozen run holds no repeats. Position shares and statuses
    are (before, now).
    """

    judge: str
    model: str | None
    cases: int
    gone: int
    same: Rate
    agreement: Agreement | None
    shift: PairedTest
    decided: PairedTest
    unsteady: PairedTest | None
    position: tuple[Mapping[str, float | None], Mapping[str, float | None]]
    statuses: tuple[Mapping[str, int], Mapping[str, int]]
    tolerance: float | None
    reasons: tuple[str, ...]

    @property
    def drifted(self) -> bool:
        return bool(self.reasons)

    @property
    def sentence(self) -> str:
        """What came of it, in words."""
        if self.drifted:
            return f"{self.judge} has drifted: {'; '.join(self.reasons)}"
        said = f"no drift of {self.judge} is seen"
        if self.same.value is not None:
            said += f": {100 * self.same.value:.1f} % of {self.cases} outcomes are as they were"
        if self.tolerance is None and self.unsteady is None:
            said += (
                "; how far it agrees with itself is not known (freeze a run with --repeats 2, or "
                "say --tolerance)"
            )
        return said

    def as_dict(self) -> dict[str, Any]:
        """What ``drift.json`` holds."""
        plain = {"schema": SCHEMA, "drifted": self.drifted, "sentence": self.sentence}
        return plain | asdict(self)


def prepare_drift(
    frozen: Path,
    said: Mapping[str, Any],
    registry: Registry | None = None,
    *,
    tolerance: float | None = None,
) -> DriftCheck:
    """Reads a frozen run, and prepares to judge its cases again; asks nothing.

    `said`: settings other than the run's own. The check goes into ``out``, by default
    ``runs/drift-RUN-DATE``; the same command on the same day goes on with it. Raises
    `InputError`, `PluginError`.
    """
    frozen = runs.resolve(frozen)
    facts = runs.read_json(frozen / "run.json")
    if "task" in facts["decides"]:
        raise InputError(
            f"{str(frozen)!r} is a {facts['decides']['task']} run; drift is of one judge that "
            f"compares or scores: check each judge by itself"
        )
    if tolerance is not None and not 0 <= tolerance < 1:
        raise InputError(f"the tolerance is a share of the cases, in 0 to 1, not {tolerance!r}")
    folder = Path(said["out"]) if "out" in said else usual_folder(frozen)
    settings = replace(
        again(facts["settings"], said),
        out=folder / frozen.resolve().name,
        store=folder / "replies.db",
    )
    registry = registry or Registry.load(files=settings.plugins)
    seats = judge_specs(settings)
    if len(seats) > 1:
        raise InputError(f"{settings.judge!r} names {len(seats)} judges; drift is of one")
    for seat in seats:
        settings = juror_settings(seat, settings, registry, alone=True)
    cases = list(runs.read_cases(frozen))
    file = frozen / "cases.jsonl"
    inputs = JudgeInput.of_cases(
        cases[: settings.limit],
        facts["decides"]["models"],
        files=[file],
        digests=[input_digest(file)],
    )
    job = job_for(inputs, JudgeFactory(registry, settings), out=settings.out)
    return DriftCheck(frozen, folder, job, tolerance)


def usual_folder(frozen: Path) -> Path:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Path("runs") / f"drift-{frozen.resolve().name}-{today}"


def again(before: Mapping[str, Any], said: Mapping[str, Any]) -> Settings:
    """The settings of a frozen run with what is said now over them."""
    # Its cases and its place are its own; panels and flagless settings are as they were.
    known = {f.name for f in fields(Settings) if taken_by(f, "drift")} - {"out"}
    own = {name: value for name, value in before.items() if name in known}
    if said.get("judge", own.get("judge")) != own.get("judge"):
        own |= {"options": {}, "prompt": None}
    return Settings.of(own | {name: value for name, value in said.items() if name in known})


def read_drift(check: DriftCheck, folder: Path) -> Drift:
    """Compares the finished run in `folder` with the frozen one, and writes ``drift.json``."""
    before, now = (
        {case.id: (case, outcome, rows) for case, outcome, rows in judged(run)}
        for run in (check.frozen, folder)
    )
    both = [name for name in before if name in now]
    if not both:
        raise InputError("no case was judged again; raise --max-calls or --max-cost")
    pairs = [(before[name][1], now[name][1]) for name in both]
    scored = len(pairs[0][0].scores) == 1
    found = Drift(
        judge=check.job.judge_name,
        model=check.job.settings.model,
        cases=len(both),
        gone=len(before) - len(both),
        same=clustered_rate((x.cluster, word(x) == word(y), 1) for x, y in pairs),
        agreement=None if scored else agreement((x.cluster, label(x), label(y)) for x, y in pairs),
        shift=paired_test(
            (
                (x.cluster, w, v)
                for x, y in pairs
                if (v := value_or_score(x)) is not None and (w := value_or_score(y)) is not None
            ),
            shares=not scored,
        ),
        decided=paired_test((x.cluster, float(y.decided), float(x.decided)) for x, y in pairs),
        unsteady=unsteady(check.job, [(before[name], now[name]) for name in both]),
        position=(shares([x for x, _ in pairs]), shares([y for _, y in pairs])),
        statuses=(stats.statuses(x for x, _ in pairs), stats.statuses(y for _, y in pairs)),
        tolerance=check.tolerance,
        reasons=(),
    )
    found = replace(found, reasons=tuple(reasons(found)))
    data = orjson.dumps(found.as_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    write_file(check.folder / "drift.json", data)
    return found


def reasons(found: Drift) -> Iterator[str]:
    """Why the judge is held to have drifted.

    With a tolerance: more outcomes changed than that, at the lower end of the interval. Without:
    a test at `LEVEL` finds its values, the share that is decided, or its steadiness changed.
    """
    if found.tolerance is not None:
        if found.same.high is not None and found.same.high < 1 - found.tolerance:
            yield (
                f"{100 * (1 - found.same.high):.1f} % of the outcomes changed at the least, and "
                f"{100 * found.tolerance:g} % may"
            )
        return
    named = {"the mean value": found.shift, "the share decided": found.decided}
    for what, test in named.items():
        if significant(test):
            yield f"{what} moved by {test.difference.value:+.3f} (p = {test.p_value:.2g})"
    if found.unsteady is not None and significant(found.unsteady):
        by = found.unsteady.difference.value or 0.0
        if by > 0:
            yield (
                f"its verdicts differ from those before by {100 * by:.1f} points more often than "
                f"those did from one another (p = {found.unsteady.p_value:.2g})"
            )


def significant(test: PairedTest) -> bool:
    return test.p_value is not None and test.p_value < LEVEL


Judged = tuple[Case, Outcome, list[dict[str, Any]]]


def judged(folder: Path) -> Iterator[Judged]:
    """A run's cases, each with its outcome and its rows of ``judgements.jsonl``."""
    rows = runs.read_rows(folder / "judgements.jsonl")
    outcomes = runs.read_outcomes(folder)
    for case, (outcome, ids) in zip(runs.read_cases(folder), outcomes, strict=True):
        yield case, outcome, list(islice(rows, len(ids)))


def unsteady(job: Job, pairs: Sequence[tuple[Judged, Judged]]) -> PairedTest | None:
    """How much more often one repeat before and one now differ than two repeats before.

    Each repeat is folded by itself, so that like is compared with like: a judge that has not
    changed gives both shares the same expectation. None without repeats in the frozen run.
    """
    rows = []
    for (case, _, old), (_, _, new) in pairs:
        before, now = repeats(job, case, old), repeats(job, case, new)
        if len(before) > 1 and now:
            within = [x != y for x, y in combinations(before, 2)]
            across = [x != y for x, y in product(before, now)]
            rows.append((case.cluster or case.id, share(across), share(within)))
    return paired_test(rows) if rows else None


def repeats(job: Job, case: Case, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The outcome, in a word, that each repeat of a case would have had by itself."""
    of_repeat: dict[int, list[Judgement]] = {}
    for row in rows:
        of_repeat.setdefault(row["repeat"], []).append(judgement(case, row))
    outcomes = [job.task.fold(case, own) for own in of_repeat.values()]
    return [word(outcome) for outcome in outcomes if isinstance(outcome, Outcome)]


def judgement(case: Case, row: Mapping[str, Any]) -> Judgement:
    """A row of ``judgements.jsonl`` as what it was."""
    verdict = Verdict(
        Status(row["status"]),
        choice=None if row["choice"] is None else Choice(row["choice"]),
        score=row["score"],
        probability=row["probability"],
    )
    trial = Trial(case, tuple(row["order"]), tuple(row["names"]), row["repeat"])
    return Judgement(trial, verdict)


def share(flags: Sequence[bool]) -> float:
    return fsum(flags) / len(flags)


def shares(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """The shares of position, without their intervals."""
    return {name: rate["value"] for name, rate in asdict(stats.positions(outcomes)).items()}
