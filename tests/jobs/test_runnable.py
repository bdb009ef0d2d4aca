"""Several runs of one command: checked before the first, and within one budget."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from answers import write_answers
from servers import JudgeServer

from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.engine import settled_parameters
from judgekit.harness.tally import Tally
from judgekit.jobs.prepare_panel import prepare_runs
from judgekit.jobs.runnable import check_jobs, run_job
from judgekit.runs import StoredRun


@pytest.fixture
def groups(here: Path) -> list[list[Path]]:
    a, b, c = (write_answers(here / f"{name}.jsonl", [name] * 3) for name in "abc")
    return [[a, b], [a, c]]


def test_runs_of_one_command_share_its_budget(
    groups: list[list[Path]], server: JudgeServer
) -> None:
    settings: dict[str, Any] = {"judge": "pairwise", "model": "openai/m", "max_calls": 8}
    jobs = prepare_runs(groups, Settings(base_url=server.base_url, **settings))
    first, second = (StoredRun(run_job(job)).metadata for job in jobs)
    assert (first.counts.calls, second.counts.calls) == (6, 2)
    assert second.stop is not None
    assert second.stop.cut_short
    assert "--max-calls 8 (8 made, 6 by the runs before)" in second.stop.text


def test_one_run_has_its_limits_anew(groups: list[list[Path]], server: JudgeServer) -> None:
    settings: dict[str, Any] = {"judge": "pairwise", "model": "openai/m", "max_calls": 2}
    [job] = prepare_runs(groups[:1], Settings(base_url=server.base_url, **settings))
    calls = [StoredRun(run_job(job)).metadata.counts.calls for _ in range(2)]
    assert calls == [2, 2]


def test_a_folder_that_cannot_be_written_is_refused_before_the_first_run(
    groups: list[list[Path]], here: Path
) -> None:
    jobs = prepare_runs(groups, Settings(judge="longer", out=Path("all")))
    (here / "all/a-vs-c").mkdir(parents=True)
    (here / "all/a-vs-c/notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something that is no run"):
        check_jobs(jobs)
    panels = prepare_runs(groups, Settings(judge="longer,first", out=Path("all")))
    with pytest.raises(InputError, match="holds something that is no run"):
        check_jobs(panels)


def test_tallies_add() -> None:
    one = Tally(trials=2, calls=1, failures=Counter(timeout=1))
    both = one + Tally(trials=3, tokens_in=7, failures=Counter(timeout=1, refused=1))
    assert (both.trials, both.calls, both.tokens_in) == (5, 1, 7)
    assert both.failures == {"timeout": 2, "refused": 1}
    seen = Tally()
    seen.become(both)
    assert seen == both


def test_an_engine_without_refused_parameters_has_none() -> None:
    class Plain:
        fingerprint, window, stored = "plain", 1, True

    assert settled_parameters(Plain()) == {}  # type: ignore[arg-type]
