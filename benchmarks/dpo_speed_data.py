"""A Llama of random weights whose tokens are words, and pairs of exactly so many of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["LARGE", "MISTRAL", "Shape", "write_model", "write_pairs"]

END = "</s>"


@dataclass(frozen=True)
class Shape:
    """The sizes of a Llama."""

    hidden: int
    inner: int
    layers: int
    heads: int
    key_heads: int
    vocabulary: int = 32_000
    dtype: str = "float32"


LARGE = Shape(768, 2048, 8, 12, 12)  # 106 million parameters
MISTRAL = Shape(4096, 14336, 32, 32, 8, dtype="bfloat16")  # 7 billion, as Mistral-7B


def write_model(folder: Path, shape: Shape) -> Path:
    """Random weights, the same each time, with the tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    write_tokenizer(folder, shape.vocabulary)
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        max_position_embeddings=2048,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=1,
        tie_word_embeddings=False,
        dtype=shape.dtype,
    )
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, shape.dtype))
    try:
        model: Any = LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    quiet: Any = logging
    quiet.disable_progress_bar()
    model.save_pretrained(folder)
    return folder


def write_tokenizer(folder: Path, size: int) -> None:
    """Each word a token, so that texts have the lengths that are wanted."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = [END, "<pad>", *(f"w{i}" for i in range(size - 2))]
    kind: Any = models.WordLevel
    tokenizer: Any = Tokenizer(kind({word: i for i, word in enumerate(words)}, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    wrapper: Any = PreTrainedTokenizerFast
    wrapper(tokenizer_object=tokenizer, eos_token=END, pad_token="<pad>").save_pretrained(folder)


def write_pairs(
    path: Path, count: int, prompts: Sequence[int], completions: Sequence[int], size: int = 32_000
) -> Path:
    """`count` pairs in TRL's standard format; lengths spread evenly from the first to the last.

    Lengths are in tokens, the end of a completion counted.
    """
    draw = random.Random(0)

    def words(number: int) -> str:
        return " ".join(f"w{draw.randrange(size - 2)}" for _ in range(number))

    def spread(span: Sequence[int]) -> Iterator[int]:
        low, high = span[0], span[-1]
        lengths = [low + round((high - low) * (i + 0.5) / count) for i in range(count)]
        yield from draw.sample(lengths, count)

    rows = zip(spread(prompts), spread(completions), spread(completions), strict=True)
    with path.open("w", encoding="utf-8") as file:
        for prompt, chosen, rejected in rows:
            row = {
                "prompt": words(prompt),
                # The space before keeps the first word apart from the prompt's last.
                "chosen": f" {words(chosen - 1)} ",
                "rejected": f" {words(rejected - 1)} ",
            }
            file.write(json.dumps(row) + "\n")
    return path
