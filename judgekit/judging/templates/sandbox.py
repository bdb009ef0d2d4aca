"""The part of Jinja2 that a prompt file may use, and limits for what remains.

A prompt file may be a stranger's. It shows variables, chooses by conditions and changes texts by a
few filters, so nothing else is allowed: no loops, macros, assignments or calls but those of some
methods. What is left can neither run for ever nor grow beyond a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # imported where a prompt is compiled: `judgekit --help` needs none of it
    import jinja2
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["environment", "render", "unfit"]

MOST = 2_000_000  # characters that a prompt may have beside the texts that it shows
TIMES = 4  # how often it may show all of them
LARGE = 10**15
PARTS = 10_000  # of a section: texts, variables, conditions, filters

USED_NODES = """
Template Output TemplateData Name Const If CondExpr Compare Operand And Or Not Test Filter Concat
Add Sub Mul Neg Pos Getattr Getitem Slice List Tuple Call Keyword
"""
NODES = frozenset(USED_NODES.split())
WORDS = {
    "For": "{% for %}",
    "Macro": "{% macro %}",
    "CallBlock": "{% call %}",
    "FilterBlock": "{% filter %}",
    "Assign": "{% set %}",
    "AssignBlock": "{% set %}",
    "Include": "{% include %}",
    "Import": "{% import %}",
    "FromImport": "{% from %}",
    "Extends": "{% extends %}",
    "Block": "{% block %}",
    "Pow": "**",
    "Mod": "%",
    "Div": "/",
    "FloorDiv": "//",
    "Dict": "{…}",
}
USED_METHODS = """
strip lstrip rstrip upper lower title capitalize startswith endswith removeprefix removesuffix
"""
METHODS = frozenset(USED_METHODS.split())
USED_FILTERS = """
abs capitalize count d default e escape first float forceescape int last length lower safe string
title trim truncate upper wordcount
"""
FILTERS = USED_FILTERS.split()


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """Jinja2 without loaders, globals or randomness: only variables decide the text."""
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Limited(ImmutableSandboxedEnvironment):
        """Arithmetic is for numbers of a usual size."""

        intercepted_binops = frozenset({"+", "-", "*"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if not all(isinstance(n, int | float) and -LARGE < n < LARGE for n in (left, right)):
                raise SecurityError(f"{operator} is for numbers below 10^15; ~ joins texts")
            return super().call_binop(context, operator, left, right)

    made = Limited(
        autoescape=False,  # the texts go to a model, not to a browser
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.clear()
    made.filters = {name: within_limit(made.filters[name]) for name in FILTERS}
    made.filters["replace"] = replace_text
    return made


def within_limit(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose result is not too long."""

    @wraps(function)
    def limited(*args: Any, **named: Any) -> Any:
        result = function(*args, **named)
        check_length(len(result) if isinstance(result, str) else 0)
        return result

    return limited


def replace_text(text: object, old: object, new: object) -> str:
    """The filter `replace`, whose result is measured before it is made."""
    source, before, after = str(text), str(old), str(new)
    check_length(len(source) + source.count(before) * (len(after) - len(before)))
    return source.replace(before, after)


def check_length(length: int) -> None:
    if length > 10 * MOST:
        from jinja2.exceptions import SecurityError

        raise SecurityError(f"a text of more than {10 * MOST} characters")


def unfit(tree: nodes.Template) -> tuple[int, str] | None:
    """The line and the description of the first thing that a prompt file may not use.

    Args:
        tree: The parsed section.

    Returns:
        None if there is none.
    """
    from jinja2 import nodes

    ahead: list[nodes.Node] = [tree]
    seen = 0
    while ahead:
        node = ahead.pop()
        seen += 1
        if seen > PARTS:
            return node.lineno, f"more than {PARTS} parts"
        kind = type(node).__name__
        if kind not in NODES:
            return node.lineno, WORDS.get(kind, kind)
        if isinstance(node, nodes.Filter) and node.name not in environment().filters:
            known = ", ".join(sorted(environment().filters))
            return node.lineno, f"the filter {node.name!r} (there are: {known})"
        if isinstance(node, nodes.Call):
            called = node.node
            if not isinstance(called, nodes.Getattr) or called.attr not in METHODS:
                return node.lineno, f"a call (there are: .{'(), .'.join(sorted(METHODS))}())"
            ahead += [called.node, *node.args, *node.kwargs]
        elif isinstance(node, nodes.Getattr):
            return node.lineno, f"the attribute {node.attr!r}"
        else:
            ahead += list(node.iter_child_nodes())[::-1]
    return None


def render(template: jinja2.Template, values: Mapping[str, str | float]) -> str:
    """Renders a template within the limits.

    Args:
        template: The template.
        values: Its variables.

    Raises:
        SecurityError: The text becomes too long.
    """
    from jinja2.exceptions import SecurityError

    shown = sum(len(value) for value in values.values() if isinstance(value, str))
    most = MOST + TIMES * shown
    parts, length = [], 0
    for part in template.generate(values):
        parts.append(part)
        length += len(part)
        if length > most:
            raise SecurityError(f"the prompt becomes longer than {most} characters")
    return "".join(parts)
