"""Signs of over-optimisation: each from the rows that show it, and none from a sound training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from judgekit.train.loop.overfitting import signs

Row = dict[str, Any]


def steps(losses: Iterable[float]) -> list[Row]:
    return [{"step": i, "loss": loss} for i, loss in enumerate(losses, 1)]


def held(step: int, loss: float, accuracy: float, kl: float, logp: float = -1.0) -> Row:
    measures = {"loss": loss, "accuracy": accuracy, "kl_chosen": kl, "logp_chosen": logp}
    return {"step": step, "heldout": True, **measures}


def said(before: int, after: int) -> list[Row]:
    return [{"when": "before", "answer": "x" * before}, {"when": "after", "answer": "x" * after}]


FALLING = steps([0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
SOUND = [held(0, 0.69, 0.5, 0.0), held(3, 0.5, 0.7, 0.05), held(6, 0.45, 0.75, 0.09)]


@pytest.mark.parametrize(
    ("metrics", "samples"),
    [
        ([*FALLING, *SOUND], said(100, 110)),
        ([*FALLING, SOUND[0]], []),
        (FALLING, []),
        ([], []),
        # A little up and down is the noise of few rows.
        ([*FALLING, *SOUND[:2], held(6, 0.505, 0.75, 0.09)], []),
        # Both losses rise: the learning rate is too high, but nothing is memorized.
        ([*steps([0.5, 0.6, 0.7, 0.9]), held(0, 0.69, 0.5, 0.0), held(4, 0.9, 0.5, 0.05)], []),
        # Far from the reference, and better for it.
        ([*FALLING, *SOUND[:2], held(6, 0.3, 0.9, 0.8)], []),
        # Chosen answers less likely, but all of it near the reference.
        ([*FALLING, *SOUND[:2], held(6, 0.45, 0.75, 0.09, -1.2)], []),
    ],
)
def test_a_sound_training_shows_nothing(metrics: list[Row], samples: list[Row]) -> None:
    assert signs(metrics, samples) == []


@pytest.mark.parametrize(
    ("last", "samples", "sign"),
    [
        (held(6, 0.6, 0.75, 0.09), [], "rose from 0.500 at step 3 to 0.600"),
        (
            held(6, 0.5, 0.70, 0.30),
            [],
            "grew from 0.05 to 0.30 per token, but the accuracy did not",
        ),
        (held(6, 0.45, 0.75, 0.30, -1.4), [], "less likely as well, by 0.40 nats per token"),
        (held(6, 0.45, 0.75, 0.09), said(100, 200), "from 100 to 200 characters"),
    ],
)
def test_a_sign(last: Row, samples: list[Row], sign: str) -> None:
    [found] = signs([*FALLING, *SOUND[:2], last], samples)
    assert sign in found


def test_a_loss_that_only_rose() -> None:
    rows = [held(0, 0.69, 0.5, 0.0), held(3, 0.8, 0.5, 0.01), held(6, 0.9, 0.5, 0.02)]
    [found] = signs([*FALLING, *rows])
    assert "rose from 0.690 at step 0 to 0.900" in found


def test_rows_without_those_measures() -> None:
    """Supervised training has no accuracy."""
    rows = [{"step": s, "heldout": True, "loss": 0.5, "kl": s} for s in (0, 3, 6)]
    assert signs([*FALLING, *rows]) == []
