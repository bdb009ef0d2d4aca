from __future__ import annotations

import json
import runpy
from collections import Counter

import pytest
from judgekit.plugins.judges.metrics import Name
from judgekit.plugins.judges.overlap import Options, Overlap
from places import EXAMPLES

from judgekit.judging import JudgeSetup
from judgekit.judging.templates import Prompts
from judgekit.types import Case, Message, Response, Trial


def rows(name: str) -> list[dict[str, str]]:
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def cases() -> list[Case]:
    return [
        Case(
            base["id"],
            (Message("user", base["prompt"]),),
            tuple(Response(row["response"], row["model"]) for row in (base, tuned)),
            base["reference"],
            base["category"],
        )
        for base, tuned in zip(rows("base.jsonl"), rows("tuned.jsonl"), strict=True)
    ]


def test_the_two_files_answer_the_same_40_prompts() -> None:
    base, tuned = rows("base.jsonl"), rows("tuned.jsonl")
    for key in ("id", "prompt", "reference", "category"):
        assert [row[key] for row in base] == [row[key] for row in tuned]
        assert all(row[key] for row in base)
    assert len({row["id"] for row in base}) == len({row["prompt"] for row in base}) == 40
    assert {row["model"] for row in base} == {"base"}
    assert {row["model"] for row in tuned} == {"tuned"}
    assert [row["id"] for row in base + tuned if not row["response"]] == ["facts-5"]
    assert [case.id for case in cases() if case.identical] == ["facts-6"]


@pytest.mark.parametrize("metric", ["chrf", "bleu", "rouge-l", "token-f1"])
def test_the_tuned_model_wins_clearly_but_not_always(metric: Name) -> None:
    judge = Overlap(JudgeSetup(1, Prompts(()), Options(metric)))
    judge.check(cases())
    points = Counter[str]()
    for case in cases():
        base, tuned = (
            verdict.score or 0.0
            for verdict in judge.judge_batch([Trial(case, (i,), ("A",)) for i in (0, 1)])
        )
        points["tuned" if tuned > base else "base" if base > tuned else "tie"] += 1
    assert 0.65 <= (points["tuned"] + points["tie"] / 2) / 40 <= 0.85
    assert points["base"] >= 5


def test_the_rubric_is_a_prompt_for_single_answers() -> None:
    rubric = Prompts(()).load(str(EXAMPLES / "judge.md"))
    rubric.check_arity(1)
    rubric.check_cases(cases())
    messages, _ = rubric.render(Trial(cases()[0], (1,), ("A",)))
    shown = "\n".join(message.content for message in messages)
    assert cases()[0].responses[1].text in shown
    assert cases()[0].responses[0].text not in shown
    assert "10: true" in shown


def test_shorter_prefers_fewer_words() -> None:
    plugin = runpy.run_path(str(EXAMPLES / "shorter.py"))
    judge = plugin["judgekit_judges"]()["shorter"](JudgeSetup(1, Prompts(())))
    case = Case("c", (Message("user", "?"),), (Response("one two", "a"), Response("one", "b")))
    long, short = judge.judge_batch([Trial(case, (i,), ("A",)) for i in (0, 1)])
    assert long.score < short.score
    assert judge.identity == ("shorter", "1")
