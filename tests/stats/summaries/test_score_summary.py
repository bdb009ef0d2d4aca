"""Summaries of one model's scores."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.stats import Bin, Rate, histogram, sentence, summarise_scores
from judgekit.stats.summaries.document import document
from judgekit.types import Outcome


def scored(*scores: float | None) -> list[Outcome]:
    return [
        Outcome(f"c{i}", f"p{i}", None, score is not None, None, None, None, (score,),
                {"unparsed" if score is None else "valid": 1})
        for i, score in enumerate(scores)
    ]  # fmt: skip


def summary(*scores: float | None) -> Any:
    return summarise_scores(scored(*scores), a="m.jsonl", judge="additive", model=None)


def test_summary() -> None:
    made = summary(4.0, 3.0, None, 5.0)
    assert (made.cases, made.scored, made.no_verdict) == (4, 3, 1)
    assert made.mean_score.value == 4.0
    written = document(made)
    assert written["schema"] == "judgekit.scores/1"
    assert written["statuses"]["valid"] == 3
    assert written["statuses"]["refused"] == 0
    assert written["histogram"][0] == {"low": 3.0, "high": 3.0, "count": 1}
    assert json.loads(json.dumps(written, default=list))["mean_score"] == written["mean_score"]


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (
            (4.0, 3.0, 5.0),
            "m.jsonl scores 4.00 on average (95 % interval 1.52 to 6.48) over 3 answers",
        ),
        ((4.0,), "m.jsonl scores 4.00 on average over 1 answer"),
        (
            (4.0, 4.0, None),
            "m.jsonl scores 4.00 on average (95 % interval 4.00 to 4.00) over 2 answers; "
            "33 % of the cases have no verdict: 1 unparsed",
        ),
        (
            (None,),
            "no score: none of the 1 answers of m.jsonl has one; "
            "100 % of the cases have no verdict: 1 unparsed",
        ),
    ],
)
def test_sentence(scores: Any, said: str) -> None:
    assert sentence(summary(*scores)) == said


def test_nothing() -> None:
    made = summary()
    assert (made.mean_score, made.histogram) == (Rate(), ())
    assert sentence(made) == "no score: none of the 0 answers of m.jsonl has one"


@pytest.mark.parametrize(
    ("scores", "bins"),
    [
        ([3.0, 3.0], [Bin(3, 3, 2)]),
        ([3.5, 3.5], [Bin(3, 4, 2)]),
        ([10.5, 95, 100], [Bin(10, 20, 1), Bin(90, 100, 2)]),
        ([0, 5, 5, 2.5], [(0, 1), (2.5, 1), (4.5, 2)]),
        ([0, 10, 10, 7], [(0, 1), (7, 1), (10, 2)]),
        ([0, 100, 34.9], [(0, 1), (30, 1), (90, 1)]),
        ([0, 1, 0.3, 0.7], [(0, 1), (0.3, 1), (0.7, 1), (0.9, 1)]),  # 0.3 / 0.1 < 3 by rounding
        ([-2, 2], [(-2, 1), (2, 1)]),
    ],
)
def test_histogram(scores: list[float], bins: list[Any]) -> None:
    found = [b for b in histogram(scores) if b.count]
    assert [b if isinstance(bins[0], Bin) else (b.low, b.count) for b in found] == bins


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_every_score_is_in_one_of_at_most_eleven_bins(scores: list[float]) -> None:
    found = histogram(scores)
    assert sum(b.count for b in found) == len(scores)
    assert len(found) <= 11
    rounding = 1e-8 * max(1.0, found[0].high - found[0].low)
    assert found[0].low <= min(scores) + rounding
    assert found[-1].high >= max(scores) - rounding
