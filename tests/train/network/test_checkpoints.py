"""Which checkpoints count."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.train.network.checkpoints import drop_older, newest, seal


def write(folder: Path, step: int, *, sealed: bool = True) -> Path:
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir()
    (checkpoint / "weights").write_bytes(b"0123456789")
    if sealed:
        seal(checkpoint)
    return checkpoint


def test_the_newest_counts_by_its_step(here: Path) -> None:
    assert newest(here / "absent") is None
    assert newest(here) is None
    for step in (9, 10, 100):
        write(here, step)
    (here / "checkpoint-x").mkdir()
    (here / "other").mkdir()
    assert newest(here) == (100, here / "checkpoint-100")


@pytest.mark.parametrize("harm", ["never sealed", "seal torn", "file gone", "file cut"])
def test_a_damaged_one_does_not_count(here: Path, harm: str) -> None:
    write(here, 1)
    damaged = write(here, 2, sealed=harm != "never sealed")
    if harm == "seal torn":
        (damaged / "complete.json").write_text('{"files": {"wei')
    elif harm == "file gone":
        (damaged / "weights").unlink()
    elif harm == "file cut":
        (damaged / "weights").write_bytes(b"01")
    assert newest(here) == (1, here / "checkpoint-1")


def test_older_ones_are_dropped(here: Path) -> None:
    for step in (1, 2, 3):
        write(here, step)
    write(here, 4, sealed=False)
    (here / "notes").mkdir()
    drop_older(here, 2)
    assert sorted(p.name for p in here.iterdir()) == ["checkpoint-2", "checkpoint-3", "notes"]
