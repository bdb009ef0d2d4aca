"""Files of answers joined into cases."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.io import Joined, join, load_answers
from judgekit.types import Case, Message, Response, digest

JoinFiles = Callable[..., Joined]


@pytest.fixture
def joined(write: Callable[..., Path]) -> JoinFiles:
    """Joins lists of rows, written to a.jsonl, b.jsonl …"""

    def of(
        *files: list[dict[str, Any]], skip_bad_rows: bool = False, how: Any = "strict"
    ) -> Joined:
        paths = [write(f"{name}.jsonl", rows) for name, rows in zip("abc", files, strict=False)]
        return join([load_answers(p, skip_bad_rows=skip_bad_rows) for p in paths], how=how)

    return of


def row(
    number: object, prompt: object = None, response: object = "x", **more: Any
) -> dict[str, Any]:
    prompt = f"q{number}" if prompt is None else prompt
    return {"id": number, "prompt": prompt, "response": response} | more


def without_id(prompt: str, response: object) -> dict[str, Any]:
    return {"prompt": prompt, "response": response}


def texts(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    return [(case.id, *(response.text for response in case.responses)) for case in cases]


def test_a_case_of_two_files(joined: JoinFiles) -> None:
    result = joined(
        [row(1, "q", "a", model="m")], [row("1", "q", "b", model="n", reference="r", category="c")]
    )
    assert result.cases == [
        Case(
            "1",
            (Message("user", "q"),),
            (Response("a", "m"), Response("b", "n")),
            "r",
            "c",
            digest("q", size=8),
        )
    ]
    assert (result.models, result.left_out, result.repaired) == (("m", "n"), {}, 0)


def test_one_file_gives_cases_of_one_response(joined: JoinFiles) -> None:
    result = joined([row(1), row(2)])
    assert texts(result.cases) == [("1", "x"), ("2", "x")]
    assert result.models == ("a",)


def test_by_id_in_the_order_of_the_first_file(joined: JoinFiles) -> None:
    result = joined([row(2), row(1), row(3)], [row("1"), row("3"), row("2")])
    assert [case.id for case in result.cases] == ["2", "1", "3"]


def test_without_ids_by_prompt_repeated_ones_as_they_stand(joined: JoinFiles) -> None:
    first = [without_id("q", "a1"), without_id("r", "a2"), without_id("q", "a3")]
    second = [without_id("r", "b1"), without_id("q", "b2"), without_id("q", "b3")]
    result = joined(first, second)
    assert texts(result.cases) == [
        ("row-1", "a1", "b2"),
        ("row-2", "a2", "b1"),
        ("row-3", "a3", "b3"),
    ]
    clusters = [case.cluster for case in result.cases]
    assert clusters[0] == clusters[2] != clusters[1]


def test_ids_of_either_file_name_the_cases(joined: JoinFiles) -> None:
    result = joined([without_id("q", "a")], [row(5, "q", "b")])
    assert texts(result.cases) == [("5", "a", "b")]


def test_each_judged_turn_is_a_case_with_the_models_own_history(joined: JoinFiles) -> None:
    prompt = ["q1", "q2"]
    result = joined(
        [row(81, prompt, ["a1", "a2"], reference=["r1", "r2"], category="c")],
        [row(81, prompt, ["b1", "b2"])],
    )
    turns = (Message("user", "q1"), Message("user", "q2"))
    cluster = digest("q1", size=8)
    assert result.cases == [
        Case("81/1", turns[:1], (Response("a1", "a"), Response("b1", "b")), "r1", "c", cluster),
        Case(
            "81/2",
            turns,
            (Response("a2", "a", ("a1",)), Response("b2", "b", ("b1",))),
            "r2",
            "c",
            cluster,
            ("r1",),
        ),
    ]
    assert result.counts[0].used == 1


def test_the_system_prompt_is_part_of_the_cluster(joined: JoinFiles) -> None:
    def asked(number: int, system: str) -> dict[str, Any]:
        roles = (("system", system), ("user", "q"))
        return row(number, [{"role": role, "content": content} for role, content in roles])

    clusters = [
        case.cluster for case in joined([asked(1, "s"), asked(2, "t"), asked(3, "s")]).cases
    ]
    assert clusters[0] == clusters[2] != clusters[1]


def test_three_files_share_what_all_have(joined: JoinFiles) -> None:
    result = joined([row(1), row(2)], [row(2), row(3)], [row(2), row(1)], how="inner")
    assert texts(result.cases) == [("2", "x", "x", "x")]
    assert result.left_out == {
        "a.jsonl: not in b.jsonl": 1,
        "b.jsonl: not in a.jsonl": 1,
        "c.jsonl: not in b.jsonl": 1,
    }


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (
            [row(1), row(2)],
            [row(2), row(3)],
            r"a\.jsonl, line 1: the id '1' is not in \S*b\.jsonl \(2 rows have no partner\); .*"
            r"--join inner$",
        ),
        ([row(1)], [row(1), row(2)], r"b\.jsonl, line 2: the id '2' is not in \S*a\.jsonl"),
        (
            [without_id("q\nr", "a")],
            [without_id("q", "b")],
            r"a\.jsonl, line 1: the prompt 'q\\nr' is not in",
        ),
        (
            [row(1, "q")],
            [row(2, "other"), row(1, "r")],
            r"b\.jsonl, line 2: the id '1' has another prompt than in \S*a\.jsonl, line 1; equal",
        ),
        (
            [row(1, ["q", "r"], ["a", "b"]), row(2)],
            [row(2), row(1, [{"role": "user", "content": c} for c in "qr"], "b")],
            r"b\.jsonl, line 2: judged turns of the id '1': 1, but 2 in \S*a\.jsonl, line 1",
        ),
        (
            [row(1, reference="r")],
            [row(1, reference="s")],
            r"b\.jsonl, line 1: the id '1' has another reference than in \S*a\.jsonl, line 1; .*"
            "--references",
        ),
        (
            [row("x/1"), row("x", ["q", "r"], ["a", "b"])],
            [row("x/1"), row("x", ["q", "r"], ["a", "b"])],
            "two cases would have the id 'x/1'",
        ),
    ],
)
def test_what_does_not_match_is_refused(
    joined: JoinFiles, first: list[dict[str, Any]], second: list[dict[str, Any]], said: str
) -> None:
    if "another prompt" in said:
        first = [*first, row(2, "other")]
    with pytest.raises(InputError, match=said):
        joined(first, second)


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [([row(1)], [row(2)], "ids"), ([without_id("q", "a")], [without_id("r", "b")], "prompts")],
)
def test_an_inner_join_of_nothing_is_refused(
    joined: JoinFiles, first: list[dict[str, Any]], second: list[dict[str, Any]], what: str
) -> None:
    with pytest.raises(InputError, match=f"have no {what} in common"):
        joined(first, second, how="inner")


def test_the_partner_of_a_skipped_row_is_left_out_even_of_a_strict_join(joined: JoinFiles) -> None:
    bad = [row(1), row(2, response=True)]
    result = joined(bad, [row(2), row(1)], skip_bad_rows=True)
    assert texts(result.cases) == [("1", "x", "x")]
    assert result.left_out == {"a.jsonl: unusable rows": 1, "b.jsonl: unusable in a.jsonl": 1}
    prompts = [without_id("q", "a"), without_id("q", None)]
    result = joined(prompts, [without_id("q", "b")] * 2, skip_bad_rows=True)
    assert result.left_out == {"a.jsonl: unusable rows": 1, "b.jsonl: unusable in a.jsonl": 1}


@pytest.mark.parametrize(
    ("files", "models"),
    [
        ([("a.jsonl", "m"), ("b.jsonl", "n")], ("m", "n")),
        ([("a.jsonl", "m"), ("b.jsonl", "m")], ("m (a)", "m (b)")),
        ([("r1/out.jsonl", None), ("r2/out.jsonl", None)], ("out (1)", "out (2)")),
        ([("a.jsonl", "b"), ("b.jsonl", None)], ("b (a)", "b (b)")),
        ([("a.jsonl", "m (b)"), ("b.jsonl", "m"), ("c.jsonl", "m")], None),
    ],
)
def test_names_are_unique(
    write: Callable[..., Path], files: list[tuple[str, str | None]], models: tuple[str, ...] | None
) -> None:
    answers = [load_answers(write(name, [row(1, model=model)])) for name, model in files]
    names = join(answers).models
    assert len(set(names)) == len(files)
    if models is not None:
        assert names == models


def test_a_file_joined_with_itself_is_counted_twice(write: Callable[..., Path]) -> None:
    answers = load_answers(write("a.jsonl", [row(1), row(1)]))
    result = join([answers, answers])
    assert result.models == ("a (1)", "a (2)")
    assert list(result.left_out.values()) == [2]


def test_files_of_one_name_are_told_apart_by_their_paths(write: Callable[..., Path]) -> None:
    one, two = write("r1/out.jsonl", [row(1), row(2)]), write("r2/out.jsonl", [row(1), row(3)])
    result = join([load_answers(one), load_answers(two)], how="inner")
    assert result.left_out == {f"{one}: not in {two}": 1, f"{two}: not in {one}": 1}


TEXT = st.text(max_size=20)
ROWS = st.lists(
    st.builds(
        lambda number, response: row(number, "q", response),
        st.sampled_from([1, 2, "2", 3, 4, None, True]),
        st.just("x") | st.none(),
    ),
    max_size=8,
)


def saved(folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    return path


@given(
    st.lists(st.tuples(TEXT.filter(str.strip), TEXT, TEXT), min_size=1, unique_by=lambda t: t[0])
)
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    files = [
        saved(folder, name, [row(n, each[0], each[part]) for n, each in enumerate(rows)])
        for name, part in (("a.jsonl", 1), ("b.jsonl", 2))
    ]
    cases = join([load_answers(file) for file in files]).cases
    assert [
        (case.prompt[0].content, *(response.text for response in case.responses)) for case in cases
    ] == rows


@given(st.integers(0, 2**32), st.booleans(), st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_the_order_of_the_second_file_is_all_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, with_ids: bool, prompts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    # The answer depends on the prompt alone where that is all there is to join by.
    rows = [
        row(n, f"q{p}", f"x{n}") if with_ids else without_id(f"q{p}", f"x{p}")
        for n, p in enumerate(prompts)
    ]
    shuffled = random.Random(seed).sample(rows, len(rows))
    first = load_answers(saved(folder, "a.jsonl", rows))
    expected = join([first, load_answers(saved(folder, "b.jsonl", rows))])
    assert join([first, load_answers(saved(folder, "b.jsonl", shuffled))]).cases == expected.cases


@given(ROWS, ROWS)
def test_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[dict[str, Any]],
    second: list[dict[str, Any]],
) -> None:
    folder = tmp_path_factory.mktemp("counts")
    sure = row("sure", "q")
    files = [
        saved(folder, name, [*rows, sure])
        for name, rows in (("a.jsonl", first), ("b.jsonl", second))
    ]
    result = join([load_answers(file, skip_bad_rows=True) for file in files], how="inner")
    for counts, rows in zip(result.counts, (first, second), strict=True):
        assert counts.rows == len(rows) + 1
        assert counts.rows == counts.used + counts.skipped + counts.duplicates + counts.left_out
        assert counts.used == len(result.cases)
    assert sum(result.left_out.values()) == sum(c.rows - c.used for c in result.counts)
