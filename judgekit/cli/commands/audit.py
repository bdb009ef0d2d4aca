"""`judgekit audit`: how biased a judge is, on the user's own answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judgekit.types import digest

if TYPE_CHECKING:
    from judgekit.trust.audit import Given

__all__ = ["audit"]

PANEL = "Audit"
PROBES = (  # as `judgekit.trust.audit.PROBES` has them, which is not imported for a help text
    "position, names, verbosity, length, self-enhancement, injection, null, repeats, agreement, "
    "reference"
)


Files = Annotated[list[Path], typer.Argument(help="Two files of answers, or one file of pairs.")]
Probes = Annotated[
    str | None,
    typer.Option(help=f"Only these, apart by commas: {PROBES}.", rich_help_panel=PANEL),
]
Rephraser = Annotated[
    str | None,
    typer.Option(
        help="ENGINE/MODEL that says lists in other words, for the probe verbosity.",
        rich_help_panel=PANEL,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        help="People's labels: rows of id and label (A, B or tie).", rich_help_panel=PANEL
    ),
]
Families = Annotated[
    Path | None,
    typer.Option(help="Whose models are: rows of model and family.", rich_help_panel=PANEL),
]
Beside = Annotated[
    str | None,
    typer.Option(
        help="Other judges to compare with, JUDGE@ENGINE/MODEL, apart by commas.",
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
    typer.Option(
        help="The judge that is shown references, in the probe reference.", rich_help_panel=PANEL
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Ask nothing; print calls, tokens, cost.")]
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
) -> None:
    """Measure a judge's biases on your own answers: position, names, length, lists and more."""
    from judgekit.cli import run_jobs
    from judgekit.cli.render import audit
    from judgekit.cli.render.console import json_text
    from judgekit.trust.audit import Wanted, chosen_probes, estimates, examine, make_given

    chosen = chosen_probes(probes)
    wanted = Wanted(
        rephraser=rephraser,
        labels=labels,
        families=families,
        beside=beside,
        against=against or (),
        guided=guided,
    )
    registry = context.obj
    given = make_given(files, run_jobs.chosen_settings(settings, registry), wanted, registry)
    if dry_run:
        found = estimates(given, chosen)
        print(json_text(found.as_dict())) if as_json else audit.print_estimates(found)
        return
    for remark in given.job.inputs.remarks:
        run_jobs.announce(remark)
    done = examine(given, chosen, folder_of(given), run_jobs.run_with_progress)
    if as_json:
        asked = {"calls": done.calls, "calls_from_store": done.calls_from_store}
        spent = {"cost_usd": done.cost_usd, "folder": str(done.folder)}
        print(json_text(done.as_dict() | asked | spent))
    else:
        audit.print_audit(done)
    if done.empty:
        run_jobs.announce("no probe found anything; the reasons stand beside each")
        raise typer.Exit(run_jobs.NO_VERDICT)


def folder_of(given: Given) -> Path:
    """Where the audit goes: `--out`, or a folder named by what is audited."""
    from judgekit import runs

    settings = given.job.settings
    if settings.out is not None:
        return settings.out
    server = str(settings.base_url or settings.endpoint or "")
    identity = digest(given.job.identity(""), server, size=8)
    name = runs.folder_name(given.models, given.job.judge_name, identity)
    return Path("runs") / f"audit-{name}"
