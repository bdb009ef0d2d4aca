"""A stopped training whose files were damaged: refused by name, or passed over with a word."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from checkpoints_llama import write_llama
from commands import Cli, Said

pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS = (
    *("train", "dpo", "pairs.jsonl", "--model", "m", "-o", "out", "--steps", 3, "--batch-size", 2),
    *("--accumulate", 1, "--save-every", 1, "--keep-checkpoints", 2, "--samples", 1),
    *("--device", "cpu", "--quant", "none", "--optimizer", "adamw", "--eval-share", 0.2),
)
NEWEST = "out/checkpoints/checkpoint-2"
STATES = ("adapter_model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was stopped after step 2 of 3."""
    from judgekit.cli import main

    here = tmp_path_factory.mktemp("stopped")
    write_llama(here / "m")
    rows = [{"prompt": f"say {n}", "chosen": f"good {n}", "rejected": "bad"} for n in range(8)]
    (here / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in WORDS])
        assert not ended.value.code
    shutil.rmtree(here / "out/checkpoints/checkpoint-3")
    (here / "out/train.json").unlink()
    keep_one_more(here / "out/checkpoints")
    return here


def keep_one_more(folder: Path) -> None:
    """The first checkpoint, which was dropped: the second under the state of the first."""
    from judgekit.train.network.checkpoints import seal

    first = folder / "checkpoint-1"
    shutil.copytree(folder / "checkpoint-2", first)
    state = json.loads((first / "trainer_state.json").read_text())
    (first / "trainer_state.json").write_text(json.dumps({**state, "global_step": 1}))
    seal(first)


@pytest.fixture
def left(stopped: Path, here: Path) -> Path:
    shutil.copytree(stopped, here, dirs_exist_ok=True)
    return here


def resume(cli: Cli) -> Said:
    return cli(*WORDS, "--resume")


def garble(file: Path) -> None:
    """Other bytes of the same number in the second half."""
    content = bytearray(file.read_bytes())
    half = len(content) // 2
    content[half:] = bytes((n * 37 + 11) % 61 for n in range(len(content) - half))
    file.write_bytes(content)


def forget_digests(checkpoint: Path) -> None:
    """The seal as earlier versions wrote it, of the files as they are."""
    names = [f for f in checkpoint.iterdir() if f.name != "complete.json"]
    content = {"files": {f.name: f.stat().st_size for f in names}}
    (checkpoint / "complete.json").write_text(json.dumps(content))


def test_it_goes_on_where_nothing_is_damaged(cli: Cli, left: Path) -> None:
    said = resume(cli)
    assert said.code == 0, said.err
    assert "continuing after step 2" in said.err
    assert "digests" not in said.err


@pytest.mark.parametrize("name", [*STATES, "trainer_state.json", "adapter_config.json"])
def test_other_bytes_of_the_same_size_are_refused(cli: Cli, left: Path, name: str) -> None:
    garble(left / NEWEST / name)
    error = resume(cli).error
    assert error == (
        f"'{NEWEST}/{name}' holds other bytes than were saved; remove '{NEWEST}' to continue "
        f"after step 1, or start again with --force"
    )
    shutil.rmtree(left / NEWEST)
    assert "continuing after step 1" in resume(cli).err


@pytest.mark.parametrize("name", STATES)
def test_damage_that_no_digest_shows_ends_in_one_line(cli: Cli, left: Path, name: str) -> None:
    garble(left / NEWEST / name)
    forget_digests(left / NEWEST)
    said = resume(cli)
    if said.code == 0:  # what was damaged is padding that nobody reads
        return
    assert said.code == 2
    last = said.err.splitlines()[-1]
    assert last.startswith(f"judgekit: cannot load the checkpoint '{NEWEST}'")
    assert "start again with --force" in last
    assert "its bytes were not checked" in said.err


@pytest.mark.parametrize(
    "seal",
    ["{}", "[]", "null", '{"files":[]}', '{"files":{"../../../x":1}}', '{"files":{}}', '{"files":'],
)
def test_a_damaged_seal_is_passed_over_aloud(cli: Cli, left: Path, seal: str) -> None:
    (left / NEWEST / "complete.json").write_text(seal)
    said = resume(cli)
    assert said.code == 0, said.err
    assert f"'{NEWEST}/complete.json' cannot be read" in said.err
    assert "continuing after step 1" in said.err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("training.json", "{}", "has no recipe"),
        ("training.json", '{"recipe": 3}', "has no recipe"),
        ("training.json", "[]", "holds something other than a training"),
        ("training.json", "x", "cannot read"),
        ("train.json", "[]", "is not what a finished training writes"),
        ("train.json", "{}", "is not what a finished training writes"),
        ("metrics.jsonl", "garb\n[]\n", "line 1 is no row that a training writes"),
        ("metrics.jsonl", '{"step":1,"loss":2}\n{"step":"x","loss":1}\n', "line 2 is no row"),
        ("metrics.jsonl", '{"step":1,"loss":null}\n', "line 1 is no row"),
        ("samples.jsonl", '{"when":"before"}\n', "line 1 is no row"),
    ],
)
def test_other_damaged_files_are_named(
    cli: Cli, left: Path, name: str, content: str, told: str
) -> None:
    (left / "out" / name).write_text(content)
    error = resume(cli).error
    assert told in error
    assert "out" in error


def test_a_checkpoint_under_another_step_is_refused(cli: Cli, left: Path) -> None:
    (left / NEWEST).rename(left / "out/checkpoints/checkpoint-99999999999999")
    assert "is not the state of a training after step 99999999999999" in resume(cli).error
