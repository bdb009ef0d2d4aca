"""The commands put together, with the flags of the judge that the command line names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.commands import (
    audit,
    bench,
    compare,
    drift,
    gate,
    generate,
    merge,
    pairs,
    plugins,
    rank,
    runs,
    score,
    show,
    stats,
    train,
)
from judgekit.cli.flags import with_flags, with_settings
from judgekit.config.settings import GenerateSettings, Settings
from judgekit.extension.registry import JudgeOption, Registry, judge_options
from judgekit.jobs.judge_settings import judge_specs

__all__ = ["build_app"]

HELP = (
    "Judge the answers of language models, know how far the judge can be trusted, and train on "
    "what it says."
)


def build_app(argv: Sequence[str]) -> typer.Typer:
    """The application for one command line."""
    registry = Registry.load(files=[Path(path) for path in values_of("--plugin", argv)])
    app = typer.Typer(
        help=HELP,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        # The commands find the plugins in their context: each file is executed once.
        context_settings={"help_option_names": ["-h", "--help"], "obj": registry},
    )
    app.callback()(root)
    command = next((word for word in argv if not word.startswith("-")), "")
    options: Sequence[JudgeOption] = ()
    judge = None
    if command in ("audit", "compare", "rank", "score"):
        judge = next(reversed(values_of("--judge", argv)), None) or project_judge()
        options = options_of(judge or "overlap", registry)
    own: dict[str, Callable[..., Any]] = {
        "audit": with_settings(audit.audit, options, judge or "overlap"),
        "compare": with_settings(compare.compare, options, judge or "overlap"),
        "rank": with_settings(rank.rank, options, judge or "overlap"),
        "score": with_settings(score.score, options, judge or "overlap"),
        "bench": with_flags(bench.bench, Settings, leave_out=bench.LEFT_OUT),
        "show": show.show,
        "gate": gate.gate,
        "drift": with_flags(drift.drift, Settings, leave_out=drift.LEFT_OUT),
        "pairs": pairs.pairs,
        "stats": stats.stats,
        "generate": with_flags(generate.generate, GenerateSettings),
        "merge": merge.merge,
    }
    for name, function in own.items():
        app.command(name)(function)
    app.add_typer(plugins.app, name="plugins")
    app.add_typer(runs.app, name="runs")
    app.add_typer(train.app, name="train")
    registry.add_commands(app)
    return app


def options_of(judge: str, registry: Registry) -> Sequence[JudgeOption]:
    """The options of the judge that is named, of several if they are the same."""
    judges = {seat.judge for seat in judge_specs(Settings(judge=judge))}
    return judge_options(registry.judge(judges.pop())) if len(judges) == 1 else ()


def show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("judgekit"))
        raise typer.Exit


def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=show_version
        ),
    ] = False,
) -> None:
    """Takes the flags that stand before the command."""


def values_of(flag: str, argv: Sequence[str]) -> list[str]:
    """What a flag is given on a command line, before it is parsed: its judge decides the flags."""
    found = []
    for position, word in enumerate(argv):
        if word == flag and position + 1 < len(argv):
            found.append(argv[position + 1])
        elif word.startswith(flag + "="):
            found.append(word[len(flag) + 1 :])
    return found


def project_judge() -> str | None:
    """The judge that the working directory's judgekit.toml chooses."""
    from judgekit.config.files import load_project

    return load_project(Path()).judge
