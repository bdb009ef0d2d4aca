"""The folder that a training is to fill: what is in it must not be what the training reads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from checkpoints import write_pairrm
from checkpoints_llama import write_adapter, write_llama
from toy import dpo, write_pairs

from judgekit.errors import InputError
from judgekit.train import train_dpo, train_ranker
from judgekit.train.loop.folder import TrainingFolder, refuse_overwriting
from judgekit.train.recipes.ranker import Ranker

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model and an adapter of it, each in the folder of an earlier training."""
    folder = tmp_path_factory.mktemp("models")
    write_llama(folder / "w1")
    write_adapter(folder / "w1", folder / "t1")
    shutil.copytree(folder / "t1", folder / "t1" / "checkpoints" / "checkpoint-2")
    shutil.copytree(folder / "w1", folder / "copy")
    write_pairrm(folder / "ranker", "hf", hidden=64, layers=1)
    for name in ("w1", "t1", "ranker"):
        (folder / name / "training.json").write_text("{}")
    (folder / "link").symlink_to(folder / "w1")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.parametrize("how", [{}, {"start": "restart"}, {"start": "resume"}])
@pytest.mark.parametrize(
    ("model", "adapter", "out", "named"),
    [
        ("w1", None, "w1", "w1"),
        ("w1", None, "link", "w1"),
        ("link", None, "w1", "link"),
        ("w1", None, ".", "w1"),
        ("w1", "t1", "t1", "t1"),
        ("w1", "t1/checkpoints/checkpoint-2", "t1", "checkpoint-2"),
        ("copy", "t1", "w1", "w1"),  # the base that the adapter names
    ],
)
def test_what_a_training_starts_from_is_never_removed(
    models: Path, here: Path, model: str, adapter: str | None, out: str, named: str, how: Any
) -> None:
    data, before = write_pairs(here / "pairs.jsonl"), files(models)
    recipe = dpo(models / model, adapter=adapter and str(models / adapter))
    with pytest.raises(
        InputError, match=f"{named}' lies there.* another folder with --out"
    ) as said:
        train_dpo(data, recipe, out=models / out, **how)
    assert "\n" not in str(said.value)
    assert files(models) == before


def test_a_ranker_is_never_removed_either(models: Path, here: Path) -> None:
    data, before = write_pairs(here / "pairs.jsonl"), files(models)
    recipe = Ranker(model=str(models / "ranker"), device="cpu")
    with pytest.raises(InputError, match="ranker' lies there"):
        train_ranker(data, recipe, out=models / "ranker", start="restart")
    assert files(models) == before


def test_a_folder_beside_or_within_what_is_read_is_free(models: Path, here: Path) -> None:
    before = files(models)
    refuse_overwriting(models / "w2", [str(models / "w1")])
    refuse_overwriting(models / "w1" / "dpo", [str(models / "w1")])
    (here / "org").mkdir()
    refuse_overwriting(Path("org"), ["org/a-model-of-the-hub"])
    assert files(models) == before


def test_it_starts_from_an_adapter_that_names_no_base(models: Path, here: Path) -> None:
    adapter = shutil.copytree(models / "t1", here / "unnamed")
    file = adapter / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "base_model_name_or_path": None}))
    recipe = dpo(models / "w1", adapter=str(adapter), steps=1)
    assert train_dpo(write_pairs(here / "pairs.jsonl"), recipe, out=here / "out").metrics


@pytest.mark.parametrize("out", ["file/x", "file", "/proc/x", "a" * 300, "loop"])
def test_a_folder_that_cannot_be_made_is_said_in_one_line(here: Path, out: str) -> None:
    (here / "file").write_text("mine")
    (here / "loop").symlink_to(here / "loop")
    folder = TrainingFolder(Path(out))

    def use() -> None:
        folder.check({}, [str(here)], start="new")
        folder.begin({}, start="new")

    with pytest.raises(InputError, match=r"cannot train into .*; choose another folder") as said:
        use()
    assert "\n" not in str(said.value)
