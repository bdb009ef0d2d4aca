"""`judgekit plugins`: lists the installed plugins, and writes a new one."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from judgekit.extension.registry import Registry

__all__ = ["app"]

app = typer.Typer(help="List the installed plugins and what is broken, or write a new one.")


@app.callback(invoke_without_command=True)
def listing(
    context: typer.Context,
    files: Annotated[  # noqa: ARG001 - the application has loaded them
        list[Path] | None,
        typer.Option("--plugin", help="A plugin's Python file to load. Repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the installed judges, engines and labelled sets, and why a plugin is broken."""
    if context.invoked_subcommand is not None:
        return
    registry: Registry = context.obj
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text({"plugins": [plugin.as_dict() for plugin in registry.listing()]}))
        return
    from judgekit.cli.render.console import stdout_console
    from judgekit.cli.render.plugins import plugin_table

    stdout_console().print(plugin_table(registry.listing()))


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="The judge's name, such as my-judge.")],
    folder: Annotated[
        Path, typer.Option("--in", help="The folder in which to make the package.")
    ] = Path(),
    single: Annotated[
        bool, typer.Option("--single", help="A judge that scores single answers, not pairs.")
    ] = False,
) -> None:
    """Write a working plugin package with its test, ready to edit."""
    from judgekit.extension.scaffold import write_plugin

    written = write_plugin(name, folder, kind="single" if single else "pair")
    for path in written:
        print(path)
    top = str(folder / name)
    package = shlex.quote(top + "[test]")
    print(
        f"next: pip install -e {package} && pytest {shlex.quote(top)}, "
        f"then judgekit {'score' if single else 'compare'} … --judge {name}",
        file=sys.stderr,
    )
