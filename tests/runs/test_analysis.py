"""Further figures of real runs: lengths, labels, ratings over several."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from commands import Cli

import judgekit
from judgekit.errors import InputError
from judgekit.io.labels import read_labels
from judgekit.runs.analysis import analyse, rate_models

Write = Callable[[str, list[str]], Path]


@pytest.fixture
def write(here: Path) -> Write:
    def written(name: str, answers: list[str]) -> Path:
        path = here / f"{name}.jsonl"
        rows = [
            {"id": f"c{i}", "prompt": f"q {i}", "response": text, "reference": "the right answer"}
            for i, text in enumerate(answers)
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return written


def answers(seed: int, right: float, n: int = 60) -> list[str]:
    draw = random.Random(seed)
    good, bad = "the right answer", "something else"
    return [
        (good if draw.random() < right else bad) + " indeed" * draw.randint(0, 4) for _ in range(n)
    ]


@pytest.fixture
def run(write: Write) -> Path:
    a, b = write("a", answers(1, 0.7)), write("b", answers(2, 0.4))
    return judgekit.compare(a, b, judge="overlap").folder


def labels_file(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_comparison(run: Path) -> None:
    found = analyse(run)
    assert (found.a, found.b, found.cases) == ("a", "b", 60)
    assert found.length.rate.value is not None
    assert found.prompts_needed is not None
    assert found.prompts_needed[0.1] * 20 < found.prompts_needed[0.02]
    assert found.labelled is None


def test_beside_labels(run: Path, here: Path) -> None:
    said = [{"id": f"c{i}", "label": "a" if i % 3 else "tie"} for i in range(20)]
    found = analyse(run, labels_file(here / "l.jsonl", [*said, {"id": "x", "label": "B"}]))
    assert found.labelled is not None
    assert found.labelled.agreement.cases == 20
    assert found.labelled.unknown == 1
    assert found.labelled.prediction_powered.rate.value is not None
    assert found.labelled.prediction_powered.by_labels.value == pytest.approx((13 + 7 / 2) / 20)


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([{"id": "c1"}], "l.jsonl, line 1: no label"),
        ([{"id": "c1", "label": "C"}], "l.jsonl, line 1: 'C' is not a label; write A, B or tie"),
        ([{"id": "c1", "label": "A"}] * 2, "l.jsonl, line 2: case 'c1' is labelled twice"),
        ([{"id": "z", "label": "A"}], "labels no case of this run"),
    ],
)
def test_labels_that_do_not_fit(run: Path, here: Path, rows: list[object], error: str) -> None:
    with pytest.raises(InputError, match=error):
        analyse(run, labels_file(here / "l.jsonl", rows))


def test_labels_by_name(here: Path) -> None:
    rows: list[object] = [
        {"case": 1, "winner": "gpt"},
        {"case": 2, "winner": "model_a"},
        {"case": 3, "winner": None},
    ]
    assert read_labels(labels_file(here / "l.jsonl", rows), ("x", "gpt")) == {"1": 1, "2": 0}


def test_ratings_over_runs(write: Write, run: Path, cli: Cli) -> None:
    c = write("c", answers(3, 0.2))
    more = [judgekit.compare(other, c, judge="overlap").folder for other in ("a.jsonl", "b.jsonl")]
    found = rate_models([run, *more])
    assert [m.model for m in found.models] == ["a", "b", "c"]
    shown = cli("stats", str(run), *map(str, more))
    assert "400 points" in shown.out
    said = json.loads(cli("stats", str(run), *map(str, more), "--json").out)
    assert [m["model"] for m in said["models"]] == ["a", "b", "c"]
    refused = cli("stats", str(run), *map(str, more), "--labels", "l.jsonl")
    assert refused.code == 2
    assert "name its run alone" in refused.err


def test_models_that_no_file_names_are_not_rated_together(here: Path, cli: Cli) -> None:
    def pairs(name: str, **names: str) -> Path:
        path = here / f"{name}.jsonl"
        rows = [
            {"id": f"{i}", "prompt": f"{name} {i}", "response_a": "right", "response_b": text}
            | {"reference": "right"}
            | names
            for i, text in enumerate(["right", "wrong"] * 6)
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def run_of(file: Path, judge: str = "overlap") -> Path:
        return judgekit.compare(file, judge=judge).folder

    one, two = pairs("one"), pairs("two")
    runs = [run_of(one), run_of(two)]
    error = cli("stats", *runs).error
    assert "is of pairs without model names" in error
    assert "model_a and model_b into the rows of" in error
    assert "one.jsonl" in error
    again = run_of(one, "longer")
    assert [m.model for m in rate_models([runs[0], again], prior=1.0).models] == ["a", "b"]
    named = run_of(pairs("three", model_a="a", model_b="c"))
    with pytest.raises(InputError, match="without model names"):
        rate_models([named, runs[0]])
    other = run_of(pairs("four", model_a="c", model_b="d"))
    assert len(rate_models([named, other], prior=1.0).models) == 3


def test_the_command_on_one_run(run: Path, cli: Cli) -> None:
    shown = cli("stats", str(run))
    assert "length-controlled win rate" in shown.out
    assert "prompts needed to detect 55 % (power 80 %)" in shown.out
    assert json.loads(cli("stats", "--json").out)["cases"] == 60


def test_other_runs_are_refused(write: Write) -> None:
    scored = judgekit.score(write("s", answers(4, 0.5)), judge="overlap").folder
    with pytest.raises(InputError, match="compares no two models"):
        analyse(scored)


@pytest.mark.parametrize("inconsistent", ["half", "drop"])
def test_cases_that_the_run_leaves_out(write: Write, inconsistent: Literal["half", "drop"]) -> None:
    files = write("x", ["one"] * 12), write("y", ["two"] * 11 + ["one"])
    folder = judgekit.compare(*files, judge="first", inconsistent=inconsistent).folder
    rated = {m.model: m.games for m in rate_models([folder], prior=1.0).models}
    if inconsistent == "half":
        assert analyse(folder).prompts == 12
        assert rated == {"x": 12, "y": 12}
    else:  # only the identical case counts
        assert analyse(folder).prompts == 1
        assert rated == {"x": 1, "y": 1}


def test_labels_correct_the_rate_that_the_run_has(write: Write, here: Path) -> None:
    files = write("x", ["one"] * 12), write("y", ["two"] * 11 + ["one"])
    folder = judgekit.compare(*files, judge="first", inconsistent="drop").folder
    labels = labels_file(here / "l.jsonl", [{"id": f"c{i}", "label": "A"} for i in range(12)])
    found = analyse(folder, labels).labelled
    assert found is not None
    assert (found.agreement.cases, found.prediction_powered.labelled) == (12, 1)


def test_where_no_case_counts(write: Write, cli: Cli) -> None:
    files = write("x", ["one"] * 3), write("y", ["two"] * 3)
    folder = judgekit.compare(*files, judge="first", inconsistent="drop").folder
    assert "(0 without a verdict, 3 inconsistent and left out)" in cli("stats", folder).error
    assert "no case of these runs counts" in cli("stats", folder, folder).error
