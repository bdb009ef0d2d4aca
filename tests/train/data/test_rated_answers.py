from __future__ import annotations

from typing import Any

import pytest

from judgekit.io.row import RowError
from judgekit.train.data.preference import UnusableRow
from judgekit.train.data.rated_answers import read_ranking, read_rated


def ranking(*completions: dict[str, Any], **columns: Any) -> dict[str, Any]:
    return {"instruction": "Q", "completions": list(completions), **columns}


def rated(text: str, **columns: Any) -> dict[str, Any]:
    return {"response": text, **columns}


def notes(*ratings: object) -> dict[str, Any]:
    return {"annotations": {f"aspect {i}": {"Rating": said} for i, said in enumerate(ratings)}}


@pytest.mark.parametrize(
    ("completions", "chosen", "rejected", "margin"),
    [
        ([rated("a", overall_score=3), rated("b", overall_score=8.5)], "b", "a", 5.5),
        (
            [
                rated("a", overall_score="7"),
                rated("b", overall_score=1),
                rated("c", overall_score=9),
            ],
            "c",
            "b",
            8.0,
        ),
        # of equals the first
        (
            [rated(t, overall_score=s) for t, s in (("a", 1), ("b", 5), ("c", 5), ("d", 1))],
            "b",
            "a",
            4.0,
        ),
        # a kind of score that every answer has
        (
            [
                rated("a", **{"overall_score": 9, "fine-grained_score": 1}),
                rated("b", **{"overall_score": None, "fine-grained_score": 4}),
            ],
            "b",
            "a",
            3.0,
        ),
        ([rated("a", **notes("5", "N/A", "3")), rated("b", **notes(1, None, "2"))], "a", "b", 2.5),
        # what says nothing is not the worst
        (
            [rated("a", score=2), rated(" \n", score=0), rated("c", score=1)],
            "a",
            "c",
            1.0,
        ),
        ([rated("a", score=2), rated("b"), rated("c", score=1)], "a", "c", 1.0),
    ],
)
def test_best_against_worst(
    completions: list[dict[str, Any]], chosen: str, rejected: str, margin: float
) -> None:
    found = read_ranking(ranking(*completions))
    assert (found.prompt, found.chosen, found.rejected, found.margin) == (
        *("Q", chosen, rejected),
        margin,
    )


@pytest.mark.parametrize(
    ("completions", "name"),
    [
        ([rated("a", score=1), rated("b", score=1.0)], "tie"),
        ([rated("a", score=1)], "unrated"),
        ([rated("a", score=1), rated("b")], "unrated"),
        ([rated("a", score=1), rated("", score=3)], "unrated"),
        ([rated("a", **notes("N/A")), rated("b", annotations=None)], "unrated"),
        ([], "unrated"),
    ],
)
def test_of_no_use(completions: list[dict[str, Any]], name: str) -> None:
    with pytest.raises(UnusableRow) as raised:
        read_ranking(ranking(*completions))
    assert (raised.value.name, raised.value.lasting) == (name, True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"completions": []}, "the prompt is missing"),
        ({"prompt": " ", "completions": []}, "the prompt is empty"),
        ({"prompt": "Q", "completions": "none"}, "the completions are 'none'"),
        ({"prompt": "Q", "completions": ["a", "b"]}, "not a list of objects"),
        ({"prompt": "Q", "completions": [{"score": 1}]}, "the response is missing"),
        ({"prompt": "Q", "completions": [rated("a", score="good")]}, "the score is 'good'"),
        ({"prompt": "Q", "completions": [{"response": 3}]}, "the response is 3, not text"),
    ],
)
def test_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(RowError, match=message):
        read_ranking(data)


def test_all_rated_answers_in_their_order() -> None:
    prompt, answers = read_rated(
        ranking(rated("a", score=1), rated("", score=2), rated("b", score=3))
    )
    assert (prompt, answers) == ("Q", [("a", 1.0), ("b", 3.0)])
