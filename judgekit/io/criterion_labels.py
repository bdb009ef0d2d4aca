"""People's labels of single criteria of judged answers, from a file of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from judgekit import io
from judgekit.errors import InputError
from judgekit.io.labels import IDS

__all__ = ["CriterionLabels", "read_criterion_labels"]

CriterionLabels = dict[tuple[str, str], dict[str, float]]
"""The value of each labelled criterion, by the case's id and the model's name."""

WORDS: Mapping[str, float] = {
    "yes": 1.0,
    "true": 1.0,
    "met": 1.0,
    "no": 0.0,
    "false": 0.0,
    "not met": 0.0,
}


def read_criterion_labels(path: Path, models: Sequence[str]) -> CriterionLabels:
    """What people say of criteria.

    Args:
        path: A file whose rows have ``id``, ``criterion`` and ``label``: yes or no, or how far the
            criterion is met, in 0 to 1; and ``model`` where there are answers of several. Rows
            without a label (null, empty) are left out.
        models: The models of the run; a row without ``model`` is of the only one.

    Raises:
        InputError: A row cannot be read or a criterion is labelled twice. The message names the
            line.
    """
    labels: CriterionLabels = {}
    for row in io.read_rows(path):
        place = f"{path}, {row.unit} {row.line}"
        case = next((row.data[name] for name in IDS if row.data.get(name) is not None), None)
        criterion = row.data.get("criterion")
        if case is None or criterion is None or "label" not in row.data:
            raise InputError(f"{place}: each row needs id, criterion and label (yes, no, 0 to 1)")
        given = row.data["label"]
        if given is None or given == "":
            continue
        model = row.data.get("model")
        if model is None and len(set(models)) > 1:
            raise InputError(
                f"{place}: no model; the run has answers of {', '.join(models)}, so each row needs "
                f"id, model, criterion and label"
            )
        of_answer = labels.setdefault((str(case), str(models[0] if model is None else model)), {})
        if str(criterion) in of_answer:
            raise InputError(
                f"{place}: the criterion {str(criterion)!r} of case {str(case)!r} is labelled "
                f"twice; keep one row of it"
            )
        of_answer[str(criterion)] = label_value(given, place)
    if not labels:
        raise InputError(f"{path}: no row has a label")
    return labels


def label_value(given: object, place: str) -> float:
    """A label as a value in 0 to 1. Raises `InputError`."""
    text = str(given).strip().casefold()
    if text in WORDS:
        return WORDS[text]
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(
            f"{place}: {given!r} is no label of a criterion; write yes or no, or how far it is "
            f"met, in 0 to 1"
        )
    return value
