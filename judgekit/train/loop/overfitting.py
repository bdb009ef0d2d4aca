"""Signs that a training went further than its data carry, read off its own measurements.

Rules of thumb, each with the numbers that it rests on: they say where to look, not what is true.
The judged win rate of new answers against old ones decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

__all__ = ["signs"]

LogRows = Sequence[Mapping[str, Any]]

ROSE = 0.02  # share of its lowest value by which a held-out loss is above it at the end
FELL = 0.05  # nats a token that chosen answers have become less likely
FAR = 0.1  # nats a token from the reference: 10 over an answer of 100 tokens
FURTHER = 1.5  # times the KL at half of the training
GAINED = 0.01  # of the accuracy since then
LONGER = 1.5  # times as long as before


def signs(metrics: LogRows, samples: LogRows = ()) -> list[str]:
    """What looks like over-optimisation, a sentence each with what to change; mostly none.

    `metrics` are the rows of metrics.jsonl, `samples` those of samples.jsonl.
    """
    held_out = [row for row in metrics if row.get("heldout")]
    steps = [row for row in metrics if not row.get("heldout")]
    found = (
        rising(held_out, steps),
        stalling(held_out),
        drifting(held_out),
        lengthening(samples),
    )
    return [sign for sign in found if sign]


def rising(held_out: LogRows, steps: LogRows) -> str | None:
    """The held-out loss is above its lowest while that of training went on falling."""
    if len(held_out) < 2 or not steps:
        return None
    best, last = min(held_out, key=lambda row: row["loss"]), held_out[-1]
    stretch = max(1, len(steps) // 10)
    until_best = [row["loss"] for row in steps if row["step"] <= best["step"]]
    then = fmean((until_best or [steps[0]["loss"]])[-stretch:])
    now = fmean(row["loss"] for row in steps[-stretch:])
    if last["loss"] - best["loss"] <= ROSE * abs(best["loss"]) or now >= then:
        return None
    return (
        f"the loss on held-out rows rose from {best['loss']:.3f} at step {best['step']} to "
        f"{last['loss']:.3f}, while that of training fell from {then:.3f} to {now:.3f}: it learns "
        f"the rows by heart; take fewer --steps, a lower --learning-rate or more data"
    )


def stalling(held_out: LogRows) -> str | None:
    """The model went on from its reference, and gets no more of the pairs right for it."""
    if len(held_out) < 3 or not {"kl_chosen", "accuracy"} <= held_out[-1].keys():
        return None
    half, last = held_out[(len(held_out) - 1) // 2], held_out[-1]
    further = last["kl_chosen"] > max(FAR, FURTHER * half["kl_chosen"])
    if not further or last["accuracy"] - half["accuracy"] >= GAINED:
        return None
    return (
        f"since step {half['step']} the KL from the reference grew from {half['kl_chosen']:.2f} to "
        f"{last['kl_chosen']:.2f} a token, and the accuracy did not "
        f"({100 * half['accuracy']:.1f} to {100 * last['accuracy']:.1f} %): it moves and gains "
        f"nothing; take --steps {half['step'] or 1}, or raise --beta"
    )


def drifting(held_out: LogRows) -> str | None:
    """Chosen answers have become less likely, and the model is far from its reference."""
    if not held_out or "logp_chosen" not in held_out[-1]:
        return None
    first, last = held_out[0], held_out[-1]
    change, far = last["logp_chosen"] - first["logp_chosen"], last.get("kl_chosen", 0.0)
    if change > -FELL or far < FAR:
        return None
    return (
        f"chosen answers too became less likely, by {-change:.2f} a token, and the model is "
        f"{far:.2f} nats a token from its reference: it unlearns more than it prefers; raise "
        f"--beta, or lower --learning-rate or --steps"
    )


def lengthening(samples: LogRows) -> str | None:
    """Answers to held-out prompts have become much longer."""
    before, after = (
        [len(row["answer"]) for row in samples if row["when"] == when]
        for when in ("before", "after")
    )
    if not before or not after or fmean(after) <= LONGER * max(1.0, fmean(before)):
        return None
    return (
        f"answers to held-out prompts grew from {fmean(before):.0f} to {fmean(after):.0f} "
        f"characters on average: look whether longer ones were preferred for their length"
    )
