"""The table of installed plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe

if TYPE_CHECKING:
    from judgekit.extension.registry import PluginInfo

__all__ = ["plugin_table"]


def plugin_table(plugins: Iterable[PluginInfo]) -> Table:
    """What each plugin gives, a row for each kind of thing, and all that is wrong with it."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("plugin", "from", "", "names"):
        table.add_column(name, overflow="fold")
    for plugin in plugins:
        head = (Text(safe(plugin.name)), Text(safe(plugin.origin)))
        for kind, text in rows(plugin):
            table.add_row(*head, kind, text)
            head = (Text(), Text())
    return table


def rows(plugin: PluginInfo) -> Iterator[tuple[Text, Text]]:
    """The rows of one plugin; there is at least one."""
    kinds = {"judges": plugin.judges, "engines": plugin.engines, "sets": plugin.sets}
    gives = {kind: names for kind, names in kinds.items() if names}
    for kind, names in gives.items():
        yield Text(kind), Text(safe(", ".join(names)))
    if plugin.broken:
        yield Text("broken", style="red"), Text(safe(plugin.broken), style="red")
    for clash in plugin.clashes:
        yield Text("clash", style="red"), Text(safe(clash), style="red")
    if not gives and not plugin.broken and not plugin.clashes:
        yield Text(), Text("commands or prompts only", style="dim")
