"""An alignment before anything is asked: labels, parts, the judge's job, what it would cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from judgekit import runs
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.io.prompt_digest import LEARNED, prompt_digest
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.job import Job
from judgekit.jobs.judge_settings import judge_specs, juror_settings
from judgekit.jobs.learned_prompts import learned_prompts
from judgekit.jobs.needs import case_needs
from judgekit.jobs.prepare import job_for
from judgekit.jobs.text_generation import TextGeneration, prepare_text_model
from judgekit.judging import PromptJudge
from judgekit.judging.templates import Template
from judgekit.judging.templates.file import parse_prompt
from judgekit.stats.gain_power import balanced_prompts, smallest_gain
from judgekit.trust.alignment.candidates import Candidate, check_template
from judgekit.trust.alignment.labelled_cases import (
    LabelledCases,
    holds_answers,
    read_labelled,
    with_scale,
)
from judgekit.trust.alignment.prompt_text import with_own_classes
from judgekit.trust.alignment.splitting import FOLDS, Split, split, split_without
from judgekit.types import Case, RunKind, digest

__all__ = ["FEW", "AlignOptions", "Alignment", "prepare_align"]

FEW = 150  # labels, below which cross-fitting is proposed
LEAST = 10  # prompts of a part, below which nothing is picked or tested


@dataclass(frozen=True, kw_only=True)
class AlignOptions:
    """The options of an alignment, beside the settings of its judge.

    `out` is the prompt file to write; None puts it into the report's folder. `proposer_model`
    proposes rules, the judge's own model where it is None. `examples` and `revisions` limit the
    labelled cases that are shown and the proposals that are tried. `cross_fit` tests each prompt
    by a judge aligned without it. `write_anyway` writes the prompt file of the picked candidate
    even if its gain is not shown.
    """

    out: Path | None = None
    proposer_model: str | None = None
    examples: int = 4
    revisions: int = 2
    cross_fit: bool = False
    write_anyway: bool = False

    def __post_init__(self) -> None:
        for name in ("examples", "revisions"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be at least 0, not {getattr(self, name)!r}")
        if not self.examples and not self.revisions:
            raise InputError(
                "without examples and without revisions there is nothing to try; allow one of them"
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many labelled cases the candidates of examples show: half of the most, and all."""
        return tuple(sorted({(self.examples + 1) // 2, self.examples} - {0}))


@dataclass(frozen=True)
class Alignment:
    """A prepared alignment: everything is decided and checked, and nothing is asked yet.

    `job` judges all cases as the judge is. `split` has the parts from which the judge that is
    written learns; with cross-fitting it has no test part. `proposer` is a generation without
    tasks.
    """

    labelled: LabelledCases
    job: Job
    template: Template
    proposer: TextGeneration | None
    split: Split
    options: AlignOptions

    @property
    def folder(self) -> Path:
        """Where the report goes: a folder named by the labels, the judge and the options."""
        options = replace(
            self.options, out=None, write_anyway=False, proposer_model=self.proposer_model
        )
        server = str(self.job.settings.base_url or self.job.settings.endpoint or "")
        identity = digest(self.job.identity(""), server, repr(options), size=8)
        return Path("runs") / runs.folder_name(
            (f"align-{self.labelled.name}",), self.job.judge_name, identity
        )

    @property
    def out(self) -> Path:
        """The prompt file to write."""
        return self.options.out or self.folder / "judge.md"

    @property
    def tested(self) -> list[Case]:
        """The cases that are tested with: none that this judge has learned from before."""
        cases = self.labelled.cases
        if not self.options.cross_fit:
            return self.split.cases("test", cases)
        learned = learned_prompts(self.job.judge)
        return [case for case in cases if prompt_digest(case) not in learned]

    @property
    def parts(self) -> dict[str, int]:
        """How many prompts each part has."""
        return {part: len(self.split.prompts(part)) for part in ("train", "pick", "test")}

    @property
    def smallest_gain(self) -> float | None:
        """The smallest gain that the test shows with a power of 80 %."""
        return self.gain_by(self.tested)

    def gain_by(self, cases: Sequence[Case]) -> float | None:
        """The smallest gain that a test with these cases shows with a power of 80 %.

        Args:
            cases: Some of the labelled cases.

        Returns:
            A difference of balanced accuracies; None where the cases are too few to show any.
        """
        labels = self.labelled.labels
        rows = [(prompt_digest(case), labels[case.id]) for case in cases]
        return smallest_gain(balanced_prompts(rows))

    @property
    def proposer_model(self) -> str:
        """The model that proposes rules."""
        return self.options.proposer_model or self.model

    @property
    def model(self) -> str:
        """The model that the judge asks."""
        return self.job.settings.model or ""

    def job_of(
        self, cases: Sequence[Case], candidate: Candidate | None, folder: Path, name: str
    ) -> Job:
        """The job of some cases before the judge with an addition, or as it is.

        Args:
            cases: The cases.
            candidate: What is added to the judge's prompt, None for nothing.
            folder: Where runs and candidates go.
            name: The run's folder in it.

        Returns:
            The job, in a folder of its own.
        """
        job = self.job
        settings = replace(job.settings, out=folder / name)
        judge = job.judge
        if candidate is not None:
            template = self.template_of(candidate)
            file = folder / "candidates" / f"{candidate.name}-{template.digest[:8]}.md"
            judge = type(judge)(replace(judge.setup, prompt=replace(template, name=str(file))))
            settings = replace(settings, prompt=str(file))
        content = digest(*map(repr, cases))
        inputs = job.inputs.derived(cases, job.inputs.models, content)
        return replace(
            job,
            settings=settings,
            judge=judge,
            plan=replace(job.plan, cases=cases),
            inputs=inputs,
        )

    def template_of(self, candidate: Candidate) -> Template:
        """The judge's prompt with an addition.

        Args:
            candidate: What is added.

        Returns:
            The prompt, named as the candidate.
        """
        text = candidate.text(self.template)
        return parse_prompt(text, candidate.name, candidate.name)

    def remarks(self) -> list[str]:
        """What is to be known before anything is paid, a line each."""
        lines = [parts_line(self), *(f"left out: {n}, {why}" for why, n in self.left_out.items())]
        lines.append(power_line(self.smallest_gain, "the test"))
        people = self.labelled.agreement()
        if people.value is not None:
            lines.append(
                f"two people agree in {100 * people.value:.0f} % of the cases that several judged: "
                f"a judge cannot be expected to agree with them more often"
            )
        labels = len(self.labelled.cases)
        if labels < FEW and not self.options.cross_fit:
            lines.append(
                f"{labels} labels are few: with --cross-fit each prompt is tested by a judge "
                f"aligned without it, at about {FOLDS} times the calls, and "
                + power_line(self.gain_by(self.labelled.cases), "the test")
            )
        return lines

    @property
    def left_out(self) -> Mapping[str, int]:
        """Cases that are in no part, by reason."""
        near = sum(prompt_digest(case) in self.split.left_out for case in self.labelled.cases)
        learned = learned_prompts(self.job.judge)
        tested = {prompt_digest(case) for case in self.tested}
        known = sum(
            name in learned and name not in tested and name not in self.split.parts
            for name in map(prompt_digest, self.labelled.cases)
        )
        more = {"near-duplicates of prompts of a later part": near, LEARNED: known}
        return {**self.labelled.left_out, **{why: n for why, n in more.items() if n}}


def parts_line(alignment: Alignment) -> str:
    """How many prompts are used for what."""
    parts, cases = alignment.parts, len(alignment.labelled.cases)
    if alignment.options.cross_fit:
        prompts = len({prompt_digest(case) for case in alignment.labelled.cases})
        return f"{cases} labels, {prompts} prompts: each is tested by a judge aligned without it"
    return (
        f"{cases} labels; prompts to train on: {parts['train']}, to pick by: {parts['pick']}, to "
        f"test with: {parts['test']}"
    )


def power_line(gain: float | None, what: str) -> str:
    """What a test can show, in words."""
    if gain is None:
        return f"{what} has too few prompts to show any gain"
    return (
        f"{what} shows a gain in balanced accuracy of {100 * gain:.1f} points or more with a power "
        f"of 80 % (if a fifth of the verdicts change)"
    )


def prepare_align(
    labelled: str | Path,
    settings: Settings,
    options: AlignOptions,
    registry: Registry | None = None,
) -> Alignment:
    """Reads the labels, splits them, and finds judge and engine; asks nothing.

    Args:
        labelled: A labelled set's name, NAME=FILE, or a file of labelled pairs or answers.
        settings: The judge and how it is asked.
        options: What is tried, and where the result goes.
        registry: The plugins; loaded where it is not given.

    Returns:
        The prepared alignment.

    Raises:
        InputError: The labels, the judge or an option does not fit; nothing was asked.
        PluginError: A plugin is broken.
    """
    registry = registry or Registry.load(files=settings.plugins)
    check_settings(settings)
    base = replace(settings, limit=None, out=None)
    for spec in judge_specs(base):  # at most one: JUDGE, or JUDGE@ENGINE/MODEL
        base = juror_settings(spec, base, registry, alone=True)
    factory = JudgeFactory(registry, replace(base, columns={}))
    kind: RunKind = "score" if holds_answers(str(labelled), settings) else "compare"
    needs = case_needs([factory], (), kind)
    cases = read_labelled(str(labelled), settings, registry, limit=settings.limit, needs=needs)
    job = job_for(cases.inputs, factory)
    judge = job.judge
    if not isinstance(judge, PromptJudge) or job.bound_engine is None:
        raise InputError(
            f"the judge {job.judge_name!r} has no prompt that could be aligned; take one such as "
            f"pairwise, or a prompt file"
        )
    check_template(judge.template)
    cases = with_scale(cases, judge.template.head)
    parts = split_without(cases.cases, None) if options.cross_fit else split(cases.cases)
    parts = parts.without_tested(learned_prompts(judge))
    proposer = None
    if options.revisions:
        model = options.proposer_model or job.settings.model or ""
        proposer = prepare_text_model(base, registry, model)
    template = with_text_of_classes(judge.template)
    alignment = Alignment(cases, job, template, proposer, parts, options)
    check_parts(alignment)
    return alignment


def with_text_of_classes(template: Template) -> Template:
    """The prompt with the text that has its classes, where the judge was given others."""
    head = template.head
    if not head.classes or parse_prompt(template.text, template.name, "").head == head:
        return template
    return replace(template, text=with_own_classes(template.text, head))


def check_settings(settings: Settings) -> None:
    """Refuses (`InputError`) settings that leave out what an alignment measures."""
    if len(judge_specs(settings)) > 1:
        raise InputError(f"{settings.judge!r} is a jury; an alignment has one judge")
    if settings.orders != "both" or settings.until is not None:
        raise InputError("an alignment shows all pairs in both orders; leave out orders and until")


def check_parts(alignment: Alignment) -> None:
    """Refuses (`InputError`) labels of which a part has too few prompts."""
    counts = Counter(alignment.parts)
    counts["test"] = len({prompt_digest(case) for case in alignment.tested})
    for part, use in (("train", "train on"), ("pick", "pick by"), ("test", "test with")):
        if counts[part] < LEAST:
            near = len(alignment.split.left_out)
            why = f" ({near} near-duplicates are left out)" if near else ""
            way = "" if alignment.options.cross_fit else ", or take --cross-fit"
            raise InputError(
                f"the part to {use} has {counts[part]} labelled prompts{why}, and needs {LEAST}; "
                f"add labels{way}"
            )
