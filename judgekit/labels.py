"""People's labels of cases that were judged: which answer is better, from a file of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from judgekit import io
from judgekit.errors import InputError
from judgekit.stats.values import Label

__all__ = ["read_label", "read_labels"]

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
    """Labels by case id. Each row has ``id`` and ``label``: A, B, tie, or a model's name.

    Rows without a label (null, empty) are left out. Raises `InputError`, naming the line, for a
    row that cannot be read and a case that is labelled twice.
    """
    found: dict[str, Label] = {}
    for row in io.read_rows(path):
        place = f"{path}, {row.unit} {row.line}"
        case = next((row.data[name] for name in IDS if row.data.get(name) is not None), None)
        given = next((row.data[name] for name in LABELS if name in row.data), None)
        if case is None or not any(name in row.data for name in LABELS):
            raise InputError(f"{place}: no label; each row needs id and label (A, B or tie)")
        if given is None or given == "":
            continue
        if str(case) in found:
            raise InputError(f"{place}: case {str(case)!r} is labelled twice; keep one row of it")
        try:
            found[str(case)] = read_label(given, models)
        except ValueError as error:
            raise InputError(f"{place}: {error}") from error
    return found


def read_label(given: object, models: Sequence[str]) -> Label:
    """One label: A, B, tie, or one of the two models' names. ValueError for another."""
    text = str(given).strip()
    if text in models:
        return list(models).index(text)
    label = FIXED.get(text.casefold())
    if label is None:
        raise ValueError(
            f"{given!r} is no label; write A, B or tie, or a model: {', '.join(models)}"
        )
    return label
