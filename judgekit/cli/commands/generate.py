"""`judgekit generate`: a model answers prompts; the answers can then be judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from judgekit.config.settings import GenerateSettings
    from judgekit.jobs.generation import Answers, GenerationEstimate, GenerationJob

__all__ = ["generate"]

NO_ANSWER = 3  # the exit code where none came out
MESSAGE = 300  # characters of an error that are shown


def generate(
    context: typer.Context,
    prompts: Annotated[
        Path, typer.Argument(help="A file of prompts, or of answers or pairs with prompts.")
    ],
    settings: Mapping[str, Any],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write, NAME.jsonl.")] = Path(
        "answers.jsonl"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace other answers.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask nothing; print calls, tokens, cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Answer prompts with any model, so that the answers can be judged."""
    from judgekit.cli.render.console import json_text
    from judgekit.cli.run_jobs import announce
    from judgekit.jobs.generation import prepare_generation

    job = prepare_generation(prompts, chosen_settings(settings), context.obj)
    job.check_file(out, force=force)
    for remark in job.remarks:
        announce(remark)
    if dry_run:
        print_estimate(job.estimate(), as_json=as_json)
        return
    answers = run_with_progress(job)
    if answers.rows:
        answers.write(out, force=force)
    if as_json:
        print(json_text(answers.summary | {"file": str(out) if answers.rows else None}))
    else:
        explain(answers)
    if not answers.rows:
        announce(f"no answer came out: {' '.join(answers.why.split())[:MESSAGE] or 'none asked'}")
        raise typer.Exit(NO_ANSWER)
    if not as_json:
        print(out)


def chosen_settings(given: Mapping[str, Any]) -> GenerateSettings:
    """The settings of the command line over those of the project that are not its judge's."""
    from judgekit.config.files import Project, load_project
    from judgekit.config.settings import GenerateSettings

    project = Project(load_project(Path()).for_all_commands())
    return GenerateSettings.of(project.under(given))


def run_with_progress(job: GenerationJob) -> Answers:
    """Runs with a progress bar; after Ctrl-C it says how to continue."""
    from judgekit.cli.render.progress import progress_bar
    from judgekit.cli.run_jobs import announce
    from judgekit.harness.tally import Tally
    from judgekit.jobs.generation import run_generation

    tally = Tally()
    try:
        with progress_bar(job.price, "answering", "an answer") as move:
            return run_generation(job, tally, move)
    except KeyboardInterrupt:
        announce(
            f"stopped after {tally.judged} of {tally.trials} answers; every reply is kept in "
            f"{job.settings.store}: run the same command again to go on"
        )
        raise typer.Exit(130) from None


def print_estimate(estimate: GenerationEstimate, *, as_json: bool) -> None:
    """Prints what would be asked and cost (``--dry-run``)."""
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.figures import price

    if as_json:
        print(json_text(estimate.as_dict()))
        return
    print_table(
        {
            "prompts": str(estimate.prompts),
            "calls at most": str(estimate.calls),
            "tokens in": f"~{estimate.tokens_in}",
            "tokens out": f"~{estimate.tokens_out}",
            "cost": price(estimate.cost_usd, about="~"),
        },
        result=True,
    )


def explain(answers: Answers) -> None:
    """Prints how many answers there are, why others are missing, and the cost."""
    from judgekit.cli.render.figures import asked_text, costs

    s = answers.summary
    counts = answers.counts
    asked = asked_text([counts])
    cached = f" ({counts.tokens_cached} cached)" if counts.tokens_cached else ""
    lacking = {
        f"without an answer: {status.replace('_', ' ')}": str(count)
        for status, count in s["without_answer"].items()
    }
    left_out = {f"left out: {reason}": str(count) for reason, count in s["left_out"].items()}
    rows = {
        "answers": f"{s['answers']} to {s['prompts']} prompts, by {s['model']}",
        "cut at the token limit": str(s["truncated"]),
        "empty": str(s["empty"]),
        **lacking,
        "most of them": answers.why[:MESSAGE],
        "not asked": f"{s['not_asked']}: {s['stopped']}" if s["not_asked"] else "",
        **left_out,
        "asked": asked,
        "tokens": f"{counts.tokens_in}{cached} in, {counts.tokens_out} out",
        "cost": ", ".join(costs([counts])),
    }
    print_table({name: text for name, text in rows.items() if text not in ("", "0")})


def print_table(lines: Mapping[str, str], *, result: bool = False) -> None:
    """Prints names and values in two columns: a `result` to stdout, other tables to stderr."""
    from rich.table import Table
    from rich.text import Text

    from judgekit.cli.render.console import safe, stderr_console, stdout_console

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column()
    for name, text in lines.items():
        table.add_row(Text(safe(name)), Text(safe(" ".join(text.split()))))
    (stdout_console() if result else stderr_console()).print(table)
