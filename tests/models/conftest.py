"""Fixtures that several tests of the networks need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a PairRM of random weights."""
    from checkpoints import write_pairrm

    folder: Path = write_pairrm(tmp_path_factory.mktemp("pairrm") / "ranker")
    return folder


@pytest.fixture(scope="module")
def network(ranker: Path) -> Any:
    """That PairRM, loaded on the CPU."""
    pairrm = pytest.importorskip("judgekit.models.pairrm")
    return pairrm.PairRM.load(str(ranker))
