"""The input of an audit: the judge, the cases, and whatever else may identify a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgekit.config.judge_spec import JudgeSpec, parse_judge_specs
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.io.labels import read_labels
from judgekit.io.prompt_digest import LEARNED, check_unseen, prompt_digest
from judgekit.jobs.bindings import JudgeFactory, choose_judge
from judgekit.jobs.inputs import JudgeInput, read_input
from judgekit.jobs.job import Job
from judgekit.jobs.learned_prompts import learned_prompts
from judgekit.jobs.needs import case_needs
from judgekit.jobs.prepare import job_for
from judgekit.jobs.text_generation import TextGeneration, prepare_text_model
from judgekit.runs.reader import StoredRun
from judgekit.trust.audit.families import Families, read_families
from judgekit.trust.audit.probe_runs import PLAIN, PlannedRun
from judgekit.types import Case, Label, digest

__all__ = ["AuditInput", "AuditOptions", "case_variant", "prepare_audit"]


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """The options of an audit, beside the settings of its judge.

    `rephraser` is the ENGINE/MODEL that rewrites lists for the probe ``verbosity``. `labels` is a
    file of people's labels and `families` one of model families. `beside` names other judges, as
    `judgekit.config.judge_spec` reads them, and `against` holds folders of finished runs of other
    judges. `guided` is the judge that is shown references.
    """

    rephraser: str | None = None
    labels: Path | None = None
    families: Path | None = None
    beside: str | None = None
    against: Sequence[Path] = ()
    guided: str = "reference"


@dataclass(frozen=True)
class AuditInput:
    """The prepared job of the audited judge, and what the probes may use beside it.

    `others` holds the jobs of other judges by their names, `against` finished runs. `guided` and
    `rephraser` are None where no engine can do their part; `rephraser` has no tasks yet.
    `generated` holds the texts that a probe asked for, by their ids (`Probe.generation`); it is
    None before they are generated.
    `silent` says why one of `others` gave no verdict.
    """

    job: Job
    labels: Mapping[str, Label | None] | None
    families: Families
    others: Mapping[str, Job]
    against: Sequence[StoredRun]
    guided: Job | None
    rephraser: TextGeneration | None
    generated: Mapping[str, str] | None = None
    silent: Mapping[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> Sequence[Case]:
        """The cases to audit on."""
        return self.job.plan.cases

    @property
    def models(self) -> tuple[str, ...]:
        """The two models whose answers are judged."""
        return self.job.inputs.models

    def plain_run(self) -> PlannedRun:
        """The cases as they are, before the audited judge."""
        return PlannedRun(PLAIN, self.cases, self.models)

    def runs_beside(self) -> list[PlannedRun]:
        """The same cases before each of the other judges."""
        return [
            PlannedRun(f"beside-{place}", job.plan.cases, job.inputs.models, job=job, rater=name)
            for place, (name, job) in enumerate(self.others.items(), 1)
        ]

    @property
    def judge_label(self) -> str:
        """The judge's name, with the model that it asks."""
        model = self.job.settings.model
        return f"{self.job.judge_name}@{model}" if model else self.job.judge_name

    @property
    def judge_family(self) -> str | None:
        """The family of the judge's model, or of the judge itself where it asks none."""
        return self.families.of(self.job.settings.model or self.job.judge_name)

    def case_variants(self, suffix: str) -> list[Case]:
        """The cases under other ids, as by `case_variant`.

        Args:
            suffix: What is added to each id.

        Returns:
            One case per case of the audit, in order.
        """
        return [case_variant(case, suffix) for case in self.cases]


def case_variant(case: Case, suffix: str, **changes: Any) -> Case:
    """A case made from another one, with the same prompt and so in the same cluster.

    It has an id of its own, so that a recording of the original case does not answer for it.
    """
    return replace(case, id=f"{case.id}+{suffix}", cluster=case.cluster or case.id, **changes)


def prepare_audit(
    files: Sequence[Path],
    settings: Settings,
    options: AuditOptions,
    registry: Registry | None = None,
) -> AuditInput:
    """Reads and checks everything that an audit needs; asks nothing.

    Args:
        files: Two files of answers, or one file of pairs.
        settings: The judge and how it is asked, as for a comparison.
        options: What else the audit may use.
        registry: Saves loading the plugins again.

    Returns:
        The judge's prepared job, the other judges', and what the probes read.

    Raises:
        InputError: A file or a setting does not fit.
        PluginError: A plugin is broken.
    """
    registry = registry or Registry.load(files=settings.plugins)
    check_settings(settings)
    specs = parse_judge_specs(options.beside) if options.beside is not None else ()
    beside = {str(spec): settings_for(settings, spec, registry) for spec in specs}
    factories = [JudgeFactory(registry, s) for s in (settings, *beside.values())]
    inputs = read_input(files, settings, needs=case_needs(factories, files, "compare"))
    if inputs.kind != "compare":
        raise InputError(
            f"{str(files[0])!r} holds single answers; an audit needs two files, or pairs"
        )

    against = [StoredRun.open(folder) for folder in options.against]
    inputs = without_learned(inputs, factories, against, options)
    job, *jobs = (job_for(inputs, factory, out=settings.out) for factory in factories)
    guided = None
    if job.judge.model == "engine" and job.judge_name != options.guided:
        of_guided = settings_for(settings, JudgeSpec(options.guided), registry)
        guided = job_for(inputs, JudgeFactory(registry, of_guided), out=settings.out)
    labels, model = options.labels, options.rephraser
    return AuditInput(
        job,
        None if labels is None else read_labels(labels, job.inputs.models),
        read_families(options.families),
        dict(zip(beside, jobs, strict=True)),
        against,
        guided,
        None if model is None else prepare_text_model(settings, registry, model),
    )


def without_learned(
    inputs: JudgeInput,
    factories: Sequence[JudgeFactory],
    against: Sequence[StoredRun],
    options: AuditOptions,
) -> JudgeInput:
    """The cases without those from whose labels a judge has learned, which a remark counts.

    They are left out where judges are compared with one another or with people's labels: on these
    cases the judge may repeat what it was told.

    Raises:
        InputError: Too few remain.
    """
    if not (against or options.labels or options.beside):
        return inputs
    judges = [f.judge(choose_judge(f.settings, inputs), 2) for f in factories]
    learned = learned_prompts(*judges).union(*(run.metadata.learned for run in against))
    cases = [case for case in inputs.cases if prompt_digest(case) not in learned]
    if not learned or len(cases) == len(inputs.cases):
        return inputs
    check_unseen(" and ".join(map(str, inputs.files)), inputs.cases, learned)
    number = len(inputs.cases) - len(cases)
    return replace(
        inputs,
        cases=cases,
        digests=(*inputs.digests, digest(*sorted(learned))),  # it is another run
        left_out={**inputs.left_out, LEARNED: number},
        remarks=(*inputs.remarks, f"left out: {number} cases, {LEARNED}"),
    )


def check_settings(settings: Settings) -> None:
    """Refuses (`InputError`) settings that leave out what an audit measures."""
    if settings.orders != "both":
        raise InputError(
            f"an audit shows both orders; leave out --orders {settings.orders!r}, or --limit the "
            f"cases to save calls"
        )
    if settings.until is not None:
        raise InputError("an audit judges every case; leave out --until, or --limit the cases")


def settings_for(settings: Settings, spec: JudgeSpec, registry: Registry) -> Settings:
    """The settings of another judge, without the audited judge's prompt and options."""
    changes: dict[str, Any] = {"options": {}, "prompt": None, "repeats": None}
    model = spec.model
    if registry.judge(spec.judge).model == "engine":
        model = model or settings.model
    else:  # makes no calls that could be limited
        changes |= {"max_calls": None, "max_cost": None}
    return replace(settings, judge=spec.judge, model=model, **changes)
