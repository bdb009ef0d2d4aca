"""What came of a training: before and after on held-out rows, signs of too much, two samples."""

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
    "kl": "KL from the start, a token",
    "kl_chosen": "KL of chosen, a token",
    "kl_rejected": "KL of rejected, a token",
    "logp_chosen": "log-probability of chosen, a token",
    "logp_rejected": "log-probability of rejected, a token",
}
SHOWN = 2  # samples
PROMPT_ROWS, ANSWER_ROWS = 2, 4  # of the terminal
FACTS = ("objective", "steps", "path", "path_reason", "seconds", "peak_memory")


def report(tuned: TrainedModel, samples: LogRows) -> dict[str, Any]:
    """`--json`: where it is, what was measured first and last, the signs of too much."""
    from judgekit.train.loop.overfitting import signs

    held_out = measured(tuned)
    return {
        "folder": str(tuned.folder),
        **{name: tuned.facts.get(name) for name in FACTS},
        "counts": tuned.facts.get("data", {}).get("counts"),
        "estimate": tuned.facts.get("estimate"),
        "before": held_out[0] if held_out else None,
        "after": held_out[-1] if held_out else None,
        "signs": signs(tuned.metrics, samples),
    }


def measured(tuned: TrainedModel) -> LogRows:
    """The rows of metrics.jsonl that are of held-out data."""
    return [row for row in tuned.metrics if row.get("heldout")]


def print_trained(tuned: TrainedModel, samples: LogRows) -> None:
    """All of it, and last the folder."""
    from judgekit.train.loop.overfitting import signs

    console = stdout_console()
    held_out = measured(tuned)
    if held_out:
        console.print(before_and_after(held_out[0], held_out[-1]))
    else:
        console.print(Text("no row was held out, so nothing was measured", style="dim"))
    print_samples(console, samples)
    for sign in signs(tuned.metrics, samples):
        console.print(Text(f"careful: {sign}", style="yellow"))
    console.print(Text(footer(tuned.facts), style="dim"))
    console.print(Text(safe(str(tuned.folder))), soft_wrap=True)


def before_and_after(before: Mapping[str, Any], after: Mapping[str, Any]) -> Table:
    """What held-out rows said before the first step and after the last."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(f"{after['rows']} held-out rows", style="dim")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right", style="bold")
    for name, words in COMPARED.items():
        if name in before and name in after:
            table.add_row(words, metric_text(name, before[name]), metric_text(name, after[name]))
    return table


def print_samples(console: Console, samples: LogRows) -> None:
    """The first held-out prompts with what was answered before and after."""
    by_place = [
        {row["place"]: row for row in samples if row["when"] == when}
        for when in ("before", "after")
    ]
    observed_by = [place for place in by_place[0] if place in by_place[1]]
    for place in observed_by[:SHOWN]:
        before, after = (rows[place] for rows in by_place)
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        width = console.width - len("before") - 2
        table.add_row("prompt", beginning(before["prompt"], width, PROMPT_ROWS))
        table.add_row("before", beginning(before["answer"], width, ANSWER_ROWS))
        table.add_row("after", beginning(after["answer"], width, ANSWER_ROWS))
        console.print()
        console.print(table)
    if observed_by:
        console.print()


def beginning(text: str, width: int, rows: int) -> Text:
    """A text, safe, as far as `rows` rows hold it."""
    if not text.strip():
        return Text("(empty)", style="dim italic")
    kept, hidden = shorten(safe(text.strip()), width, rows)
    return Text(kept + (" …" if hidden else ""))


def footer(facts: Mapping[str, Any]) -> str:
    """How much it took."""
    took = f"{facts['steps']} steps in {duration(facts['seconds'])}"
    return f"{took}, at most {gib(facts['peak_memory'])} of memory"
