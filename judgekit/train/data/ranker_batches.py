"""Rows → a ranker's examples in tokens, and a batch of them → PairRM's sequences, in both orders.

An example has the layout of any other: a prompt, and two answers as completions, so that the loop
packs it as it does a preference. An answer carries the prefix of no place in it; the place decides.
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
    """Two answers, and which is `better` by each task, as `RankerRow` has it."""

    better: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PairRMSequences:
    """PairRM's sequences end to end: token ids [T], their lengths, and the places (n, 3) of the
    prefixes in each."""

    ids: Tensor
    lengths: list[int]
    places: Tensor


def encode(
    rows: Sequence[RankerRow], tokenizer: PairTokenizer, tasks: int
) -> tuple[list[RankerExample], dict[str, int]]:
    """Each row's example, and how many prompts and pairs of answers were cut.

    A row of one quality teaches it to all `tasks`.
    """
    texts = [(row.prompt, row.first, row.second) for row in rows]
    found = tokenizer.encode(texts, [[i] for i in range(len(texts))])
    examples = []
    for row, pair in zip(rows, found, strict=True):
        first, second = (place - 1 for place in pair.positions[1:])  # each has a [CLS] before it
        answers = (pair.ids[first:second], pair.ids[second:])
        better = row.better * tasks if len(row.better) == 1 else row.better
        examples.append(RankerExample(pair.ids[:first], answers, better=better))
    cut = [pair.truncated for pair in found]
    counts = {
        "prompts_cut": sum(t.prompt > 0 for t in cut),
        "answers_cut": sum(t.first > 0 or t.second > 0 for t in cut),
    }
    return examples, {name: number for name, number in counts.items() if number}


def in_both_orders(
    ids: Tensor, spans: Sequence[Sequence[int]], prefixes: tuple[int, int]
) -> PairRMSequences:
    """A packed batch of n examples as 2 n sequences: each as it is, then with its answers swapped.

    `ids` [T] and `spans` as `layout.pack` gives them; `prefixes` are the tokens of the first and
    the second place.
    """
    parts = torch.split_with_sizes(ids, [length for span in spans for length in span])
    pieces: list[Tensor] = []
    lengths: list[int] = []
    places: list[tuple[int, int, int]] = []
    for i in range(0, len(parts), 3):
        prompt, *answers = parts[i : i + 3]
        for shown in (answers, answers[::-1]):
            pieces += [prompt, *map(behind, shown, prefixes)]
            first = len(prompt) + 1
            places.append((1, first, first + len(shown[0])))
            lengths.append(len(prompt) + len(shown[0]) + len(shown[1]))
    return PairRMSequences(torch.cat(pieces), lengths, torch.tensor(places, device=ids.device))


def behind(answer: Tensor, prefix: int) -> Tensor:
    """An answer with the prefix of its place."""
    found = answer.clone()
    found[1] = prefix
    return found
