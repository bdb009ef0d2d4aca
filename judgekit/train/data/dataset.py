"""A training's data: read, split and encoded before any weight is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from judgekit import io
from judgekit.errors import InputError
from judgekit.train.data.batches import ExampleRows
from judgekit.train.data.encoding import EncodedRows, TokenCounts
from judgekit.train.data.rows_reader import LoadedRows, hold_out
from judgekit.train.recipes.recipe import Recipe
from judgekit.types import digest

__all__ = ["Dataset", "prepare"]

Read = Callable[[str | Path, int | None], LoadedRows[Any]]  # a source; only its first N rows
Encode = Callable[[Sequence[Any]], EncodedRows]


@dataclass(frozen=True)
class Dataset:
    """Rows to train on and rows to evaluate on; `held_out_rows` are the latter before encoding.

    `counts` are rows: ``read``, ``train``, ``held_out``, and those cut or dropped by reason. `runs`
    are the judged runs that the data came from.
    """

    source: str
    train: ExampleRows
    held_out: ExampleRows
    held_out_rows: Sequence[Any]
    counts: Mapping[str, int]
    runs: tuple[str, ...] = ()

    @property
    def tokens(self) -> TokenCounts:
        """The tokens of the rows to train on."""
        return TokenCounts.of(self.train.examples)

    @property
    def digests(self) -> dict[str, str]:
        """Digests of all tokens and labels, which identify the data."""
        return {
            "data": digest(*map(repr, self.train.examples)),
            "held_out": digest(*map(repr, self.held_out.examples)),
        }


def prepare(read: Read, encode: Encode, source: str | Path, recipe: Recipe) -> Dataset:
    """Reads, splits and encodes the data. Raises `InputError` where no row is left to train on."""
    training = read(source, recipe.limit)
    counts = Counter(
        {"read": len(training.rows) + sum(training.dropped.values()), **training.dropped}
    )
    if recipe.eval_data is None:
        rows, held = hold_out(training.rows, recipe.eval_share, recipe.seed)
    else:
        evaluation = read(recipe.eval_data, None)
        rows, held = training.rows, evaluation.rows
        counts.update(evaluation.dropped)
    encoded, encoded_held = encode(rows), held_out(encode, held, recipe)
    if not encoded.examples:
        raise InputError(f"no row of {training.source} is left to train on; lower --eval-share")
    counts.update(encoded.counts)
    counts.update(encoded_held.counts)
    counts.update({"train": len(encoded.examples), "held_out": len(encoded_held.examples)})
    return Dataset(
        training.source,
        with_places(encoded, rows),
        with_places(encoded_held, held),
        [held[index] for index in encoded_held.kept],
        dict(counts),
        runs_of(source, recipe.limit),
    )


def held_out(encode: Encode, rows: Sequence[Any], recipe: Recipe) -> EncodedRows:
    """Encodes the held-out rows.

    A share of the data of which no row can be used is counted; a file of held-out rows of which
    none can be used is an `InputError`.
    """
    try:
        return encode(rows)
    except InputError as error:
        if recipe.eval_data is not None:
            raise InputError(f"{recipe.eval_data}, held out: {error}") from error
        return EncodedRows([], [], {"held_out_unusable": len(rows)})


def with_places(encoded: EncodedRows, rows: Sequence[Any]) -> ExampleRows:
    """The examples with the places of their rows in the data."""
    return ExampleRows(encoded.examples, [rows[index].place for index in encoded.kept])


def runs_of(source: str | Path, limit: int | None) -> tuple[str, ...]:
    """The judged runs that a file of `judgekit pairs` names; none for other data."""
    path = Path(source)
    if not path.is_file():
        return ()
    rows = (row.data for row in islice(io.scan(path), limit) if isinstance(row, io.Row))
    named = (row.get("run") for row in rows)
    return tuple(sorted({run for run in named if isinstance(run, str) and run}))
