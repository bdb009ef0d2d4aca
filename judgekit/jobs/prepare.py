"""Files and settings → jobs: everything is read and refused here that cannot work.

Nothing is asked, so nothing is paid yet.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from judgekit import io
from judgekit.config.files import UserConfig, load_user
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.harness.plan import Plan, Shown
from judgekit.io.files import safe_name
from judgekit.jobs.bindings import BoundEngine, JudgeFactory, check_price, choose_judge
from judgekit.jobs.job import Job
from judgekit.stats.stopping import shuffled
from judgekit.types import Case

__all__ = ["digests_of", "job_over", "outs_of", "prepare", "prepare_all", "read_inputs"]


def prepare(
    files: Sequence[Path],
    settings: Settings,
    registry: Registry | None = None,
    *,
    ranking: bool = False,
) -> Job:
    """Reads the files, finds judge and engine, and checks that they fit; asks nothing.

    `ranking`: of each case's responses, however many, instead of a comparison or single scores.
    """
    [job] = prepare_all([files], settings, registry, ranking=ranking)
    return job


def prepare_all(
    groups: Sequence[Sequence[Path]],
    settings: Settings,
    registry: Registry | None = None,
    *,
    ranking: bool = False,
) -> list[Job]:
    """A job for each group of files, with one judge; each in a folder of its own in `out`.

    `registry` saves loading the plugins again. Raises `InputError`, `PluginError`.
    """
    registry = registry or Registry.load(files=settings.plugins)
    bench = JudgeFactory(registry, settings)
    user = load_user()
    return [
        prepared(files, replace(settings, out=out), bench, user, ranking=ranking)
        for files, out in zip(groups, outs_of(groups, settings.out), strict=True)
    ]


def outs_of(groups: Sequence[Sequence[Path]], out: Path | None) -> list[Path | None]:
    """Where the run of each group goes: several into folders of their own in `out`."""
    if out is None or len(groups) == 1:
        return [out] * len(groups)
    return [out / name for name in folder_names(groups)]


def folder_names(groups: Sequence[Sequence[Path]]) -> list[str]:
    """``a-vs-b`` for each group of files, numbered from the second on where names repeat."""
    names: list[str] = []
    for files in groups:
        plain = safe_name("-vs-".join(file.name.split(".")[0] for file in files))
        numbered = (f"{plain}-{n}" for n in itertools.count(2))
        names.append(next(n for n in itertools.chain([plain], numbered) if n not in names))
    return names


def prepared(
    files: Sequence[Path], s: Settings, bench: JudgeFactory, user: UserConfig, *, ranking: bool
) -> Job:
    """One job, for `prepare_all`."""
    digests = digests_of(files, s)
    return job_over(
        read_inputs(files, s, ranking=ranking), files, digests, s, bench, user, ranking=ranking
    )


def digests_of(files: Sequence[Path], s: Settings) -> tuple[str, ...]:
    """The digests of all that is read, those of prompts and references last."""
    beside = [f for f in (s.prompts, s.references) if f is not None]
    return tuple(digest_of(f) for f in (*files, *beside))


def job_over(
    inputs: io.Joined,
    files: Sequence[Path],
    digests: tuple[str, ...],
    s: Settings,
    bench: JudgeFactory,
    user: UserConfig,
    *,
    ranking: bool = False,
) -> Job:
    """A job over cases that are read already, and checked here to fit the judge."""
    name = choose_judge(s, inputs, files, ranking=ranking)
    s = replace(s, judge=name)
    judge = bench.judge(name, 2 if ranking else len(inputs.models))
    cases = inputs.cases[: s.limit]
    if s.until is not None and (ranking or len(inputs.models) != 2):
        raise InputError("--until watches a win rate, so it needs a comparison of two models")
    check_games(s, cases, judge.setup.arity, ranking=ranking)
    if s.orders == "adaptive":
        if ranking:
            raise InputError("--orders adaptive compares two models; rank with both orders or one")
        if (s.repeats or 1) > 1:
            raise InputError("--orders adaptive looks at one verdict; leave out --repeats")
    if s.until is not None or s.orders == "adaptive":
        cases = shuffled(cases)  # a beginning must be a random sample
    judge.check(cases)
    bound_engine = None
    if judge.model == "engine" and s.model is not None:
        bound_engine = BoundEngine.of(s, s.model, bench.registry, user)
    check_price(s, bound_engine.price if bound_engine else None)
    once = s.verdict == "logits" or s.orders == "adaptive"
    repeats = s.repeats or (1 if once else judge.repeats)
    orders: Shown = "both" if s.orders == "adaptive" else s.orders
    job = Job(
        s,
        Path(name).stem if "/" in name else name,
        judge,
        Plan(cases, judge.setup.arity, judge.names, repeats, orders),
        inputs,
        tuple(files),
        digests,
        bound_engine,
        bench.registry,
        ranking,
    )
    check_writable(job)
    return job


def check_games(s: Settings, cases: Sequence[Case], arity: int, *, ranking: bool) -> None:
    """Refuses to choose games where there are none, or where nobody could be rated by them."""
    if s.games is None:
        return
    if not ranking:
        raise InputError("--games is of `judgekit rank`: a comparison of two has nobody to choose")
    if arity == 1:
        raise InputError(
            f"--games chooses which answers to compare, and the judge {s.judge!r} scores each by "
            f"itself; leave it out"
        )
    for case in cases:
        models = [response.model for response in case.responses]
        if len(set(models)) < len(models):
            twice = next(name for name in models if models.count(name) > 1)
            raise InputError(
                f"--games rates models, and {twice!r} has several answers to {case.id!r}; give one "
                f"answer a model, or leave out --games"
            )


def digest_of(file: Path) -> str:
    """The digest of an input's bytes, taken as it is read, not when the run is over."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise InputError(
            f"{str(file)!r} is a pipe or a device, and inputs are read more than once; "
            f"write it to a file first"
        )
    return io.input_digest(file)


def check_writable(job: Job) -> None:
    """Refuses what `run.json` could not hold at the end: too large a number, a name not UTF-8."""
    whole = {**job.settings.as_dict(), "files": [str(f) for f in job.files], **job.decides("")}
    for name, value in whole.items():
        try:
            orjson.dumps(value)
        except TypeError as error:
            raise InputError(
                f"{name} cannot be written down ({error}): {value!r}; give another"
            ) from error


def read_inputs(files: Sequence[Path], s: Settings, *, ranking: bool = False) -> io.Joined:
    """The files' cases: one file of answers or of pairs, or several files of answers."""
    how: dict[str, Any] = {
        "columns": s.columns,
        "prompts": s.prompts,
        "references": s.references,
        "skip_bad_rows": s.skip_bad_rows,
    }
    if len(files) == 1 and io.holds_pairs(files[0], columns=s.columns):
        return io.load_pairs(files[0], **how)
    if len(files) == 1 and ranking:
        return io.load_candidates(files[0], **how)
    return io.join([io.load_answers(f, **how) for f in files], how=s.join)
