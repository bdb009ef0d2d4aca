"""The benchmark of corrected shares: it runs, prints every key, and its requirements hold."""

from __future__ import annotations

import json
import subprocess
import sys

from places import BENCHMARKS

KEYS = {
    "cells", "coverage_min", "coverage_max", "coverage_shifted_min", "coverage_shifted_max",
    "mean_width", "mean_width_labels", "not_identified_max", "mismatches", "passed",
}  # fmt: skip


def test_quick_prints_every_key() -> None:
    command = [sys.executable, str(BENCHMARKS / "label_correction.py"), "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout.splitlines()[-1])
    assert report.keys() == KEYS
    assert report["mismatches"] == 0
    assert report["passed"]
    assert report["mean_width"] < report["mean_width_labels"]
