"""Rows as each set publishes them (made up here), and what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl
from fresh import python
from judgekit.plugins import judgekit_sets
from judgekit.plugins.sets.published import Published, assign_sides
from places import ROOT

from judgekit.errors import InputError
from judgekit.extension.named import Named
from judgekit.io.labelled_set import LabelledSet, SetSetup
from judgekit.io.row import Row

CATALOGUE: Named[Any] = Named({n: place for n, place in judgekit_sets().items() if n != "pairs"})

TALK = [("user", "Q1"), ("assistant", "{}1"), ("user", "Q2"), ("assistant", "{}2")]


def vote(a: str, b: str, winner: str, turn: int = 1, question: int = 81) -> dict[str, Any]:
    talks = {
        f"conversation_{side}": [
            {"role": role, "content": text.format(model)} for role, text in TALK
        ]
        for side, model in (("a", a), ("b", b))
    }
    said = {"model_a": a, "model_b": b, "winner": winner, "judge": "expert_1", "turn": turn}
    return {"question_id": question} | said | talks


def best_of(name: str, subset: str, chosen: list[str], rejected: list[str]) -> dict[str, Any]:
    return {"id": name, "prompt": "Q?", "chosen": chosen, "rejected": rejected, "subset": subset}


def annotated(*votes: int, **columns: Any) -> dict[str, Any]:
    plain = {"idx": 0, "motivation_app": "Gmail", "cmp_key": "bloom-7b_llama-7b"}
    texts = {"instruction": "Do it.", "input": "", "response1": "one", "response2": "two"}
    said = {f"annotator{n}": v for n, v in enumerate(votes, 1)}
    return plain | texts | said | columns


def compared(label: int) -> dict[str, Any]:
    texts = {"prompt": "Q?", "response 1": "one", "response 2": "two"}
    return {"scenario": "planning", "label": label} | texts


def checked(name: str, source: str, label: str) -> dict[str, Any]:
    texts = {"question": "Q?", "response_A": "one", "response_B": "two"}
    return {"pair_id": name, "original_id": "7", "source": source, "label": label} | texts


def followed(label: int, **columns: Any) -> dict[str, Any]:
    return {"input": "Do it.", "output_1": "one", "output_2": "two", "label": label} | columns


def ranked(name: int, subset: str) -> dict[str, Any]:
    texts = {"prompt": f"Q{name}?", "chosen": "good", "rejected": "bad"}
    models = {"chosen_model": "gpt-4", "rejected_model": "llama"}
    return {"id": name, "subset": subset} | texts | models


def aligned(labels: list[int]) -> dict[str, Any]:
    return {"input": "Q?", "targets": {"choices": ["one", "two"], "labels": labels}}


def read(name: str, folder: Path, *rows: dict[str, Any]) -> LabelledSet:
    file = write_jsonl(folder / "rows.jsonl", rows)
    return CATALOGUE[name](SetSetup(name, str(file)))


def shown(one: LabelledSet) -> list[tuple[Any, ...]]:
    """Each case: its id, category and label, and the text that the label says is better."""
    found = []
    for case in one.cases:
        label = one.labels[case.id]
        better = "" if label == "tie" else case.responses[label].text
        found.append((case.id, case.category, label, better))
    return found


ROWS: dict[str, tuple[list[dict[str, Any]], list[tuple[Any, ...]]]] = {
    "llmbar": (
        [followed(1), followed(2, subset="manual"), followed(1, input="Else.", subset="manual")],
        [
            ("llmbar-pair-000", None, 0, "one"),
            ("llmbar-manual-000", "manual", 1, "two"),
            ("llmbar-manual-001", "manual", 0, "one"),
        ],
    ),
    "judgebench": (
        [checked("p", "mmlu-pro-law", "A>B"), checked("q", "livecodebench", "B>A")],
        [("p", "knowledge", 0, "one"), ("q", "coding", 1, "two")],
    ),
    "autoj": (
        [compared(0), compared(1), compared(2)],
        [
            ("autoj-0000", "planning", 0, "one"),
            ("autoj-0001", "planning", 1, "two"),
            ("autoj-0002", "planning", "tie", ""),
        ],
    ),
    "pandalm": (
        [annotated(1, 1, 2), annotated(0, 0, 0, response1=True), annotated(0, 1, 2)],
        [
            ("pandalm-000", "Gmail", 0, "one"),
            ("pandalm-001", "Gmail", "tie", ""),
            ("pandalm-002", "Gmail", "tie", ""),
        ],
    ),
    "mtbench-human": (
        [
            vote("zephyr", "alpaca", "model_a"),
            vote("alpaca", "zephyr", "model_b"),
            vote("alpaca", "zephyr", "model_a"),
            vote("alpaca", "zephyr", "tie", turn=2),
            vote("alpaca", "zephyr", "model_a", question=160),
            vote("alpaca", "zephyr", "model_b", question=160),
        ],
        [
            ("mtb-81-alpaca-zephyr-t1", "writing", 1, "zephyr1"),
            ("mtb-81-alpaca-zephyr-t2", "writing", "tie", ""),
            ("mtb-160-alpaca-zephyr-t1", "humanities", "tie", ""),
        ],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_set_in_its_own_layout(tmp_path: Path, name: str) -> None:
    rows, expected = ROWS[name]
    one = read(name, tmp_path, *rows)
    assert shown(one) == expected
    assert one.licence
    assert one.source.endswith(f"({tmp_path / 'rows.jsonl'})")


def test_judgebench_has_a_part_by_another_model(tmp_path: Path) -> None:
    rows, expected = ROWS["judgebench"]
    assert shown(read("judgebench-claude", tmp_path, *rows)) == expected


def test_the_second_turn_has_the_first_before_it(tmp_path: Path) -> None:
    [_, case, _] = read("mtbench-human", tmp_path, *ROWS["mtbench-human"][0]).cases
    assert [m.content for m in case.prompt] == ["Q1", "Q2"]
    assert [(r.model, r.earlier, r.text) for r in case.responses] == [
        ("alpaca", ("alpaca1",), "alpaca2"),
        ("zephyr", ("zephyr1",), "zephyr2"),
    ]


def test_pandalm_names_its_models_and_appends_the_input(tmp_path: Path) -> None:
    [case] = read("pandalm", tmp_path, annotated(1, 1, 1, input="This.", response1=True)).cases
    assert case.prompt[0].content == "Do it.\n\nThis."
    assert [(r.model, r.text) for r in case.responses] == [
        ("bloom-7b", "True"),
        ("llama-7b", "two"),
    ]


def test_rewardbench_hides_which_is_chosen(tmp_path: Path) -> None:
    subsets = ["alpacaeval-easy", "llmbar-natural", "donotanswer", "hep-go", "new-one"]
    one = read("rewardbench", tmp_path, *(ranked(n, s) for n, s in enumerate(subsets * 20)))
    assert {better for *_, better in shown(one)} == {"good"}
    assert [c.category for c in one.cases[:5]] == [
        "Chat",
        "Chat Hard",
        "Safety",
        "Reasoning",
        "new-one",
    ]
    assert 25 < sum(label == 0 for label in one.labels.values()) < 75
    for case in one.cases:
        models = {r.text: r.model for r in case.responses}
        assert models == {"good": "gpt-4", "bad": "llama"}


def test_best_of_four_becomes_pairs_that_are_right_together(tmp_path: Path) -> None:
    one = read(
        "rewardbench2",
        tmp_path,
        best_of("7", "Math", ["good"], ["bad", "worse", "worst"]),
        best_of("tied:1", "Ties", ["red", "blue"], ["dog"]),
    )
    assert [(case, one.groups[case]) for case in one.labels] == [
        ("7-1", "7"),
        ("7-2", "7"),
        ("7-3", "7"),
    ]
    assert {better for *_, better in shown(one)} == {"good"}
    assert one.left_out == {"subset Ties": 1}
    assert "every rejected one" in one.note


def test_hhh_takes_the_better_from_either_place(tmp_path: Path) -> None:
    one = read("hhh", tmp_path, aligned([1, 0]), aligned([0, 1]) | {"subset": "honest"})
    assert [better for *_, better in shown(one)] == ["one", "two"]
    assert [case.id for case in one.cases] == ["hhh-pair-000", "hhh-honest-000"]


def test_a_coin_for_sides_that_does_not_change() -> None:
    said = [assign_sides(f"Q{n}", "good", "bad") for n in range(200)]
    assert said == [assign_sides(f"Q{n}", "good", "bad") for n in range(200)]
    assert 70 < sum(row["label"] == "A" for row in said) < 130
    for row in said:
        assert row["response_a" if row["label"] == "A" else "response_b"] == "good"


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_set_reads_plain_labelled_pairs_too(tmp_path: Path, name: str) -> None:
    plain = {"id": "x", "prompt": "Q?", "response_a": "one", "response_b": "two", "label": "B"}
    assert shown(read(name, tmp_path, plain)) == [("x", None, 1, "two")]


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_file_in_neither_layout_says_what_it_lacks(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"rows.jsonl, line 1: neither .* it has no '\w+"):
        read(name, tmp_path, {"text": "hello"})


@pytest.mark.parametrize(
    ("name", "rows"),
    [("llmbar", followed(3)), ("judgebench", checked("p", "x", "A=B")), ("autoj", compared(7))],
)
def test_a_label_that_the_set_does_not_know(
    tmp_path: Path, name: str, rows: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=r"line 1: .*label"):
        read(name, tmp_path, rows)


LOADING = """
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.io.labelled_set import SetSetup
for name in ("judgebench", "llmbar", "hhh"):
    try:
        Registry.load().labelled_set(name)(SetSetup(name))
    except InputError as error:
        print("SAID", error)
"""


def test_without_a_network_a_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))  # nothing downloaded before is found
    said = python("-c", LOADING, cwd=tmp_path)
    lines = [line for line in said.splitlines() if line.startswith("SAID")]
    assert len(lines) == 3
    for line, name in zip(lines, ("judgebench", "llmbar", "hhh"), strict=True):
        assert f"cannot download the set '{name}'" in line
        assert line.endswith(f"give a file that you have: {name}=FILE")


def test_a_download_error_that_says_only_the_address_is_told_with_its_reason() -> None:
    def fetch() -> Iterator[Row]:
        try:
            raise ConnectionRefusedError("no route to it")
        except OSError as error:
            raise FileNotFoundError("https://here/file.json") from error

    one = Published("s", "", fetch, lambda _: iter(()))
    said = r"cannot download the set 'x': https://here/file.json \(no route to it\); give a file"
    with pytest.raises(InputError, match=said):
        one(SetSetup("x"))


def test_without_the_library_a_line_says_how_to_get_it(tmp_path: Path) -> None:
    said = python("-c", "import sys\nsys.modules['datasets'] = None\n" + LOADING, cwd=tmp_path)
    assert said.count(f"pip install -e '.[sets]' in {ROOT}, or give a file that you have") == 3


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("autoj", "autoj_pairwise.jsonl"),
        ("hhh", "hhh.jsonl"),
        ("judgebench", "judgebench_gpt4o.jsonl"),
        ("llmbar", "llmbar.jsonl"),
        ("mtbench-human", "mtbench_human.jsonl.gz"),
        ("pandalm", "pandalm.jsonl"),
    ],
)
def test_real_labelled_pairs(shared: Path, name: str, file: str) -> None:
    path = os.fspath(shared / "data/pairs" / file)
    one = CATALOGUE[name](SetSetup(name, path))
    assert len(one.cases) > 200
    assert set(map(type, one.labels.values())) <= {int, str}
    assert all(case.category for case in one.cases)
