"""The same flow as functions, for scripts and notebooks.

>>> run = judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", model="openai/gpt-4o-mini")
>>> run.summary.win_rate_a.low
>>> run.judgements            # a pandas frame
>>> run.pairs().write("pairs.jsonl")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from judgekit.config.settings import GenerateSettings, Settings
from judgekit.errors import InputError
from judgekit.harness.dispatcher import Tally
from judgekit.jobs.event_loop import in_loop
from judgekit.jobs.generation import Answers, GenerationJob, prepare_generation
from judgekit.jobs.job import Job
from judgekit.jobs.panel import Panel, check_panels
from judgekit.jobs.prepare_panel import prepare_runs
from judgekit.runs import CaseResult, RunMetadata, StoredRun, check_folder, resolve
from judgekit.runs.schema import judgement_row, outcome_row
from judgekit.stats import RankingSummary, ScoreSummary, Summary
from judgekit.stats.plain import encode
from judgekit.stats.summaries.document import AnySummary
from judgekit.types import Case, RunKind

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.pairs import Pairing, Pairs

__all__ = [
    "AnyRun",
    "Run",
    "check_jobs",
    "compare",
    "generate",
    "load_run",
    "rank",
    "run_generation",
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
        """One row per trial: what was shown, and the verdict."""
        import pandas as pd

        return pd.DataFrame(
            encode(judgement_row(stored.id, stored.judgement, stored.judge))
            for result in self.results()
            for stored in result.stored
        )

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row per case: its outcome, or of a ranking its ranks."""
        import pandas as pd

        return pd.DataFrame(
            encode(outcome_row(result.outcome, result.judgement_ids, result.votes))
            for result in self.results()
        )

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

        Raises:
            InputError: The run scored single answers, or its folder is damaged.
        """
        from judgekit.pairs import pairs_of_run

        return pairs_of_run(self.folder, min_margin=min_margin, pairing=pairing)


AnyRun = Run[AnySummary]


def load_run(folder: str | Path = "runs/latest") -> AnyRun:
    """A run by its folder.

    Args:
        folder: A run's folder, or ``latest`` beside it.

    Raises:
        InputError: The folder holds no run.
    """
    return AnyRun(resolve(Path(folder)))


def compare(a: str | Path, b: str | Path | None = None, **settings: Any) -> Run[Summary]:
    """Judges two files of answers, or one file of pairs, against each other.

    Args:
        a: The first model's answers, or a file of pairs.
        b: The second model's answers.
        settings: Fields of `judgekit.config.settings.Settings`, the flags of `judgekit compare`
            under the same names: ``judge="pairwise"``, ``model="openai/gpt-4o-mini"``,
            ``max_calls=100``. Several comma-separated judges are a jury.

    Returns:
        The finished run, as it was written to its folder.

    Raises:
        InputError: A file or a setting is wrong.
        JudgekitError: Its other leaves, where an engine or a plugin fails.
    """
    files = [Path(a)] if b is None else [Path(a), Path(b)]
    [job] = prepare_runs([files], Settings.of(settings))
    if not job.comparing:
        raise InputError(f"{str(a)!r} holds single answers; compare needs two files, or pairs")
    return Run(run_job(job).folder)


def score(a: str | Path, **settings: Any) -> Run[ScoreSummary]:
    """Scores each answer of one file by itself.

    Args:
        a: The model's answers.
        settings: As those of `compare`.

    Returns:
        The finished run, as it was written to its folder.

    Raises:
        InputError: A file or a setting is wrong.
        JudgekitError: Its other leaves, where an engine or a plugin fails.
    """
    [job] = prepare_runs([[Path(a)]], Settings.of(settings))
    if job.comparing:
        raise InputError(f"{str(a)!r} holds pairs; use judgekit.compare")
    return Run(run_job(job).folder)


def rank(file: str | Path, *files: str | Path, **settings: Any) -> Run[RankingSummary]:
    """Ranks the answers to each prompt.

    Args:
        file: One model's answers, or several answers to each prompt.
        files: Other models' answers.
        settings: As those of `compare`.

    Returns:
        The finished run, as it was written to its folder; each row of `Run.outcomes` is a case's
        ranking (`judgekit.types.Ranking`).

    Raises:
        InputError: A file or a setting is wrong.
        JudgekitError: Its other leaves, where an engine or a plugin fails.
    """
    paths = [Path(path) for path in (file, *files)]
    [job] = prepare_runs([paths], Settings.of(settings), ranking=True)
    return Run(run_job(job).folder)


def generate(
    prompts: str | Path, *, out: str | Path | None = None, force: bool = False, **settings: Any
) -> Answers:
    """Answers the prompts of a file with any engine, `n` times each.

    Args:
        prompts: A file of prompts.
        out: Where to write the answers, if there are any.
        force: Replace a file of other answers.
        settings: Fields of `judgekit.config.settings.GenerateSettings`, the flags of `judgekit
            generate` under the same names: ``model="transformers/./tuned"``, ``n=4``.

    Returns:
        The answers, and what was asked and failed.

    Raises:
        InputError: A file or a setting is wrong.
        JudgekitError: Its other leaves, where an engine fails.
    """
    job = prepare_generation(Path(prompts), GenerateSettings.of(settings))
    if out is not None:
        job.check_file(Path(out), force=force)
    answers = run_generation(job)
    if out is not None and answers.rows:
        answers.write(out, force=force)
    return answers


def run_generation(
    job: GenerationJob,
    tally: Tally | None = None,
    on_progress: Callable[[Tally], None] | None = None,
) -> Answers:
    """Runs a prepared generation to its end; in a notebook on a thread of its own."""
    counted = tally or Tally()
    return in_loop(lambda: job.run(counted, on_progress))


def run_job(
    job: Job | Panel,
    tally: Tally | None = None,
    on_progress: Callable[[Tally], None] | None = None,
) -> AnyRun:
    """Runs a prepared job to its end; in a notebook on a thread of its own."""
    counted = tally or Tally()
    return AnyRun(in_loop(lambda: job.run(counted, on_progress)))


def check_jobs(jobs: Sequence[Job | Panel]) -> None:
    """Refuses what would stop one of several jobs before the first is run: its folder, a key."""
    plain = [job for job in jobs if isinstance(job, Job)]
    if plain:
        in_loop(lambda: check_folders(plain))
    in_loop(lambda: check_panels([job for job in jobs if isinstance(job, Panel)]))


async def check_folders(jobs: Sequence[Job]) -> None:
    """Refuses the folders that one of these jobs could not write, before the first is run.

    The jobs are those of one `prepare_all`: they ask the same engine.
    """
    fingerprint = ""
    if jobs[0].bound_engine is not None:
        engine = jobs[0].bound_engine.engine()
        fingerprint = engine.fingerprint
        await engine.aclose()
    for job in jobs:
        identity = job.identity(fingerprint)
        check_folder(job.folder(identity), identity)
