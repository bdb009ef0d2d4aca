"""Seats: judges named together with what they ask."""

from __future__ import annotations

import pytest

from judgekit.config.judge_spec import JudgeSpec, parse_judge_specs
from judgekit.errors import InputError


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("pairwise", [JudgeSpec("pairwise")]),
        ("pairwise@openai/m", [JudgeSpec("pairwise", "openai/m")]),
        (
            "pairwise@openai/x, pairwise@openai/y ,overlap",
            [
                JudgeSpec("pairwise", "openai/x"),
                JudgeSpec("pairwise", "openai/y"),
                JudgeSpec("overlap"),
            ],
        ),
        ("./r.md@replay/a@b.jsonl#J", [JudgeSpec("./r.md", "replay/a@b.jsonl#J")]),
        ("pairrm@llm-blender/PairRM", [JudgeSpec("pairrm", "llm-blender/PairRM")]),
    ],
)
def test_seats(text: str, seats: list[JudgeSpec]) -> None:
    assert list(parse_judge_specs(text)) == seats
    assert parse_judge_specs(",".join(map(str, seats))) == tuple(seats)


@pytest.mark.parametrize("text", ["", ",", "pairwise,", "@openai/m", "pairwise@", "a,,b"])
def test_an_empty_place_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="names no judge: write JUDGE or JUDGE@ENGINE/MODEL"):
        parse_judge_specs(text)


@pytest.mark.parametrize("text", ["a,a", "a@x/y, a@x/y"])
def test_one_seat_twice_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is named twice"):
        parse_judge_specs(text)
