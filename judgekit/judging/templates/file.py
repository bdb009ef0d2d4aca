"""Reads a prompt file: a head in TOML, then sections of Jinja2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from judgekit.errors import InputError
from judgekit.judging.templates.builtin import default_reminder
from judgekit.judging.templates.examples import ExampleBody, read_examples
from judgekit.judging.templates.head import read_head
from judgekit.judging.templates.sections import Section, Sections, compile_reminder
from judgekit.judging.templates.template import Body, Template
from judgekit.types import digest

__all__ = ["parse_prompt", "read_prompt", "read_text"]

_MOST_BYTES = 1_000_000  # of a prompt file
_SECTIONS = ("system", "user", "assistant", "reminder", "examples")
_TITLES = {f"=== {name} ===": name for name in _SECTIONS}
_LIKE_A_TITLE = re.compile(r"={2,}\s*\w+\s*={2,}\s*")


def read_text(path: Path) -> str:
    """Reads a text file, every character of it.

    Raises:
        InputError: It cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise InputError(f"{path}: more than {_MOST_BYTES // 1000} kB, which no prompt needs")
        return data.decode("utf-8")
    except OSError as error:
        raise InputError(
            f"cannot read the prompt file {str(path)!r}: {error.strerror}; check the path"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error


def read_prompt(path: Path, name: str) -> Template:
    """Reads a prompt file.

    Args:
        path: The file.
        name: The prompt's name in messages and records.

    Raises:
        InputError: The file cannot be read or is no valid prompt; names file and line.
    """
    return parse_prompt(read_text(path), str(path), name)


def parse_prompt(text: str, file: str, name: str) -> Template:
    """The prompt that a text is.

    Args:
        text: A prompt file's content.
        file: The file's name, for messages.
        name: The prompt's name in messages and records.

    Raises:
        InputError: It is no valid prompt; names file and line.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    borders = [index for index, line in enumerate(lines) if line.rstrip() == "+++"][:2]
    if len(borders) < 2 or any(line.strip() for line in lines[: borders[0]]):
        raise InputError(
            f"{file}:1: a prompt file begins with a head between two lines '+++'; "
            'the least it says is shows = "pair" or shows = "single"'
        )
    start, end = borders
    head = read_head(lines[start + 1 : end], file, start + 2)
    sections = _split(lines, end + 1, file)
    if "user" not in sections:
        raise InputError(f"{file}:{len(lines)}: there is no section '=== user ==='; add one")
    reminder, judged = sections.pop("reminder", None), sections.pop("examples", None)
    body: Body = Sections.compile(sections, head, file)
    if judged is not None:
        examples = read_examples(judged.text.split("\n"), head, file, judged.line)
        body = ExampleBody(body, head, examples)
    return Template(
        name=name,
        digest=digest(text),
        head=head,
        reminder=compile_reminder(reminder, head, file) if reminder else default_reminder(),
        body=body,
        text=text,
    )


def _split(lines: Sequence[str], start: int, file: str) -> dict[str, Section]:
    """The sections by title, without blank lines around them."""
    bodies: dict[str, list[tuple[int, str]]] = {}
    current: list[tuple[int, str]] | None = None
    for number, line in enumerate(lines[start:], start + 1):
        title = _TITLES.get(line.rstrip())
        if title in bodies:
            raise InputError(f"{file}:{number}: a second section {line.strip()!r}; join the two")
        if title:
            current = bodies[title] = []
        elif _LIKE_A_TITLE.fullmatch(line):
            known = ", ".join(_TITLES)
            raise InputError(f"{file}:{number}: unknown section {line.strip()!r}; known: {known}")
        elif current is not None:
            current.append((number, line))
        elif line.strip():
            raise InputError(
                f"{file}:{number}: text before the first section; put '=== user ===' above it"
            )
    sections = {}
    for title, body in bodies.items():
        full = [index for index, (_, line) in enumerate(body) if line.strip()]
        if full:
            kept = body[full[0] : full[-1] + 1]
            text = "\n".join(line for _, line in kept).rstrip()
            sections[title] = Section(text, kept[0][0])
    return sections
