"""`judgekit bench`: judges on labelled pairs, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from judgekit.cli.format_flag import FormatFlag, choose_format, output_format

if TYPE_CHECKING:
    from judgekit.api import AnyRun
    from judgekit.extension.registry import Registry
    from judgekit.runs.bench_report import BenchReport
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
            help="Labelled sets: a name (see `judgekit plugins`), NAME=FILE, or a file of labelled "
            "pairs.",
        ),
    ],
    settings: Mapping[str, Any],
    judge: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated judges: JUDGE or JUDGE@ENGINE/MODEL. Default: only the trivial "
            "baselines.",
            show_default=False,
            rich_help_panel="Judge",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="At most N questions of each set, drawn at random."),
    ] = None,
    by: Annotated[
        Part | None, typer.Option(help="Also show the accuracy by category or by language.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only estimate calls, tokens and cost; ask nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    form: FormatFlag = "table",
) -> None:
    """Measure the accuracy of judges on labelled pairs."""
    from judgekit.cli import run_jobs

    choose_format(form, as_json=as_json)
    given = dict(settings) | ({"judge": judge} if judge is not None else {})
    benchmark = prepare(sets, given, context.obj, limit)
    if dry_run:
        estimates(benchmark, as_json=as_json)
        return
    check(benchmark)
    runs = judge_sets(benchmark)
    show_report(finish(benchmark), benchmark.folder, by, as_json=as_json)
    silent = {name: run for name, run in runs.items() if run_jobs.without_verdict(run)}
    for name, run in silent.items():
        run_jobs.announce(f"{name}: {run_jobs.why_silent(run)}")
    if silent:
        raise typer.Exit(run_jobs.NO_VERDICT)


def prepare(
    sets: Sequence[str], given: Mapping[str, Any], registry: Registry, limit: int | None
) -> Benchmark:
    """The benchmark that the flags and the project's file ask for; `pairwise` judges by default."""
    from judgekit.config.files import load_project
    from judgekit.config.judge_spec import JudgeSpec
    from judgekit.config.settings import Settings
    from judgekit.jobs.judge_settings import judge_specs
    from judgekit.trust.benchmark import prepare_bench

    settings = Settings.of(load_project(Path()).under(given))
    specs = judge_specs(settings)
    if not specs and settings.model is not None:
        specs = (JudgeSpec("pairwise"),)
    return prepare_bench(sets, specs, settings, registry, limit=limit)


def judge_sets(benchmark: Benchmark) -> dict[str, AnyRun]:
    """Runs each set with each judge but the trivial ones; the runs by set and judge."""
    from judgekit.cli import run_jobs

    runs = {}
    for entry in benchmark.entries:
        if not entry.trivial:
            name = f"{entry.labelled.name}: {entry.spec}"
            run_jobs.announce(name)
            runs[name] = run_jobs.run_with_progress(entry.job)
    return runs


def show_report(report: BenchReport, folder: Path, by: Part | None, *, as_json: bool) -> None:
    """Prints the report as one JSON object or as tables."""
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text(report.to_dict() | {"bench": str(folder)}))
        return
    if output_format() == "csv":
        from judgekit.cli.render.export import print_csv

        print_csv(
            {"set": result.name} | one.to_dict() for result in report.sets for one in result.judges
        )
        return
    from judgekit.cli.render.bench import print_bench

    print_bench(report, by, folder)


def check(benchmark: Benchmark) -> None:
    """Refuses folders that could not be written, before anything is asked."""
    from judgekit.jobs.runnable import check_jobs

    check_jobs([entry.job for entry in benchmark.entries])


def finish(benchmark: Benchmark) -> BenchReport:
    """Runs the trivial judges, which takes hardly any time, and makes the report."""
    from judgekit.jobs.runnable import run_job

    for entry in benchmark.entries:
        if entry.trivial:
            run_job(entry.job)
    return benchmark.finish()


def estimates(benchmark: Benchmark, *, as_json: bool) -> None:
    """`--dry-run`: the estimate of each set with each judge, and their sum."""
    from judgekit.cli.render.bench import print_estimates

    rows = [
        {"set": e.labelled.name, "judge": str(e.spec)} | e.job.estimate().as_dict()
        for e in benchmark.entries
        if not e.trivial
    ]
    total = {name: total_of([row[name] for row in rows]) for name in TOTALS}
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text({"estimates": rows, "total": total}))
        return
    if output_format() == "csv":
        from judgekit.cli.render.export import print_csv

        print_csv(rows)
        return
    print_estimates([*rows, {"set": "all", "judge": "", **total}])


def total_of(values: Sequence[float | None]) -> float | None:
    """The sum; None where a part of it is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
