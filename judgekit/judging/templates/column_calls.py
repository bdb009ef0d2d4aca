"""``column("context")`` in a prompt: a variable with a name of the user's.

It is resolved when the prompt is compiled, so nothing is called when it is rendered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from judgekit.errors import InputError
from judgekit.judging.templates.fences import column_variable
from judgekit.naming import closest

if TYPE_CHECKING:  # imported where a prompt is compiled
    from jinja2 import nodes

__all__ = ["COLUMN", "resolve_columns"]

COLUMN = "column"


def resolve_columns(
    tree: nodes.Template, needs: Sequence[str], file: str, first_line: int
) -> set[str]:
    """Puts a variable in the place of each ``column(NAME)`` of a section.

    Args:
        tree: The parsed section; it is changed.
        needs: The names that the head needs.
        file: The prompt file, for messages.
        first_line: The number of the section's first line in the file.

    Returns:
        The variables (`column_variable`) of the columns that the section shows.

    Raises:
        InputError: A name is no text, or the head does not need it; names file and line.
    """
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    shown: set[str] = set()

    class Resolve(NodeTransformer):
        def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802 (jinja2's name)
            called = call.node
            if not isinstance(called, nodes.Name) or called.name != COLUMN:
                return self.generic_visit(call)
            try:
                variable = column_variable(needs.index(column_name(call, needs)))
            except ValueError as error:
                raise InputError(f"{file}:{first_line + call.lineno - 1}: {error}") from None
            shown.add(variable)
            return nodes.Name(variable, "load", lineno=call.lineno)

    Resolve().visit(tree)
    return shown


def column_name(call: nodes.Call, needs: Sequence[str]) -> str:
    """The name in a call; raises `ValueError`, with what to do, unless it is one that is needed."""
    from jinja2 import nodes

    names = [one.value for one in call.args if isinstance(one, nodes.Const)]
    plain = len(call.args) == len(names) == 1 and not (
        call.kwargs or call.dyn_args or call.dyn_kwargs
    )
    if not plain or not isinstance(names[0], str):
        raise ValueError(f'{COLUMN} takes one name in quotes, as in {{{{ {COLUMN}("context") }}}}')
    name: str = names[0]
    if name not in needs:
        near = closest(name, needs)
        hint = f"did you mean {near!r}? " if near is not None else ""
        wanted = ", ".join(f'"{one}"' for one in (*needs, name))
        raise ValueError(
            f"the head does not need the column {name!r}; {hint}say needs = [{wanted}] there"
        )
    return name
