"""The numbers of a training as text: metrics, memory, time, rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "METRICS",
    "dry_run_lines",
    "duration",
    "gib",
    "metric_text",
    "metrics_text",
    "row_counts_text",
]

# Metrics of metrics.jsonl in the order in which they are printed. KL is per token.
METRICS = {
    "loss": "loss",
    "accuracy": "accuracy",
    "margin": "margin",
    "kl": "KL",
    "kl_chosen": "KL chosen",
    "kl_rejected": "KL rejected",
}
ROWS = ("read", "train", "held_out")
MEMORY = ("weights", "adapter", "optimizer", "activations", "logits")


def metric_text(name: str, value: float) -> str:
    """A metric as it is printed: ``0.6931``, ``72.0 %``, ``-0.120``."""
    if name == "accuracy":
        return f"{100 * value:.1f} %"
    return f"{value:#.4g}" if name == "loss" else f"{value:.3f}"


def metrics_text(row: Mapping[str, Any], between: str = ", ") -> str:
    """The metrics of a row: ``loss 0.6931, accuracy 72.0 %``."""
    return between.join(
        f"{words} {metric_text(name, row[name])}" for name, words in METRICS.items() if name in row
    )


def gib(size: float) -> str:
    """Bytes in GiB or MiB."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**29 else f"{size / 2**20:.1f} MiB"


def duration(seconds: float) -> str:
    """``42 s``, ``24 min``, ``3.2 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def row_counts_text(counts: Mapping[str, int]) -> tuple[str, str]:
    """The numbers of rows, and of those that were cut or dropped by reason."""
    there = f"{counts['read']} read, {counts['train']} to train on, {counts['held_out']} held out"
    rest = {name: n for name, n in counts.items() if name not in ROWS and n}
    return there, ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in rest.items())


def dry_run_lines(
    estimate: Mapping[str, Any], counts: Mapping[str, int], steps: int
) -> list[tuple[str, str]]:
    """What a training would be, as names and values."""
    there, rest = row_counts_text(counts)
    lines = [("rows", there), ("cut or dropped", rest)] if rest else [("rows", there)]
    lines.append(("trained", f"{estimate['trainable']:,} of {estimate['parameters']:,} parameters"))
    free = "" if estimate["free"] is None else f" of {gib(estimate['free'])} free"
    lines.append(("memory", f"{gib(estimate['total'])}{free} on {estimate['device']}"))
    lines += [(f"  {name}", gib(estimate[name])) for name in MEMORY if estimate[name]]
    seconds = estimate["seconds"]
    lines.append(("steps", f"{steps}" + (f", at least {duration(seconds)}" if seconds else "")))
    return lines
