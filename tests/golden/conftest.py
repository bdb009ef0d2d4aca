"""The working folder of the golden tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from golden import GOLDEN


@pytest.fixture
def recorded(here: Path) -> Path:
    """An empty folder to work in, with the recorded inputs, runs and replies."""
    for name in ("inputs", "recorded"):
        shutil.copytree(GOLDEN / name, here / name)
    shutil.copy(GOLDEN / "store.db", here / "store.db")
    return here
