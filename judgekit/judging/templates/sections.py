"""The body of a prompt file: Jinja2 sections, rendered with fenced texts."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from judgekit.errors import InputError
from judgekit.judging.templates.column_calls import COLUMN, resolve_columns
from judgekit.judging.templates.examples import ExampleBody
from judgekit.judging.templates.fences import column_variable, fence_all, fence_conversations
from judgekit.judging.templates.head import CONVERSATION, Head
from judgekit.judging.templates.sandbox import environment, render, unfit
from judgekit.judging.templates.template import Body, Rendered, Template
from judgekit.naming import closest
from judgekit.types import Case, Message, Response, Trial

if TYPE_CHECKING:  # imported where a prompt is compiled: `judgekit --help` needs none of it
    import jinja2
    from jinja2 import nodes

__all__ = ["Section", "Sections", "compile_reminder", "with_classes"]

_NEEDED = {"pair": ("first", "second"), "single": ("answer",), "question": ("prompt",)}
_CONVERSATIONS = {"pair": ("first", "second"), "single": ("conversation",)}
_NAMES = {"pair": ("name_first", "name_second"), "single": ("name_first",), "question": ()}
_FROM_HEAD = {
    "tie": 'tie = "C"',
    "low": "scale = [1, 10]",
    "high": "scale = [1, 10]",
    "classes": 'classes = ["pass", "fail"]',
}


@dataclass(frozen=True, slots=True)
class Section:
    """The text of one section, and the number of its first line in the file."""

    text: str
    line: int


@dataclass(frozen=True)
class Sections:
    """The compiled sections of a prompt file.

    `fixed` has the roles whose section contains no text of the trial. They are rendered once for
    each pair of names and cached in `_cache`.
    """

    head: Head
    messages: tuple[tuple[Literal["system", "user"], jinja2.Template], ...]
    prefill: jinja2.Template | None
    constants: Mapping[str, str | float]
    shows_reference: bool
    fixed: frozenset[str] = frozenset()
    _cache: dict[tuple[str, tuple[str, ...]], Message] = field(default_factory=dict, compare=False)

    @classmethod
    def compile(cls, sections: Mapping[str, Section], head: Head, file: str) -> Sections:
        """Compiles the section ``user`` and, if present, ``system`` and ``assistant``.

        Raises:
            InputError: A section is not Jinja2, uses an unknown variable, lacks a needed one, or
                cannot be rendered; names file and line.
        """
        needed = _CONVERSATIONS[head.shows] if head.conversation else _NEEDED[head.shows]
        known = {"reference", *needed, *_NAMES[head.shows]}
        known |= set() if head.conversation else {"prompt"}
        constants = _constants(head)
        used: set[str] = set()
        fixed: set[str] = set()
        compiled: dict[str, jinja2.Template] = {}
        for title, section in sections.items():
            compiled[title], names = _compile(
                section, known | constants.keys(), file, head, head.needs
            )
            used |= names
            if names <= {*constants, *_NAMES[head.shows]}:
                fixed.add(title)
        for name in (*needed, *(["reference"] if head.reference else [])):
            if name not in used:
                wrong = f"the prompt does not show {name}; add it: {{{{ {name} }}}}"
                raise InputError(f"{file}:{sections['user'].line}: {wrong}")
        for place, name in enumerate(head.needs):
            if column_variable(place) not in used:
                way = f'add it: {{{{ column("{name}") }}}}'
                wrong = f"the prompt does not show the column {name!r}; {way}"
                raise InputError(f"{file}:{sections['user'].line}: {wrong}")
        body = cls(
            head,
            tuple((role, compiled[role]) for role in ("system", "user") if role in compiled),
            compiled.get("assistant"),
            constants,
            "reference" in used,
            frozenset(fixed),
        )
        for reference in ["reference"] if head.reference else ["reference", ""]:
            values = body.values(_sample(head), reference)
            for title, section in sections.items():
                _check_rendering(compiled[title], values, section, file)
        return body

    def values(self, trial: Trial, reference: str) -> dict[str, str | float]:
        """The values of the prompt's variables."""
        shown = reference if self.shows_reference else ""
        fence = fence_conversations if self.head.conversation else fence_all
        values = {**self.constants, **fence(trial, self.head.shows, shown, self.head.needs)}
        values.update(zip(_NAMES[self.head.shows], trial.names, strict=False))
        return values

    def render(self, trial: Trial, reference: str) -> Rendered:
        values = self.values(trial, reference)
        messages = []
        for role, template in self.messages:
            message = self._cache.get((role, trial.names)) if role in self.fixed else None
            if message is None:
                message = Message(role, render(template, values))
                if role in self.fixed:
                    self._cache[role, trial.names] = message
            messages.append(message)
        return tuple(messages), render(self.prefill, values) if self.prefill else ""

    def refusal(self, case: Case) -> str:  # noqa: ARG002 - any conversation can be fenced
        return ""


def with_classes(
    template: Template, classes: Sequence[str], values: Sequence[tuple[str, float]] = ()
) -> Template:
    """A prompt that reads a class, with other classes than its head has.

    Args:
        template: The prompt.
        classes: Their names.
        values: Their values; none where they have none.

    Raises:
        InputError: The prompt reads no class.
    """
    if template.head.reads != "class":
        raise InputError(
            f"prompt {template.name!r} reads no class; leave --classes out, or take a prompt whose "
            f'head says reads = "class"'
        )
    head = replace(template.head, classes=tuple(classes), values=tuple(values))
    return replace(template, head=head, body=_with_head(template.body, head))


def _with_head(body: Body, head: Head) -> Body:
    """The same body under another head."""
    if isinstance(body, ExampleBody):
        return replace(body, body=_with_head(body.body, head), head=head, _texts={})
    if not isinstance(body, Sections):
        raise TypeError(f"a body of {type(body).__name__} has no classes")
    return replace(body, head=head, constants=_constants(head), _cache={})


def compile_reminder(section: Section, head: Head, file: str) -> str:
    """The text of a reminder.

    It is the same for all cases, so its only variables are those of the head: ``tie``, ``low`` and
    ``high``.
    """
    values = _constants(head)
    template, _ = _compile(section, values.keys(), file, head)
    _check_rendering(template, values, section, file)
    return render(template, values)


def _constants(head: Head) -> dict[str, str | float]:
    constants: dict[str, str | float] = {}
    if head.tie is not None and head.shows == "pair":
        constants["tie"] = head.tie
    if head.scale is not None:
        for name, end in zip(("low", "high"), head.scale, strict=True):
            constants[name] = int(end) if float(end).is_integer() else end
    if head.classes:
        constants["classes"] = ", ".join(head.classes)
    return constants


_ASKED = (Message("user", "prompt"),)
_ANSWERS = (Response("one", "a"), Response("two", "b"))
_CASE = Case("sample", _ASKED, _ANSWERS)
_SAMPLE = {
    "pair": Trial(_CASE, (0, 1), ("A", "B")),
    "single": Trial(_CASE, (0,), ("A",)),
    "question": Trial(_CASE, (0,), ("A",)),
}


def _sample(head: Head) -> Trial:
    """A trial that the prompt can show."""
    trial = _SAMPLE[head.shows]
    columns = tuple(sorted((name, "column") for name in head.needs))
    return replace(trial, case=replace(trial.case, columns=columns))


def _compile(
    section: Section, known: Collection[str], file: str, head: Head, needs: Sequence[str] = ()
) -> tuple[jinja2.Template, set[str]]:
    """The compiled section, and the names of its variables, all of them `known`."""
    from jinja2 import TemplateSyntaxError, nodes

    try:
        tree = environment().parse(section.text)
        # Before anything compiles it: compiling computes what is constant.
        written = {name.name for name in tree.find_all(nodes.Name)}
        columns = resolve_columns(tree, needs, file, section.line) - written
        used = _check_parts(tree, known, columns, section, file, head)
        template = environment().from_string(tree)
    except TemplateSyntaxError as error:
        line = section.line + error.lineno - 1
        raise InputError(f"{file}:{line}: not Jinja2: {error.message}") from error
    except (RecursionError, SyntaxError, MemoryError):  # Python's own limits when it compiles
        raise InputError(f"{file}:{section.line}: nested too deeply; write it flatter") from None
    except (ValueError, OverflowError) as error:
        raise InputError(f"{file}:{section.line}: not Jinja2: {error}") from error
    if "reference" in used and not head.reference and not _tests_reference(tree):
        raise InputError(
            f"{file}:{section.line}: the prompt shows a reference; say reference = true in its "
            "head, or show it within {% if reference %} where it is welcome but not needed"
        )
    return template, used


def _check_parts(
    tree: nodes.Template,
    known: Collection[str],
    columns: Collection[str],
    section: Section,
    file: str,
    head: Head,
) -> set[str]:
    """The variables of a section; refuses unknown ones, and what a prompt file may not use.

    `columns` are those that stand for columns.
    """
    from jinja2 import nodes

    names = list(tree.find_all(nodes.Name))
    assigned = {name.name for name in names if name.ctx != "load"}
    for name in names:
        if name.name not in {*known, *columns, *assigned}:
            line = section.line + name.lineno - 1
            raise InputError(f"{file}:{line}: {_unknown_variable(name.name, known, head)}")
    if misuse := unfit(tree):
        raise InputError(
            f"{file}:{section.line + misuse[0] - 1}: a prompt may not use {misuse[1]}; it shows "
            f"variables, chooses by {{% if %}} and changes texts by filters"
        )
    return {name.name for name in names}


def _tests_reference(tree: nodes.Template) -> bool:
    from jinja2 import nodes

    conditions = (nodes.If, nodes.CondExpr)
    tests = [node.test for node in tree.find_all(conditions) if isinstance(node, conditions)]
    parts = [part for test in tests for part in (test, *test.find_all(nodes.Name))]
    return any(isinstance(part, nodes.Name) and part.name == "reference" for part in parts)


def _unknown_variable(name: str, known: Collection[str], head: Head) -> str:
    """The message for a variable that this prompt does not have."""
    near = closest(name, known)
    if near is not None:
        hint = f"did you mean {near!r}? "
    elif name == COLUMN:
        hint = 'write column("NAME"), with needs = ["NAME"] in the head; '
    elif name in _FROM_HEAD:
        hint = f"it comes from the head, as in {_FROM_HEAD[name]}; "
    else:
        hint = ""
    there = ", ".join(sorted(known)) or "none"
    shows = CONVERSATION if head.conversation else head.shows
    return f'unknown variable {name!r} where shows = "{shows}"; {hint}there are: {there}'


def _check_rendering(
    template: jinja2.Template, values: Mapping[str, str | float], section: Section, file: str
) -> None:
    """Renders the section once, so that errors show before any call is made."""
    from jinja2 import TemplateError

    try:
        render(template, values)
    except (
        TemplateError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == "<template>" and frame.lineno
        ]
        line = section.line + (lines[-1] if lines else 1) - 1
        raise InputError(f"{file}:{line}: cannot be rendered: {error}") from error
