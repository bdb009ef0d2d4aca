"""A task that a tiny model learns in a minute, and answers of which half are right.

    python examples/sorting.py FOLDER

writes the files that `examples/sorting.sh` starts from: `random/`, a model of random weights with
its tokenizer; `imitate.jsonl`, prompts ("sort d a c …") with answers of which half are wrong;
`prompts.jsonl` and `held_out.jsonl`, prompts with the right answer as reference.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["LETTERS", "answers_to_imitate", "prompts", "write_model", "write_rows"]

ALPHABET = "abcdefghijklmnopqrst"
LETTERS = 5  # to be sorted in one prompt
HIDDEN, LAYERS, HEADS = 128, 2, 4  # 4-bit kernels for CPUs need multiples of 64
RIGHT, BACKWARDS = 0.5, 0.25  # shares of the answers to imitate; the others lack a letter
SPECIAL = ("<pad>", "<end>", "<user>", "<assistant>")
TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<' + message['role'] + '>' + message['content'] + '<end>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<assistant>' }}{%- endif %}"
)


def prompts(count: int, draw: random.Random) -> Iterator[dict[str, str]]:
    """Rows of distinct prompts ("sort d a c …"), each with the right answer as `reference`."""
    seen: set[str] = set()
    while len(seen) < count:
        letters = draw.sample(ALPHABET, LETTERS)
        prompt = " ".join(("sort", *letters))
        if prompt not in seen:
            seen.add(prompt)
            yield {"id": prompt, "prompt": prompt, "reference": " ".join(sorted(letters))}


def answers_to_imitate(count: int, draw: random.Random) -> Iterator[dict[str, str]]:
    """Prompts with a `response`: half right, the others backwards or a letter short."""
    for row in prompts(count, draw):
        letters, kind = row["reference"].split(), draw.random()
        if kind > RIGHT + BACKWARDS:
            letters.remove(draw.choice(letters))
        elif kind > RIGHT:
            letters.reverse()
        yield {**row, "response": " ".join(letters)}


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Writes rows as JSONL."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def write_model(folder: Path, seed: int) -> Path:
    """A Llama of random weights (330 000 parameters) with a tokenizer of whole words."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    config = LlamaConfig(
        vocab_size=write_tokenizer(folder),
        hidden_size=HIDDEN,
        intermediate_size=2 * HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=64,
        bos_token_id=None,
        eos_token_id=SPECIAL.index("<end>"),
        pad_token_id=SPECIAL.index("<pad>"),
        tie_word_embeddings=False,
    )
    torch.manual_seed(seed)
    model: Any = LlamaForCausalLM(config)
    quiet: Any = logging
    quiet.disable_progress_bar()
    model.save_pretrained(folder)
    return folder


def write_tokenizer(folder: Path) -> int:
    """Writes a tokenizer with a token per letter, word and role; returns its size."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = (*SPECIAL, "<unk>", "sort", *ALPHABET)
    kind: Any = models.WordLevel
    tokenizer: Any = Tokenizer(kind({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(list(SPECIAL))
    fast_tokenizer: Any = PreTrainedTokenizerFast
    fast = fast_tokenizer(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<pad>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    return len(fast)


def main() -> None:
    """Writes the files, the same in every run."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(0)
    write_model(folder / "random", 0)
    write_rows(folder / "imitate.jsonl", answers_to_imitate(14_000, draw))
    write_rows(folder / "prompts.jsonl", prompts(800, draw))
    write_rows(folder / "held_out.jsonl", prompts(200, random.Random(-1)))


if __name__ == "__main__":
    main()
