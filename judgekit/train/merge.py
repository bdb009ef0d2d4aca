"""Merges an adapter into its model: one folder of plain weights.

An adapter trained over 4-bit weights corrects their errors as well. So it is merged into those
weights, dequantized; merged into the original model it would be further off.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from judgekit.errors import InputError
from judgekit.models.adapters import load_adapter
from judgekit.models.four_bit import quantised_layers
from judgekit.models.loading import (
    Checkpoint,
    DType,
    Quant,
    Weights,
    find_checkpoint,
    loading_errors,
    quiet_libraries,
)
from judgekit.naming import unknown
from judgekit.train.interfaces.model_use import Head
from judgekit.train.loop.folder import read_object, refuse_overwriting
from judgekit.train.network.continue_adapter import read_config
from judgekit.train.network.lora import load_base
from judgekit.train.network.lora_targets import untie_for

__all__ = ["TrainedAdapter", "merge_adapter", "read_adapter"]


@dataclass(frozen=True)
class TrainedAdapter:
    """An adapter, the model that it belongs to, and how that was held during training.

    For an adapter that judgekit did not train, the latter is unknown: `quant` None, `dtype` auto.
    """

    adapter: Path
    base: str
    quant: Quant | None
    double_quant: bool
    dtype: DType
    head: Head
    targets: list[str] | str


def read_adapter(folder: Path) -> TrainedAdapter:
    """Reads the folder of an adapter from judgekit or peft.

    Raises:
        InputError: It is not an adapter.
    """
    if not (folder / "adapter_config.json").is_file():
        is_model = (folder / "config.json").is_file()
        raise InputError(
            f"{str(folder)!r} is a whole model, with nothing to merge"
            if is_model
            else f"{str(folder)!r} is not an adapter: it has no adapter_config.json"
        )
    config = read_config(folder, str(folder))
    base = config.get("base_model_name_or_path")
    if not base or not isinstance(base, str):
        raise InputError(
            f"{str(folder)!r} does not name its model: base_model_name_or_path in "
            f"its adapter_config.json is {base!r}; name the model there"
        )
    held = how_trained(folder)
    quant = held.get("quant", "none")
    return TrainedAdapter(
        folder,
        base,
        None if quant == "none" else quant,
        bool(held.get("double_quant")),
        held.get("dtype", "auto"),
        "score" if config.get("task_type") == "SEQ_CLS" else "lm",
        config.get("target_modules") or [],
    )


def how_trained(folder: Path) -> Mapping[str, Any]:
    """The entry ``model`` of `train.json`; empty without that file."""
    file = folder / "train.json"
    if not file.is_file():
        return {}
    model_entry = (read_object(file) or {}).get("model")
    if not isinstance(model_entry, dict):
        raise InputError(
            f"cannot read {str(file)!r}: it has no object 'model' with how the model was "
            f"held; restore the file"
        )
    return model_entry


def merge_adapter(
    adapter: Path, out: Path, *, dtype: DType = "auto", device: str = "auto", force: bool = False
) -> Path:
    """Merges an adapter into its model, and writes the model with its tokenizer.

    Args:
        adapter: The adapter's folder, which names its model.
        out: The folder to write, in safetensors.
        dtype: The dtype of the written weights; ``auto`` is the base model's.
        device: The device to merge on; the whole model has to fit.
        force: Replace a model in the folder; other files stay.

    Returns:
        The written folder.

    Raises:
        InputError: No adapter, no such base model, a folder that cannot be written or is not
            empty, or a device that cannot be used.
        EngineError: Weights that cannot be read, or are not finite.
    """
    import torch

    if dtype not in get_args(DType):
        raise InputError(unknown("dtype", str(dtype), get_args(DType)))
    trained = read_adapter(adapter)
    check_out(out, trained.base, force=force)
    at = find_checkpoint(
        Weights(
            trained.base,
            trained.dtype,
            device,
            trained.quant,
            str(adapter),
            double_quant=trained.double_quant,
        )
    )
    written = getattr(torch, dtype) if dtype != "auto" else at.config.dtype or at.dtype
    tokenizer = replace(at, folder=adapter) if (adapter / "tokenizer_config.json").is_file() else at
    write(out, merge_weights(trained, at, written), tokenizer.load_tokenizer())
    return out


def merge_weights(trained: TrainedAdapter, at: Checkpoint, written: Any) -> Any:
    """The model with the adapter merged into its weights, in the dtype to write.

    The sum is computed in the wider of the training's and the written dtype, so that it is rounded
    once.
    """
    import torch

    model = load_base(at, trained.head)
    wide = torch.promote_types(at.dtype, written)
    with loading_errors(str(trained.adapter)):
        if quantised_layers(model):
            model = model.dequantize(dtype=wide)
        model = model.to(wide)
        untie_for(model, trained.targets)
        with_adapter = load_adapter(model, trained.adapter)
        return with_adapter.merge_and_unload(safe_merge=True).to(written)


def check_out(out: Path, base: str, *, force: bool) -> None:
    """Refuses folders that the merged model must not be written to, such as the base model's."""
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f"{str(out)!r} is not a folder; choose another with --out")
    if (out / "adapter_config.json").exists():
        raise InputError(f"{str(out)!r} holds an adapter; choose another folder with --out")
    refuse_overwriting(out, [base])
    if any(out.iterdir()) and not force:
        raise InputError(
            f"{str(out)!r} is not empty; choose another folder with --out, or replace the model "
            f"in it with --force"
        )


def write(out: Path, model: Any, tokenizer: Any) -> None:
    """Writes into a subfolder, then moves the files; `config.json` last, as loading needs it."""
    partial = out / ".merging"
    try:
        partial.mkdir(parents=True, exist_ok=True)
        with quiet_libraries():
            model.save_pretrained(partial)
            tokenizer.save_pretrained(partial)
        for old in [out / "config.json", *out.glob("model*.safetensors*")]:
            old.unlink(missing_ok=True)
        for new in sorted(partial.iterdir(), key=lambda file: file.name == "config.json"):
            new.replace(out / new.name)
    except OSError as error:
        raise InputError(
            f"cannot write {str(out)!r}: {error.strerror or error}; choose another folder with "
            f"--out"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
