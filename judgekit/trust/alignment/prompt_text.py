"""A prompt file's text with rules and examples added, and with what it was aligned with."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache

from judgekit.errors import InputError
from judgekit.judging.templates import Head, builtin_dir
from judgekit.judging.templates.aligned import Aligned
from judgekit.judging.templates.examples import Example, example_lines
from judgekit.judging.templates.sandbox import environment, render

__all__ = ["instructions_of", "partial", "with_additions", "with_aligned", "with_own_classes"]

TITLE = re.compile(r"=== (system|user|assistant|reminder|examples) ===\s*")
LIKE_A_TITLE = re.compile(r"\s*={2,}\s*\w+\s*={2,}\s*")
TABLE = re.compile(r"\s*\[\s*aligned\s*\]")
CLASSES = re.compile(r"classes\s*=\s*(\[[^\]\n]*\]|\{[^}\n]*\})[ \t]*(#.*)?$", re.M)
BORDER = "+++"
JINJA = re.compile(r"\{[{%#]")


def with_additions(text: str, head: Head, rules: str, examples: Sequence[Example]) -> str:
    """A prompt file with rules at the end of its instructions, and with further examples.

    The rules end the section ``system``; without one they begin the section ``user``.

    Args:
        text: The prompt file.
        head: Its head.
        rules: Plain text, empty for none: what Jinja would read in it is shown as it is.
        examples: They follow those that the file has.
    """
    top, sections = _sections(text)
    if rules:
        shown = _escaped(render(environment().from_string(partial("_rules")), {"rules": rules}))
        if "system" in sections:
            sections["system"] = f"{sections['system']}\n\n{shown}"
        else:
            sections["user"] = f"{shown}\n\n{sections['user']}"
    if examples:
        lines = [sections.get("examples", ""), *example_lines(examples, head)]
        sections["examples"] = "\n".join(filter(None, lines))
    body = [f"=== {name} ===\n{section}" for name, section in sections.items()]
    return "\n\n".join([top, *body]) + "\n"


def with_own_classes(text: str, head: Head) -> str:
    """A prompt file whose head has the classes that the judge was given beside it.

    Args:
        text: The prompt file, whose head has some classes.
        head: What the judge goes by.

    Raises:
        InputError: The head does not have its classes on one line.
    """
    classes = json.dumps(list(head.classes))
    if head.values:
        pairs = (f"{json.dumps(name)} = {value:g}" for name, value in head.values)
        classes = "{" + ", ".join(pairs) + "}"
    top, bottom = text[: (end := text.index(f"\n{BORDER}", 4))], text[end:]
    changed, number = CLASSES.subn(lambda _: f"classes = {classes}", top, count=1)
    if not number:
        raise InputError("the prompt's head does not have its classes on one line; write them so")
    return changed + bottom


def with_aligned(text: str, aligned: Aligned) -> str:
    """A prompt file whose head says what it was aligned with, instead of what it said before."""
    top, sections = _sections(text)
    lines = top.split("\n")
    start, end = (place for place, line in enumerate(lines) if line.rstrip() == BORDER)
    head, inside = [], False
    for line in lines[start + 1 : end]:
        if line.lstrip().startswith("["):
            inside = TABLE.match(line) is not None
        if not inside:
            head.append(line)
    while head and not head[-1].strip():
        head.pop()
    table = [BORDER, *head, "", *_table(aligned), BORDER]
    body = [f"=== {name} ===\n{section}" for name, section in sections.items()]
    return "\n\n".join(["\n".join(table), *body]) + "\n"


def _table(aligned: Aligned) -> list[str]:
    """The lines of ``[aligned]``; JSON texts and lists of texts are TOML's."""
    texts = {name: getattr(aligned, name) for name in ("judge", "model", "result")}
    lines = [f"{name} = {json.dumps(text)}" for name, text in texts.items() if text]
    for name in ("train", "pick", "test", "left_out"):
        digests = ",\n".join(f"  {json.dumps(value)}" for value in getattr(aligned, name))
        lines.append(f"{name} = [\n{digests}\n]" if digests else f"{name} = []")
    return ["[aligned]", *lines]


def instructions_of(text: str) -> str:
    """The instructions of a prompt file, for whoever revises them: its sections but the examples.

    The places where the texts of a case are shown stand there by their names.
    """
    _, sections = _sections(text)
    return "\n\n".join(sections[name] for name in ("system", "user") if name in sections)


def _sections(text: str) -> tuple[str, dict[str, str]]:
    """The lines to the end of the head, and the sections by title, without blank lines around."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    borders = [place for place, line in enumerate(lines) if line.rstrip() == BORDER][:2]
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines[borders[1] + 1 :]:
        if match := TITLE.fullmatch(line):
            current = sections[match[1]] = []
        else:
            current.append(line)
    top = "\n".join(lines[: borders[1] + 1]).strip("\n")
    return top, {name: "\n".join(body).strip("\n") for name, body in sections.items()}


def _escaped(text: str) -> str:
    """Plain text as a section has it: Jinja's opening marks as texts, no line like a title."""
    lines = (
        line.strip(" =") if LIKE_A_TITLE.fullmatch(line) else line for line in text.split("\n")
    )
    return JINJA.sub(lambda match: "{{ '" + match[0] + "' }}", "\n".join(lines)).strip()


@cache
def partial(name: str) -> str:
    """A part of a prompt that comes with judgekit."""
    return (builtin_dir() / f"{name}.md").read_text(encoding="utf-8").strip()
