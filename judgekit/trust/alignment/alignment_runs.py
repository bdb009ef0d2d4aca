"""The runs of an alignment: each addition before each part, all within one budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from judgekit.harness.limits import Budget
from judgekit.harness.sampling import GenerationTask
from judgekit.harness.tally import Tally
from judgekit.io.files import make_parents, write_file
from judgekit.jobs.event_loop import in_loop
from judgekit.jobs.job import Job
from judgekit.jobs.runnable import run_job
from judgekit.jobs.text_generation import GeneratedTexts, TextGeneration
from judgekit.runs.failures import why_no_verdict
from judgekit.runs.metadata import RunCounts
from judgekit.runs.reader import StoredRun
from judgekit.trust.alignment.candidates import Candidate
from judgekit.trust.alignment.evaluation import GradedCase, graded_cases
from judgekit.trust.alignment.prepare import Alignment
from judgekit.types import Case

__all__ = ["AlignmentRuns", "CutShort", "Generate", "Grades", "RunJob", "generate_texts"]

RunJob = Callable[[Job], Path]
"""Runs a job to its end, and returns its run's folder."""

Generate = Callable[[TextGeneration, Tally], GeneratedTexts]
"""Runs a generation to its end, and counts what it asks."""

Grades = dict[str, GradedCase]
"""The judged cases beside their labels, by id."""


class CutShort(Exception):  # noqa: N818 (the report says so)
    """The alignment cannot go on: a limit ended one of its runs, or nothing has a verdict."""


def generate_texts(texts: TextGeneration, tally: Tally) -> GeneratedTexts:
    """A `Generate` without progress."""
    return in_loop(lambda: texts.run(tally))


class AlignmentRuns:
    """Judges parts of the labelled cases in folders of their own, and asks for proposals."""

    def __init__(
        self,
        alignment: Alignment,
        folder: Path,
        run_job: RunJob = run_job,
        generate: Generate = generate_texts,
    ) -> None:
        self.alignment = alignment
        self.folder = folder
        self._run_job = run_job
        self._generate = generate
        self._name = f"align-{alignment.job.identity('')}"
        self._counts: list[RunCounts] = []
        settings = alignment.job.settings
        self._budget = Budget(settings.max_calls, settings.max_cost)

    def grade(self, name: str, cases: Sequence[Case], candidate: Candidate | None) -> Grades:
        """The cases before the judge with an addition, or as it is.

        Raises:
            CutShort: A limit ended the run, or the judge as it is gives no verdict at all.
        """
        if candidate is not None:
            name = f"{name}-{self.alignment.template_of(candidate).digest[:8]}"
        job = self.alignment.job_of(cases, candidate, self.folder, name)
        if candidate is not None:
            path = Path(str(job.settings.prompt))
            make_parents(path)
            write_file(path, candidate.text(self.alignment.template).encode())
        run = StoredRun.open(self._run_job(replace(job, budget=self._budget, part_of=self._name)))
        self._counts.append(run.metadata.counts)
        if run.metadata.stop is not None:
            raise CutShort(run.metadata.stopped)
        if candidate is None and (why := why_no_verdict(run)):
            raise CutShort(why)
        return graded_cases(self.alignment.labelled, run)

    def proposals(self, tasks: Sequence[GenerationTask]) -> list[str]:
        """The replies to what a model was asked to propose; those cut off or refused are left out.

        Raises:
            CutShort: A limit ended the generation.
        """
        proposer = self.alignment.proposer
        if proposer is None or not tasks:
            return []
        generation = replace(proposer, tasks=tasks, budget=self._budget, part_of=self._name)
        texts = self._generate(generation, Tally())
        self._counts.append(texts.counts)
        if texts.stop is not None:
            raise CutShort(texts.stop.text)
        return [t.texts[-1] for t in texts.candidates if t.texts and t.finish != "length"]

    @property
    def counts(self) -> RunCounts:
        """What all runs and generations asked and used."""
        return RunCounts.total(self._counts)
