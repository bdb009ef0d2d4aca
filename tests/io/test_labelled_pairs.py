"""Files of labelled pairs: read into a set, and written as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers import read_jsonl, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit import io
from judgekit.errors import InputError, PluginError
from judgekit.io.labelled_pairs import keep_labelled, load_labelled
from judgekit.io.labelled_set import LabelledSet
from judgekit.types import Case, Message, Response


def row(name: str = "x", label: Any = "A", **columns: Any) -> dict[str, Any]:
    plain = {"id": name, "prompt": "Q?", "response_a": "one", "response_b": "two"}
    return plain | {"label": label} | columns


def read(folder: Path, *rows: dict[str, Any], **how: Any) -> LabelledSet:
    return load_labelled(write_jsonl(folder / "pairs.jsonl", rows), "mine", **how)


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("A", 0),
        ("b", 1),
        ("tie", "tie"),
        ("model_b", 1),
        ("response_a", 0),
        ("gpt-4", 0),
        ("phi", 1),
    ],
)
def test_what_labels_mean(tmp_path: Path, label: str, meant: object) -> None:
    one = read(tmp_path, row(label=label, model_a="gpt-4", model_b="phi"))
    assert one.labels == {"x": meant}


@pytest.mark.parametrize("label", [0, 1, True, "better", ["A"], {"a": 1}])
def test_a_label_that_is_none_names_its_line(tmp_path: Path, label: object) -> None:
    with pytest.raises(InputError, match=r"pairs.jsonl, line 2: .*; correct it"):
        read(tmp_path, row("w"), row("x", label))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"label": "A", "model_a": "B", "model_b": "A"}, "'A' could mean either where the models"),
        ({"label": "a", "model_a": "b", "model_b": "A"}, "write response_a or response_b"),
        ({"label": "tie", "model_a": "tie", "model_b": "B"}, "or rename the models"),
        ({"label": "A", "winner": "B"}, "label 'A' and winner 'B' contradict each other"),
        ({"label": "tie", "winner": "model_a"}, "contradict each other; leave out one"),
    ],
)
def test_a_label_that_could_mean_two_things_names_its_line(
    tmp_path: Path, columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=rf"pairs.jsonl, line 2: .*{said}"):
        read(tmp_path, row("w"), row("x", **columns))


def test_what_means_one_thing_is_read(tmp_path: Path) -> None:
    swapped = {"model_a": "B", "model_b": "A"}
    one = read(
        tmp_path,
        row("x", "response_a", **swapped),
        row("y", "A", model_a="a", model_b="b", winner="a"),
        row("z", "B", winner="tie (inconsistent)"),  # another column, of no label
        row("w", "B", winner=None),
    )
    assert one.labels == {"x": 0, "y": 0, "z": 1, "w": 1}
    named = read(tmp_path, row("x", winner="B", gold="A"), columns={"label": "gold"})
    assert named.labels == {"x": 0}
    kept = keep_labelled(one, tmp_path / "kept")
    assert load_labelled(kept, "again").labels == one.labels


def test_all_columns(tmp_path: Path) -> None:
    one = read(
        tmp_path,
        row("x", source="us", category="math", language="de", group="g", reference="two"),
        row("y", "tie", source="us", language="", group=None),
    )
    assert (one.name, one.licence, one.note) == ("mine", "", "")
    assert one.source == f"us ({tmp_path / 'pairs.jsonl'})"
    assert (one.languages, one.groups) == ({"x": "de"}, {"x": "g"})
    assert [(c.id, c.category, c.reference) for c in one.cases] == [
        ("x", "math", "two"),
        ("y", None, None),
    ]


def test_two_sources_are_none(tmp_path: Path) -> None:
    one = read(tmp_path, row("x", source="us"), row("y", source="them"))
    assert one.source == str(tmp_path / "pairs.jsonl")


def test_what_has_no_label_is_left_out_and_counted(tmp_path: Path) -> None:
    one = read(tmp_path, row("x"), row("y", None), row("z", ""), row("x"))
    assert [c.id for c in one.cases] == ["x"]
    assert one.left_out == {"no label": 2, "duplicate": 1}


def test_winner_is_a_label_as_well_and_columns_may_be_named(tmp_path: Path) -> None:
    plain = row()
    del plain["label"]
    assert read(tmp_path, plain | {"winner": "B"}).labels == {"x": 1}
    named = {"label": "gold", "language": "lang", "response_a": "left"}
    shown = {k: v for k, v in plain.items() if k != "response_a"}
    one = read(tmp_path, shown | {"gold": "tie", "lang": "fr", "left": "one"}, columns=named)
    assert (one.labels, one.languages) == ({"x": "tie"}, {"x": "fr"})


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{k: v for k, v in row().items() if k != "label"}], "no column says which answer"),
        ([row("x", None)], "no row has a label"),
        ([row("x"), row("x", "B")], "line 2: the id 'x' stands in line 1"),
        ([row("x"), row("x", response_a="other")], "line 2: the id 'x' stands in line 1"),
        ([row("x", language=3)], "the language is 3, not text"),
        ([row("x", response_a=None)], "line 1: the response_a is null"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, *rows)


def test_turns_are_the_history_of_each_answer(tmp_path: Path) -> None:
    one = read(
        tmp_path,
        row(prompt=["Q1", "Q2"], response_a=["a1", "a2"], response_b=["b1", "b2"]),
    )
    [first, second] = one.cases[0].responses
    assert (first.text, first.earlier, second.earlier) == ("a2", ("a1",), ("b1",))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RESPONSE = st.builds(Response, TEXT, TEXT.filter(str.strip))
USER = st.builds(Message, st.just("user"), TEXT.filter(str.strip))
OTHER = st.builds(Message, st.sampled_from(["user", "assistant", "system"]), TEXT)


@st.composite
def sets(draw: st.DrawFn) -> LabelledSet:
    cases = []
    for number in range(draw(st.integers(1, 3))):
        turns = draw(st.integers(0, 2))
        earlier = st.lists(TEXT, min_size=turns, max_size=turns)
        before = st.lists(USER if turns else OTHER, min_size=turns, max_size=turns or 2)
        responses = tuple(
            Response(draw(TEXT), f"m{side}", tuple(draw(earlier))) for side in range(2)
        )
        prompt = (*draw(before), draw(USER))
        references = draw(st.lists(TEXT.filter(bool), min_size=turns, max_size=turns))
        last = draw(TEXT.filter(bool))
        cases.append(
            Case(
                f"c{number}",
                prompt,
                responses,
                last,
                draw(st.none() | TEXT.filter(bool)),
                earlier_references=tuple(references),
            )
        )
    labels = {case.id: draw(st.sampled_from([0, 1, "tie"])) for case in cases}
    return LabelledSet("any", tuple(cases), labels, "here", "MIT", groups={"c0": "g"})


@given(one=sets())
@settings(max_examples=60, deadline=None)
def test_a_set_that_is_written_is_read_back(
    one: LabelledSet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """By jobs as cases, and as a set of its own."""
    file = keep_labelled(one, tmp_path_factory.mktemp("kept"))
    back = load_labelled(file, "any")
    assert (back.labels, back.groups) == (one.labels, one.groups)
    for read_case, case in zip(io.load_pairs(file).cases, one.cases, strict=True):
        assert read_case.prompt == case.prompt
        assert read_case.responses == case.responses
        assert (read_case.id, read_case.reference) == (case.id, case.reference)
        assert (read_case.category, read_case.earlier_references) == (
            case.category,
            case.earlier_references,
        )


def test_a_kept_set_is_named_by_its_content(tmp_path: Path) -> None:
    one = read(tmp_path, row("x"))
    other = read(tmp_path, row("x", "B"))
    kept = keep_labelled(one, tmp_path / "sets")
    assert keep_labelled(one, tmp_path / "sets") == kept
    assert keep_labelled(other, tmp_path / "sets") != kept
    assert [r["label"] for r in read_jsonl(kept)] == ["A"]


def test_turns_beside_other_roles_are_refused(tmp_path: Path) -> None:
    prompt = (Message("system", "S"), Message("user", "Q1"), Message("user", "Q2"))
    responses = (Response("a2", "a", ("a1",)), Response("b2", "b", ("b1",)))
    one = LabelledSet("odd", (Case("x", prompt, responses),), {"x": 0}, "", "")
    with pytest.raises(PluginError, match="user turns alone"):
        keep_labelled(one, tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot write"):
        keep_labelled(read(tmp_path, row()), tmp_path / "taken")


def test_the_labels_of_several_people_are_kept_and_read_back(tmp_path: Path) -> None:
    rows = [
        {"prompt": "p", "response_a": "x", "response_b": "y", "label": "A", "labels": ["A", "tie"]},
        {"prompt": "q", "response_a": "x", "response_b": "y", "label": "B", "labels": ["B"]},
        {"prompt": "r", "response_a": "x", "response_b": "y", "label": "B", "labels": [0, 1]},
    ]
    path = write_jsonl(tmp_path / "votes.jsonl", rows)
    labelled = load_labelled(path, "votes")
    assert labelled.votes == {"row-1": (0, "tie")}
    again = load_labelled(keep_labelled(labelled, tmp_path / "kept"), "votes")
    assert again.votes == labelled.votes
    with pytest.raises(InputError, match=r"line 3: labels is \[0, 1\]"):
        load_labelled(path, "votes", columns={"labels": "labels"})
