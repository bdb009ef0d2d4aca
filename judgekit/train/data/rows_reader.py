"""Reads rows of training data, recognizes them by their columns, and checks them.

docs/guides/training-data.md lists the formats and columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from judgekit.errors import InputError
from judgekit.io.names import CONVERSATIONS
from judgekit.io.pairs import SIDES
from judgekit.io.row import BadRow, EmptyRow, Row, RowError, shown
from judgekit.io.values import read_answer, read_prompt
from judgekit.train.data.labelled import read_labelled
from judgekit.train.data.preference import (
    Preference,
    UnusableRow,
    find_column,
    read_asked,
    read_preference,
    read_tools,
    split_conversation,
    with_input,
)
from judgekit.train.data.rated_answers import read_ranking
from judgekit.train.data.rows import Conversation, PairRow, TextRow
from judgekit.train.data.sources import RowSource, open_source, with_columns
from judgekit.train.data.transcripts import is_transcript, parse_transcript, read_transcripts
from judgekit.types import Message, digest

__all__ = ["LoadedRows", "hold_out", "read_pair_rows", "read_text_rows"]

_Made = TypeVar("_Made", PairRow, TextRow)


@dataclass(frozen=True)
class LoadedRows(Generic[_Made]):
    """Rows to encode, and the numbers of dropped ones by reason.

    Reasons: ``different_prompts``, ``empty``, ``empty_prompt``, ``human_last``, ``identical``,
    ``tie``, ``unrated``, and of data sets ``unreadable`` (docs/guides/training-data.md says what
    each is).
    """

    source: str
    rows: list[_Made]
    dropped: Mapping[str, int]


def read_pair_rows(
    source: str | Path, *, limit: int | None = None, columns: Mapping[str, str] | None = None
) -> LoadedRows[PairRow]:
    """Reads preferences from a file or a data set of the hub, see `sources.open_source`.

    Args:
        source: The file or data set.
        limit: Read only the first N rows, including those that are dropped.
        columns: Columns under other names, or paths into columns: ``{"chosen": "best.text"}``.

    Raises:
        InputError: A row of a file cannot be used (the message names its line), no row has a given
            column, or no row is left.
    """
    return load_rows(with_columns(open_source(source, limit), columns or {}), _pairs)


def read_text_rows(
    source: str | Path, *, limit: int | None = None, columns: Mapping[str, str] | None = None
) -> LoadedRows[TextRow]:
    """Reads prompts with answers to learn; otherwise as `read_pair_rows`.

    Rows are answers, messages that end with one, or preferences, whose chosen answer is taken.
    """
    return load_rows(with_columns(open_source(source, limit), columns or {}), _texts)


def hold_out(rows: Sequence[_Made], share: float, seed: int) -> tuple[list[_Made], list[_Made]]:
    """Splits rows into those to train on and held-out ones; no cluster is in both.

    A hash of seed and cluster decides, so the split does not depend on the rows' order.

    Args:
        rows: The rows.
        share: The share of clusters to hold out, rounded to whole clusters. With two clusters or
            more and a share above 0, neither side is empty.
        seed: The seed.

    Returns:
        Rows to train on and held-out rows, each in the given order.

    Raises:
        InputError: A share outside 0 to 1.
    """
    if not 0 <= share < 1:
        raise InputError(f"eval_share must be from 0 to below 1, not {share!r}")
    clusters = {row.cluster for row in rows}
    count = min(max(1, round(share * len(clusters))), len(clusters) - 1) if share else 0
    by_hash = sorted(clusters, key=lambda name: (digest("held out", str(seed), name), name))
    held = set(by_hash[: max(count, 0)])
    return [r for r in rows if r.cluster not in held], [r for r in rows if r.cluster in held]


def load_rows(
    source: RowSource, build: Callable[[Mapping[str, Any], str], list[_Made]]
) -> LoadedRows[_Made]:
    """All rows of a source; `build` makes them of a row's columns and place."""
    rows: list[_Made] = []
    dropped: Counter[str] = Counter()
    wrong: list[str] = []  # rows of a file, which its owner can correct
    first = ""  # dropped row
    for row in source.rows:
        place = f"{source.name}, {row.unit} {row.line}"
        try:
            rows += build(readable(row), place)
            continue
        except UnusableRow as error:
            name, lasting, why = error.name, error.lasting, str(error)
        except EmptyRow as error:
            name, lasting, why = "empty_prompt", True, str(error)
        except RowError as error:
            name, lasting, why = "unreadable", False, str(error)
        if source.public or lasting:
            dropped[name] += 1
            first = first or f"{place}: {why}"
        else:
            wrong.append(f"{place}: {why}")
    if wrong:
        more = f" (rows to correct: {len(wrong)})" if len(wrong) > 1 else ""
        raise InputError(f"{wrong[0]}; correct or remove that row{more}")
    if dropped and not rows:
        raise InputError(f"none of {dropped.total()} rows can be used; the first is {first}")
    if not rows:
        raise InputError(f"{source.name}: no rows; write one JSON object per line")
    return LoadedRows(source.name, rows, dict(dropped))


def readable(row: Row | BadRow) -> Mapping[str, Any]:
    if isinstance(row, BadRow):
        raise EmptyRow(row.reason) if row.empty else RowError(row.reason)
    return row.data


def _pairs(data: Mapping[str, Any], place: str) -> list[PairRow]:
    preference = _preference(data)
    if preference is None:
        columns = ", ".join(map(repr, data))
        raise RowError(
            f"no preference in its columns ({columns}); it needs chosen and rejected, "
            f"response_a, response_b and label, or completions with scores (name them with "
            f"--columns chosen=NAME,rejected=NAME)"
        )
    for name, answer in (("chosen", preference.chosen), ("rejected", preference.rejected)):
        if not answer.strip():
            raise UnusableRow("empty", f"the {name} answer is empty")
    if preference.chosen.strip() == preference.rejected.strip():
        raise UnusableRow(
            "identical", f"chosen and rejected are the same text, {shown(preference.chosen)}"
        )
    return [
        PairRow(
            preference.prompt,
            preference.chosen,
            preference.rejected,
            place,
            _cluster(data, preference.prompt),
            preference.margin,
            preference.probability,
            read_tools(data),
        )
    ]


def _preference(data: Mapping[str, Any]) -> Preference | None:
    """A row's preference, in the layout that its columns show; None if they show none."""
    sides = [data.get("chosen"), data.get("rejected")]
    if sides == [None, None]:
        if data.get("completions") is not None:
            return read_ranking(data)
        return read_labelled(data) if any(side in data for side in SIDES) else None
    for name, side in zip(("chosen", "rejected"), sides, strict=True):
        if side is None:
            raise RowError(f"the {name} answer is missing")
    transcripts = all(isinstance(side, str) and is_transcript(side) for side in sides)
    if transcripts and find_column(data, "prompt") is None:
        return read_transcripts(data)
    return read_preference(data)


def _texts(data: Mapping[str, Any], place: str) -> list[TextRow]:
    preference = _preference(data)
    taught = [(preference.prompt, preference.chosen)] if preference is not None else _answers(data)
    for _, answer in taught:
        if not answer.strip():
            raise UnusableRow("empty", "the answer is empty")
    tools = read_tools(data)
    return [TextRow(prompt, text, place, _cluster(data, prompt), tools) for prompt, text in taught]


def _answers(data: Mapping[str, Any]) -> list[tuple[Conversation | str, str]]:
    """The prompts and answers of a row of answers, one per user turn."""
    response = find_column(data, "response")
    column = next((name for name in CONVERSATIONS if isinstance(data.get(name), list)), None)
    if response is None and column is not None and data[column]:
        return [split_conversation(data[column], column)]
    prompt = find_column(data, "prompt")
    if response is None or prompt is None:
        missing = "prompt" if prompt is None else "response"
        columns = ", ".join(map(repr, data))
        way = f"name it with --columns {missing}=NAME"
        raise RowError(f"no column for the {missing} (its columns: {columns}); {way}")
    messages, turns = read_prompt(with_input(data, prompt))
    answers = read_answer(data[response], turns)
    if turns is None:
        asked = read_asked(data)
        return [(messages if asked is None else asked, answers[0])]
    taught: list[tuple[Conversation | str, str]] = []
    history: Conversation = ()
    for message, answer in zip(messages, answers, strict=True):
        taught.append(((*history, message), answer))
        history = (*history, message, Message("assistant", answer))
    return taught


def _cluster(data: Mapping[str, Any], prompt: Conversation | str) -> str:
    """The row's cluster; by default a digest of its system prompt and first user message."""
    given = data.get("cluster")
    if isinstance(given, str) and given:
        return given
    if isinstance(prompt, str):
        prompt = parse_transcript(prompt) or (Message("user", prompt),)
    systems = (message.content for message in prompt if message.instructs)
    opening = next((message.content for message in prompt if message.role == "user"), "")
    return digest(*systems, opening, size=8)
