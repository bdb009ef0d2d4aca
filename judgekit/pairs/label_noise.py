"""The label noise of a judge, read from a run that showed its cases in both orders."""

from __future__ import annotations

from pathlib import Path

from judgekit.runs import StoredRun
from judgekit.train.label_noise import LabelNoise, label_noise
from judgekit.types import Position

__all__ = ["label_noise_of_run"]


def label_noise_of_run(run: Path) -> LabelNoise:
    """Estimates how many pairs of a run are labelled the wrong way round.

    Args:
        run: A run's folder, or ``latest``. It judged in both orders.

    Returns:
        The noise of single trials and of pairs on which both orders agree; lower bounds.

    Raises:
        InputError: No such run, no case with a winner in both orders, or orders that disagree in
            half of the cases or more.
    """
    outcomes = list(StoredRun.open(run).comparisons())
    agreeing = sum(o.position is Position.CONSISTENT and o.winner != "tie" for o in outcomes)
    # By position, not by winner: the mean of two orders that disagree may be a tie.
    disagreeing = sum(o.position in (Position.FIRST, Position.SECOND) for o in outcomes)
    return label_noise(agreeing, disagreeing)
