"""An adapter merged into its model: one folder of plain weights.

An adapter that was trained over 4-bit weights corrects their errors too. So it is merged into
those very weights, dequantised; in the model they were made from it would be off by more.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from judgekit.errors import InputError
from judgekit.models.adapters import adapted
from judgekit.models.four_bit import layers_4bit
from judgekit.models.loading import Checkpoint, DType, Quant, Weights, find, quietly, reading
from judgekit.naming import unknown
from judgekit.train.interfaces.model_use import Head
from judgekit.train.loop.folder import read_object, refuse_overwriting
from judgekit.train.network.continue_adapter import read_config
from judgekit.train.network.lora import load_base
from judgekit.train.network.lora_targets import head_of, is_target, untie

__all__ = ["TrainedAdapter", "merge_adapter", "read_adapter"]


@dataclass(frozen=True)
class TrainedAdapter:
    """An adapter's folder: the model it belongs to, and how that was held while it was trained.

    An adapter that judgekit did not train says nothing of the latter: `quant` None, `dtype` auto.
    """

    adapter: Path
    base: str
    quant: Quant | None
    double_quant: bool
    dtype: DType
    head: Head
    targets: list[str] | str


def read_adapter(folder: Path) -> TrainedAdapter:
    """What a folder of `save_trained`, or any LoRA of peft, says of itself.

    Raises `InputError` where it is no adapter.
    """
    if not (folder / "adapter_config.json").is_file():
        whole = (folder / "config.json").is_file()
        raise InputError(
            f"{str(folder)!r} is a whole model, with nothing to merge"
            if whole
            else f"{str(folder)!r} is no adapter: it has no adapter_config.json"
        )
    config = read_config(folder, str(folder))
    base = config.get("base_model_name_or_path")
    if not base or not isinstance(base, str):
        raise InputError(
            f"{str(folder)!r} does not say which model it belongs to: base_model_name_or_path in "
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
    """What `train.json` says of the model; nothing without one."""
    file = folder / "train.json"
    if not file.is_file():
        return {}
    found = (read_object(file) or {}).get("model")
    if not isinstance(found, dict):
        raise InputError(
            f"cannot read {str(file)!r}: it has no object 'model', which says how the model was "
            f"held; restore the file"
        )
    return found


def merge_adapter(
    adapter: Path, out: Path, *, dtype: DType = "auto", device: str = "auto", force: bool = False
) -> Path:
    """Writes the tuned model as one folder of safetensors with its tokenizer; gives that folder.

    `dtype` is what the weights are written in; ``auto``: what the base model's folder has. With
    `force` a model that is already there is replaced; files that are no model's stay.

    Raises `InputError` (no adapter, no such base model, a folder that cannot be written or is not
    empty, a device that cannot be used) and `EngineError` (weights that cannot be read, or that
    are not finite).
    """
    import torch

    if dtype not in get_args(DType):
        raise InputError(unknown("dtype", str(dtype), get_args(DType)))
    found = read_adapter(adapter)
    check_out(out, found.base, force=force)
    at = find(
        Weights(
            found.base,
            found.dtype,
            device,
            found.quant,
            str(adapter),
            double_quant=found.double_quant,
        )
    )
    written = getattr(torch, dtype) if dtype != "auto" else at.config.dtype or at.dtype
    tokenizer = replace(at, folder=adapter) if (adapter / "tokenizer_config.json").is_file() else at
    write(out, merged(found, at, written), tokenizer.load_tokenizer())
    return out


def merged(found: TrainedAdapter, at: Checkpoint, written: Any) -> Any:
    """The model with the adapter in its weights, in the dtype that is to be written.

    The sum is made in the wider of what it was trained and what it is written in, so that it is
    rounded once.
    """
    import torch

    model = load_base(at, found.head)
    wide = torch.promote_types(at.dtype, written)
    with reading(str(found.adapter)):
        if layers_4bit(model):
            model = model.dequantize(dtype=wide)
        model = model.to(wide)
        if is_target(head_of(model), found.targets):
            untie(model)
        whole = adapted(model, found.adapter)
        return whole.merge_and_unload(safe_merge=True).to(written)


def check_out(out: Path, base: str, *, force: bool) -> None:
    """Refuses a folder that the merged model must not be written to, such as the base model's."""
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
    """Writes beside what is there, then moves in; `config.json` last, without it nothing loads."""
    partial = out / ".merging"
    try:
        partial.mkdir(parents=True, exist_ok=True)
        with quietly():
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
