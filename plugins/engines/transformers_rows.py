"""Generates many answers at once with a causal language model, in a batch that rows join and leave.

Rows start with the longest prompt, as many at once as a budget of tokens allows. A finished row
leaves the batch at once and others take its place, so that none waits for another. Each row has its
own random generator, so its text does not depend on the other rows, except for rounding.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import torch
from transformers.cache_utils import DynamicCache

from judgekit.errors import CallFailure
from judgekit.models.forward import cache_argument, forward_arguments

from .transformers_sampling import label_logprobs, sample

__all__ = ["Row", "Rows", "out_of_memory"]

USUAL_REPLY = 300  # tokens that a row is expected to need; if more, memory may run out
REFILL = 3 / 4  # of the budget; in a fuller batch, new rows cost more than they save
NO_CPU_MEMORY = "DefaultCPUAllocator"  # in torch's message, a plain RuntimeError

Decode = Callable[[Sequence[int], Sequence[int]], str]


@dataclass
class Row:
    """One answer that is being generated.

    `limit`: the most tokens of the answer. `temperature` 0 takes the most likely token. `stop`:
    texts that end it and are cut off. `concludes`: lines that end it. `labels`: tokens that are
    labels; `label_logprobs` are those at the last such token. `finish` is empty until the row is
    done.
    """

    prompt: Sequence[int]
    limit: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    concludes: tuple[str, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)
    text: str = ""
    finish: str = ""
    failure: CallFailure | None = None
    label_logprobs: dict[str, float] | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 (samples, not secrets)

    @property
    def done(self) -> bool:
        return bool(self.finish) or self.failure is not None

    @property
    def size(self) -> int:
        """The number of tokens that the row will probably take up in the batch."""
        left = self.limit - len(self.ids)
        return len(self.prompt) + len(self.ids) + min(left, USUAL_REPLY)

    def draw(self) -> float:
        """The next random number in [0, 1)."""
        return self._random.random()


class Batch:
    """Active rows; `cache` and `seen` (1 for a token, 0 for padding) are (rows, length)."""

    def __init__(self, rows: list[Row], cache: Any, seen: torch.Tensor) -> None:
        self.rows = rows
        self.cache = cache
        self.seen = seen

    def join(self, other: Batch) -> None:
        """Adds the rows of another batch; the shorter one is pad_left on the left."""
        length = max(self.seen.shape[1], other.seen.shape[1])
        for mine, theirs in zip(self.cache.layers, other.cache.layers, strict=True):
            if mine.keys is None:  # a layer that uses another's
                continue
            mine.keys = torch.cat([pad_left(mine.keys, length), pad_left(theirs.keys, length)])
            mine.values = torch.cat(
                [pad_left(mine.values, length), pad_left(theirs.values, length)]
            )
        seen = [pad_left(batch.seen[:, :, None], length)[:, :, 0] for batch in (self, other)]
        self.seen = torch.cat(seen)
        self.rows += other.rows

    def drop_done(self) -> None:
        """Removes finished rows, and columns that are padding in all other rows."""
        stay = [i for i, row in enumerate(self.rows) if not row.done]
        if len(stay) == len(self.rows):
            return
        self.rows = [self.rows[i] for i in stay]
        index = torch.tensor(stay, dtype=torch.long, device=self.seen.device)
        self.seen = self.seen[index]
        start = int(self.seen.any(0).int().argmax()) if stay else 0
        self.seen = self.seen[:, start:]
        for layer in self.cache.layers:
            if layer.keys is not None:
                layer.keys = layer.keys[index, :, start:]
                layer.values = layer.values[index, :, start:]


def pad_left(states: torch.Tensor, length: int) -> torch.Tensor:
    """`states` (…, tokens, width), pad_left on the left with zeros to `length` tokens."""
    return torch.nn.functional.pad(states, (0, 0, length - states.shape[-2], 0))


class Rows:
    """Generates answers with one model.

    Args:
        model: A causal language model of transformers.
        budget: The most tokens of a batch, padding included; halved for good when memory runs out.
        ends: The tokens that end an answer.
        decode: Decodes tokens that follow other tokens.
    """

    def __init__(self, model: Any, *, budget: int, ends: frozenset[int], decode: Decode) -> None:
        self._model = model
        self._device = next(model.parameters()).device
        # A model that needs no positions (ALiBi) takes none.
        self._positions = "position_ids" in forward_arguments(model)
        self._cache: Any = cache_argument(model)
        self._ends = ends
        self._decode = decode
        self.budget = budget

    @torch.inference_mode()
    def run(self, rows: Sequence[Row], given_up: Callable[[], bool] = lambda: False) -> None:
        """Completes every row; stops early, leaving rows unfinished, once `given_up` is true."""
        waiting = by_length(rows)
        batch: Batch | None = None
        while (waiting or batch) and not given_up():
            under_way = [*(batch.rows if batch else ()), *self._next_rows(batch, waiting)]
            try:
                batch = self._step(batch, under_way)
                continue
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
            batch = None  # its cache may be inconsistent
            free_memory(self._device)
            self._shrink(under_way)
            waiting = by_length([row for row in rows if not row.done])

    def _next_rows(self, batch: Batch | None, waiting: deque[Row]) -> list[Row]:
        """The waiting rows that join now; at least one if there is no batch."""
        present = batch.rows if batch else []
        longest = max((row.size for row in present), default=0)
        taken: list[Row] = []
        if longest * len(present) > self.budget * REFILL:
            return taken
        while waiting:
            size = max(longest, waiting[0].size)
            if (present or taken) and size * (len(present) + len(taken) + 1) > self.budget:
                break
            longest = size
            taken.append(waiting.popleft())
        return taken

    def _shrink(self, under_way: Sequence[Row]) -> None:
        """Halves the budget; a row that does not fit even alone has failed."""
        if len(under_way) > 1:
            took = max(row.size for row in under_way) * len(under_way)
            self.budget = max(1, min(self.budget, took) // 2)
            return
        [row] = under_way
        row.failure = CallFailure(
            "out of memory",
            f"a prompt of {len(row.prompt)} tokens with {len(row.ids)} of its answer does not fit "
            f"into the memory of {self._device} even alone",
        )

    def _step(self, batch: Batch | None, under_way: list[Row]) -> Batch | None:
        """One more token for each row; new rows go through the model with their whole prompt."""
        known = len(batch.rows) if batch else 0
        if batch is None or known < len(under_way):
            fresh = self._begin(under_way[known:])
            if batch is None:
                batch = fresh
            else:
                batch.join(fresh)
        else:
            last = torch.tensor([[row.ids[-1]] for row in batch.rows], device=self._device)
            batch.seen = torch.cat([batch.seen, torch.ones_like(last)], dim=1)
            self._choose(batch.rows, self._forward(last, batch.seen, batch.cache))
        batch.drop_done()
        return batch if batch.rows else None

    def _begin(self, rows: list[Row]) -> Batch:
        """A batch of new rows, pad_left on the left, with the next token of each.

        A row may already have tokens, if its earlier batch was broken up.
        """
        sequences = [[*row.prompt, *row.ids] for row in rows]
        length = max(map(len, sequences))
        ids = torch.tensor([[0] * (length - len(row)) + row for row in sequences])
        seen = torch.tensor([[0] * (length - len(row)) + [1] * len(row) for row in sequences])
        # Without the config, so that sliding-window layers keep all states: rows join and leave.
        batch = Batch(rows, DynamicCache(), seen.to(self._device))
        self._choose(rows, self._forward(ids.to(self._device), batch.seen, batch.cache))
        return batch

    def _forward(self, ids: torch.Tensor, seen: torch.Tensor, cache: Any) -> torch.Tensor:
        """The logits (rows, vocabulary) after the last column of `ids`, in fp32."""
        inputs = {"input_ids": ids, "attention_mask": seen}
        if self._positions:
            inputs["position_ids"] = (seen.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        out = self._model(**inputs, **{self._cache: cache}, use_cache=True, logits_to_keep=1)
        logits: torch.Tensor = out.logits[:, -1].float()
        return logits

    def _choose(self, rows: Sequence[Row], logits: torch.Tensor) -> None:
        """Gives each row its next token, and finishes rows that have ended."""
        best = logits.max(dim=-1)
        tokens = best.indices.tolist()
        drawn = [i for i, row in enumerate(rows) if row.temperature > 0]
        if drawn:
            hot = [rows[i] for i in drawn]
            samples = sample(
                logits[drawn],
                temperatures=[row.temperature for row in hot],
                top_p=[row.top_p for row in hot],
                numbers=[row.draw() for row in hot],
            )
            for i, token in zip(drawn, samples, strict=True):
                tokens[i] = token
        for i, (row, token, value) in enumerate(
            zip(rows, tokens, best.values.tolist(), strict=True)
        ):
            if not isfinite(value):
                row.failure = CallFailure(
                    "not a number", "the model's output is no number; try --dtype float32"
                )
                continue
            row.ids.append(token)
            if token in row.labels:
                row.label_logprobs = label_logprobs(row.labels, logits[i])
            self._check_end(row, token)

    def _check_end(self, row: Row, token: int) -> None:
        if token in self._ends:
            row.finish = "stop"
            row.text = self._decode(row.prompt, row.ids[:-1])
            return
        if row.stop and (cut := self._text_before_stop(row)) is not None:
            row.finish, row.text = "stop", cut
        elif row.concludes and self._is_concluded(row):
            row.finish, row.text = "stop", self._decode(row.prompt, row.ids)
        elif len(row.ids) >= row.limit:
            row.finish = "length"
            row.text = self._decode(row.prompt, row.ids)

    def _is_concluded(self, row: Row) -> bool:
        """Whether the row's last line is one that concludes it."""
        near = max(len(line.encode()) for line in row.concludes) + 4
        tail = self._decode([*row.prompt, *row.ids[:-near]], row.ids[-near:])
        _, newline, line = tail.rpartition("\n")
        complete = newline or len(row.ids) <= near  # else the line began before what was decoded
        return bool(complete) and line.strip() in row.concludes

    def _text_before_stop(self, row: Row) -> str | None:
        """The row's text before the first of its stop texts; None if it has none yet.

        Only the end is decoded: a token is at least a byte, so a stop text that the last token
        completes lies within as many tokens as it has bytes.
        """
        near = max(len(text.encode()) for text in row.stop) + 4
        tail = self._decode([*row.prompt, *row.ids[:-near]], row.ids[-near:])
        if not any(text in tail for text in row.stop):
            return None
        full_text = self._decode(row.prompt, row.ids)
        places = [place for text in row.stop if (place := full_text.find(text)) >= 0]
        return full_text[: min(places)] if places else None


def by_length(rows: Sequence[Row]) -> deque[Row]:
    """Longest rows first, so that rows that do not fit fail early."""
    return deque(sorted(rows, key=lambda row: -row.size))


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the memory of a GPU or of the machine ran out."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or NO_CPU_MEMORY in str(error)


def free_memory(device: torch.device) -> None:
    """Returns a GPU's cached blocks, so that a smaller batch finds contiguous memory."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
