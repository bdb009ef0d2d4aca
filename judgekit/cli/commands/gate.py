"""`judgekit gate`: checks of a finished run; nothing is judged again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from judgekit.cli.gate_flags import FAILED, FailIf, Gate, Junit, as_rows
from judgekit.errors import InputError

__all__ = ["gate"]

BASELINE = "Against a baseline"

Against = Annotated[
    Path | None,
    typer.Option(
        help="Exit with 1 if a metric has fallen by more than --margin since this earlier run.",
        rich_help_panel=BASELINE,
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        help="How far the metric may fall, in its own units: 0.02 of a win rate.",
        rich_help_panel=BASELINE,
    ),
]
Metric = Annotated[
    str | None,
    typer.Option(
        help="The metric. Default: win_rate_a of comparisons, mean_score of scores.",
        show_default=False,
        rich_help_panel=BASELINE,
    ),
]
Inconclusive = Annotated[
    Literal["pass", "fail"],
    typer.Option(
        help="What an interval that holds the margin counts as; JUnit says skipped of a pass.",
        rich_help_panel=BASELINE,
    ),
]


def gate(
    run: Annotated[Path, typer.Argument(help="The run's folder.")] = Path("runs/latest"),
    fail_if: FailIf = None,
    junit: Junit = None,
    against: Against = None,
    margin: Margin = None,
    metric: Metric = None,
    inconclusive: Inconclusive = "pass",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Exit with 1 if a finished run meets a condition, or is worse than its baseline."""
    from judgekit.api import load_run
    from judgekit.cli.run_jobs import NO_VERDICT, announce, why_silent
    from judgekit.trust.baseline import compare_with_baseline

    check_flags(fail_if, against, margin, metric)
    chosen = Gate.of(fail_if, junit, against=against is not None)
    finished = load_run(run)
    finished.stored.verify()
    chosen.check_inputs(finished.folder.iterdir())
    comparison = None
    if against is not None and margin is not None:
        chosen.check_inputs(load_run(against).folder.iterdir())
        comparison = compare_with_baseline(
            run, against, margin=margin, metric=metric, inconclusive=inconclusive
        )
    suite = chosen.suite(finished, [] if comparison is None else [comparison])
    if as_json:
        from judgekit.cli.render.console import json_text

        document: dict[str, Any] = {"run": str(finished.folder), "gate": as_rows(suite)}
        if comparison is not None:
            document["against"] = comparison.to_dict()
        print(json_text(document))
    else:
        from judgekit.cli.render.console import safe

        for result in suite.results:
            print(safe(result.message))
    if comparison is not None and comparison.state == "skipped":
        announce("warning: it is not shown to be as good as its baseline; see --inconclusive")
    chosen.write([suite])
    if suite.error:
        announce(why_silent(finished))
        raise typer.Exit(NO_VERDICT)
    if suite.failures:
        raise typer.Exit(FAILED)


def check_flags(
    fail_if: list[str] | None, against: Path | None, margin: float | None, metric: str | None
) -> None:
    """Refuses (`InputError`) a gate without any check, and half of a comparison."""
    if (against is None) != (margin is None):
        raise InputError("--against RUN and --margin belong together, as in --margin 0.02")
    if against is None and metric is not None:
        raise InputError("--metric names the metric of --against RUN; add that or leave it out")
    if not fail_if and against is None:
        raise InputError(
            "no condition: add one such as --fail-if 'win_rate_a.low < 0.5', or a baseline with "
            "--against RUN --margin 0.02"
        )
