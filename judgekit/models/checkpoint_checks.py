"""What a model and its tokenizer must have in common."""

from __future__ import annotations

from typing import Any

from judgekit.errors import InputError

__all__ = ["ADAPTER_WEIGHTS", "check_vocabulary", "end_token_ids"]

ADAPTER_WEIGHTS = "adapter_model.safetensors"


def end_token_ids(configured: int | list[int] | None, tokenizer: Any) -> set[int]:
    """The ids that end an answer.

    Args:
        configured: The ``eos_token_id`` of a model's config: one id, several, or none.
        tokenizer: The model's tokenizer, which names one more.
    """
    ids = configured if isinstance(configured, list | tuple) else [configured]
    return {i for i in (*ids, tokenizer.eos_token_id) if i is not None}


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
