"""`judgekit align`: a judge improved on labels, with the gain proved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from judgekit.harness.tally import Tally
    from judgekit.jobs.job import Job
    from judgekit.jobs.text_generation import GeneratedTexts, TextGeneration

__all__ = ["align"]

PANEL = "Alignment"

Labelled = Annotated[
    str,
    typer.Argument(
        metavar="LABELLED",
        help="Labelled pairs, or answers with scores: a file, a set's name, or NAME=FILE.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="The prompt file to write. Default: judge.md in the report's folder.",
        rich_help_panel=PANEL,
    ),
]
Proposer = Annotated[
    str | None,
    typer.Option(
        "--proposer-model",
        help="ENGINE/MODEL that proposes rules from the judge's mistakes. Default: the judge's.",
        rich_help_panel=PANEL,
    ),
]
Examples = Annotated[
    int,
    typer.Option(
        min=0,
        help="The most labelled cases shown as examples (pairs in both orders); 0 tries none.",
        rich_help_panel=PANEL,
    ),
]
Revisions = Annotated[
    int,
    typer.Option(
        min=0, help="How many proposals of rules are tried; 0 asks for none.", rich_help_panel=PANEL
    ),
]
CrossFit = Annotated[
    bool,
    typer.Option(
        "--cross-fit",
        help="Test each prompt by a judge aligned without it; for few labels.",
        rich_help_panel=PANEL,
    ),
]
WriteAnyway = Annotated[
    bool,
    typer.Option(
        "--write-anyway",
        help="Write the best candidate even if its gain is not shown.",
        rich_help_panel=PANEL,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Only estimate calls, cost and the smallest gain; ask nothing."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def align(
    context: typer.Context,
    labelled: Labelled,
    settings: Mapping[str, Any],
    out: Out = None,
    proposer: Proposer = None,
    examples: Examples = 4,
    revisions: Revisions = 2,
    cross_fit: CrossFit = False,
    write_anyway: WriteAnyway = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Improve a judge on people's labels, and test whether it is better."""
    from judgekit.cli import run_jobs
    from judgekit.cli.render import alignment as rendered
    from judgekit.cli.render.console import json_text
    from judgekit.trust.alignment.align import align_judge, check_out
    from judgekit.trust.alignment.estimates import estimate_alignment
    from judgekit.trust.alignment.prepare import AlignOptions, prepare_align

    options = AlignOptions(
        out=out,
        proposer_model=proposer,
        examples=examples,
        revisions=revisions,
        cross_fit=cross_fit,
        write_anyway=write_anyway,
    )
    registry = context.obj
    alignment = prepare_align(
        labelled, run_jobs.chosen_settings(settings, registry), options, registry
    )
    check_out(alignment)
    if dry_run:
        expected = estimate_alignment(alignment)
        print(json_text(expected.to_dict())) if as_json else rendered.print_estimate(expected)
        return
    for remark in alignment.remarks():
        run_jobs.announce(remark)
    report = align_judge(alignment, run_job, propose)
    if as_json:
        print(json_text(report.to_dict() | {"folder": str(alignment.folder)}))
    else:
        rendered.print_alignment(report, alignment.folder)
    if report.stopped:
        raise typer.Exit(run_jobs.NO_VERDICT)


def run_job(job: Job) -> Path:
    """Runs a job under a progress bar; returns its run's folder."""
    from judgekit.cli.run_jobs import run_with_progress

    return run_with_progress(job).folder


def propose(generation: TextGeneration, tally: Tally) -> GeneratedTexts:
    """Runs a generation under a progress bar."""
    from judgekit.cli.render.progress import progress_bar
    from judgekit.jobs.event_loop import in_loop

    with progress_bar(generation.bound_engine.price, "proposed", "a proposal") as move:
        return in_loop(lambda: generation.run(tally, move))
