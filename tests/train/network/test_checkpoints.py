"""Which checkpoints count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judgekit.errors import InputError
from judgekit.train.loop.resuming import BEGINNING, find_resume_point
from judgekit.train.network.checkpoints import drop_older, read_seal, seal


def write(folder: Path, step: int, *, sealed: bool = True) -> Path:
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir()
    (checkpoint / "weights").write_bytes(b"0123456789")
    state = {"global_step": step, "train_batch_size": 2}
    (checkpoint / "trainer_state.json").write_text(json.dumps(state))
    if sealed:
        seal(checkpoint)
    return checkpoint


def test_the_newest_counts_by_its_step(here: Path) -> None:
    assert find_resume_point(here / "absent") == BEGINNING
    assert find_resume_point(here) == BEGINNING
    for step in (9, 10, 100):
        write(here, step)
    for name in ("checkpoint-x", "other", f"checkpoint-{'9' * 5000}"[:200]):
        (here / name).mkdir()
    (here / "checkpoint-700").write_text("a file")
    write(here, 800, sealed=False)
    found = find_resume_point(here)
    assert (found.step, found.checkpoint, found.notes) == (100, here / "checkpoint-100", ())


ODD_SEALS = [
    *("", '{"files": {"wei', "null", "[]", "{}", '{"files": []}', '{"files": {}}'),
    *('{"files": null}', '{"files": {"weights": "10"}}', '{"files": {"weights": true}}'),
    *('{"files": {"../checkpoint-1/weights": 10}}', '{"files": {"/etc/hostname": 1}}'),
    *('{"files": {"weights": 10}, "sha256": []}', '{"files": {"weights": 10}, "sha256": {}}'),
    *('{"files": {"weights\\u0000": 10}}', "[" * 100_000),
]


@pytest.mark.parametrize("text", ODD_SEALS)
def test_a_seal_that_is_none_is_passed_over_with_a_note(here: Path, text: str) -> None:
    write(here, 1)
    damaged = write(here, 2)
    (damaged / "complete.json").write_text(text)
    assert read_seal(damaged) is None
    found = find_resume_point(here)
    assert (found.step, found.checkpoint) == (1, here / "checkpoint-1")
    [note] = found.notes
    assert "complete.json' cannot be read: the checkpoint of step 2 is passed over" in note


@pytest.mark.parametrize(("harm", "told"), [("gone", "is missing"), ("cut", "has 2 bytes, and 10")])
def test_a_lost_file_is_passed_over_with_a_note(here: Path, harm: str, told: str) -> None:
    damaged = write(here, 2)
    weights = damaged / "weights"
    weights.unlink() if harm == "gone" else weights.write_bytes(b"01")
    with pytest.raises(
        InputError, match=f"no checkpoint in .* is whole: .*{told}.*--force"
    ) as said:
        find_resume_point(here)
    assert "\n" not in str(said.value)
    write(here, 1)
    found = find_resume_point(here)
    assert found.step == 1
    assert told in found.notes[0]


def test_other_bytes_are_refused(here: Path) -> None:
    damaged = write(here, 2)
    (damaged / "weights").write_bytes(b"0123x56789")
    with pytest.raises(InputError, match="weights' holds other bytes than were saved; start again"):
        find_resume_point(here)
    write(here, 1)
    with pytest.raises(InputError, match=r"remove .*-2' to continue after step 1, or"):
        find_resume_point(here)


def test_the_state_has_to_be_that_of_the_step(here: Path) -> None:
    write(here, 2).rename(here / "checkpoint-900000000000000")
    with pytest.raises(InputError, match="is not the state of a training after step 9000000"):
        find_resume_point(here)


@pytest.mark.parametrize(
    "state",
    [
        *("", "[]", "{}", "null", '{"global_step": 2}', '{"global_step": true}'),
        '{"global_step": 2, "train_batch_size": 2, "no_such_field": 1}',
        '{"global_step": 2, "train_batch_size": 2, "epoch": "a"}',
        '{"global_step": 2, "train_batch_size": 2, "log_history": 5}',
    ],
)
def test_a_state_that_is_none_is_refused(here: Path, state: str) -> None:
    checkpoint = write(here, 2, sealed=False)
    (checkpoint / "trainer_state.json").write_text(state)
    seal(checkpoint)
    with pytest.raises(InputError, match="is not the state of a training after step 2"):
        find_resume_point(here)


def test_a_seal_without_digests_counts_and_is_told(here: Path) -> None:
    checkpoint = write(here, 2)
    content = json.loads((checkpoint / "complete.json").read_bytes())
    del content["sha256"]
    (checkpoint / "complete.json").write_text(json.dumps(content))
    found = find_resume_point(here)
    assert found.step == 2
    assert "of an earlier version, which kept no digests: its bytes were not checked" in "".join(
        found.notes
    )


def test_older_ones_are_dropped(here: Path) -> None:
    for step in (1, 2, 3):
        write(here, step)
    write(here, 4, sealed=False)
    (here / "notes").mkdir()
    drop_older(here, 2)
    assert sorted(p.name for p in here.iterdir()) == ["checkpoint-2", "checkpoint-3", "notes"]
