"""Scores a single answer from 0 to 5, one point for each criterion that it meets."""

from __future__ import annotations

from judgekit.judging import PromptJudge
from judgekit.types import Sampling

__all__ = ["Additive"]


class Additive(PromptJudge):
    """Scores one answer from 0 to 5, one point for each criterion that it meets.

    After Yuan et al. 2024 (Self-Rewarding Language Models, arXiv:2401.10020, figure 2), in our own
    words. As there, the score is the mean of three samples at temperature 0.7: a single reply gives
    coarse and often equal scores.
    """

    arity = frozenset({1})
    prompt = "additive"
    sampling = Sampling(temperature=0.7, max_tokens=2048)
    repeats = 3
