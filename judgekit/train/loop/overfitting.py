"""Signs of over-optimization in a training's own metrics.

Rules of thumb, each with the numbers behind it: they say where to look. The judged win rate of new
answers against old ones decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

__all__ = ["signs"]

LogRows = Sequence[Mapping[str, Any]]

ROSE = 0.02  # the final held-out loss is above its lowest by this share of it
FELL = 0.05  # fall of the log-probability of chosen answers, in nats per token
FAR = 0.1  # KL from the reference in nats per token: 10 for an answer of 100 tokens
FURTHER = 1.5  # KL at the end relative to the middle of the training
GAINED = 0.01  # gain of accuracy since then
LONGER = 1.5  # length of answers relative to before


def signs(metrics: LogRows, samples: LogRows = ()) -> list[str]:
    """The signs of over-optimization; mostly none.

    Args:
        metrics: Rows of metrics.jsonl.
        samples: Rows of samples.jsonl.

    Returns:
        A sentence for each sign, with the numbers and what to change.
    """
    held_out = [row for row in metrics if row.get("heldout")]
    steps = [row for row in metrics if not row.get("heldout")]
    possible_signs = (
        rising(held_out, steps),
        stalling(held_out),
        drifting(held_out),
        lengthening(samples),
    )
    return [sign for sign in possible_signs if sign]


def rising(held_out: LogRows, steps: LogRows) -> str | None:
    """The held-out loss rose from its lowest value while the training loss kept falling."""
    if len(held_out) < 2 or not steps:
        return None
    best, last = min(held_out, key=lambda row: row["loss"]), held_out[-1]
    section = max(1, len(steps) // 10)
    until_best = [row["loss"] for row in steps if row["step"] <= best["step"]]
    then = fmean((until_best or [steps[0]["loss"]])[-section:])
    now = fmean(row["loss"] for row in steps[-section:])
    if last["loss"] - best["loss"] <= ROSE * abs(best["loss"]) or now >= then:
        return None
    return (
        f"the held-out loss rose from {best['loss']:.3f} at step {best['step']} to "
        f"{last['loss']:.3f}, while the training loss fell from {then:.3f} to {now:.3f}: the model "
        f"memorizes the rows; use fewer --steps, a lower --learning-rate or more data"
    )


def stalling(held_out: LogRows) -> str | None:
    """The KL from the reference grows, but the accuracy does not."""
    if len(held_out) < 3 or not {"kl_chosen", "accuracy"} <= held_out[-1].keys():
        return None
    half, last = held_out[(len(held_out) - 1) // 2], held_out[-1]
    further = last["kl_chosen"] > max(FAR, FURTHER * half["kl_chosen"])
    if not further or last["accuracy"] - half["accuracy"] >= GAINED:
        return None
    return (
        f"since step {half['step']} the KL from the reference grew from {half['kl_chosen']:.2f} to "
        f"{last['kl_chosen']:.2f} per token, but the accuracy did not "
        f"({100 * half['accuracy']:.1f} to {100 * last['accuracy']:.1f} %): the model drifts "
        f"without learning; use --steps {half['step'] or 1}, or raise --beta"
    )


def drifting(held_out: LogRows) -> str | None:
    """Chosen answers became less likely, and the model is far from its reference."""
    if not held_out or "logp_chosen" not in held_out[-1]:
        return None
    first, last = held_out[0], held_out[-1]
    change, far = last["logp_chosen"] - first["logp_chosen"], last.get("kl_chosen", 0.0)
    if change > -FELL or far < FAR:
        return None
    return (
        f"chosen answers became less likely as well, by {-change:.2f} nats per token, and the "
        f"model is {far:.2f} nats per token from its reference: it unlearns both answers; raise "
        f"--beta, or lower --learning-rate or --steps"
    )


def lengthening(samples: LogRows) -> str | None:
    """Answers to held-out prompts became much longer."""
    before, after = (
        [len(row["answer"]) for row in samples if row["when"] == when]
        for when in ("before", "after")
    )
    if not before or not after or fmean(after) <= LONGER * max(1.0, fmean(before)):
        return None
    return (
        f"answers to held-out prompts grew from {fmean(before):.0f} to {fmean(after):.0f} "
        f"characters on average: check whether longer answers were preferred for their length"
    )
