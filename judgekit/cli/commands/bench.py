"""`judgekit bench`: judges on labelled pairs, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from judgekit.trust.benchmark import Benchmark

__all__ = ["bench"]

Part = Literal["category", "language"]
TOTALS = ("cases", "calls", "tokens_in", "tokens_out", "cost_usd")


def bench(
    context: typer.Context,
    sets: Annotated[
        list[str],
        typer.Argument(
            metavar="SET",
            help="Labelled sets by name (`judgekit plugins` lists them), as NAME=FILE, or a file "
            "of labelled pairs.",
        ),
    ],
    settings: Mapping[str, Any],
    judge: Annotated[
        str | None,
        typer.Option(
            help="Judges, apart by commas: JUDGE, or JUDGE@ENGINE/MODEL. None: what is trivial.",
            rich_help_panel="Judge",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="At most N questions of each set, drawn from all of it."),
    ] = None,
    by: Annotated[
        Part | None, typer.Option(help="Accuracy by category, or by language, as well.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask nothing; print calls, tokens, cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell how often judges are right on pairs of which it is known which answer is better."""
    from judgekit.cli import run_jobs
    from judgekit.config.files import load_project
    from judgekit.config.judge_spec import JudgeSpec
    from judgekit.config.settings import Settings
    from judgekit.jobs.judge_settings import judge_specs
    from judgekit.trust.benchmark import prepare_bench

    said = dict(settings) | ({"judge": judge} if judge is not None else {})
    chosen = Settings.of(load_project(Path()).under(said))
    seats = judge_specs(chosen)
    if not seats and chosen.model is not None:
        seats = (JudgeSpec("pairwise"),)
    benchmark = prepare_bench(sets, seats, chosen, context.obj, limit=limit)
    if dry_run:
        estimates(benchmark, as_json=as_json)
        return
    check(benchmark)
    runs = {}
    for entry in benchmark.entries:
        if not entry.trivial:
            name = f"{entry.labelled.name} before {entry.seat}"
            run_jobs.announce(name)
            runs[name] = run_jobs.run_with_progress(entry.job)
    found = finished(benchmark)
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text(found | {"bench": str(benchmark.folder)}))
    else:
        from judgekit.cli.render.bench import print_bench

        print_bench(found, by, benchmark.folder)
    silent = {name: run for name, run in runs.items() if run_jobs.without_verdict(run)}
    for name, run in silent.items():
        run_jobs.announce(f"{name}: {run_jobs.why_silent(run)}")
    if silent:
        raise typer.Exit(run_jobs.NO_VERDICT)


def check(benchmark: Benchmark) -> None:
    """Refuses a folder that could not be written, before anything is asked."""
    from judgekit.jobs.runnable import check_jobs

    check_jobs([entry.job for entry in benchmark.entries])


def finished(benchmark: Benchmark) -> dict[str, Any]:
    """Runs what is trivial, which takes no time to speak of, and sums up."""
    from judgekit.api import run_job

    for entry in benchmark.entries:
        if entry.trivial:
            run_job(entry.job)
    return benchmark.finish()


def estimates(benchmark: Benchmark, *, as_json: bool) -> None:
    """`--dry-run`: what each set would ask of each judge and cost, and all of them together."""
    from judgekit.cli.render.bench import print_estimates

    rows = [
        {"set": e.labelled.name, "judge": str(e.seat)} | e.job.estimate().as_dict()
        for e in benchmark.entries
        if not e.trivial
    ]
    total = {name: whole([row[name] for row in rows]) for name in TOTALS}
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text({"estimates": rows, "total": total}))
        return
    print_estimates([*rows, {"set": "all", "judge": "", **total}])


def whole(values: Sequence[float | None]) -> float | None:
    """The sum, None where a part of it is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
