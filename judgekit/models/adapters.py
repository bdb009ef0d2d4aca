"""A model with an adapter: all of the adapter's weights in it, or an error."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from judgekit.errors import InputError

__all__ = ["adapted"]

ADAPTER = "default"  # peft's own name for the only one
PROMPT = "prompt_embeddings"  # of a learnt prompt, which peft puts in by another way


def adapted(model: Any, adapter: Path) -> Any:
    """The model with the adapter of that folder, on the model's device.

    peft passes over weights that the model has no place for, and leaves those that are missing as
    they were made: another model's adapter would be half of one. Raises `InputError` for that.
    """
    import peft

    library: Any = peft
    device = str(model.device)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Found missing adapter keys")  # refused below
        whole = library.PeftModel.from_pretrained(model, adapter, torch_device=device)
    # Loaded once more, since only this tells what did not fit.
    found = whole.load_adapter(adapter, ADAPTER, torch_device=device)
    unexpected = set(found.unexpected_keys)
    if whole.peft_config[ADAPTER].is_prompt_learning:
        unexpected -= {PROMPT}
    for names, where in ((unexpected, "adapter"), (found.missing_keys, "model")):
        if names:
            raise InputError(
                f"the adapter {str(adapter)!r} does not fit the model: {len(names)} of its weights "
                f"({sorted(names)[0]!r}) are in the {where} only; name the model that it was "
                f"trained on"
            )
    return whole
