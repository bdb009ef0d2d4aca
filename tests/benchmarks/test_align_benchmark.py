"""benchmarks/align.py: its planted judge, one alignment of it, and runs without effect."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import BENCHMARKS


@pytest.fixture(scope="module")
def benchmark() -> Any:
    """The script as a module."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import align
    finally:
        sys.path.remove(str(BENCHMARKS))
    return align


def test_the_labels_are_balanced_and_drawn_by_their_seed() -> None:
    sys.path.insert(0, str(BENCHMARKS))
    from align_planted import labelled_rows

    sys.path.remove(str(BENCHMARKS))
    rows = labelled_rows(1, 200, 0.4)
    assert rows == labelled_rows(1, 200, 0.4)
    assert rows != labelled_rows(2, 200, 0.4)
    assert 70 < sum(row["label"] == "A" for row in rows) < 130
    assert 55 < sum("SOURCE" in row["response_a"] + row["response_b"] for row in rows) < 105


def test_one_alignment_puts_the_judge_right(
    benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the script leaves the working directory, and this brings it back
    run = benchmark.fix(0, 100)
    assert run.shown
    assert run.right
    assert run.before < 0.65 < run.after


def test_runs_without_effect_claim_no_more_than_the_level(benchmark: Any) -> None:
    runs = [benchmark.claim(seed, 160) for seed in range(60)]
    assert sum(run.claimed for run in runs) <= 4
    assert any(run.gain > 0 for run in runs)
    assert any(run.gain < 0 for run in runs)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_script_prints_every_key() -> None:
    command = [sys.executable, str(BENCHMARKS / "align.py"), "--quick", "--json"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    result = json.loads(out.splitlines()[-1])
    assert result["fixed"] >= 0.5
    assert result["false_improved"] <= 0.05
