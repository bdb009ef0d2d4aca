"""The checkout's folders that tests read."""

from __future__ import annotations

from pathlib import Path

__all__ = ["BENCHMARKS", "DOCS", "EXAMPLES", "ROOT", "SHARED", "TESTS"]

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
BENCHMARKS = ROOT / "benchmarks"
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
SHARED = ROOT.parent / "shared"
