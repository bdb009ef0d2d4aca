"""The cases of a report: an index of all, and chunks that the page unpacks when it needs them.

Index and chunks are JSON, compressed, in base64: so no text of a case stands in the page as it is,
and nothing has to be escaped. A chunk holds the rows of the run's own files, from which
`judgekit report --verify` computes everything again.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from judgekit.runs.reader import CaseResult
from judgekit.runs.schema import case_row, judgement_row, outcome_row
from judgekit.types import Case, Outcome, Position, Ranking, Status, digest

__all__ = ["CasePacker", "PackedCases", "pack", "rows_digest", "unpack", "worth_reading"]

CHUNK = 250  # cases; a page with more of them at once is slower to open, with fewer to search
EXCERPT = 140  # characters of a prompt in the list
DISAGREEING = (Position.FIRST, Position.SECOND, Position.HALF_TIE)
STATUSES = tuple(status.value for status in Status)


@dataclass(frozen=True, slots=True)
class PackedCases:
    """The cases of a run as the page holds them: `shown` of `cases`; `rows` is their digest."""

    cases: int
    shown: int
    rows: str
    index: str
    chunks: tuple[str, ...]


@dataclass
class CasePacker:
    """Packs cases one after the other; no more than a chunk of them is held as text."""

    index: dict[str, list[Any]] = field(
        default_factory=lambda: (
            {
                name: []
                for name in (
                    "id",
                    "title",
                    "category",
                    "outcome",
                    "disagree",
                    "statuses",
                    "lengths",
                )
            }
            | {"value": []}
        )
    )
    chunks: list[str] = field(default_factory=list)
    _rows: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, result: CaseResult, lengths: list[int]) -> None:
        """Takes one case.

        Args:
            result: The case, with or without its texts.
            lengths: Of the answers, in characters, as they were judged.
        """
        case, outcome = result.case, result.outcome
        entry = {
            "id": case.id,
            "title": excerpt(case),
            "category": case.category,
            "outcome": outcome_word(outcome),
            "disagree": int(disagrees(outcome)),
            "statuses": [STATUSES.index(s) for s, n in outcome.statuses.items() if n],
            "lengths": lengths,
            "value": sort_value(outcome),
        }
        for name, value in entry.items():
            self.index[name].append(value)
        self._rows.append(rows_of(result))
        if len(self._rows) == CHUNK:
            self._close_chunk()

    def _close_chunk(self) -> None:
        if self._rows:
            self.chunks.append(pack(self._rows))
            self._rows = []

    def finish(self, cases: int) -> PackedCases:
        """All that was taken, of so many cases of the run.

        Args:
            cases: How many cases the run has.
        """
        self._close_chunk()
        index, chunks = pack(self.index), tuple(self.chunks)
        return PackedCases(cases, len(self.index["id"]), rows_digest(chunks), index, chunks)


def rows_digest(chunks: Iterable[str]) -> str:
    """The digest of the cases that a report holds, as they are packed."""
    return digest(*chunks)


def pack(plain: object) -> str:
    """JSON, compressed, in base64; the same bytes for the same values."""
    return base64.b64encode(gzip.compress(orjson.dumps(plain), 6, mtime=0)).decode("ascii")


def unpack(packed: str) -> Any:
    """What `pack` packed. Raises `ValueError`, `OSError` or `EOFError` where that is damaged."""
    return orjson.loads(gzip.decompress(base64.b64decode(packed, validate=True)))


def rows_of(result: CaseResult) -> dict[str, Any]:
    """A case as the files of a run hold it: its own row, its outcome's and its judgements'."""
    return {
        "case": case_row(result.case),
        "outcome": outcome_row(result.outcome, result.judgement_ids, result.votes),
        "judgements": [judgement_row(s.id, s.judgement, s.judge) for s in result.stored],
    }


def excerpt(case: Case) -> str:
    """The beginning of the last message of the prompt, on one line."""
    last = case.prompt[-1].text if case.prompt else ""
    return " ".join(last[: 4 * EXCERPT].split())[:EXCERPT]


def outcome_word(outcome: Outcome | Ranking) -> str | int:
    """The winner's index, ``tie``, ``inconsistent``, ``none`` or ``scored``."""
    if isinstance(outcome, Ranking):
        best = [i for i, rank in enumerate(outcome.ranks) if rank == 1]
        return "none" if not best else best[0] if len(best) == 1 else "tie"
    if not outcome.decided:
        return "none"
    if len(outcome.scores) == 1:
        return "scored"
    return "inconsistent" if outcome.winner is None else outcome.winner


def disagrees(outcome: Outcome | Ranking) -> bool:
    """Whether two orders disagree."""
    compared = outcome.comparisons.values() if isinstance(outcome, Ranking) else (outcome,)
    return any(two.position in DISAGREEING for two in compared)


def sort_value(outcome: Outcome | Ranking) -> float | None:
    """What cases are sorted by: the score, or how clearly the winner won."""
    if isinstance(outcome, Ranking):
        return max((score for score in outcome.scores if score is not None), default=None)
    return outcome.scores[0] if len(outcome.scores) == 1 else outcome.margin


def worth_reading(outcomes: Iterable[Outcome | Ranking], most: int) -> frozenset[int]:
    """The numbers of the cases that are most worth reading.

    Args:
        outcomes: Those of all cases, in the order of the run.
        most: How many cases are wanted.

    Returns:
        Cases without a verdict first, then those whose orders disagree, ties, and the others as
        they stand.
    """
    ranked = sorted(enumerate(outcomes), key=lambda item: (urgency(item[1]), item[0]))
    return frozenset(number for number, _ in ranked[:most])


def urgency(outcome: Outcome | Ranking) -> int:
    word = outcome_word(outcome)
    if word == "none":
        return 0
    if disagrees(outcome):
        return 1
    return 2 if word == "tie" else 3
