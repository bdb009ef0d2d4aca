"""The house, as `.ci/house.py` surveys it: no circle among siblings, in any package."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
from places import ROOT, TESTS

SCRIPT = ROOT / ".ci" / "house.py"


def test_no_siblings_import_one_another_in_a_circle() -> None:
    pytest.importorskip("grimp")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--json"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["circles"] == []
    assert sum(map(len, found["floors"].values())) == found["rooms"]


def test_every_test_file_has_a_name_of_its_own() -> None:
    """pytest imports test files by their names alone."""
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
