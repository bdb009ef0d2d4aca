"""What an audit is given: the judge, the cases, and whatever else may identify a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgekit import runs
from judgekit.config.judge_spec import JudgeSpec, parse_judge_specs
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.io.labels import read_labels
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.inputs import JudgeInput, read_input
from judgekit.jobs.job import Job
from judgekit.jobs.prepare import job_for
from judgekit.stats.outcomes.values import Label
from judgekit.trust.audit.families import Families, read_families
from judgekit.trust.audit.probe import PLAIN, Showing
from judgekit.trust.audit.rephrase import rephraser_job
from judgekit.types import Case

__all__ = ["Given", "Wanted", "make_given", "other_case"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an audit may be told beside the settings of its judge.

    `rephraser`: ENGINE/MODEL that writes the lists of the verbosity probe anew. `labels`,
    `families`: files. `beside`: other judges, as seats; `against`: finished runs of others.
    `guided`: the judge that is shown references.
    """

    rephraser: str | None = None
    labels: Path | None = None
    families: Path | None = None
    beside: str | None = None
    against: Sequence[Path] = ()
    guided: str = "reference"


@dataclass(frozen=True)
class Given:
    """The prepared job of the audited judge on the given cases, and what stands beside it.

    `others`: jobs of other judges by their names; `against`: folders of finished runs. `guided` and
    `rephraser` are None where there is no engine for them. `rephrased`: what the rephraser wrote
    (`judgekit.trust.audit.rephrase.rephrasings`). `silent`: why one of `others` gave no verdict.
    """

    job: Job
    labels: Mapping[str, Label] | None
    families: Families
    others: Mapping[str, Job]
    against: Sequence[Path]
    guided: Job | None
    rephraser: Job | None
    rephrased: Mapping[str, Sequence[str]] | None = None
    silent: Mapping[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> Sequence[Case]:
        return self.job.plan.cases

    @property
    def models(self) -> tuple[str, ...]:
        return self.job.inputs.models

    def plain(self) -> Showing:
        """The given cases as they are."""
        return Showing(PLAIN, self.cases, self.models)

    def beside(self) -> list[Showing]:
        """The same cases, for each of the other judges."""
        return [
            Showing(f"beside-{place}", job.plan.cases, job.inputs.models, job=job, rater=name)
            for place, (name, job) in enumerate(self.others.items(), 1)
        ]

    @property
    def judge_label(self) -> str:
        """The judge, and the model it asks."""
        model = self.job.settings.model
        return f"{self.job.judge_name}@{model}" if model else self.job.judge_name

    @property
    def judge_family(self) -> str | None:
        """Whose the judge's model is, or the judge itself where it asks none."""
        return self.families.of(self.job.settings.model or self.job.judge_name)

    def renamed(self, suffix: str) -> list[Case]:
        """The same cases under other ids; see `other_case`."""
        return [other_case(case, suffix) for case in self.cases]


def other_case(case: Case, suffix: str, **changes: Any) -> Case:
    """A case made from another, of the same prompt and so of the same cluster.

    Its id tells it apart: a recording that knows the case as it was must not answer for it.
    """
    return replace(case, id=f"{case.id}+{suffix}", cluster=case.cluster or case.id, **changes)


def make_given(
    files: Sequence[Path], settings: Settings, wanted: Wanted, registry: Registry | None = None
) -> Given:
    """Reads and checks everything; asks nothing. Raises `InputError`, `PluginError`."""
    registry = registry or Registry.load(files=settings.plugins)
    if settings.orders != "both":
        raise InputError(
            f"an audit shows both orders; leave out --orders {settings.orders!r}, or --limit the "
            f"cases to save calls"
        )
    if settings.until is not None:
        raise InputError("an audit judges every case; leave out --until, or --limit the cases")
    inputs = read_input(files, settings)
    if inputs.kind != "compare":
        raise InputError(
            f"{str(files[0])!r} holds single answers; an audit needs two files, or pairs"
        )
    job = job_of(inputs, settings, registry)
    seats = parse_judge_specs(wanted.beside) if wanted.beside is not None else ()
    others = {
        str(seat): job_of(inputs, seated(settings, seat, registry), registry) for seat in seats
    }
    guided = None
    if job.judge.model == "engine" and job.judge_name != wanted.guided:
        guided = job_of(inputs, seated(settings, JudgeSpec(wanted.guided), registry), registry)
    return Given(
        job,
        None if wanted.labels is None else read_labels(wanted.labels, job.inputs.models),
        read_families(wanted.families),
        others,
        [runs.resolve(folder) for folder in wanted.against],
        guided,
        None
        if wanted.rephraser is None
        else rephraser_job(inputs, settings, registry, wanted.rephraser),
    )


def job_of(inputs: JudgeInput, settings: Settings, registry: Registry) -> Job:
    """The job of one judge on the audit's input."""
    return job_for(inputs, JudgeFactory(registry, settings), out=settings.out)


def seated(settings: Settings, seat: JudgeSpec, registry: Registry) -> Settings:
    """The settings for another judge: what was said of the audited one's prompt is not its."""
    changes: dict[str, Any] = {"options": {}, "prompt": None, "repeats": None}
    model = seat.model
    if registry.judge(seat.judge).model == "engine":
        model = model or settings.model
    else:  # asks no calls that could be limited
        changes |= {"max_calls": None, "max_cost": None}
    return replace(settings, judge=seat.judge, model=model, **changes)
