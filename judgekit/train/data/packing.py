"""Examples as one row of tokens: each prompt once, all its completions after it, no padding.

The row does not hold what a position may attend to: `attention` reads that from `spans`, and
`padded` makes ordinary rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch

from judgekit.errors import InputError
from judgekit.train.data.examples import Example

__all__ = ["Batch", "pack"]

# Tensors, and under "spans" lists of integers: transformers' Trainer moves both to a device.
Batch = dict[str, Any]


def pack(examples: Sequence[Example], *, ends: bool = False) -> Batch:
    """Packs examples into one row: prompt, first completion, second …, next prompt.

    T tokens are inputs; S completions, in order, have M tokens together::

        input_ids, position_ids  [1, T]   positions continue from the prompt in each completion
        spans                    a list per example: inputs of the prompt, of each completion
        lengths                  [S]      tokens of each completion
        sources                  [M]      where in the row each completion's token is predicted
        targets                  [M]      that token
        segments                 [M]      which completion it belongs to

    A completion's last token predicts nothing and is no input. With `ends` (reward models) it is
    one, and ``ends`` [S], the position of each completion's last token, replaces the last three.

    Raises `InputError` for no examples, an empty prompt or an empty completion.
    """
    if not examples:
        raise InputError("there are no examples to pack")
    row = PackedRow()
    for example in examples:
        row.add(example, drop=0 if ends else 1)
    batch = row.batch()
    if ends:
        return {**batch, "ends": torch.tensor(row.ends)}
    return {
        **batch,
        "sources": torch.tensor(row.sources),
        "targets": torch.tensor(row.targets),
        "segments": torch.arange(len(row.lengths)).repeat_interleave(batch["lengths"]),
    }


class PackedRow:
    """A row that grows example by example."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.positions: list[int] = []
        self.spans: list[list[int]] = []
        self.lengths: list[int] = []
        self.sources: list[int] = []
        self.targets: list[int] = []
        self.ends: list[int] = []

    def add(self, example: Example, *, drop: int) -> None:
        """Appends a prompt and its completions, each without its last `drop` tokens."""
        prompt, completions = example.prompt, example.completions
        if not prompt or not completions or not all(completions):
            raise InputError(
                f"an example needs a prompt and completions of at least one token each, not "
                f"{example!r}"
            )
        self._append(prompt, 0)
        last = len(self.ids) - 1  # the prompt's last token predicts the first of each completion
        for completion in completions:
            start = len(self.ids)
            inputs = completion[: len(completion) - drop]
            self._append(inputs, len(prompt))
            self.sources += chain([last], range(start, start + len(completion) - 1))
            self.targets += completion
            self.lengths.append(len(completion))
            self.ends.append(len(self.ids) - 1)
        self.spans.append([len(prompt), *(len(c) - drop for c in completions)])

    def _append(self, ids: Sequence[int], start: int) -> None:
        self.ids += ids
        self.positions += range(start, start + len(ids))

    def batch(self) -> Batch:
        """The entries that both kinds of batch have."""
        return {
            "input_ids": torch.tensor([self.ids]),
            "position_ids": torch.tensor([self.positions]),
            "spans": self.spans,
            "lengths": torch.tensor(self.lengths),
        }
