"""Case 46: `benchmarks/reproduce.py` on verdicts in a column, missing figures and equal ranks."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import BENCHMARKS

CASES = 40


def reproduced(folder: Path) -> tuple[int, dict[str, Any]]:
    words = [sys.executable, str(BENCHMARKS / "reproduce.py"), "--data", str(folder), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert not done.stderr
    return done.returncode, json.loads(done.stdout)


def write(folder: Path, rows: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    (folder / "judgements").mkdir()
    (folder / "pairs").mkdir()
    pairs = [
        {"id": f"x{i}", "prompt": f"q{i}", "response_a": f"one {i}", "response_b": f"two {i}"}
        | {"label": "A", "source": "s", "category": None, "reference": None, "meta": {}}
        for i in range(CASES)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in pairs)
    (folder / "pairs" / "setx.jsonl").write_text(lines, encoding="utf-8")
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / "judgements" / "setx_judgex.jsonl.gz").write_bytes(gzip.compress(text, mtime=0))
    expected = {"pairwise": {"setx_judgex|judgex": entry}}
    (folder / "expected.json").write_text(json.dumps(expected), encoding="utf-8")


def row(number: int, completion: str, said: str | None) -> dict[str, Any]:
    verdict = {"first": "A", "second": "B", "tie": "tie", None: None}[said]
    head = {"pair_id": f"x{number}", "judge": "judgex", "order": "AB"}
    return head | {"completion": completion, "parsed": said, "verdict": verdict}


@pytest.mark.parametrize("misleading", [0, 13, 20])
def test_a_verdict_in_a_column_of_its_own(tmp_path: Path, misleading: int) -> None:
    """It is put back, however many reasons happen to look like a verdict."""
    rows = []
    for i in range(CASES):
        k = (i % 2) + 1 if i % 5 else i % 3
        text = f"Response {k} is better because it is shorter."
        if not k or i % 20 >= misleading:
            text = "It covers more of what was asked."
        said = ("tie", "first", "second")[k]
        rows.append(row(i, text, said) | {"recorded_result": k})
    write(tmp_path, rows, {"n_pairs": CASES, "parse_errors": 0})
    code, found = reproduced(tmp_path)
    assert code == 0
    assert found["totals"]["completions"]["wrong"] == 0
    assert found["totals"]["completions"]["named"] == CASES


def test_a_figure_that_does_not_exist(tmp_path: Path) -> None:
    rows = [row(i, "So.\n\n[[A]]", "first") for i in range(CASES)]
    write(tmp_path, rows, {"n_pairs": CASES, "reproduces": {"win_rate": None}, "n_both_orders": 7})
    code, found = reproduced(tmp_path)
    states = {figure["name"].rpartition("/")[2]: figure["state"] for figure in found["figures"]}
    assert states == {"n_pairs": "equal", "win_rate": "equal", "n_both_orders": "wrong"}
    assert code == 1


def test_equal_ranks(tmp_path: Path) -> None:
    """Of two equal ranks the source takes the first listed; we take none, and that is named."""
    rows = []
    for i in range(CASES):
        ranks = [("m", 1), ("M", 2)] if i % 4 else [("M", 1), ("m", 1)]
        listed = [{"model": name, "rank": rank} for name, rank in ranks]
        rows.append(row(i, json.dumps({"ordered_models": listed}), "first" if i % 4 else "second"))
    write(tmp_path, rows, {"n_pairs": CASES})
    code, found = reproduced(tmp_path)
    assert code == 0, found["readings"]
    assert found["totals"]["completions"] == {"equal": 30, "named": 10, "wrong": 0}
