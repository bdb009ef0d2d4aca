"""People's labels of judged cases, from a file of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from judgekit import io
from judgekit.errors import InputError
from judgekit.types import Label

__all__ = ["agreeing", "read_label", "read_labels"]

IDS = ("id", "case", "pair_id")
LABELS = ("label", "winner")
FIXED: Mapping[str, Label] = {
    "a": 0,
    "b": 1,
    "model_a": 0,
    "model_b": 1,
    "response_a": 0,
    "response_b": 1,
    "tie": "tie",
}


def read_labels(path: Path, models: Sequence[str]) -> dict[str, Label]:
    """Labels by case id.

    Args:
        path: A file whose rows have ``id`` and ``label``: A, B, tie, or a model's name. Rows
            without a label (null, empty) are left out.
        models: The names of the two models.

    Raises:
        InputError: A row cannot be read, its label could mean either answer, its two columns
            contradict each other, or a case is labelled twice. The message names the line.
    """
    labels: dict[str, Label] = {}
    for row in io.read_rows(path):
        place = f"{path}, {row.unit} {row.line}"
        case = next((row.data[name] for name in IDS if row.data.get(name) is not None), None)
        given = next((row.data[name] for name in LABELS if name in row.data), None)
        if case is None or not any(name in row.data for name in LABELS):
            raise InputError(f"{place}: no label; each row needs id and label (A, B or tie)")
        if given is None or given == "":
            continue
        if str(case) in labels:
            raise InputError(f"{place}: case {str(case)!r} is labelled twice; keep one row of it")
        try:
            labels[str(case)] = agreeing(read_label(given, models), row.data, models)
        except ValueError as error:
            raise InputError(f"{place}: {error}") from error
    return labels


def read_label(given: object, models: Sequence[str]) -> Label:
    """One label: A, B, tie, or one of the two models' names.

    Raises ValueError for anything else, and where it is ambiguous: A where the second model is
    called A.
    """
    text = str(given).strip()
    lower = text.casefold()
    meant: set[Label] = {place for place, model in enumerate(models) if model == text}
    if lower in FIXED:
        meant = {FIXED[lower], *(i for i, model in enumerate(models) if model.casefold() == lower)}
    if not meant:
        raise ValueError(
            f"{given!r} is not a label; write A, B or tie, or a model: {', '.join(models)}"
        )
    if len(meant) > 1:
        names = " and ".join(map(repr, models))
        raise ValueError(
            f"{given!r} could mean either where the models are called {names}; write "
            f"response_a or response_b, or rename the models"
        )
    return meant.pop()


def agreeing(label: Label, row: Mapping[str, Any], models: Sequence[str]) -> Label:
    """The label of a row. Raises ValueError if its ``winner`` contradicts it."""
    winner = row.get("winner")
    try:
        other = label if winner is None else read_label(winner, models)
    except ValueError:  # a column of that name may hold anything
        return label
    if other != label:
        raise ValueError(
            f"label {row.get('label')!r} and winner {winner!r} contradict each other; leave out one"
        )
    return label
