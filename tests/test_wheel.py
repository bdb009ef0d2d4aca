"""The wheel holds what the tree holds, and works outside the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fresh import python
from places import EXAMPLES, ROOT

PARTS = {"judgekit": "judgekit", "plugins": "judgekit/plugins", "prompts": "judgekit/prompts"}
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", *PARTS)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the checkout (building leaves traces), built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source / name)
    pip = ("-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index")
    to = ("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    python(*pip, *to, cwd=folder)
    [built] = folder.glob("*.whl")
    return built


def test_holds_every_file_of_the_tree(wheel: Path) -> None:
    expected = {
        f"{target}/{path.relative_to(ROOT / part).as_posix()}"
        for part, target in PARTS.items()
        for path in (ROOT / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "judgekit/py.typed" in expected
    assert "judgekit/prompts/pairwise.md" in expected
    assert "judgekit/extension/skeleton/shared/pyproject.toml" in expected
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == expected


def test_compares_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "judgekit",
            "compare",
            str(EXAMPLES / "tuned.jsonl"),
            str(EXAMPLES / "base.jsonl"),
            "--judge",
            "overlap",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "win rate" in done.stdout
    where = python("-c", "import judgekit; print(judgekit.__file__)", cwd=tmp_path, path=installed)
    assert Path(where.strip()).is_relative_to(installed)
