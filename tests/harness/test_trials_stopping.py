"""A run that stops when it knows enough: on a prefix of its plan, whichever reply comes first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Cli
from servers import JudgeServer

import judgekit
from judgekit.errors import InputError
from judgekit.types import digest


def write(here: Path, name: str, right: float, n: int = 400) -> Path:
    """Answers of which about this share is right, by category, so that the file is sorted."""
    path = here / f"{name}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for i in range(n):
            good = int(digest(name, str(i), size=2), 16) / 65536 < right
            row = {
                "id": f"c{i}",
                "prompt": f"question {i}",
                "response": "the right answer" if good else f"nothing of it {i}",
                "reference": "the right answer",
            }
            file.write(json.dumps(row) + "\n")
    return path


@pytest.fixture
def files(here: Path) -> tuple[Path, Path]:
    return write(here, "a", 0.8), write(here, "b", 0.4)


def test_a_clear_winner_stops_early(files: tuple[Path, Path]) -> None:
    run = judgekit.compare(*files, judge="overlap", until=0.02)
    assert run.summary.stopped.startswith("decided: after ")
    assert 20 <= run.summary.cases < 150
    watched, plain = run.summary.anytime_win_rate_a, run.summary.win_rate_a
    assert watched.low > 0.5
    assert watched.value == pytest.approx(plain.value)
    assert watched.high - watched.low > plain.high - plain.low
    assert f"{100 * watched.low:.1f}" in run.sentence


def test_the_run_is_the_same_every_time(files: tuple[Path, Path], here: Path) -> None:
    folders = [
        judgekit.compare(
            *files, judge="overlap", until=0.02, out=here / name, store=here / store
        ).folder
        for name, store in (("x", "one.db"), ("y", "two.db"))
    ]
    for name in ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_the_prefix_is_no_beginning_of_the_file(files: tuple[Path, Path]) -> None:
    run = judgekit.compare(*files, judge="overlap", until=0.02)
    places = sorted(int(case.id[1:]) for case in run.cases())
    assert places[-1] > 300


def test_equal_models_are_judged_to_the_end_or_the_width(here: Path) -> None:
    same = write(here, "a", 0.5), write(here, "b", 0.5)
    run = judgekit.compare(*same, judge="overlap", until=0.0)
    assert run.summary.stopped == ""
    assert run.summary.cases == 400
    wide = judgekit.compare(*same, judge="overlap", until=0.3)
    assert wide.summary.stopped.startswith("narrow enough")


def test_an_engines_calls_are_saved(
    files: tuple[Path, Path], cli: Cli, server: JudgeServer
) -> None:
    flags = ("--judge", "pairwise", "--model", "openai/judge", "--base-url", server.base_url)
    said = cli(
        "compare", *map(str, files), *flags, "--until", "0.1", "--json", "--concurrency", "8"
    )
    found = json.loads(said.out)
    if found["stopped"]:
        assert found["calls"] <= 2 * found["cases"] + 8
    assert found["watched_a"]["value"] is not None


@pytest.mark.parametrize("until", [-0.1, 0.6])
def test_a_width_that_is_none(files: tuple[Path, Path], until: float) -> None:
    with pytest.raises(InputError, match="until is half the width"):
        judgekit.compare(*files, judge="overlap", until=until)


def test_only_a_comparison_has_a_win_rate(files: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="comparison of two models"):
        judgekit.score(files[0], judge="overlap", until=0.02)
