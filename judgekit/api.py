"""The same flow as functions, for scripts and notebooks.

>>> run = judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", model="openai/gpt-4o-mini")
>>> run.summary.win_rate_a.low
>>> run.judgements            # a pandas frame
>>> run.pairs().write("pairs.jsonl")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack, cast

from judgekit.config.fields import with_keywords
from judgekit.config.settings import GenerateSettings, Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.harness.tally import Tally
from judgekit.harness.trials import OnProgress
from judgekit.io import Rows, as_input
from judgekit.jobs import runnable
from judgekit.jobs.notebook_progress import notebook_progress
from judgekit.jobs.prepare_panel import prepare_runs
from judgekit.jobs.runnable import Runnable
from judgekit.runs import CaseResult, RunMetadata, StoredRun, frames
from judgekit.stats import RankingSummary, ScoreSummary, Summary
from judgekit.stats.summaries.document import AnySummary
from judgekit.types import Case, RunKind

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.config.keywords import (
        CompareKeywords,
        GenerateKeywords,
        RankKeywords,
        ScoreKeywords,
    )
    from judgekit.jobs.generation import Answers
    from judgekit.pairs import Pairing, Pairs
    from judgekit.report import Report

__all__ = [
    "AnyRun",
    "Run",
    "compare",
    "generate",
    "load_run",
    "rank",
    "run_job",
    "score",
]


S = TypeVar("S", bound=AnySummary, covariant=True)


class Run(Generic[S]):
    """A finished run, read from its folder when asked.

    Attributes:
        folder: The run's folder.
        stored: The reader of the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stored = StoredRun(folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        sentence, folder = escape(self.sentence), escape(str(self.folder))
        table = self.summary._repr_html_()
        return f"<p><b>{sentence}</b></p>{table}<p><code>{folder}</code></p>"

    @property
    def kind(self) -> RunKind:
        """``"compare"``, ``"score"`` or ``"rank"``."""
        return self.stored.kind

    @property
    def summary(self) -> S:
        """Counts, rates with their intervals, position and statuses, as typed attributes.

        A `judgekit.stats.Summary` of a comparison, a `ScoreSummary` or a `RankingSummary`;
        `judgekit explain` says what each metric means.
        """
        return cast("S", self.stored.summary)

    @property
    def sentence(self) -> str:
        """What the summary means, in one sentence."""
        return self.stored.sentence

    @property
    def metadata(self) -> RunMetadata:
        """How the run was made: settings, versions, digests, times and counts of calls."""
        return self.stored.metadata

    @cached_property
    def judgements(self) -> pd.DataFrame:
        """One row per trial: the models that were shown, and the verdict."""
        return self.judgements_frame()

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row per case: its outcome with the models' names, or of a ranking its ranks."""
        return self.outcomes_frame()

    @cached_property
    def criteria(self) -> pd.DataFrame:
        """One row per criterion of each trial, where a rubric judged: status, value, reason."""
        return frames.criteria_frame(self.stored)

    def judgements_frame(self, *, texts: bool = False) -> pd.DataFrame:
        """As `judgements`, on request with texts.

        Args:
            texts: Whether prompts, answers and references stand beside the verdicts.

        Returns:
            A new frame.
        """
        return frames.judgements_frame(self.stored, texts=texts)

    def outcomes_frame(self, *, texts: bool = False) -> pd.DataFrame:
        """As `outcomes`, on request with texts.

        Args:
            texts: Whether prompts, answers and references stand beside the outcomes.

        Returns:
            A new frame.
        """
        return frames.outcomes_frame(self.stored, texts=texts)

    def cases(self) -> Iterator[Case]:
        """The cases that were judged, with their texts."""
        return self.stored.cases()

    def results(self) -> Iterator[CaseResult]:
        """Each case with its outcome and its judgements, in the order of the run."""
        return self.stored.case_results()

    def pairs(self, *, min_margin: float = 0.0, pairing: Pairing = "best-worst") -> Pairs:
        """The preference pairs that the run's consistent winners make.

        Args:
            min_margin: The least margin of a pair, in 0 to 1, or in points of scores.
            pairing: Which two answers of a ranking make a pair.

        Returns:
            The pairs in the order of the cases, and how many cases make none, by reason.

        Raises:
            InputError: The run scored single answers, or its folder is damaged.
        """
        from judgekit.pairs import pairs_of_run

        return pairs_of_run(self.stored, min_margin=min_margin, pairing=pairing)

    def report(self, *, redact: bool = False, limit_cases: int | None = None) -> Report:
        """The run as a page: a notebook shows it inline, and `Report.write` writes it as HTML.

        Args:
            redact: Leave out every text, and number the ids.
            limit_cases: The most cases to show; None shows all, up to 20 000.

        Returns:
            The report of all metrics and cases.

        Raises:
            InputError: The run's folder is damaged.
        """
        from judgekit.report import Options, build_report

        return build_report([self.folder], Options(redact, limit_cases))


AnyRun = Run[AnySummary]


def load_run(folder: str | Path = "runs/latest") -> AnyRun:
    """A run by its folder.

    Args:
        folder: A run's folder, or ``latest`` beside it.

    Returns:
        The run; its files are read when asked.

    Raises:
        InputError: The folder holds no run.
    """
    return AnyRun(StoredRun.open(folder).folder)


def judge_settings(given: Mapping[str, Any]) -> Settings:
    """The settings of a run from its keywords."""
    for name in given.keys() - Settings.__dataclass_fields__.keys():
        if judges := Registry.load().judges_with(name):
            raise InputError(
                f"{name!r} is an option of the judge {' and '.join(judges)}; give it as "
                f"options={{{name!r}: …}}"
            )
    return Settings.of(given)


@with_keywords(Settings, "compare")
def compare(a: Rows, b: Rows | None = None, **settings: Unpack[CompareKeywords]) -> Run[Summary]:
    """Judges two models' answers, or pairs of answers, against each other.

    Args:
        a: The first model's answers, or pairs: a path, a pandas frame, or a list of dicts with the
            columns that a file has.
        b: The second model's answers.
        settings: Fields of `judgekit.config.settings.Settings`, the flags of `judgekit compare`
            under the same names: ``judge="pairwise"``, ``model="openai/gpt-4o-mini"``,
            ``max_calls=100``. Several comma-separated judges are a jury.

    Returns:
        The finished run, as it was written to its folder.

    Raises:
        InputError: A file, a row or a setting is wrong.
        JudgekitError: Its other leaves, where an engine or a plugin fails.
    """
    return Run(judged("compare", [a] if b is None else [a, b], settings))


@with_keywords(Settings, "score")
def score(a: Rows, **settings: Unpack[ScoreKeywords]) -> Run[ScoreSummary]:
    """Scores each answer of one model by itself.

    Args:
        a: The model's answers, as those of `compare`.
        settings: As those of `compare`.

    Returns:
        The finished run, as it was written to its folder.

    Raises:
        InputError: A file, a row or a setting is wrong.
        JudgekitError: Its other leaves, where an engine or a plugin fails.
    """
    return Run(judged("score", [a], settings))


@with_keywords(Settings, "rank")
def rank(file: Rows, *files: Rows, **settings: Unpack[RankKeywords]) -> Run[RankingSummary]:
    """Ranks the answers to each prompt.

    Args:
        file: One model's answers, or several answers to each prompt, as those of `compare`.
        files: Other models' answers. Rows without a column `model` are those of a, b, c …
        settings: As those of `compare`.

    Returns:
        The finished run, as it was written to its folder; each row of `Run.outcomes` is a case's
        ranking (`judgekit.types.Ranking`).

    Raises:
        InputError: A file, a row or a setting is wrong.
        JudgekitError: Its other leaves, where an engine or a plugin fails.
    """
    return Run(judged("rank", [file, *files], settings))


@with_keywords(GenerateSettings, "generate")
def generate(
    prompts: Rows,
    *,
    out: str | Path | None = None,
    force: bool = False,
    **settings: Unpack[GenerateKeywords],
) -> Answers:
    """Answers prompts with any engine, `n` times each.

    Args:
        prompts: The prompts: a path, a pandas frame, or a list of dicts.
        out: Where to write the answers, if there are any.
        force: Replace a file of other answers.
        settings: Fields of `judgekit.config.settings.GenerateSettings`, the flags of `judgekit
            generate` under the same names: ``model="transformers/./tuned"``, ``n=4``.

    Returns:
        The answers, and what was asked and failed.

    Raises:
        InputError: A file, a row or a setting is wrong.
        JudgekitError: Its other leaves, where an engine fails.
    """
    from judgekit.jobs.generation import prepare_generation, run_generation

    job = prepare_generation(as_input(prompts, "prompts"), GenerateSettings.of(settings))
    if out is not None:
        job.check_file(Path(out), force=force)
    move = notebook_progress(job.price, done="answered", wanted="an answer")
    answers = run_generation(job, on_progress=move)
    if out is not None and answers.rows:
        answers.write(out, force=force)
    return answers


def judged(kind: RunKind, given: Sequence[Rows], settings: Mapping[str, Any]) -> Path:
    """Runs one judge or jury on what was given, and returns the run's folder."""
    inputs = [as_input(rows, argument(place)) for place, rows in enumerate(given)]
    [job] = prepare_runs([inputs], judge_settings(settings), kind=kind)
    return run_job(job, on_progress=notebook_progress(job.price)).folder


def argument(place: int) -> str:
    """What a place among the models is called: a, b … z, then 27, 28 …"""
    return chr(ord("a") + place) if place < 26 else str(place + 1)


def run_job(
    job: Runnable, tally: Tally | None = None, on_progress: OnProgress | None = None
) -> AnyRun:
    """Runs a prepared job to its end; see `judgekit.jobs.runnable.run_job`."""
    return AnyRun(runnable.run_job(job, tally, on_progress))
