"""What PairRM's speed is compared with: transformers' network, and the matrix products alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

__all__ = ["Products", "StockDeberta"]

SOURCE, PAIR = 1224, 2048  # tokens; a candidate has half of what the source leaves of a pair
PREFIXES = ("<|source|>", "<|candidate1|>", "<|candidate2|>")
BATCH = 8  # pairs, as upstream takes
PACKED = 4096  # tokens in one product
HEAD = 64  # width of a head
SPAN = 512  # relative positions of DeBERTa-v3

Pair = tuple[str, str, str]


class StockDeberta:
    """DebertaV2Model of transformers over padded batches of similar lengths."""

    def __init__(self, ranker: Any, folder: Path) -> None:
        self.network, self.head = ranker.pretrained_model, ranker.head_layer
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.marks = [self.tokenizer.token_to_id(prefix) for prefix in PREFIXES]

    def sequences(self, pairs: Sequence[Pair]) -> list[list[int]]:
        """Token ids of each pair, truncated by the rule `item`."""
        texts = [
            prefix + text.replace("[SEP]", " ")
            for pair in pairs
            for prefix, text in zip(PREFIXES, pair, strict=True)
        ]
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts)]
        sequences = []
        for source, first, second in zip(ids[::3], ids[1::3], ids[2::3], strict=True):
            start = cut(source, SOURCE)
            room = (PAIR - len(start)) // 2
            sequences.append(start + cut(first, room) + cut(second, room))
        return sequences

    @torch.inference_mode()
    def logits(self, pairs: Sequence[Pair]) -> list[float]:
        sequences = self.sequences(pairs)
        order = sorted(range(len(pairs)), key=lambda i: len(sequences[i]))
        values = [0.0] * len(pairs)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            for i, logit in zip(batch, self.batch([sequences[i] for i in batch]), strict=True):
                values[i] = logit
        return values

    def batch(self, sequences: Sequence[list[int]]) -> list[float]:
        ids = torch.zeros(len(sequences), max(map(len, sequences)), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = torch.tensor(sequence)
            mask[row, : len(sequence)] = 1
        states = self.network(input_ids=ids, attention_mask=mask).last_hidden_state
        source, first, second = (states[ids == mark] for mark in self.marks)
        left, right = (self.head(torch.cat([source, side], -1)) for side in (first, second))
        logits: list[float] = (left - right).mean(-1).tolist()
        return logits


def cut(ids: list[int], room: int) -> list[int]:
    """At most `room` of the ids, including the closing [SEP]."""
    return ids if len(ids) <= room else [*ids[: room - 1], ids[-1]]


class Products:
    """Only the fp32 matrix products of a DeBERTa-v3 over sequences of given lengths.

    There is no padding. Of the last layer only keys and values count, since three rows are read.
    """

    def __init__(self, lengths: Sequence[int], hidden: int, layers: int) -> None:
        self.lengths, self.layers = lengths, layers
        total = sum(lengths)
        self.packs = [min(PACKED, total - start) for start in range(0, total, PACKED)]
        self.states = torch.rand(PACKED, hidden)
        self.weights = [torch.rand(hidden, n * hidden) for n in (1, 2, 3, 4)]
        self.inner, self.down = torch.rand(PACKED, 4 * hidden), torch.rand(4 * hidden, hidden)
        self.queries = torch.rand(hidden // HEAD, max(lengths), HEAD)
        self.places = torch.rand(hidden // HEAD, HEAD, SPAN)

    @torch.inference_mode()
    def run(self) -> None:
        for layer in range(self.layers):
            last = layer == self.layers - 1
            for tokens in self.packs:
                self.linear(tokens, last)
            for length in self.lengths:
                self.attention(length, 3 if last else length)

    def linear(self, tokens: int, last: bool) -> None:
        x = self.states[:tokens]
        one, two, three, four = self.weights
        if last:
            torch.mm(x, two)
            return
        torch.mm(x, three)  # queries, keys, values
        torch.mm(x, one)  # what attention gives
        torch.mm(x, four)
        torch.mm(self.inner[:tokens], self.down)

    def attention(self, length: int, read: int) -> None:
        q, k = self.queries[:, :read], self.queries[:, :length]
        probabilities = torch.bmm(q, k.mT)
        torch.bmm(probabilities, k)
        torch.bmm(q, self.places)  # content with position
        torch.bmm(k, self.places)  # position with content
