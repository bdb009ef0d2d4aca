"""The same flow as functions, for scripts and notebooks.

>>> run = judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", model="openai/gpt-4o-mini")
>>> run.summary["win_rate_a"]
>>> run.judgements            # a pandas frame
>>> run.pairs().write("pairs.jsonl")
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgekit import runs
from judgekit.config.settings import GenerateSettings, Settings
from judgekit.harness.dispatcher import Tally
from judgekit.harness.trials import OnProgress
from judgekit.jobs import runnable
from judgekit.jobs.generation import Answers, prepare_generation, run_generation
from judgekit.jobs.prepare_panel import prepare_runs
from judgekit.jobs.runnable import Runnable
from judgekit.types import Case

if TYPE_CHECKING:
    import pandas as pd

    from judgekit.pairs import Pairing, Pairs

__all__ = [
    "Run",
    "compare",
    "generate",
    "load_run",
    "rank",
    "run_job",
    "score",
]


class Run:
    """A finished run, read from its folder when asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @cached_property
    def summary(self) -> dict[str, Any]:
        """`summary.json`: counts, rates with their intervals, position, statuses."""
        return runs.read_json(self.folder / "summary.json")

    @cached_property
    def facts(self) -> dict[str, Any]:
        """`run.json`: settings, versions, digests, times and the counts of calls."""
        return runs.read_json(self.folder / "run.json")

    @cached_property
    def judgements(self) -> pd.DataFrame:
        """One row per trial: what was shown, and what the judge said."""
        import pandas as pd

        return pd.DataFrame(runs.read_rows(self.folder / "judgements.jsonl"))

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row per case."""
        import pandas as pd

        return pd.DataFrame(runs.read_rows(self.folder / "outcomes.jsonl"))

    def cases(self) -> Iterator[Case]:
        """The cases that were judged, with their texts."""
        return runs.read_cases(self.folder)

    def pairs(self, *, min_margin: float = 0.0, pairing: Pairing = "best-worst") -> Pairs:
        """The preference pairs that the run's consistent winners make.

        `pairing`: which two answers of a ranking make a pair.
        """
        from judgekit.pairs import pairs_of_run

        return pairs_of_run(runs.StoredRun(self.folder), min_margin=min_margin, pairing=pairing)


def load_run(folder: str | Path = "runs/latest") -> Run:
    """A run by its folder."""
    return Run(runs.resolve(Path(folder)))


def compare(a: str | Path, b: str | Path | None = None, **settings: Any) -> Run:
    """Judges two files of answers (or one file of pairs) against each other.

    `settings` are the fields of `judgekit.config.settings.Settings`, the flags of `judgekit
    compare` under the same names: ``judge="pairwise"``, ``model="openai/gpt-4o-mini"``,
    ``max_calls=100``. Several judges in ``judge``, apart by commas, are a jury (`judgekit.jobs`).
    Raises `InputError` and the other leaves of `JudgekitError`.
    """
    files = [Path(a)] if b is None else [Path(a), Path(b)]
    [job] = prepare_runs([files], Settings.of(settings), kind="compare")
    return run_job(job)


def score(a: str | Path, **settings: Any) -> Run:
    """Scores each answer of one file by itself; `settings` as for `compare`."""
    [job] = prepare_runs([[Path(a)]], Settings.of(settings), kind="score")
    return run_job(job)


def rank(file: str | Path, *files: str | Path, **settings: Any) -> Run:
    """Ranks the answers to each prompt: a file per model, or one file with several answers each.

    `settings` as for `compare`. Each row of `Run.outcomes` is then a case's ranking
    (`judgekit.types.Ranking`).
    """
    paths = [Path(path) for path in (file, *files)]
    [job] = prepare_runs([paths], Settings.of(settings), kind="rank")
    return run_job(job)


def generate(
    prompts: str | Path, *, out: str | Path | None = None, force: bool = False, **settings: Any
) -> Answers:
    """Answers the prompts of a file with any engine, `n` times each.

    `settings` are the fields of `judgekit.config.settings.GenerateSettings`, the flags of
    `judgekit generate` under the same names: ``model="transformers/./tuned"``, ``n=4``. With `out`
    the answers are written there, if there are any; `force` replaces other answers. Raises
    `InputError` and the other leaves of `JudgekitError`.
    """
    job = prepare_generation(Path(prompts), GenerateSettings.of(settings))
    if out is not None:
        job.check_file(Path(out), force=force)
    answers = run_generation(job)
    if out is not None and answers.rows:
        answers.write(out, force=force)
    return answers


def run_job(
    job: Runnable, tally: Tally | None = None, on_progress: OnProgress | None = None
) -> Run:
    """Runs a prepared job to its end; see `judgekit.jobs.runnable.run_job`."""
    return Run(runnable.run_job(job, tally, on_progress))
