"""Tiny checkpoints under the names that the documents use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from checkpoints import write_pairrm
from checkpoints_llama import write_adapter, write_llama
from checkpoints_reward import write_reward

__all__ = ["deberta", "pairrm", "reward", "talker"]

Need = Callable[[Path], object]
SURE = 3.0


def talker(name: str, *, adapter: str = "") -> Need:
    """A chat model in the folder `name` that answers ``[[A]]``, or a digit after a colon."""

    def write(folder: Path) -> None:
        target = folder / name
        target.mkdir(parents=True)
        write_llama(target, layers=1)
        teach(target)
        if adapter:
            write_adapter(target, folder / adapter)

    return write


def teach(folder: Path) -> None:
    """Makes the model in a folder choose each token by the last one alone."""
    import torch
    from transformers import AutoTokenizer, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = LlamaForCausalLM.from_pretrained(folder)
    digits = {str(n): SURE - 2 - n / 8 for n in range(10)}
    spaced = {f" {digit}": weight for digit, weight in digits.items()}
    follows = {
        "\n": {"[[": SURE},
        "[[": {"A": SURE, "B": SURE - 0.05, "C": SURE - 0.1, **digits},
        "A": {"]]": SURE},
        "]]": {"<|im_end|>": SURE},
        ":": spaced,
        " ": digits,
    }
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        embeddings = torch.nn.functional.normalize(model.model.embed_tokens.weight)
        model.model.embed_tokens.weight.copy_(embeddings)
        model.lm_head.weight.mul_(0.01)
        for last, nexts in follows.items():
            for at in one_token(tokenizer, last):
                for word, weight in nexts.items():
                    for then in one_token(tokenizer, word):
                        model.lm_head.weight[then] += weight * embeddings[at]
    model.save_pretrained(folder)


def one_token(tokenizer: Any, text: str) -> list[int]:
    """A text's token, if it is one."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return ids if len(ids) == 1 else []


def pairrm(name: str) -> Need:
    return lambda folder: write_pairrm(made(folder / name), "hf", hidden=64, layers=1)


def deberta(name: str) -> Need:
    """The encoder that a PairRM of upstream's layout lies over."""

    def write(folder: Path) -> None:
        write_pairrm(folder / "ranker-of-it", "ranker", hidden=64, layers=1)
        made(folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "ranker-of-it" / "base").rename(folder / name)

    return write


def reward(name: str) -> Need:
    return lambda folder: write_reward(made(folder / name))


def made(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder
