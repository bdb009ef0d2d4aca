"""The benchmarks of training: their judges, task and data; and, slowly, that they still run."""

from __future__ import annotations

import json
import random
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import BENCHMARKS

from judgekit.extension.loader import load_file
from judgekit.judging import JudgeSetup
from judgekit.judging.templates import Prompts
from judgekit.types import Case, Choice, Message, Response, Trial

RIGHT, WRONG = "a b", "b a"


@pytest.fixture(scope="module")
def plugin() -> Any:
    found = load_file(BENCHMARKS / "closed_loop_judges.py")
    assert not found.broken
    return found


def judge(plugin: Any, name: str, **options: Any) -> Any:
    kind = plugin.judges[name]
    return kind(JudgeSetup(2, Prompts(()), options=kind.Options(**options)))


def trial(number: int, texts: tuple[str, str], order: tuple[int, int] = (0, 1)) -> Trial:
    responses = tuple(Response(text, model) for text, model in zip(texts, "xy", strict=True))
    prompt = (Message("user", f"sort {number}"),)
    return Trial(Case(str(number), prompt, responses, reference=RIGHT), order, ("A", "B"))


def choices(plugin: Any, name: str, trials: list[Trial], **options: Any) -> list[Choice]:
    return [verdict.choice for verdict in judge(plugin, name, **options).judge_batch(trials)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((RIGHT, WRONG), Choice.FIRST),
        ((WRONG, RIGHT), Choice.SECOND),
        ((RIGHT, RIGHT), Choice.TIE),
        ((WRONG, "a"), Choice.TIE),
    ],
)
def test_exact(plugin: Any, texts: tuple[str, str], expected: Choice) -> None:
    assert choices(plugin, "exact", [trial(0, texts)]) == [expected]


def test_planted_without_faults_is_exact(plugin: Any) -> None:
    trials = [trial(i, (RIGHT, WRONG)) for i in range(50)]
    assert set(choices(plugin, "planted", trials, error=0.0, lean=0.0)) == {Choice.FIRST}


def test_planted_errs_in_both_orders_alike(plugin: Any) -> None:
    n, wrong = 2000, []
    for order, mistaken in (((0, 1), Choice.SECOND), ((1, 0), Choice.FIRST)):
        trials = [trial(i, (RIGHT, WRONG), order) for i in range(n)]
        found = choices(plugin, "planted", trials, error=0.2, lean=0.0)
        wrong.append([choice is mistaken for choice in found])
    assert wrong[0] == wrong[1]
    assert sum(wrong[0]) / n == pytest.approx(0.2, abs=0.04)


def test_planted_leans_to_the_first_by_showing(plugin: Any) -> None:
    n, leaning = 2000, []
    for order in ((0, 1), (1, 0)):
        trials = [trial(i, (WRONG, "a"), order) for i in range(n)]
        found = choices(plugin, "planted", trials, error=0.2, lean=0.3)
        assert set(found) == {Choice.FIRST, Choice.TIE}
        leaning.append([choice is Choice.FIRST for choice in found])
        assert sum(leaning[-1]) / n == pytest.approx(0.3, abs=0.04)
    both = sum(a and b for a, b in zip(*leaning, strict=True))
    assert both / n == pytest.approx(0.09, abs=0.03)


def test_half_of_the_answers_to_imitate_are_right() -> None:
    task = runpy.run_path(str(BENCHMARKS.parent / "examples/sorting.py"))
    rows = list(task["answers_to_imitate"](2000, random.Random(0)))
    assert len({row["prompt"] for row in rows}) == 2000
    right = sum(row["response"] == row["reference"] for row in rows)
    assert right / 2000 == pytest.approx(0.5, abs=0.04)
    assert {len(row["response"].split()) for row in rows} == {4, 5}


def test_pairs_have_exactly_the_tokens_asked_for(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from judgekit.train.data.encoding import Encoder
    from judgekit.train.data.rows_reader import read_pair_rows

    data = runpy.run_path(str(BENCHMARKS / "dpo_speed_data.py"))
    data["write_tokenizer"](tmp_path, 64)
    path = data["write_pairs"](tmp_path / "pairs.jsonl", 8, (8, 24), (4, 8), 64)
    encoder = Encoder(
        AutoTokenizer.from_pretrained(tmp_path),
        template="plain",
        max_length=64,
        max_prompt_length=32,
    )
    examples = encoder.pairs(read_pair_rows(path).rows).examples
    assert sorted(len(example.prompt) for example in examples) == [9, 11, 13, 15, 17, 19, 21, 23]
    for side in (0, 1):
        lengths = [len(example.completions[side]) for example in examples]
        assert sorted(lengths) == [4, 5, 5, 6, 6, 7, 7, 8]


def quickly(script: str, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), "--quick", "--json", *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_faulty_judge_makes_a_better_model() -> None:
    found = quickly("closed_loop.py")
    assert found["ci"][0] > 0.5
    assert found["ci"][0] < found["win_rate"] < found["ci"][1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_step_costs_less_than_the_peers() -> None:
    found = quickly("dpo_speed.py", "--only", "steps", "agreement")
    assert found["ratio_default"] > 2.5
    assert found["ratio_best"] > 1
    assert found["memory_ratio_default"] > 1
    assert found["memory_ratio_best"] > 1
    assert found["loss_diff"] < 1e-5
    assert found["grad_relerr"] < 1e-4
