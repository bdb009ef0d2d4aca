"""From files and settings to what is to be run: one judge's job, or a panel's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from judgekit import io
from judgekit.config.files import UserConfig, load_user
from judgekit.config.judge_spec import JudgeSpec
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.harness.limits import Spent
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.job import Job
from judgekit.jobs.judge_settings import judge_specs, juror_settings
from judgekit.jobs.panel import Panel, Part
from judgekit.jobs.prepare import digests_of, job_over, outs_of, prepare_all, read_inputs
from judgekit.jobs.routing import Route, assign, parse_route
from judgekit.stats.outcomes.combine import Rule
from judgekit.types import Case

__all__ = ["prepare_runs"]


def prepare_runs(
    groups: Sequence[Sequence[Path]],
    settings: Settings,
    registry: Registry | None = None,
    *,
    ranking: bool = False,
) -> Sequence[Job | Panel]:
    """As `judgekit.jobs.prepare.prepare_all`, where several judges may be named, or routes.

    ``judge`` may then say ``pairwise@openai/x,pairrm@FOLDER``: a jury. ``max_calls`` and
    ``max_cost`` are for all that is returned together. Raises `InputError`, `PluginError`.
    """
    registry = registry or Registry.load(files=settings.plugins)
    seats = judge_specs(settings)
    routes = [parse_route(text) for text in settings.route]
    if len(seats) > 1 or routes:
        check_settings(settings, seats, ranking=ranking)
        prepare = prepare_routed if routes else prepare_jury
        casting = Casting(settings, registry, load_user(), {})
        return one_budget(
            prepare(Question.read(files, replace(settings, out=out)), casting, seats, routes)
            for files, out in zip(groups, outs_of(groups, settings.out), strict=True)
        )
    if settings.jury is not None:
        raise InputError("a jury has several judges: name them in --judge, apart by commas")
    for seat in seats:
        settings = juror_settings(seat, settings, registry, alone=True)
    return one_budget(prepare_all(groups, settings, registry, ranking=ranking))


def one_budget(jobs: Iterable[Job | Panel]) -> list[Job | Panel]:
    """The jobs, where they are several with one budget: what one used is not there for the next.

    One alone has its limits anew each time that it is run.
    """
    found, spent = list(jobs), Spent()
    return found if len(found) < 2 else [job.within(spent) for job in found]


def check_settings(s: Settings, seats: Sequence[JudgeSpec], *, ranking: bool) -> None:
    """Refuses what several judges cannot do."""
    what = "a route" if s.route else "a jury"
    if ranking:
        raise InputError(f"{what} compares two answers, it does not rank; rank with one judge")
    if s.until is not None:
        raise InputError(
            f"--until watches a win rate while it grows, and {what} has one only when its last "
            f"judge is through; leave out --until"
        )
    if s.orders == "adaptive":
        raise InputError(
            f"--orders adaptive tells by how much cases shown once may shift one judge's win rate, "
            f"not that of {what}; say --orders both or one"
        )
    if s.route and len(seats) > 1:
        raise InputError(
            f"with --route the other cases go to one judge, and --judge names {len(seats)}"
        )
    if s.route and s.jury is not None:
        raise InputError("with --route one judge decides each case; leave out --jury")
    if len({seat.judge for seat in seats}) > 1 and (s.options or s.prompt):
        said = "the prompt" if s.prompt else f"the option {next(iter(s.options))!r}"
        raise InputError(f"{said} is one judge's, and {s.judge!r} names several; leave it out")


@dataclass(frozen=True)
class Question:
    """One group of files, read once for all judges."""

    settings: Settings
    files: tuple[Path, ...]
    digests: tuple[str, ...]
    inputs: io.Joined

    @classmethod
    def read(cls, files: Sequence[Path], settings: Settings) -> Question:
        digests = digests_of(files, settings)
        inputs = read_inputs(files, settings)
        cases = inputs.cases[: settings.limit]
        return cls(settings, tuple(files), digests, replace(inputs, cases=cases))


@dataclass(frozen=True)
class Casting:
    """Makes each judge once for all comparisons of a command: some hold weights."""

    settings: Settings
    registry: Registry
    user: UserConfig
    benches: dict[JudgeSpec | None, JudgeFactory]

    def part(
        self, question: Question, seat: JudgeSpec | None, settings: Settings, cases: Sequence[Case]
    ) -> Part:
        """The seat's judge over these cases; None: whichever judge fits the files."""
        bench = self.benches.setdefault(seat, JudgeFactory(self.registry, settings))
        settings = replace(settings, out=None)
        inputs = replace(question.inputs, cases=list(cases))
        job = job_over(inputs, question.files, question.digests, settings, bench, self.user)
        judge = job.judge_name if seat is None else seat.judge
        return Part(str(JudgeSpec(judge, job.settings.model)), job)


def prepare_jury(
    question: Question, casting: Casting, seats: Sequence[JudgeSpec], _: Sequence[Route]
) -> Panel:
    """Every seat over all cases."""
    s, inputs = question.settings, question.inputs
    rule = rule_of(s, seats, comparing=len(inputs.models) > 1)
    parts = [
        casting.part(question, seat, juror_settings(seat, s, casting.registry), inputs.cases)
        for seat in seats
    ]
    name = f"{rule} of {', '.join(part.name for part in parts)}"
    return Panel(s, name, "jury", rule, checked(parts, s), inputs, inputs.cases)


def rule_of(s: Settings, seats: Sequence[JudgeSpec], *, comparing: bool) -> Rule:
    """How the seats decide. Single scores have a mean only where one judge's scale is all's."""
    if comparing:
        return s.jury or "vote"
    if s.jury == "vote":
        raise InputError("scores are not voted on; leave out --jury, and their mean is taken")
    if len({seat.judge for seat in seats}) > 1:
        raise InputError(
            f"{s.judge!r} names judges whose scales need not be the same, so their scores have no "
            f"mean; score with one judge on several models (additive@openai/x,additive@openai/y), "
            f"or compare two files"
        )
    return "mean"


def prepare_routed(
    question: Question, casting: Casting, seats: Sequence[JudgeSpec], routes: Sequence[Route]
) -> Panel:
    """The routes' cases to their judges, the others to the judge of `seats`, if it names one."""
    s, inputs = question.settings, question.inputs
    if len(inputs.models) < 2:
        raise InputError("--route is for comparisons; score each category's file by itself")
    registry = casting.registry
    parts = []
    for seat, cases in assign(inputs.cases, routes).items():
        if seat is None:
            rest = seats[0] if seats else None
            own = s if rest is None else juror_settings(rest, s, registry)
            parts.append(casting.part(question, rest, own, cases))
        else:  # the options and the prompt are the other judge's
            own = juror_settings(seat, replace(s, options={}, prompt=None), registry)
            parts.append(casting.part(question, seat, own, cases))
    name = " · ".join(part.name for part in parts)
    return Panel(s, name, "route", None, checked(parts, s), inputs, inputs.cases)


def checked(parts: Sequence[Part], s: Settings) -> tuple[Part, ...]:
    """The parts, none of them twice. Raises `InputError`."""
    names = [part.name for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"the judge {name!r} stands twice; take one out")
    if s.model is not None and s.model not in [part.job.settings.model for part in parts]:
        raise InputError(f"none of {', '.join(names)} asks --model {s.model!r}; leave it out")
    return tuple(parts)
