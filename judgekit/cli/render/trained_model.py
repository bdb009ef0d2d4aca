"""The result of a training: held-out metrics before and after, signs of overfitting, samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.case import shorten
from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.train_metrics import duration, gib, metric_text

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.train import TrainedModel

__all__ = ["print_trained", "report"]

LogRows = Sequence[Mapping[str, Any]]

COMPARED = {
    "loss": "loss",
    "accuracy": "reward accuracy",
    "margin": "reward margin",
    "kl": "KL from the start, per token",
    "kl_chosen": "KL of chosen, per token",
    "kl_rejected": "KL of rejected, per token",
    "logp_chosen": "log-probability of chosen, per token",
    "logp_rejected": "log-probability of rejected, per token",
}
SAMPLES = 2  # printed
PROMPT_ROWS, ANSWER_ROWS = 2, 4  # of the terminal
FACTS = ("objective", "steps", "path", "path_reason", "seconds", "peak_memory")


def report(model: TrainedModel) -> dict[str, Any]:
    """`--json`: the folder, the first and last held-out metrics, the signs of overfitting."""
    held_out = model.held_out
    return {
        "folder": str(model.folder),
        **{name: model.facts.get(name) for name in FACTS},
        "counts": model.facts.get("data", {}).get("counts"),
        "estimate": model.facts.get("estimate"),
        "before": held_out[0] if held_out else None,
        "after": held_out[-1] if held_out else None,
        "signs": model.signs(),
    }


def print_trained(model: TrainedModel) -> None:
    """Prints the metrics, samples, signs and facts, and last the folder."""
    console = stdout_console()
    held_out = model.held_out
    if held_out:
        console.print(before_and_after(held_out[0], held_out[-1]))
    else:
        console.print(Text("no held-out rows, so no evaluation", style="dim"))
    print_samples(console, model.samples)
    for sign in model.signs():
        console.print(Text(f"warning: {sign}", style="yellow"))
    console.print(Text(footer(model.facts), style="dim"))
    console.print(Text(safe(str(model.folder))), soft_wrap=True)


def before_and_after(before: Mapping[str, Any], after: Mapping[str, Any]) -> Table:
    """The held-out metrics before the first step and after the last."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(f"{after['rows']} held-out rows", style="dim")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right", style="bold")
    for name, words in COMPARED.items():
        if name in before and name in after:
            table.add_row(words, metric_text(name, before[name]), metric_text(name, after[name]))
    return table


def print_samples(console: Console, samples: LogRows) -> None:
    """Prints the first held-out prompts with their answers before and after."""
    by_place = [
        {row["place"]: row for row in samples if row["when"] == when}
        for when in ("before", "after")
    ]
    both = [place for place in by_place[0] if place in by_place[1]]
    for place in both[:SAMPLES]:
        before, after = (rows[place] for rows in by_place)
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        width = console.width - len("before") - 2
        table.add_row("prompt", excerpt(before["prompt"], width, PROMPT_ROWS))
        table.add_row("before", excerpt(before["answer"], width, ANSWER_ROWS))
        table.add_row("after", excerpt(after["answer"], width, ANSWER_ROWS))
        console.print()
        console.print(table)
    if both:
        console.print()


def excerpt(text: str, width: int, rows: int) -> Text:
    """The beginning of a text, safe to print, as far as `rows` rows hold it."""
    if not text.strip():
        return Text("(empty)", style="dim italic")
    kept, hidden = shorten(safe(text.strip()), width, rows)
    return Text(kept + (" …" if hidden else ""))


def footer(facts: Mapping[str, Any]) -> str:
    """The steps, time and memory that it took."""
    took = f"{facts['steps']} steps in {duration(facts['seconds'])}"
    return f"{took}, peak memory {gib(facts['peak_memory'])}"
