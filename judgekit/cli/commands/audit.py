"""`judgekit audit`: how biased a judge is, on the user's own answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judgekit.cli.format_flag import FormatFlag, choose_format
from judgekit.types import digest

if TYPE_CHECKING:
    from judgekit.harness.tally import Tally
    from judgekit.jobs.job import Job
    from judgekit.jobs.text_generation import GeneratedTexts, TextGeneration
    from judgekit.trust.audit import AuditInput

__all__ = ["audit"]

PANEL = "Audit"
PROBES = (  # as `judgekit.trust.audit.PROBES` has them, which is not imported for a help text
    "position, names, verbosity, length, self-enhancement, injection, null, repeats, agreement, "
    "reference"
)


Files = Annotated[list[Path], typer.Argument(help="Two files of answers, or one file of pairs.")]
Probes = Annotated[
    str | None,
    typer.Option(
        help=f"Some of: {PROBES}.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
Rephraser = Annotated[
    str | None,
    typer.Option(
        help="ENGINE/MODEL that rewrites lists in other words, for the probe verbosity.",
        rich_help_panel=PANEL,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        help="People's labels: a file with the columns id and label (A, B or tie).",
        rich_help_panel=PANEL,
    ),
]
Families = Annotated[
    Path | None,
    typer.Option(
        help="Families of models: a file with the columns model and family.",
        rich_help_panel=PANEL,
    ),
]
Beside = Annotated[
    str | None,
    typer.Option(
        help="Comma-separated judges to compare with, each as JUDGE@ENGINE/MODEL.",
        rich_help_panel=PANEL,
    ),
]
Against = Annotated[
    list[Path] | None,
    typer.Option(
        help="A finished run of another judge on the same answers; repeatable.",
        rich_help_panel=PANEL,
    ),
]
Guided = Annotated[
    str,
    typer.Option(help="The judge with references, for the probe reference.", rich_help_panel=PANEL),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only estimate calls, tokens and cost; ask nothing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def audit(
    context: typer.Context,
    files: Files,
    settings: Mapping[str, Any],
    probes: Probes = None,
    rephraser: Rephraser = None,
    labels: Labels = None,
    families: Families = None,
    beside: Beside = None,
    against: Against = None,
    guided: Guided = "reference",
    dry_run: DryRun = False,
    as_json: AsJson = False,
    form: FormatFlag = "table",
) -> None:
    """Measure a judge's biases on your own answers: position, names, length and more."""
    from judgekit.cli import run_jobs
    from judgekit.cli.render import audit
    from judgekit.cli.render.console import json_text
    from judgekit.trust.audit import (
        AuditOptions,
        chosen_probes,
        estimates,
        examine,
        prepare_audit,
    )

    choose_format(form, as_json=as_json)
    chosen = chosen_probes(probes)
    options = AuditOptions(
        rephraser=rephraser,
        labels=labels,
        families=families,
        beside=beside,
        against=against or (),
        guided=guided,
    )
    registry = context.obj
    prepared = prepare_audit(files, run_jobs.chosen_settings(settings, registry), options, registry)
    if dry_run:
        expected = estimates(prepared, chosen)
        print(json_text(expected.to_dict())) if as_json else audit.print_estimates(expected)
        return
    for remark in prepared.job.inputs.remarks:
        run_jobs.announce(remark)
    done = examine(prepared, chosen, folder_of(prepared), run_job, generate)
    print(json_text(done.to_dict())) if as_json else audit.print_audit(done)
    if done.report.empty:
        run_jobs.announce("no probe could measure anything; the report says why of each")
        raise typer.Exit(run_jobs.NO_VERDICT)


def run_job(job: Job) -> Path:
    """Runs a job under a progress bar; returns its run's folder."""
    from judgekit.cli.run_jobs import run_with_progress

    return run_with_progress(job).folder


def generate(generation: TextGeneration, tally: Tally) -> GeneratedTexts:
    """Runs a generation under a progress bar."""
    from judgekit.cli.render.progress import progress_bar
    from judgekit.jobs.event_loop import in_loop

    with progress_bar(generation.bound_engine.price, "rewriting", "a list") as move:
        return in_loop(lambda: generation.run(tally, move))


def folder_of(audit: AuditInput) -> Path:
    """Where the audit goes: `--out`, or a folder named by what is audited."""
    from judgekit import runs

    settings = audit.job.settings
    if settings.out is not None:
        return settings.out
    server = str(settings.base_url or settings.endpoint or "")
    identity = digest(audit.job.identity(""), server, size=8)
    name = runs.folder_name(audit.models, audit.job.judge_name, identity)
    return Path("runs") / f"audit-{name}"
