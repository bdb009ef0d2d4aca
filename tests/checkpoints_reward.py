"""Tiny reward models of random weights in a checkpoint's layout; always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from checkpoints_llama import write_tokenizer

__all__ = ["Family", "write_reward"]

Family = Literal["llama", "gpt2", "bert"]
END = 2  # <|im_end|>


def write_reward(
    folder: Path,
    family: Family = "llama",
    *,
    outputs: int = 1,
    pad: int | None = 0,
    chat_template: bool | str = True,
    positions: int = 512,
    seed: int = 0,
) -> Path:
    """A sequence classifier with a tokenizer, in `folder`.

    `family`: positions by rotation (``llama``) or by table (``gpt2``), both read at the last token
    that is no padding; or ``bert``, which reads both ways and its first token. `pad` is the
    config's `pad_token_id`; None leaves it unsaid, as many published checkpoints do.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    size = write_tokenizer(folder, chat_template=chat_template)
    config = family_config(family, size, positions)
    config.num_labels = outputs
    config.pad_token_id = pad
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_config(config)
    model.save_pretrained(folder)
    return folder


def family_config(family: Family, vocabulary: int, positions: int) -> Any:
    """Two layers of 64; weights spread wide, so that texts and places tell in the score."""
    from transformers import BertConfig, GPT2Config, LlamaConfig

    if family == "gpt2":
        return GPT2Config(
            vocab_size=vocabulary,
            n_embd=64,
            n_layer=2,
            n_head=4,
            n_positions=positions,
            initializer_range=0.2,
            bos_token_id=None,
            eos_token_id=END,
        )
    common = {
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": positions,
        "initializer_range": 0.2,
    }
    if family == "bert":
        return BertConfig(**common)
    return LlamaConfig(**common, num_key_value_heads=2, bos_token_id=None, eos_token_id=END)
