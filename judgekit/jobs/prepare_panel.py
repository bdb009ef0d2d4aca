"""From files and settings to what is to be run: one judge's job, or a panel's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from judgekit.config.files import load_user
from judgekit.config.judge_spec import JudgeSpec
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.io.given import Input
from judgekit.io.needs import Needs
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.inputs import JudgeInput, read_input
from judgekit.jobs.judge_settings import judge_specs, juror_settings
from judgekit.jobs.needs import case_needs
from judgekit.jobs.panel import Panel, Part
from judgekit.jobs.prepare import job_for, output_folders, prepare_all
from judgekit.jobs.routing import Route, assign, parse_route
from judgekit.jobs.runnable import Runnable, share_budget
from judgekit.stats.outcomes.combine import Rule
from judgekit.types import Case, RunKind

__all__ = ["prepare_runs"]


def prepare_runs(
    groups: Sequence[Sequence[Input]],
    settings: Settings,
    registry: Registry | None = None,
    *,
    kind: RunKind | None = None,
) -> list[Runnable]:
    """As `judgekit.jobs.prepare.prepare_all`, where several judges or routes may be named.

    ``judge`` may then be ``pairwise@openai/x,pairrm@FOLDER``: a jury.

    Args:
        groups: The files of each run.
        settings: How to judge; ``max_calls`` and ``max_cost`` are for all runs together.
        registry: The plugins; loaded where it is not given.
        kind: What the runs do with their cases; None goes by the number of models.

    Raises:
        InputError: Files, judges and settings do not fit together.
        PluginError: A plugin cannot be loaded.
    """
    registry = registry or Registry.load(files=settings.plugins)
    jurors = judge_specs(settings)
    routes = [parse_route(text) for text in settings.route]
    if len(jurors) > 1 or routes:
        check_settings(settings, jurors, kind)
        makers = PanelMaker(settings, registry, jurors, routes)
        panels = [
            makers.panel(read_input(files, settings, kind, makers.needs(files, kind)), out)
            for files, out in zip(groups, output_folders(groups, settings.out), strict=True)
        ]
        return share_budget(panels, settings)
    if settings.jury is not None:
        raise InputError("a jury has several judges: name them in --judge, separated by commas")
    for juror in jurors:
        settings = juror_settings(juror, settings, registry, alone=True)
    return share_budget(prepare_all(groups, settings, registry, kind=kind), settings)


def check_settings(s: Settings, jurors: Sequence[JudgeSpec], kind: RunKind | None) -> None:
    """Refuses (`InputError`) what several judges cannot do."""
    what = "a route" if s.route else "a jury"
    if kind == "rank":
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
    if s.route and len(jurors) > 1:
        raise InputError(
            f"with --route the other cases go to one judge, and --judge names {len(jurors)}"
        )
    if s.route and s.jury is not None:
        raise InputError("with --route one judge decides each case; leave out --jury")
    if len({juror.judge for juror in jurors}) > 1 and (s.options or s.prompt):
        setting = "the prompt" if s.prompt else f"the option {next(iter(s.options))!r}"
        raise InputError(f"{setting} is one judge's, and {s.judge!r} names several; leave it out")


class PanelMaker:
    """Makes the panels of a command, each juror's judge once for all of them."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        jurors: Sequence[JudgeSpec],
        routes: Sequence[Route],
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._jurors = jurors
        self._routes = routes
        self._user = load_user()
        self._factories: dict[JudgeSpec | None, JudgeFactory] = {}

    def needs(self, files: Sequence[Input], kind: RunKind | None) -> Needs:
        """What any of the judges needs of the rows, before the files are read.

        Args:
            files: The files of one input.
            kind: What the run does with its cases.

        Raises:
            InputError: A judge does not fit the settings.
            PluginError: A plugin cannot be loaded.
        """
        s, registry = self._settings, self._registry
        factories = [self._factory(j, juror_settings(j, s, registry)) for j in self._jurors]
        if not factories:
            factories.append(self._factory(None, s))
        jurors = [route.juror for route in self._routes]
        factories += [self._factory(juror, self._routed(juror, s)) for juror in jurors]
        return case_needs(factories, files, kind)

    def panel(self, inputs: JudgeInput, out: Path | None) -> Panel:
        """The panel for one input.

        Args:
            inputs: The cases.
            out: The run's folder; None chooses one by its identity.

        Raises:
            InputError: The judges do not fit the cases or the settings.
            PluginError: A plugin cannot be loaded.
        """
        make = self._route if self._routes else self._jury
        return make(inputs, replace(self._settings, out=out))

    def _jury(self, inputs: JudgeInput, s: Settings) -> Panel:
        """Every juror over all cases."""
        rule = rule_of(s, self._jurors, comparing=inputs.kind == "compare")
        parts = [
            self._part(inputs, juror, juror_settings(juror, s, self._registry), inputs.cases)
            for juror in self._jurors
        ]
        name = f"{rule} of {', '.join(part.name for part in parts)}"
        return Panel(s, name, "jury", rule, check_parts(parts, s), inputs)

    def _route(self, inputs: JudgeInput, s: Settings) -> Panel:
        """The routes' cases to their judges, the others to the judge that ``judge`` names."""
        if inputs.kind != "compare":
            raise InputError("--route is for comparisons; score each category's file by itself")
        parts = []
        for juror, cases in assign(inputs.cases, self._routes).items():
            if juror is None:
                rest = self._jurors[0] if self._jurors else None
                of_juror = s if rest is None else juror_settings(rest, s, self._registry)
                parts.append(self._part(inputs, rest, of_juror, cases))
            else:
                parts.append(self._part(inputs, juror, self._routed(juror, s), cases))
        name = " · ".join(part.name for part in parts)
        return Panel(s, name, "route", None, check_parts(parts, s), inputs)

    def _routed(self, juror: JudgeSpec, s: Settings) -> Settings:
        """The settings of a route's judge: the options and the prompt are the other judge's."""
        return juror_settings(juror, replace(s, options={}, prompt=None), self._registry)

    def _factory(self, juror: JudgeSpec | None, s: Settings) -> JudgeFactory:
        """Makes the juror's judge, once for all inputs."""
        if juror not in self._factories:
            self._factories[juror] = JudgeFactory(self._registry, s, self._user)
        return self._factories[juror]

    def _part(
        self, inputs: JudgeInput, juror: JudgeSpec | None, s: Settings, cases: Sequence[Case]
    ) -> Part:
        """The juror's judge over these cases; None: whichever judge fits the input."""
        job = job_for(inputs.with_cases(cases), self._factory(juror, s))
        judge = job.judge_name if juror is None else juror.judge
        return Part(str(JudgeSpec(judge, job.settings.model)), job)


def rule_of(s: Settings, jurors: Sequence[JudgeSpec], *, comparing: bool) -> Rule:
    """How the jurors' votes make one outcome; scores have a mean only on one judge's scale."""
    if comparing:
        return s.jury or "vote"
    if s.jury == "vote":
        raise InputError("scores are not voted on; leave out --jury, and their mean is taken")
    if len({juror.judge for juror in jurors}) > 1:
        raise InputError(
            f"{s.judge!r} names judges whose scales need not be the same, so their scores have no "
            f"mean; score with one judge on several models (additive@openai/x,additive@openai/y), "
            f"or compare two files"
        )
    return "mean"


def check_parts(parts: Sequence[Part], s: Settings) -> tuple[Part, ...]:
    """The parts, none of them twice. Raises `InputError`."""
    names = [part.name for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"the judge {name!r} is named twice; remove one")
    if s.model is not None and s.model not in [part.job.settings.model for part in parts]:
        raise InputError(f"none of {', '.join(names)} asks --model {s.model!r}; leave it out")
    return tuple(parts)
