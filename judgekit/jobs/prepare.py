"""Files and settings → jobs: everything is read and refused here that cannot work.

Nothing is asked, so nothing is paid yet.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.harness.plan import Plan, Shown
from judgekit.io.files import safe_name
from judgekit.io.given import Input
from judgekit.jobs.bindings import JudgeFactory, choose_judge
from judgekit.jobs.inputs import JudgeInput, read_input
from judgekit.jobs.job import Job
from judgekit.jobs.needs import case_needs, check_columns
from judgekit.stats.stopping import shuffled
from judgekit.types import RunKind

__all__ = ["job_for", "output_folders", "prepare", "prepare_all"]


def prepare(
    files: Sequence[Input],
    settings: Settings,
    registry: Registry | None = None,
    *,
    kind: RunKind | None = None,
) -> Job:
    """Reads the files of one run, finds judge and engine, and checks that they fit.

    Args:
        files: One file of answers or of pairs, or a file of answers per model.
        settings: How to judge.
        registry: The plugins; loaded where it is not given.
        kind: What the run does with its cases; None goes by the number of models.

    Raises:
        InputError: Files, judge and settings do not fit together.
        PluginError: A plugin cannot be loaded.
    """
    [job] = prepare_all([files], settings, registry, kind=kind)
    return job


def prepare_all(
    groups: Sequence[Sequence[Input]],
    settings: Settings,
    registry: Registry | None = None,
    *,
    kind: RunKind | None = None,
) -> list[Job]:
    """A job for each group of files, all with one judge.

    Several jobs go into folders of their own in `Settings.out`, where that is given. Otherwise as
    `prepare`.
    """
    registry = registry or Registry.load(files=settings.plugins)
    factory = JudgeFactory(registry, settings)
    return [
        job_for(
            read_input(files, settings, kind, case_needs([factory], files, kind)),
            factory,
            out=out,
        )
        for files, out in zip(groups, output_folders(groups, settings.out), strict=True)
    ]


def output_folders(groups: Sequence[Sequence[Input]], out: Path | None) -> list[Path | None]:
    """The folder that `out` gives each group of files: several get folders of their own in it."""
    if out is None or len(groups) == 1:
        return [out] * len(groups)
    return [out / name for name in folder_names(groups)]


def folder_names(groups: Sequence[Sequence[Input]]) -> list[str]:
    """``a-vs-b`` for each group of files, numbered from the second on where names repeat."""
    names: list[str] = []
    for files in groups:
        plain = safe_name("-vs-".join(file.name.split(".")[0] for file in files))
        numbered = (f"{plain}-{n}" for n in itertools.count(2))
        names.append(next(n for n in itertools.chain([plain], numbered) if n not in names))
    return names


def job_for(inputs: JudgeInput, factory: JudgeFactory, *, out: Path | None = None) -> Job:
    """The job of one judge on an input that is read already.

    Args:
        inputs: The cases. One input may be put before several judges.
        factory: Makes the judge and its engine once for all inputs.
        out: The run's folder; None chooses one by its identity.

    Raises:
        InputError: The judge does not fit the cases or the settings.
        PluginError: A plugin cannot be loaded.
    """
    name = choose_judge(factory.settings, inputs)
    s = replace(factory.settings, judge=name, out=out)
    judge = factory.judge(name, 2 if inputs.kind == "rank" else len(inputs.models))
    check_schedule(s, inputs, judge.setup.arity)
    cases = inputs.cases
    if s.until is not None or s.orders == "adaptive":
        cases = shuffled(cases)  # a beginning must be a random sample
    check_columns(judge, name, inputs, cases)
    judge.check(cases)
    once = s.verdict == "logits" or s.orders == "adaptive"
    repeats = s.repeats or (1 if once else judge.repeats)
    orders: Shown = "both" if s.orders == "adaptive" else s.orders
    job = Job(
        settings=s,
        judge_name=Path(name).stem if "/" in name else name,
        judge=judge,
        judge_code=factory.registry.code_of(type(judge)),
        plan=Plan(cases, judge.setup.arity, judge.names, repeats, orders),
        inputs=inputs,
        bound_engine=factory.engine(judge),
    )
    check_writable(job)
    return job


def check_schedule(s: Settings, inputs: JudgeInput, arity: int) -> None:
    """Refuses (`InputError`) a schedule that does not fit the kind of the run."""
    if s.until is not None and inputs.kind != "compare":
        raise InputError("--until watches a win rate, so it needs a comparison of two models")
    if s.games is not None:
        check_games(s, inputs, arity)
    if s.orders == "adaptive":
        if inputs.kind == "rank":
            raise InputError("--orders adaptive compares two models; rank with both orders or one")
        if (s.repeats or 1) > 1:
            raise InputError("--orders adaptive looks at one verdict; leave out --repeats")


def check_games(s: Settings, inputs: JudgeInput, arity: int) -> None:
    """Refuses (`InputError`) to choose games where there are none, or where they rate nobody."""
    if inputs.kind != "rank":
        raise InputError("--games works only with `judgekit rank`; compare has just two models")
    if arity == 1:
        raise InputError(
            f"--games chooses which answers to compare, and the judge {s.judge!r} scores each by "
            f"itself; leave it out"
        )
    for case in inputs.cases:
        models = [response.model for response in case.responses]
        if len(set(models)) < len(models):
            twice = next(name for name in models if models.count(name) > 1)
            raise InputError(
                f"--games rates models, and {twice!r} has several answers to {case.id!r}; give one "
                f"answer a model, or leave out --games"
            )


def check_writable(job: Job) -> None:
    """Refuses (`InputError`) what JSON cannot hold: too large numbers, names not in UTF-8."""
    written = {
        **job.settings.as_dict(),
        "files": [str(f) for f in job.inputs.files],
        **job.decides(""),
    }
    for name, value in written.items():
        try:
            orjson.dumps(value)
        except TypeError as error:
            raise InputError(
                f"{name} cannot be written down ({error}): {value!r}; give another"
            ) from error
