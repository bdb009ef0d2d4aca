"""The folder of a trained model: an adapter or the whole model, the tokenizer, and train.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from judgekit.io.files import write_file
from judgekit.models.loading import Checkpoint, quiet_libraries
from judgekit.train.network.lora import TrainableModel

__all__ = [
    "FACTS",
    "base_name",
    "is_adapted",
    "save_adapter",
    "save_trained",
    "write_facts",
]

SCHEMA = 1
FACTS = "train.json"
PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def save_trained(trainable: TrainableModel, folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes the trained model into `folder`, `train.json` last: without it it is unfinished.

    An adapter is saved in peft's format, so that peft, transformers and vLLM load it onto the
    model it names; a whole model in transformers' format. `train.json` holds `facts` (JSON values)
    and, under ``model``, how the model was held. Other files of the folder stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACTS).unlink(missing_ok=True)
    with quiet_libraries():
        if is_adapted(trainable.model):
            save_adapter(trainable.model, folder, base_name(trainable.checkpoint))
        else:
            trainable.model.save_pretrained(folder)
        trainable.tokenizer.save_pretrained(folder)
    write_facts(folder, model_facts(trainable), facts)


def write_facts(folder: Path, model: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Writes `train.json`: how the model was held, and the facts of its training (JSON values)."""
    row = {"schema_version": SCHEMA, "model": model, **facts}
    write_file(folder / FACTS, orjson.dumps(row, option=PRETTY))


def save_adapter(model: Any, folder: Path, base: str) -> None:
    """Writes the trained adapter alone, as an adapter of `base`.

    Where the head has an adapter, peft would also save the head itself, which vLLM refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder, selected_adapters=["default"], save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)  # peft's model card, without content
    file = folder / "adapter_config.json"
    config = orjson.loads(file.read_bytes())
    config["base_model_name_or_path"] = base
    for name in ("target_modules", "modules_to_save"):
        if isinstance(config.get(name), list):
            config[name] = sorted(set(config[name]))  # peft's order differs from run to run
    write_file(file, orjson.dumps(config, option=PRETTY | orjson.OPT_SORT_KEYS))


def is_adapted(model: Any) -> bool:
    """Whether the model has an adapter of peft."""
    return hasattr(model, "peft_config") and hasattr(model, "get_base_model")


def base_name(checkpoint: Checkpoint) -> str:
    """The model's name: a hub id as it is, a folder as an absolute path."""
    folder = Path(checkpoint.name).expanduser()
    return str(folder.resolve()) if folder.is_dir() else checkpoint.name


def model_facts(trainable: TrainableModel) -> dict[str, Any]:
    """How the frozen weights were held, which merging needs to know."""
    at = trainable.checkpoint
    return {
        "name": base_name(at),
        "quant": at.quant or "none",
        "double_quant": at.double_quant if at.quant else None,
        "dtype": str(at.dtype).removeprefix("torch."),
        "head": trainable.head,
        "fingerprint": trainable.fingerprint,
    }
