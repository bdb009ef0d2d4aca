"""Checkpoints that are complete or do not count.

A checkpoint is complete when it holds its seal, which is written last and lists every file with its
size. A process killed at any moment leaves the older sealed ones, and perhaps one that is ignored.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import orjson

from judgekit.errors import TrainingError
from judgekit.io.files import write_file

__all__ = ["drop_older", "load_adapter", "load_whole", "newest", "save_whole", "seal"]

SEAL = "complete.json"
NAME = re.compile(r"checkpoint-(\d+)")
ADAPTER, WHOLE = "adapter_model.safetensors", "model.safetensors"


def seal(checkpoint: Path) -> None:
    """Writes the seal, which declares a checkpoint complete."""
    files = {
        str(file.relative_to(checkpoint)): file.stat().st_size
        for file in sorted(checkpoint.rglob("*"))
        if file.is_file() and file.name != SEAL
    }
    write_file(checkpoint / SEAL, orjson.dumps({"files": files}, option=orjson.OPT_INDENT_2))


def complete(checkpoint: Path) -> bool:
    """Whether every file of the seal exists; a power cut can keep the seal and lose other files."""
    try:
        files = orjson.loads((checkpoint / SEAL).read_bytes())["files"]
        return all((checkpoint / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError):
        return False


def by_step(folder: Path) -> list[tuple[int, Path]]:
    """All checkpoints of a folder, the newest first, complete or not."""
    if not folder.is_dir():
        return []
    matches = [(NAME.fullmatch(entry.name), entry) for entry in folder.iterdir()]
    return sorted(((int(m[1]), entry) for m, entry in matches if m), reverse=True)


def newest(folder: Path) -> tuple[int, Path] | None:
    """The newest complete checkpoint with its step, or None."""
    return next(((step, entry) for step, entry in by_step(folder) if complete(entry)), None)


def drop_older(folder: Path, keep: int) -> None:
    """Removes all but the `keep` newest complete checkpoints, and what was never completed."""
    whole = [entry for _, entry in by_step(folder) if complete(entry)]
    for _, entry in by_step(folder):
        if entry not in whole[:keep]:
            (entry / SEAL).unlink(missing_ok=True)  # first: half removed, it must not count
            shutil.rmtree(entry)


def save_whole(model: Any, folder: Path) -> None:
    """Writes a model that is trained as a whole, each weight under its own name."""
    import safetensors.torch

    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    safetensors.torch.save_model(model, str(folder / WHOLE), metadata={"format": "pt"})


def load_whole(model: Any, folder: Path) -> None:
    """Loads what `save_whole` wrote."""
    import safetensors.torch

    safetensors.torch.load_model(model, str(folder / WHOLE))


def load_adapter(model: Any, folder: Path) -> None:
    """Loads an adapter into the model that it was saved from."""
    import peft
    import safetensors.torch

    library: Any = peft
    state = safetensors.torch.load_file(folder / ADAPTER)
    found = library.set_peft_model_state_dict(model, state, adapter_name="default")
    missing = [name for name in found.missing_keys if ".lora_" in name and ".default" in name]
    if odd := [*found.unexpected_keys, *missing]:
        raise TrainingError(
            f"the checkpoint {os.fspath(folder)!r} does not fit the model, see {odd[0]!r}; start "
            f"again with --force"
        )
