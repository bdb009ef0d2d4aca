"""Refuses checkpoints that would run code of others, or fail at their first token."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.models.folders import one_line

__all__ = ["ADAPTER_WEIGHTS", "check_vocabulary", "end_token_ids", "refuse_kernels"]

ADAPTER_WEIGHTS = "adapter_model.safetensors"
LIBRARY_ATTENTION = re.compile(r"[a-z_0-9]+")  # a kernel's hub id has a slash or a colon


def end_token_ids(configured: int | list[int] | None, tokenizer: Any) -> set[int]:
    """The ids that end an answer.

    Args:
        configured: The ``eos_token_id`` of a model's config: one id, several, or none.
        tokenizer: The model's tokenizer, which names one more.
    """
    ids = configured if isinstance(configured, list | tuple) else [configured]
    return {i for i in (*ids, tokenizer.eos_token_id) if i is not None}


def refuse_kernels(name: str, folder: Path) -> None:
    """Refuses a config that names an attention to be fetched from a hub, which would be code.

    Raises:
        InputError: The config names one, or is no JSON object.
    """
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot read the model {name!r}: {one_line(error)}") from error
    if not isinstance(config, dict):
        raise InputError(f"cannot read the model {name!r}: its config.json is no JSON object")
    nested = [value for value in config.values() if isinstance(value, dict)]
    for part in (config, *nested):
        for key in ("attn_implementation", "_attn_implementation"):
            wanted = part.get(key)
            if wanted is not None and not LIBRARY_ATTENTION.fullmatch(str(wanted)):
                raise InputError(
                    f"the config.json of {name!r} names the attention {wanted!r}, which is code "
                    f"from a hub and is never run; remove {key!r} from it"
                )


def check_vocabulary(name: str, tokenizer: Any, config: Any) -> None:
    """Refuses a tokenizer with tokens that the model has no embedding for.

    The padding token may be one: it is masked, and replaced where rows are padded.

    Raises:
        InputError: There are such tokens; the message names the first.
    """
    rows = getattr(config.get_text_config(), "vocab_size", None)
    if not isinstance(rows, int):
        return
    beyond = {i: token for token, i in tokenizer.get_vocab().items() if i >= rows}
    beyond.pop(tokenizer.pad_token_id, None)
    if beyond:
        raise InputError(
            f"the tokenizer of {name!r} has ids up to {max(beyond)} and the model {rows} "
            f"embeddings: {len(beyond)} tokens, such as {beyond[min(beyond)]!r}, have none; use "
            f"the tokenizer that the model was trained with, or resize its embeddings"
        )
