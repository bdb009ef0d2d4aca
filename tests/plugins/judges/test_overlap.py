from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from judgekit.plugins.judges.metrics import Name
from judgekit.plugins.judges.overlap import Options, Overlap

from judgekit.errors import InputError
from judgekit.judging import JudgeSetup
from judgekit.judging.templates import Prompts
from judgekit.models.text_metrics import MOST_WORDS
from judgekit.types import Case, Message, Response, Status, Trial


def overlap(metric: Name = "chrf") -> Overlap:
    return Overlap(JudgeSetup(arity=1, prompts=Prompts(()), options=Options(metric)))


def case(*answers: str, reference: str | None = "Paris is the capital.", id: str = "c") -> Case:  # noqa: A002
    responses = tuple(Response(text, f"m{i}") for i, text in enumerate(answers))
    return Case(id, (Message("user", "Which is the capital?"),), responses, reference)


def trials(of: Case) -> list[Trial]:
    return [Trial(of, (i,), ("A",)) for i in range(len(of.responses))]


@pytest.mark.parametrize("metric", ["chrf", "bleu", "rouge-l", "token-f1"])
def test_the_nearer_answer_scores_higher(metric: Name) -> None:
    answers = ("Paris is the capital.", "The capital is Paris, I think.", "I like trains", " \n")
    scores = [v.score for v in overlap(metric).judge_batch(trials(case(*answers)))]
    assert scores[0] == pytest.approx(100)
    assert scores == sorted(scores, key=lambda s: -math.inf if s is None else -s)
    assert scores[-1] == 0
    assert all(s is not None and s < 100 for s in scores[1:])


def test_a_trial_shows_the_response_it_names() -> None:
    both = case("Paris is the capital.", "Rome.")
    [second] = overlap().judge_batch([Trial(both, (1,), ("A",))])
    assert second.score is not None
    assert second.score < 20


def test_refuses_cases_without_reference_in_one_line() -> None:
    cases = [case("x"), case("x", reference=None, id="q7"), case("x", reference="", id="q9")]
    with pytest.raises(InputError) as refused:
        overlap().check(cases)
    line = str(refused.value)
    assert "2 of 3" in line
    assert "'q7'" in line
    assert "--references" in line
    assert "--judge pairwise" in line
    assert "\n" not in line
    overlap().check(cases[:1])


def test_a_case_without_reference_has_no_verdict() -> None:
    [verdict] = overlap().judge_batch(trials(case("x", reference=None)))
    assert (verdict.status, verdict.score, verdict.error) == (Status.FAILED, None, "no reference")


def test_an_answer_beyond_the_metric_is_too_long() -> None:
    [verdict] = overlap("rouge-l").judge_batch(trials(case("x " * (MOST_WORDS + 1))))
    assert verdict.status is Status.TOO_LONG
    assert str(MOST_WORDS) in verdict.error


def test_identity_names_what_decides_the_score() -> None:
    assert overlap("chrf").identity != overlap("bleu").identity
    assert any(part.startswith("sacrebleu 2.") for part in overlap().identity)


def test_is_imported_without_sacrebleu_and_numpy() -> None:
    program = (
        "import sys, judgekit.plugins.judges.overlap as o;"
        "print([m for m in ('sacrebleu', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def last_turn(value: Any) -> str:
    return str(value[-1] if isinstance(value, list) else value)


def test_agrees_with_people_where_there_are_references(shared: Path) -> None:
    """MT-Bench's maths, reasoning and coding pairs with a preference: 223 of them."""
    path = shared / "data" / "pairs" / "mtbench_human.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    judge, agree, total = overlap(), 0, 0
    for row in rows:
        if row["reference"] and row["label"] != "tie":
            answers = (last_turn(row["response_a"]), last_turn(row["response_b"]))
            pair = case(*answers, reference=last_turn(row["reference"]))
            a, b = (v.score or 0.0 for v in judge.judge_batch(trials(pair)))
            agree += (a > b) if row["label"] == "A" else (b > a)
            total += 1
    assert total == 223
    assert agree / total == pytest.approx(0.812, abs=0.005)
