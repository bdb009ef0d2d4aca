"""A ranker's rows: two answers to one prompt, and which is better by each metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random

from judgekit import io
from judgekit.errors import InputError
from judgekit.models.pairrm_text import conversation_text, pair_texts
from judgekit.train.data.rows import PairRow
from judgekit.types import Case

__all__ = ["QualityFunction", "RankerRow", "from_pair", "read_candidates"]

QualityFunction = Callable[[Sequence[str], Sequence[str]], list[tuple[float, ...]]]
"""Answers and their references → for each answer a number per quality."""


@dataclass(frozen=True, slots=True)
class RankerRow:
    """Two answers to one prompt, as PairRM reads them.

    `better` has for each quality 1 if the first answer is better, 0 if the second is, 0.5 if they
    are equal. `place` and `cluster` as in `PairRow`.
    """

    prompt: str
    first: str
    second: str
    better: tuple[float, ...]
    place: str
    cluster: str


def from_pair(row: PairRow) -> RankerRow:
    """The row of a preference pair: one quality, in which the chosen answer is better."""
    prompt = row.prompt if isinstance(row.prompt, str) else conversation_text(row.prompt)
    return RankerRow(prompt, row.chosen, row.rejected, (1.0,), row.place, row.cluster)


def read_candidates(
    source: Path,
    measure: QualityFunction,
    *,
    most: int,
    seed: int,
    limit: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> list[RankerRow]:
    """Pairs of candidates from a file with several answers per prompt.

    Candidates that are equal in all qualities make no pair.

    Args:
        source: The file.
        measure: Gives the qualities of answers.
        most: Pairs per prompt, at most.
        seed: Seed of the draw, where a prompt has more pairs.
        limit: Use only the first N prompts.
        columns: As of `judgekit.io.load_candidates`.

    Raises:
        InputError: The file is refused by `judgekit.io.load_candidates`, a prompt has no
            reference, or no pair is left.
    """
    cases = io.load_candidates(source, columns=columns).cases[:limit]
    without = [case.id for case in cases if not case.reference]
    if without:
        raise InputError(
            f"{source}: {len(without)} of {len(cases)} prompts have no reference answer to compare "
            f"candidates with (the first: {without[0]!r}); add a 'reference' column"
        )
    answers = [response.text for case in cases for response in case.responses]
    references = [case.reference or "" for case in cases for _ in case.responses]
    measured = iter(measure(answers, references))
    rows: list[RankerRow] = []
    for case in cases:
        qualities = [next(measured) for _ in case.responses]
        rows += pairs_of(case, qualities, source, most, seed)
    if not rows:
        raise InputError(
            f"{source}: the candidates of every prompt are equally good by all metrics"
        )
    return rows


def pairs_of(
    case: Case, qualities: Sequence[tuple[float, ...]], source: Path, most: int, seed: int
) -> Iterator[RankerRow]:
    """The pairs of one prompt's candidates that differ in quality, in order."""
    pairs = [
        (i, j) for i, j in combinations(range(len(qualities)), 2) if qualities[i] != qualities[j]
    ]
    if len(pairs) > most:
        pairs = sorted(Random(f"{seed}:{case.id}").sample(pairs, most))  # noqa: S311 (no secret)
    for i, j in pairs:
        better = tuple(
            (1 + (a > b) - (a < b)) / 2 for a, b in zip(qualities[i], qualities[j], strict=True)
        )
        place = f"{source}, {case.id!r}, answers {i + 1} and {j + 1}"
        yield RankerRow(*pair_texts(case, i, j), better, place, case.cluster)
