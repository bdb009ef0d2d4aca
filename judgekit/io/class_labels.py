"""People's classes of judged answers, from a file of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from judgekit import io
from judgekit.errors import InputError
from judgekit.io.labels import IDS
from judgekit.naming import unknown

__all__ = ["ClassLabels", "read_class_labels"]

ClassLabels = dict[tuple[str, str], str]
"""The class of each labelled answer, by the case's id and the model's name."""

LABELS = ("label", "class")


def read_class_labels(
    path: Path, models: Sequence[str], classes: Sequence[str] = ()
) -> ClassLabels:
    """The classes that people gave answers.

    Args:
        path: A file whose rows have ``id`` and ``label`` (or ``class``): a class, in any letter
            case that is clear; and ``model`` where answers of several models are labelled. Rows
            without a label (null, empty) are left out.
        models: The models of the runs; a row without ``model`` is of the only one.
        classes: The classes that there are; by default those of the file.

    Raises:
        InputError: A row cannot be read, names no class or no model where it has to, or an answer
            is labelled twice. The message names the line.
    """
    labels: ClassLabels = {}
    folded = {name.casefold(): name for name in classes}
    for row in io.read_rows(path):
        place = f"{path}, {row.unit} {row.line}"
        case = next((row.data[name] for name in IDS if row.data.get(name) is not None), None)
        if case is None or not any(name in row.data for name in LABELS):
            raise InputError(f"{place}: no label; each row needs id and label (a class)")
        given = next(row.data[name] for name in LABELS if name in row.data)
        if given is None or given == "":
            continue
        name = _text(given)
        if classes and name not in classes:
            if name.casefold() not in folded:
                raise InputError(f"{place}: {unknown('class', name, classes)}")
            name = folded[name.casefold()]
        model = row.data.get("model")
        if model is None:
            if len(models) > 1:
                raise InputError(
                    f"{place}: no model; the runs have answers of {', '.join(models)}, so each "
                    f"row needs id, model and label"
                )
            model = models[0]
        key = str(case), str(model)
        if key in labels:
            raise InputError(
                f"{place}: the answer of {key[1]!r} in case {key[0]!r} is labelled twice; keep one "
                f"row of it"
            )
        labels[key] = name
    if not labels:
        raise InputError(f"{path}: no row has a label")
    return labels


def _text(given: object) -> str:
    """A class as text: a truth value or a whole number as JSON writes it."""
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, float) and given.is_integer():
        return str(int(given))
    return str(given).strip()
