"""Files that hold both answers in each row."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import InputError
from judgekit.io import Counts, holds_pairs, load_pairs
from judgekit.types import Case, Message, Response, digest


def pair(**parts: Any) -> dict[str, Any]:
    return {"id": "x", "prompt": "q", "response_a": "a", "response_b": "b"} | parts


def test_a_pair_is_a_case(write: Callable[..., Path]) -> None:
    file = write("p.jsonl", [pair(reference="r", category="math")])
    joined = load_pairs(file)
    assert joined.cases == [
        Case(
            "x",
            (Message("user", "q"),),
            (Response("a", "a"), Response("b", "b")),
            "r",
            "math",
            digest("q", size=8),
        )
    ]
    assert joined.counts == (Counts(file, rows=1, used=1),)
    assert (joined.models, joined.left_out, joined.repaired) == (("a", "b"), {}, 0)
    assert joined.remarks == []


def test_of_several_turns_the_last_is_judged(write: Callable[..., Path]) -> None:
    rows = [
        pair(
            prompt=["q1", "q2"],
            response_a=["a1", "a2"],
            response_b=["b1", "b2"],
            reference=["r1", None],
        )
    ]
    (case,) = load_pairs(write("p.jsonl", rows)).cases
    assert case.id == "x"
    assert case.prompt == (Message("user", "q1"), Message("user", "q2"))
    assert case.responses == (Response("a2", "a", ("a1",)), Response("b2", "b", ("b1",)))
    assert (case.reference, case.earlier_references) == (None, ("r1",))
    assert case.cluster == digest("q1", size=8)


@pytest.mark.parametrize(
    ("rows", "models", "of_first"),
    [
        ([pair(model_a="m", model_b="n")], ("m", "n"), ("m", "n")),
        ([pair(meta={"model_a": "m", "model_b": "n"})], ("m", "n"), ("m", "n")),
        ([pair(meta="text")], ("a", "b"), ("a", "b")),
        ([pair(model_a="m", model_b="m")], ("m (a)", "m (b)"), ("m (a)", "m (b)")),
        (
            [pair(model_a="m", model_b="n"), pair(id="y", model_a="n", model_b="o")],
            ("a", "b"),
            ("m", "n"),
        ),
    ],
)
def test_names_of_the_models(
    write: Callable[..., Path],
    rows: list[dict[str, Any]],
    models: tuple[str, str],
    of_first: tuple[str, str],
) -> None:
    joined = load_pairs(write("p.jsonl", rows))
    assert joined.models == models
    assert tuple(response.model for response in joined.cases[0].responses) == of_first


def test_counts_of_what_is_left_out(write: Callable[..., Path]) -> None:
    file = write("p.jsonl", [pair(), pair(), pair(id="y", response_b=True)])
    joined = load_pairs(file, skip_bad_rows=True)
    why = "line 3: the response_b is true, not text"
    assert joined.counts == (Counts(file, 3, 1, skipped=1, duplicates=1, why_skipped=(why,)),)
    assert joined.remarks == [f"{file}: unusable rows left out: 1 ({why})"]
    assert joined.left_out == {"p.jsonl: unusable rows": 1, "p.jsonl: duplicates": 1}


def test_without_ids_cases_are_named_by_line(write: Callable[..., Path]) -> None:
    rows = [{k: v for k, v in pair().items() if k != "id"}] * 2
    assert [case.id for case in load_pairs(write("p.jsonl", rows)).cases] == ["row-1", "row-2"]


def test_other_columns_by_name(write: Callable[..., Path]) -> None:
    file = write("p.jsonl", [{"prompt": "q", "chosen": "c", "rejected": "r"}])
    columns = {"response_a": "chosen", "response_b": "rejected"}
    (case,) = load_pairs(file, columns=columns).cases
    assert [response.text for response in case.responses] == ["c", "r"]
    assert holds_pairs(file, columns=columns)
    assert not holds_pairs(file)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([pair(response_b=True)], "p.jsonl, line 1: the response_b is true, not text; correct"),
        ([pair(response_a=["a"])], "line 1: the response_a is ['a'], not text"),
        (
            [pair(prompt=["q", "r"], response_a=["a", "b"], response_b=["b"])],
            "line 1: the response_b has 1 answer for 2 user turns",
        ),
        ([pair(model_a=3)], "line 1: the model_a is 3, not text"),
        ([pair(), pair(response_b="c")], "line 2: the id 'x' stands in line 1"),
        ([{"prompt": "q", "response_a": "a"}], "no column for the response_b"),
    ],
)
def test_refused_pairs(write: Callable[..., Path], rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        load_pairs(write("p.jsonl", rows))


def test_whether_a_file_holds_pairs(write: Callable[..., Path]) -> None:
    assert holds_pairs(write("p.jsonl", [pair()]))
    assert not holds_pairs(write("a.jsonl", [{"prompt": "q", "response": "a"}]))
    assert not holds_pairs(write("empty.jsonl", []))
