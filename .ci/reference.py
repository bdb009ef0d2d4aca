"""Write the generated pages of docs/reference/ from the commands, the settings and the judges.

    python .ci/reference.py            # write the pages
    python .ci/reference.py --check    # exit with 1 if a page is not what would be written

Every flag of every command, every setting and every option of a judge stands on one of these
pages, with the help text of its own declaration. `make docs` writes them before it builds the site.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperArgument, TyperOption

from judgekit.cli.app import build_app
from judgekit.config.fields import flag_of
from judgekit.config.reference import project_table, user_table
from judgekit.config.reference_keywords import PLACE, keywords_text
from judgekit.config.settings import GenerateSettings, Settings
from judgekit.extension.judge_options import judge_options
from judgekit.extension.registry import Registry
from judgekit.stats import RankingSummary, ScoreSummary, Summary
from judgekit.stats.metric import Metric, metric_of

__all__ = ["commands", "flags", "main", "pages"]

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Written by .ci/reference.py; change the help text in the code instead. -->"
OTHER = "Options"
VALUES = {str: "text", int: "integer", float: "number", Path: "path", bool: ""}


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages, or compare them with what stands in docs/reference/."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    stale = []
    check = parser.parse_args(argv).check
    written = {REFERENCE / name: text for name, text in pages().items()}
    for path, text in {**written, PLACE: keywords_text()}.items():
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            stale.append(path.relative_to(ROOT))
        elif not check:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path} is stale: run `make reference`", file=sys.stderr)
    return 1 if stale else 0


def pages() -> Mapping[str, str]:
    """The text of each generated page by its name."""
    return {
        "commands.md": "\n".join(command_page()) + "\n",
        "judges.md": "\n".join(judge_page()) + "\n",
        "configuration.md": filled(
            "configuration.md",
            settings=settings_tables(),
            project=project_table().splitlines(),
            user=user_table().splitlines(),
        ),
        "files.md": filled("files.md", summary=summary_tables()),
    }


def commands() -> Mapping[str, Any]:
    """Every command, as typer makes it, by the words that call it, such as ``train dpo``."""
    return dict(leaves(build_app(), ""))


def leaves(command: Any, above: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield above, command
        return
    if above and command.invoke_without_command:
        yield above, command
    context = typer.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if not inner.hidden:
            yield from leaves(inner, f"{above} {name}".strip())


def flags(command: Any) -> Sequence[TyperOption]:
    """The options of a command that ``--help`` lists, without those of a judge."""
    options = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    return [flag for flag in options if not panel(flag).startswith("Options of the judge")]


def panel(flag: TyperOption) -> str:
    return flag.rich_help_panel or OTHER


def command_page() -> Iterator[str]:
    yield "# Commands"
    yield f"\n{NOTE}\n"
    yield (
        "`judgekit COMMAND --help` prints the same. With `--judge NAME` before `--help`, commands "
        "that judge also list that judge's own flags ([judges](judges.md))."
    )
    for name, command in commands().items():
        yield f"\n## judgekit {name}\n"
        yield prose(command.help or "")
        arguments = [p for p in command.params if isinstance(p, TyperArgument)]
        shown = " ".join(map(argument_of, arguments))
        yield f"\n```text\njudgekit {name} [OPTIONS] {shown}".rstrip() + "\n```"
        if arguments:
            yield "\n| argument | |\n|---|---|"
            yield from (row(f"`{argument_of(a)}`", prose(a.help or "")) for a in arguments)
        for title, group in panels(flags(command)).items():
            yield f"\n**{title}**\n\n| flag | value | default | |\n|---|---|---|---|"
            yield from map(flag_row, group)


def argument_of(argument: TyperArgument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    several = f"{name}..." if argument.nargs == -1 else name
    return several if argument.required else f"[{several}]"


def panels(options: Iterable[TyperOption]) -> Mapping[str, list[TyperOption]]:
    grouped: dict[str, list[TyperOption]] = {}
    for option in options:
        grouped.setdefault(panel(option), []).append(option)
    return grouped


def flag_row(option: TyperOption) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return row(names, value_of(option), default_of(option), prose(option.help or ""))


def value_of(option: TyperOption) -> str:
    if option.is_flag:
        return ""
    kind: Any = option.type_descriptor.annotation
    several = "; repeatable" if option.multiple else ""
    if get_origin(kind) is list:
        (kind,) = get_args(kind)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind)) + several
    if issubclass(kind, Enum):
        return ", ".join(f"`{choice.value}`" for choice in kind) + several
    return VALUES[kind] + several


def default_of(option: TyperOption) -> str:
    if isinstance(option.show_default, str):
        return f"`{option.show_default}`"
    return f"`{option.default}`" if usable(option.default) else ""


def judge_page() -> Iterator[str]:
    registry = Registry.load()
    yield "# Judges and their options"
    yield f"\n{NOTE}\n"
    yield (
        "The judges that come with judgekit. [Choose a judge](../guides/judges.md) compares them. "
        "An option is a flag of `compare`, `score`, `rank` and `audit` beside `--judge NAME` "
        "(`judgekit compare --judge pairrm --help` lists them), a key under `[options]` in "
        "`judgekit.toml`, and a keyword in `options=` from Python."
    )
    for name in sorted(name for plugin in registry.listing() for name in plugin.judges):
        judge = registry.judge(name)
        about = inspect.getdoc(judge) or ""
        yield f"\n## {name}\n\n{about}\n"
        sees = {1: "one response", 2: "two responses, in both orders"}
        yield f"Is shown {' or '.join(sees[n] for n in sorted(judge.arity, reverse=True))}."
        options = judge_options(judge)
        if options:
            yield "\n| option | value | default | |\n|---|---|---|---|"
        for option in options:
            values = ", ".join(f"`{v}`" for v in option.choices) or option.type.__name__
            default = "" if option.default is None else f"`{option.default}`"
            flag = "--" + option.name.replace("_", "-")
            yield row(f"`{flag}`", values, default, prose(option.help))


def settings_tables() -> Iterator[str]:
    """Every setting with its flag."""
    for title, kind in (("Judging", Settings), ("Generating", GenerateSettings)):
        yield f"\n### {title}: `{kind.__name__}`\n"
        yield "| setting | flag | default | |\n|---|---|---|---|"
        for field in fields(kind):
            yield row(
                f"`{field.name}`",
                f"`{flag_of(field)}`" if field.metadata["panel"] else "",
                f"`{field.default}`" if usable(field.default) else "",
                prose(field.metadata["help"]),
            )


def summary_tables() -> Iterator[str]:
    """Every metric of the three kinds of summary, and what their keys were called before."""
    formerly: dict[str, str] = {}
    for command, kind in (
        ("compare", Summary),
        ("score", ScoreSummary),
        ("rank", RankingSummary),
    ):
        yield f"\n### `judgekit {command}`, schema `{kind.SCHEMA}`\n"
        yield "| field | definition | unit | denominator | formula |\n|---|---|---|---|---|"
        for name, metric in metrics(kind):
            formerly |= {metric.formerly: name} if metric.formerly else {}
            formula = f"`{metric.formula}`" if metric.formula else ""
            definition = prose(metric.definition)
            yield row(f"`{name}`", definition, metric.unit, metric.denominator, formula)
    yield "\nKeys of the release before stand beside the new ones for one release:\n"
    yield "| old key | new |\n|---|---|"
    yield from (row(f"`{old}`", f"`{new}`") for old, new in formerly.items())


def metrics(kind: Any, above: str = "") -> Iterator[tuple[str, Metric]]:
    """The metrics of a summary and of the objects inside it, by their dotted names."""
    types = get_type_hints(kind)
    for field in fields(kind):
        metric = metric_of(field)
        if metric is not None:
            yield above + field.name, metric
        inner = dataclass_in(types[field.name])
        if inner is not None and any(map(metric_of, fields(inner))):
            yield from metrics(inner, f"{above}{field.name}.")


def dataclass_in(hint: Any) -> Any:
    """The dataclass that a field holds, alone or several of it; None if it holds none."""
    if is_dataclass(hint):
        return hint
    return next((inner for arm in get_args(hint) if (inner := dataclass_in(arm)) is not None), None)


def filled(page: str, **parts: Iterable[str]) -> str:
    """A page written by hand, with its generated parts, each between two marks, renewed."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    for name, lines in parts.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, mark, tail = text.partition(begin)
        _, closed, after = tail.partition(end)
        if not mark or not closed:
            raise ValueError(f"docs/reference/{page} has no part {name!r}")
        text = before + begin + "\n".join(lines) + "\n" + end + after
    return text


def usable(default: Any) -> bool:
    return default not in (None, MISSING, (), "", False, [])


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def prose(text: str) -> str:
    """Help text as Markdown: a bare ``<`` or ``*`` is no markup."""
    return inspect.cleandoc(text).replace("*", "\\*").replace("<", "&lt;")


if __name__ == "__main__":
    raise SystemExit(main())
