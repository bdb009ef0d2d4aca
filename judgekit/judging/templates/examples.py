"""Judged examples in a prompt file: its section ``=== examples ===``, and how they are shown.

A line is a JSON object: ``prompt`` (a text, or messages), ``first`` and ``second`` or ``answer``
(a text, or one a turn), ``reference`` where there is one, and ``verdict``: which of two answers
people found better (``"first"``, ``"second"`` or ``"tie"``), or the score, grade or class that they
gave. The
texts are fenced as those under judgement are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from judgekit.errors import InputError
from judgekit.judging.templates.builtin import builtin_dir
from judgekit.judging.templates.fences import column_variable, fence_all
from judgekit.judging.templates.head import CONVERSATION, Head, Shows
from judgekit.judging.templates.sandbox import environment, render
from judgekit.judging.templates.template import Body, Rendered
from judgekit.types import Case, Column, Message, Response, Trial

__all__ = ["Example", "ExampleBody", "example_lines", "fenced_case", "read_examples"]

SIDES = {"pair": ("first", "second"), "single": ("answer",)}
MODELS = ("first", "second")  # of an example's responses; their names are shown to nobody


@dataclass(frozen=True)
class Example:
    """A case that people judged, with its responses in the order shown.

    `verdict`: the index of the better response or ``"tie"``; of a single answer the score as a
    number, or the name of the grade.
    """

    case: Case
    verdict: int | float | str

    def swapped(self) -> Example:
        """The same pair in the other order."""
        case = replace(self.case, id=f"{self.case.id}-swapped", responses=self.case.responses[::-1])
        verdict = self.verdict if self.verdict == "tie" else 1 - int(self.verdict)
        return Example(case, verdict)


@dataclass(frozen=True)
class ExampleBody:
    """A prompt's body with examples, which follow the system prompt where there is one.

    They are the same for all trials under the same names, so they are rendered once for each pair
    of names, and servers that cache the beginning of a prompt read them once.
    """

    body: Body
    head: Head
    examples: tuple[Example, ...]
    _texts: dict[tuple[str, ...], str] = field(default_factory=dict, compare=False, repr=False)

    def render(self, trial: Trial, reference: str) -> Rendered:
        """The body's messages, the examples in the first of them."""
        messages, prefill = self.body.render(trial, reference)
        if trial.names not in self._texts:
            self._texts[trial.names] = self._text(trial.names)
        shown, first = self._texts[trial.names], messages[0]
        if first.role == "system":
            first = replace(first, content=f"{first.content}\n\n{shown}")
        else:
            first = replace(first, content=f"{shown}\n\n{first.content}")
        return (first, *messages[1:]), prefill

    def refusal(self, case: Case) -> str:
        """As the body's."""
        return self.body.refusal(case)

    def _text(self, names: tuple[str, ...]) -> str:
        parts = [_file("_examples")]
        for number, example in enumerate(self.examples, 1):
            parts.append(_example_text(example, number, self.head, names))
        return "\n\n".join(parts)


def _example_text(example: Example, number: int, head: Head, names: tuple[str, ...]) -> str:
    """One example with its verdict in the judge's own words."""
    case = example.case
    places = tuple(range(len(case.responses)))
    reference = case.reference or ""
    values = fenced_case(Trial(case, places, names), head.shows, reference, head.needs)
    if example.verdict == "tie":
        verdict = "tie"
    elif head.shows == "pair":
        verdict = names[int(example.verdict)]
    else:
        score = example.verdict
        number_or_grade = score if isinstance(score, str) else f"{score:g}"
        verdict = f"{head.label}: {number_or_grade}"
    template = environment().from_string(_file(f"_example-{head.shows}"))
    shown: dict[str, str | float] = {**values, "number": number, "verdict": verdict}
    return render(template, shown).strip()


def fenced_case(trial: Trial, shows: Shows, reference: str, needs: Sequence[str]) -> dict[str, str]:
    """The fenced texts of a case as `fence_all` has them, with all of its columns as ``columns``.

    Args:
        trial: A showing of the case.
        shows: What the prompt shows.
        reference: The reference; empty for none.
        needs: The further columns that the prompt shows.
    """
    fenced = fence_all(trial, shows, reference, needs)
    columns = [fenced[column_variable(place)] for place in range(len(needs))]
    return {**fenced, "columns": "\n\n".join(columns)}


@cache
def _file(name: str) -> str:
    """A part of a prompt that comes with judgekit."""
    return (builtin_dir() / f"{name}.md").read_text(encoding="utf-8").strip()


def example_lines(examples: Sequence[Example], head: Head) -> list[str]:
    """The lines of a section ``=== examples ===`` that `read_examples` reads back."""
    return [json.dumps(_row(example, head), ensure_ascii=False) for example in examples]


def _row(example: Example, head: Head) -> dict[str, Any]:
    case = example.case
    row: dict[str, Any] = {"prompt": [message.as_dict() for message in case.prompt]}
    if len(case.prompt) == 1 and case.prompt[0] == Message("user", case.prompt[0].content):
        row["prompt"] = case.prompt[0].content
    for name, response in zip(SIDES[head.shows], case.responses, strict=True):
        row[name] = [*response.earlier, response.text] if response.earlier else response.text
    if case.reference is not None:
        row["reference"] = case.reference
    if case.columns:
        row["columns"] = dict(case.columns)
    verdict = example.verdict
    row["verdict"] = MODELS[int(verdict)] if head.shows == "pair" and verdict != "tie" else verdict
    return row


def read_examples(lines: Sequence[str], head: Head, file: str, start: int) -> tuple[Example, ...]:
    """Reads the section ``=== examples ===`` of a prompt file.

    Args:
        lines: The section's lines.
        head: The file's head.
        file: The file's name, for messages.
        start: The number of the first line in the file.

    Raises:
        InputError: The prompt shows no answers, or a line is no example; names file and line.
    """
    if head.shows not in SIDES or head.conversation:
        shows = CONVERSATION if head.conversation else head.shows
        raise InputError(
            f'{file}:{start}: a prompt with shows = "{shows}" shows no answers, so it has no '
            f"examples; take the section out"
        )
    return tuple(_read(lines, head, file, start))


def _read(lines: Sequence[str], head: Head, file: str, start: int) -> Iterator[Example]:
    for number, line in enumerate(lines, start):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            example = _example(row, head, f"example-{number}")
        except (TypeError, ValueError, RecursionError) as error:
            sides = " and ".join(SIDES[head.shows])
            raise InputError(
                f"{file}:{number}: no example: {error}; write a JSON object with prompt, {sides}, "
                f"verdict"
            ) from error
        yield example


def _example(row: object, head: Head, name: str) -> Example:
    """One line's example. Raises ValueError or TypeError, which says what is wrong."""
    if not isinstance(row, Mapping):
        raise TypeError("it is no JSON object")
    sides = SIDES[head.shows]
    extra = row.keys() - {"prompt", "reference", "columns", "verdict", *sides}
    if extra:
        raise ValueError(f"unknown key {sorted(extra)[0]!r}")
    responses = tuple(
        Response(text, model, earlier)
        for model, (*earlier_, text) in zip(
            MODELS, (_texts(row.get(side), side) for side in sides), strict=False
        )
        for earlier in [tuple(earlier_)]
    )
    reference = row.get("reference")
    if reference is not None and not isinstance(reference, str):
        raise ValueError("the reference is no text")
    columns = _columns(row.get("columns"))
    if absent := [need for need in head.needs if need not in dict(columns)]:
        raise ValueError(f"columns lack {absent[0]!r}, which the prompt shows")
    case = Case(name, _prompt(row.get("prompt")), responses, reference, columns=columns)
    return Example(case, _verdict(row.get("verdict"), head))


def _texts(value: object, side: str) -> list[str]:
    """An answer: its text, after those to earlier turns."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise ValueError(f"{side} is no text, nor a list of one a turn")
    return list(texts)


def _prompt(value: object) -> tuple[Message, ...]:
    """A text, or messages as chat APIs write them."""
    if isinstance(value, str):
        return (Message("user", value),)
    if not isinstance(value, list) or not value:
        raise ValueError("prompt is neither a text nor messages")
    messages = []
    for message in value:
        fields = dict(message) if isinstance(message, Mapping) else {}
        role, content = fields.pop("role", None), fields.pop("content", None)
        calls = fields.pop("tool_calls", None)
        if role not in ("system", "developer", "user", "assistant", "tool"):
            raise ValueError("a message of the prompt has no role")
        if not isinstance(content, str):
            raise TypeError("a message of the prompt has no content")
        messages.append(Message(role, content, _json(calls), _json(fields or None)))
    return tuple(messages)


def _json(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _columns(value: object) -> tuple[tuple[str, Column], ...]:
    """The further values that the prompt shows, by name."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise TypeError("columns are no object")
    columns: dict[str, Column] = {}
    for name, held in value.items():
        texts = held if isinstance(held, list) else [held]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError(f"the column {name!r} is neither a text nor a list of texts")
        columns[name] = tuple(texts) if isinstance(held, list) else held
    return tuple(sorted(columns.items()))


def _verdict(value: object, head: Head) -> int | float | str:
    if head.shows == "pair":
        if value == "tie":
            return "tie"
        if value in MODELS:
            return MODELS.index(str(value))
        raise ValueError(f"the verdict is {value!r}, and neither first, second nor tie")
    grades = head.classes or tuple(dict(head.values))
    if isinstance(value, str) and value in grades:
        return value
    if grades or isinstance(value, bool) or not isinstance(value, int | float):
        wanted = f"one of {', '.join(grades)}" if grades else "a number"
        raise ValueError(f"the verdict is {value!r}, and not {wanted}")
    return value
