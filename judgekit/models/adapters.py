"""Loads an adapter into a model, completely or not at all."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from judgekit.errors import InputError

__all__ = ["load_adapter"]

ADAPTER_NAME = "default"  # peft's name for a single adapter
PROMPT_WEIGHTS = "prompt_embeddings"  # of prompt learning, which peft loads in another way


def load_adapter(model: Any, adapter: Path) -> Any:
    """Loads the adapter of a folder into a model, on the model's device.

    peft ignores weights that the model has no place for and initialises missing ones, so another
    model's adapter would load only in part. Here that is an error.

    Args:
        model: A model of transformers.
        adapter: A folder saved by peft.

    Returns:
        peft's model.

    Raises:
        InputError: The adapter does not fit the model.
    """
    import peft

    library: Any = peft
    device = str(model.device)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Found missing adapter keys")  # refused below
        wrapped = library.PeftModel.from_pretrained(model, adapter, torch_device=device)
    # Loaded again, because only `load_adapter` reports what did not fit.
    report = wrapped.load_adapter(adapter, ADAPTER_NAME, torch_device=device)
    unexpected = set(report.unexpected_keys)
    if wrapped.peft_config[ADAPTER_NAME].is_prompt_learning:
        unexpected -= {PROMPT_WEIGHTS}
    for names, where in ((unexpected, "adapter"), (report.missing_keys, "model")):
        if names:
            raise InputError(
                f"the adapter {str(adapter)!r} does not fit the model: {len(names)} of its weights "
                f"({sorted(names)[0]!r}) are in the {where} only; name the model that it was "
                f"trained on"
            )
    return wrapped
