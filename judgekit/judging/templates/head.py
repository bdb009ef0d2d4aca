"""The head of a prompt file: what the prompt shows, and how its verdict is read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal, get_args

from judgekit.errors import InputError
from judgekit.judging.templates.aligned import Aligned, aligned_complaint, read_aligned
from judgekit.naming import unknown

__all__ = ["CONVERSATION", "FORMATS", "Head", "Shows", "class_complaint", "read_head"]

Shows = Literal["pair", "single", "question"]
CONVERSATION = "conversation"
"""What a head shows where whole conversations are judged: two where `reads` is for pairs."""

FORMATS: Mapping[str, Shows] = MappingProxyType(
    {
        "label": "pair",
        "arena": "pair",
        "scores": "pair",
        "list": "pair",
        "token": "pair",
        "json": "pair",
        "statement": "pair",
        "line": "pair",
        "ranked": "pair",
        "announced": "pair",
        "rating": "single",
        "score": "single",
        "grade": "single",
        "result": "single",
        "number": "single",
        "class": "single",
    }
)
"""The verdict formats that a head may name under `reads`, and what their prompts show."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a prompt file.

    Attributes:
        shows: Two answers (``"pair"``), one (``"single"``) or none (``"question"``: the model
            answers by itself).
        reads: The verdict format, one of `FORMATS`; empty if the judge reads the reply itself.
        scale: The lowest and the highest score.
        tie: The label of a tie; None if there is none.
        label: The word before a score or a grade.
        reference: Whether the prompt needs a reference.
        values: The grades of the format ``"grade"``, or the classes of ``"class"``, and the number
            that each stands for.
        classes: The classes of the format ``"class"``.
        conversation: Whether it shows whole conversations, of one model or of two.
        needs: The further columns of a case that the prompt shows.
        aligned: What the prompt was aligned with (`judgekit align`); None of all others.
    """

    shows: Shows
    reads: str = ""
    scale: tuple[float, float] | None = None
    tie: str | None = "C"
    label: str = "Score"
    reference: bool = False
    values: tuple[tuple[str, float], ...] = ()
    classes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    conversation: bool = False
    aligned: Aligned | None = None


def read_head(lines: Sequence[str], file: str, start: int) -> Head:
    """Reads the head of a prompt file.

    Args:
        lines: The lines of TOML.
        file: The file's name, for messages.
        start: The number of the first line in the file.

    Raises:
        InputError: The head is not valid; names file and line.
    """
    try:  # the newlines in front make TOML's own line numbers those of the file
        table = tomllib.loads("\n" * (start - 1) + "\n".join(lines))
    except RecursionError:
        raise InputError(f"{file}:{start}: the head is nested too deeply") from None
    except ValueError as error:  # TOML's own error, or a number of thousands of digits
        detail = str(error).partition(";")[0]
        raise InputError(f"{file}: the head between the +++ lines is not TOML: {detail}") from error
    for key, value in table.items():
        if complaint := _complaint(key, value):
            raise InputError(f"{file}:{start + _line_of(key, lines)}: {complaint}")
    if "shows" not in table:
        raise InputError(f"{file}:{start}: the head does not say what is shown; add {_SHOWS}")
    if table["shows"] == CONVERSATION:
        table["conversation"] = True
        table["shows"] = FORMATS.get(table.get("reads", ""), "single")
    shows, reads = table["shows"], table.get("reads")
    if "values" in table or reads == "grade":
        _complete_grades(table, lambda key: f"{file}:{start + _line_of(key, lines)}")
    if "classes" in table or reads == "class":
        _complete_classes(table, lambda key: f"{file}:{start + _line_of(key, lines)}")
    if reads is not None and FORMATS[reads] != shows:
        fitting = ", ".join(name for name, kind in FORMATS.items() if kind == shows)
        way_out = f"take one of {fitting}" if fitting else "take `reads` out"
        raise InputError(
            f"{file}:{start + _line_of('reads', lines)}: reads = {reads!r} is no verdict of a "
            f'prompt with shows = "{shows}"; {way_out}'
        )
    if "scale" in table:
        table["scale"] = (table["scale"][0], table["scale"][1])
    if "needs" in table:
        table["needs"] = tuple(table["needs"])
    if table.get("tie") == "":
        table["tie"] = None
    if "aligned" in table:
        table["aligned"] = read_aligned(table["aligned"])
    return Head(**table)


def _complete_grades(table: dict[str, Any], where: Callable[[str], str]) -> None:
    """Sets the scale and the label of a head with grades; `where` says where a key is."""
    if table.get("reads") != "grade":
        raise InputError(
            f'{where("values")}: values are the grades of reads = "grade"; take them out'
        )
    if "values" not in table:
        raise InputError(
            f'{where("reads")}: reads = "grade" needs the number that each grade stands for; add '
            "values = {A = 4, B = 3, C = 2}"
        )
    numbers = table["values"].values()
    if "scale" in table:
        raise InputError(
            f"{where('scale')}: the scale of grades is that of their values, {min(numbers):g} to "
            f"{max(numbers):g}; take scale out"
        )
    table["scale"] = [min(numbers), max(numbers)]
    table.setdefault("label", "Grade")
    table["values"] = tuple((name, float(number)) for name, number in table["values"].items())


def _complete_classes(table: dict[str, Any], where: Callable[[str], str]) -> None:
    """Sets the classes, their values and the label of a head that reads a class."""
    if table.get("reads") != "class":
        raise InputError(
            f'{where("classes")}: classes are those of reads = "class"; take them out, or say so'
        )
    if "classes" not in table:
        raise InputError(
            f'{where("reads")}: reads = "class" needs the classes that the judge may say; add '
            'classes = ["pass", "fail"]'
        )
    if "scale" in table:
        raise InputError(f"{where('scale')}: classes have no scale; take scale out")
    given = table["classes"]
    table.setdefault("label", "Class")
    table["classes"] = tuple(given)
    if isinstance(given, dict):
        table["values"] = tuple((name, float(number)) for name, number in given.items())


def class_complaint(classes: Sequence[Any]) -> str:
    """What is wrong with the names of classes; empty if they can be told apart in a reply."""
    if len(classes) < 2:
        return "two classes or more"
    for name in classes:
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or name.strip() != name:
            return f"names of at most {_LONGEST} characters, without spaces around them"
        if not name.isprintable() or _NO_NAME.search(name):
            return "names without brackets, quotation marks, stars, backticks, commas or ="
    folded = [name.casefold() for name in classes]
    twice = next((name for name in classes if folded.count(name.casefold()) > 1), None)
    return "" if twice is None else f"{twice!r} only once, in whatever letter case"


_LONGEST = 60
_NO_NAME = re.compile(r"[\[\](){}<>\"“”*`,=;|]|\A\W|[^\w%+-]\Z")
_SHOWS = "shows = " + " or ".join(f'"{kind}"' for kind in (*get_args(Shows), CONVERSATION))


def _complaint(key: str, value: Any) -> str:
    """What is wrong with one entry of a head; empty if it is valid."""
    known = [field.name for field in fields(Head) if field.name != CONVERSATION]
    match key:
        case "shows":
            wanted = "" if value in (*get_args(Shows), CONVERSATION) else _SHOWS
        case "reads":
            wanted = "" if value in FORMATS else "one of " + ", ".join(FORMATS)
        case "scale":
            wanted = "" if _is_scale(value) else "the lowest and the highest score, as in [1, 10]"
        case "classes":
            wanted = _wrong_classes(value)
        case "values":
            wanted = "" if _are_grades(value) else "two different numbers or more: {A = 4, B = 3}"
        case "reference":
            wanted = "" if isinstance(value, bool) else "true or false"
        case "needs":
            wanted = "" if _are_names(value) else 'names of columns, as in ["context"]'
        case "tie":
            wanted = "" if isinstance(value, str) else "a string"
        case "label":
            named = isinstance(value, str) and value.strip(" :：") != ""
            wanted = "" if named else "the word before a score, such as Score"
        case "aligned":
            wanted, value = aligned_complaint(value), "…"
        case _:
            return unknown("key of a head is called", key, known)
    return f"{key} = {value!r} in the head; wanted: {wanted}" if wanted else ""


def _is_scale(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(end) in (int, float) and -1e15 < end < 1e15 for end in value)
        and value[0] < value[1]
    )


def _are_grades(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(type(number) in (int, float) and -1e15 < number < 1e15 for number in value.values())
        and all(name.strip() == name != "" and "\n" not in name for name in value)
        and len(set(value.values())) > 1
    )


def _wrong_classes(value: Any) -> str:
    if isinstance(value, list):
        return class_complaint(value)
    if isinstance(value, dict) and _are_grades(value):
        return class_complaint(list(value))
    return 'two names or more, ["pass", "fail"], or their different values, {pass = 1, fail = 0}'


def _are_names(value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(name, str) and name.strip() == name != "" for name in value)
        and all(name.isprintable() for name in value)
        and len(set(value)) == len(value)
    )


def _line_of(key: str, lines: Sequence[str]) -> int:
    """The index of the line that sets `key`; 0 if it is written in an unusual way."""
    entry = re.compile(rf"""\s*[\["']*{re.escape(key)}\b""")
    return next((index for index, line in enumerate(lines) if entry.match(line)), 0)
