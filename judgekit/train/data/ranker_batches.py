"""Encodes a ranker's rows, and makes PairRM's sequences of a batch, in both orders.

An example is a prompt with two completions, so that the loop packs it like a preference. Which
prefix an answer gets is decided by its position in a sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from judgekit.models.pairrm_tokens import PairTokenizer
from judgekit.train.data.examples import Example
from judgekit.train.data.ranker_rows import RankerRow

__all__ = ["PairRMSequences", "RankerExample", "encode", "in_both_orders"]


@dataclass(frozen=True, slots=True)
class RankerExample(Example):
    """Two answers, and which is `better` in each task, as in `RankerRow`."""

    better: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PairRMSequences:
    """PairRM's sequences, concatenated: ids [T], lengths, and the places (n, 3) of prefixes."""

    ids: Tensor
    lengths: list[int]
    places: Tensor


def encode(
    rows: Sequence[RankerRow], tokenizer: PairTokenizer, tasks: int
) -> tuple[list[RankerExample], dict[str, int]]:
    """Encodes rows; returns the examples, and how many prompts and answers were cut.

    A row with one quality serves all `tasks`.
    """
    texts = [(row.prompt, row.first, row.second) for row in rows]
    encoded = tokenizer.encode(texts, [[i] for i in range(len(texts))])
    examples = []
    for row, pair in zip(rows, encoded, strict=True):
        first, second = (place - 1 for place in pair.positions[1:])  # each has a [CLS] before it
        answers = (pair.ids[first:second], pair.ids[second:])
        better = row.better * tasks if len(row.better) == 1 else row.better
        examples.append(RankerExample(pair.ids[:first], answers, better=better))
    cut = [pair.truncated for pair in encoded]
    counts = {
        "prompts_cut": sum(t.prompt > 0 for t in cut),
        "answers_cut": sum(t.first > 0 or t.second > 0 for t in cut),
    }
    return examples, {name: number for name, number in counts.items() if number}


def in_both_orders(
    ids: Tensor, spans: Sequence[Sequence[int]], prefixes: tuple[int, int]
) -> PairRMSequences:
    """The 2 n sequences of a packed batch of n examples: each as given, then swapped.

    `ids` [T] and `spans` come from `packing.pack`; `prefixes` are the tokens before a first and a
    second answer.
    """
    parts = torch.split_with_sizes(ids, [length for span in spans for length in span])
    pieces: list[Tensor] = []
    lengths: list[int] = []
    places: list[tuple[int, int, int]] = []
    for i in range(0, len(parts), 3):
        prompt, *answers = parts[i : i + 3]
        for shown in (answers, answers[::-1]):
            pieces += [prompt, *map(with_prefix, shown, prefixes)]
            first = len(prompt) + 1
            places.append((1, first, first + len(shown[0])))
            lengths.append(len(prompt) + len(shown[0]) + len(shown[1]))
    return PairRMSequences(torch.cat(pieces), lengths, torch.tensor(places, device=ids.device))


def with_prefix(answer: Tensor, prefix: int) -> Tensor:
    """An answer with the prefix of its position."""
    prefixed = answer.clone()
    prefixed[1] = prefix
    return prefixed
