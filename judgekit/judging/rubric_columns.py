"""A case's own rubric, from a column: a list of criterion and points, as HealthBench has it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.errors import InputError
from judgekit.judging.rubric_files import read_scale
from judgekit.judging.rubrics import (
    YES_NO,
    Criterion,
    Rubric,
    criterion_problem,
    rubric_problem,
)
from judgekit.types import Case, Column, digest

__all__ = ["case_rubric"]

TEXTS = ("criterion", "description", "text", "rubric")
POINTS = ("points", "weight", "score")
NAMES = ("name", "title")
LAYOUT = 'a list such as [{"criterion": "Names the dose.", "points": 5}]'
LONGEST_NAME = 80  # characters; a longer text is cut, and told apart by its digest


def case_rubric(case: Case, column: str) -> Rubric:
    """The rubric that a case's column holds.

    Each item has its text as ``criterion``, ``description``, ``text`` or ``rubric`` and its weight
    as ``points``, ``weight`` or ``score`` (1 without any), may have a ``name`` or ``title`` and a
    ``scale``, or is a plain text. The judge calls the criteria c1, c2, …; in tables they bear their
    name, or their text where they have none, so that a criterion that recurs is the same one.

    Args:
        case: The case.
        column: The column's name.

    Raises:
        InputError: The column holds no rubric; names case, item and value.
    """
    try:
        return rubric_of(items_of(case.column(column)))
    except ValueError as error:
        raise InputError(f"case {case.id!r}: no rubric in the column {column!r}: {error}") from None


def rubric_of(items: Sequence[object]) -> Rubric:
    """The rubric of a list's items. Raises `ValueError`."""
    criteria = distinct([item_criterion(item, n) for n, item in enumerate(items, 1)])
    if wrong := rubric_problem(criteria):
        raise ValueError(wrong)
    return Rubric(tuple(criteria))


def items_of(value: Column) -> list[Any]:
    """The items of a list, or of the JSON text of one. Raises `ValueError`."""
    if not isinstance(value, str):
        return [object_in(item) for item in value]
    items = object_in(value)
    if isinstance(items, Mapping) and isinstance(items.get("criteria"), list):
        items = items["criteria"]
    if not isinstance(items, list):
        raise ValueError(f"{brief(value)} is no list; wanted: {LAYOUT}")  # noqa: TRY004 (data)
    return items


def object_in(text: str) -> Any:
    """What a JSON text of an object or a list holds; any other text as it is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def item_criterion(item: object, number: int) -> Criterion:
    """The criterion of an item. Raises `ValueError`, which names the item."""
    if isinstance(item, str):
        item = {"criterion": item}
    if not isinstance(item, Mapping):
        raise ValueError(f"item {number} is {brief(item)}; wanted: {LAYOUT}")  # noqa: TRY004 (data)
    text = given(item, TEXTS)
    if not isinstance(text, str):
        wrong = f"item {number} has no criterion: {brief(item)}; wanted: {LAYOUT}"
        raise ValueError(wrong)  # noqa: TRY004 (data)
    points = given(item, POINTS)
    points = 1 if points is None else points
    if type(points) not in (int, float):
        raise ValueError(f"item {number} has points {brief(points)}, which is no number")
    name = given(item, NAMES)
    try:
        scale = read_scale(item["scale"]) if item.get("scale") is not None else YES_NO
    except ValueError as error:
        raise ValueError(f"item {number} has scale {brief(item['scale'])}: {error}") from None
    label = name if isinstance(name, str) and name.strip() else text
    criterion = Criterion(shortened(label), text.strip(), float(points), scale, f"c{number}")
    if (problem := criterion_problem(criterion)) is not None:
        raise ValueError(f"item {number}: {problem[1]}")
    return criterion


def given(item: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """The value of the first of these keys that the item has."""
    return next((item[key] for key in keys if item.get(key) is not None), None)


def shortened(label: str) -> str:
    """A text as a criterion's name: one line, cut where it is long, unlike that of another text."""
    line = " ".join(label.split())
    if len(line) <= LONGEST_NAME:
        return line
    return f"{line[: LONGEST_NAME - 8]}…{digest(line, size=3)}"


def distinct(criteria: list[Criterion]) -> list[Criterion]:
    """The criteria with a number behind each name that an earlier one has."""
    seen: dict[str, int] = {}
    numbered = []
    for c in criteria:
        seen[c.name] = seen.get(c.name, 0) + 1
        name = c.name if seen[c.name] == 1 else f"{c.name} ({seen[c.name]})"
        numbered.append(Criterion(name, c.text, c.weight, c.scale, c.key))
    return numbered


def brief(value: object) -> str:
    """A value as an error shows it."""
    text = repr(value)
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "…"
