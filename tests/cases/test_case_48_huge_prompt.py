"""Case 48: one prompt holds most cases, so nothing can be said of how many more would decide."""

from __future__ import annotations

import pytest

from judgekit.stats import sentence, summarise
from judgekit.types import Outcome, Position


def outcome(number: int, winner: int, cluster: str) -> Outcome:
    mean = float(winner == 0)
    position = Position.CONSISTENT
    return Outcome(f"c{number}", cluster, winner, True, position, mean, None, (), {"valid": 2})


@pytest.mark.parametrize(("big", "singles"), [(200, 20), (60, 15), (1000, 40)])
def test_one_huge_prompt(big: int, singles: int) -> None:
    rows = [outcome(i, 0, "big") for i in range(big)]
    rows += [outcome(big + i, i % 2, f"p{i}") for i in range(singles)]
    summary = summarise(rows, a="m1", b="m2", judge="j", model=None)
    assert summary.effective_prompts is not None
    assert summary.effective_prompts < 3
    assert "too few prompts to decide it" in sentence(summary)


def test_prompts_of_equal_size_are_counted_as_they_are() -> None:
    rows = [outcome(i, int(i % 9 > 4), f"p{i // 2}") for i in range(80)]
    summary = summarise(rows, a="m1", b="m2", judge="j", model=None)
    assert summary.effective_prompts is None
    assert "more prompts would decide it" in sentence(summary)
