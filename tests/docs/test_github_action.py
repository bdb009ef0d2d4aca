"""The composite action in `examples/`: its shell steps run here as a runner would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from answers import write_answers

ACTION = Path(__file__).parents[2] / "examples" / "github-action" / "action.yml"
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]  # as `shell: bash` means
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    document: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    return document


def run(action: dict[str, Any], folder: Path, **inputs: str) -> int:
    """Runs the steps with a shell script until one fails; returns its exit code."""
    values = {name: entry.get("default", "") for name, entry in action["inputs"].items()} | inputs
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for step in action["runs"]["steps"]:
        if "run" not in step or (step["name"] == "Install" and not values["install"]):
            continue
        own = {name: INPUT.sub(lambda m: values[m[1]], text) for name, text in step["env"].items()}
        summary = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "PATH": path}
        code = subprocess.run(
            [*BASH, step["run"]], cwd=folder, env={**os.environ, **own, **summary}, check=False
        ).returncode
        if code:
            return code
    return 0


def arguments(name: str) -> str:
    return f"compare\n{name}.jsonl\nother one.jsonl\n--judge\nlonger\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"new": "longest", "old": "short", "other one": "middle"}.items():
        write_answers(tmp_path / f"{name}.jsonl", [text] * 60)
    return tmp_path


def test_inputs_reach_scripts_only_as_environment_variables(action: dict[str, Any]) -> None:
    """A value within a script would be run as a part of it."""
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_conditions_and_a_baseline_decide(action: dict[str, Any], folder: Path) -> None:
    conditions = "win_rate_a.high < 0.5\nno_verdict > 3\n"
    first = {"arguments": arguments("new"), "run": "released", "fail-if": conditions}
    assert run(action, folder, **first) == 0
    assert "passed: no_verdict is 0" in (folder / "summary.md").read_text()
    again = {"arguments": arguments("new"), "run": "same", "baseline": "released", "margin": "0.2"}
    assert run(action, folder, **again) == 0
    worse = {"arguments": arguments("old"), "run": "worse", "baseline": "released", "margin": "0.2"}
    assert run(action, folder, **worse) == 1
    assert "<failure" in (folder / "judgekit.xml").read_text()


def test_a_command_that_cannot_run_fails_the_job(action: dict[str, Any], folder: Path) -> None:
    assert run(action, folder, arguments="compare\nmissing.jsonl\nnew.jsonl\n") == 2
