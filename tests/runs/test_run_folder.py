"""The run's folder: whole or not there, whatever happens while it is written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_folders import comparison, metadata

from judgekit import runs
from judgekit.errors import InputError
from judgekit.types import Case, Message, Outcome, Response

NAMES = {"cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json", "run.json"}


class Broken:
    """What no JSON holds: writing it breaks in the midst of `finish`."""


def write(folder: Path, identity: str = "one", *, text: str = "x", fact: object = "") -> Path:
    """A run of one case."""
    with runs.RunWriter(folder, identity) as writer:
        case = Case("c", (Message("user", "?"),), (Response(text, "m"),), cluster="p")
        outcome = Outcome("c", "p", None, True, None, None, None, (1.0,), {"valid": 1})
        writer.add(case, (), outcome)
        return writer.finish(comparison(text), metadata(settings={"fact": fact}))


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


@pytest.mark.parametrize("there", [False, True])
def test_a_run_is_written_whole_and_nothing_is_left_beside_it(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "runs/one"
    if there:
        folder.mkdir(parents=True)
    assert write(folder) == folder
    assert names(folder) == NAMES
    assert names(folder.parent) == {"one"}
    plain = tmp_path / "plain"
    plain.mkdir()
    assert folder.stat().st_mode == plain.stat().st_mode  # others may read it, as ever
    runs.check_folder(folder, "one", 0)
    with pytest.raises(InputError, match="another command"):
        runs.check_folder(folder, "two", 0)


def test_what_breaks_at_the_end_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write(tmp_path / "run", fact=Broken())
    assert names(tmp_path) == set()


def test_the_same_run_again_keeps_what_else_is_in_its_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "run")
    (folder / "pairs.jsonl").touch()
    runs.check_folder(folder, "one", 0)
    write(folder, text="y")
    assert names(folder) == NAMES | {"pairs.jsonl"}
    assert runs.StoredRun(folder).summary.heading == "y"
    with pytest.raises(TypeError):
        write(folder, text="z", fact=Broken())
    assert runs.StoredRun(folder).summary.heading == "y"
    assert names(tmp_path) == {"run"}


@pytest.mark.parametrize("left", [set(), {"cases.jsonl"}, NAMES - {"run.json"}])
def test_what_a_crash_left_is_taken_over(tmp_path: Path, left: set[str]) -> None:
    for name in left:
        (tmp_path / name).touch()
    if left:
        with pytest.raises(InputError, match="no run"):  # the same names without the mark
            runs.check_folder(tmp_path, "one", 0)
        (tmp_path / ".judgekit-replacing").touch()
    runs.check_folder(tmp_path, "one", 0)
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match="no run"):
        runs.check_folder(tmp_path, "one", 0)


def test_folders_of_killed_processes_are_swept_and_those_of_living_ones_kept(
    tmp_path: Path,
) -> None:
    script = (
        "import os, sys; from pathlib import Path; from judgekit.runs import RunWriter; "
        "RunWriter(Path(sys.argv[1]), 'one'); os._exit(9)"
    )
    ended = subprocess.run([sys.executable, "-c", script, tmp_path / "run"], check=False)
    assert ended.returncode == 9
    [stale] = names(tmp_path)
    with runs.RunWriter(tmp_path / "other", "two"):
        assert stale in names(tmp_path), "of another run, of which nothing is known here"
    with runs.RunWriter(tmp_path / "run", "one"):
        [mine] = names(tmp_path)
        assert mine != stale
        with runs.RunWriter(tmp_path / "run", "one"):
            assert len(names(tmp_path)) == 2
    assert names(tmp_path) == set()


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write anywhere")
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize("name", ["file/run", "file/sub/run", "n" * 300])
def test_what_cannot_be_written_is_one_line_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="--out") as raised:
        write(tmp_path / name)
    assert "\n" not in str(raised.value)
    assert names(tmp_path) == {"file"}


def test_a_folder_that_may_not_be_written(closed: Path) -> None:
    for folder in (closed, closed / "run"):
        with pytest.raises(InputError, match="Permission denied"):
            runs.RunWriter(folder, "one")


@pytest.mark.parametrize(
    "model", ["m", "模" * 90, "é" * 79 + "模", "a/b\\c\x00d", "\udce9", "..", "👩‍👩‍👧" * 40]
)
def test_names_of_folders_fit_any_file_system(tmp_path: Path, model: str) -> None:
    name = runs.folder_name([model, model], model, "0123456789abcdef")
    assert len(name.encode("utf-8")) <= 200
    assert name.endswith("-01234567")
    assert Path(name).name == name
    write(tmp_path / name)
    assert names(tmp_path) == {name}
