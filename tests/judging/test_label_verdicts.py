"""Verdicts from labels' probabilities: what is asked, what is read, what is refused."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judgekit.plugins.judges.additive import Additive
from judgekit.plugins.judges.pairwise import Pairwise
from judgekit.plugins.judges.reference import Reference

import judgekit
from judgekit.errors import InputError
from judgekit.judging import Judge, JudgeSetup
from judgekit.judging.parsing.labels import Labels
from judgekit.judging.templates import Head, Prompts, builtin_dir
from judgekit.types import Call, Case, Choice, Message, Reply, Response, Sampling, Status, Trial

PROMPTS = Prompts((builtin_dir(),))
PAIR = Head("pair", "label")
SCORE = Head("single", "score", (0, 5))
FIRST, SECOND, TIE = Choice.FIRST, Choice.SECOND, Choice.TIE


def logs(**chances: float) -> dict[str, float]:
    return {label.strip("_"): math.log(chance) for label, chance in chances.items()}


@pytest.mark.parametrize(
    ("head", "names", "opening", "meaning"),
    [
        (PAIR, ("A", "B"), "[[", {"A": FIRST, "B": SECOND, "C": TIE}),
        (PAIR, ("x", "y"), "[[", {"x": FIRST, "y": SECOND, "C": TIE}),
        (Head("pair", "label", tie=None), ("A", "B"), "[[", {"A": FIRST, "B": SECOND}),
        (Head("pair", "token", tie=None), ("m", "M"), "", {"m": FIRST, "M": SECOND}),
        (SCORE, ("A",), "Score: ", {str(i): i for i in range(6)}),
        (Head("single", "score", (1, 3), label="Tone"), (), "Tone: ", {"1": 1, "2": 2, "3": 3}),
        (Head("single", "rating", (0.5, 2.5)), ("A",), "Rating: [[", {"1": 1, "2": 2}),
    ],
)
def test_labels_of_a_head(
    head: Head, names: tuple[str, ...], opening: str, meaning: Mapping[str, Any]
) -> None:
    labels = Labels.of(head, names)
    assert (labels.opening, dict(labels.meaning)) == (opening, dict(meaning))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (Head("pair", "arena"), "not 'arena'"),
        (Head("pair", "scores"), "not 'scores'"),
        (Head("single", "result", (1, 5)), "not 'result'"),
        (Head("single", ""), "not ''"),
        (Head("single", "score"), "scale = None"),
        (Head("single", "score", (0.1, 0.9)), r"scale = \[0.1, 0.9\]"),
        (Head("single", "rating", (0, 1e9)), "2 to 101 whole numbers"),
    ],
)
def test_what_is_no_label_is_refused(head: Head, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Labels.of(head, ("A", "B"))
    assert "\n" not in str(caught.value)
    assert "--verdict text" in str(caught.value)


@pytest.mark.parametrize(
    ("begun", "whole"),
    [
        ("", "Score: "),
        ("Let me see.\n", "Let me see.\nScore: "),
        ("My Score: ", "My Score: "),
        ("Score:", "Score:Score: "),
    ],
)
def test_the_verdict_is_opened_once(begun: str, whole: str) -> None:
    assert Labels.of(SCORE, ()).prefill(begun) == whole


@pytest.mark.parametrize(
    ("chances", "choice", "probability"),
    [
        (logs(A=0.6, B=0.2, C=0.2), FIRST, 0.7),
        (logs(A=0.06, B=0.02, C=0.02), FIRST, 0.7),  # the rest of the vocabulary aside
        (logs(A=0.1, B=0.5, C=0.2), SECOND, 0.25),
        (logs(A=0.3, B=0.3, C=0.4), TIE, 0.5),
        (logs(A=0.5, B=0.5), TIE, 0.5),  # exactly alike
        (logs(B=1), SECOND, 0.0),
        (logs(A=0.9) | {"B": -math.inf, "C": math.nan}, FIRST, 1.0),
        (logs(A=0.2, B=0.3, D=0.5), SECOND, 0.4),  # a label nobody asked for
    ],
)
def test_pairs(chances: Mapping[str, float], choice: Choice, probability: float) -> None:
    verdict = Labels.of(PAIR, ("A", "B")).read(Reply("", label_logprobs=chances))
    assert verdict.choice is choice
    assert verdict.probability == pytest.approx(probability)


@pytest.mark.parametrize(
    ("chances", "score"),
    [
        (logs(_3=1), 3),
        (logs(_0=0.25, _4=0.25), 2),
        (logs(_0=0.1, _1=0.2, _2=0.1, _5=0.1), 1.8),
        (logs(_0=1), 0),
    ],
)
def test_expected_scores(chances: Mapping[str, float], score: float) -> None:
    verdict = Labels.of(SCORE, ()).read(Reply("", label_logprobs=chances))
    assert (verdict.status, verdict.choice) == (Status.VALID, None)
    assert verdict.score == pytest.approx(score)


@pytest.mark.parametrize(
    ("reply", "status", "error"),
    [
        (Reply("[[A]]"), Status.UNPARSED, "the engine gives no label probabilities"),
        (
            Reply("", label_logprobs=logs(A=0.005, B=0.004)),
            Status.UNPARSED,
            "the model wanted to say something else",
        ),
        (Reply("", label_logprobs={}), Status.UNPARSED, "the model wanted to say something else"),
        (Reply("", "refusal"), Status.REFUSED, "refusal"),
        (
            Reply("", "content_filter", label_logprobs=logs(A=1)),
            Status.REFUSED,
            "content_filter",
        ),
    ],
)
def test_no_verdict(reply: Reply, status: Status, error: str) -> None:
    verdict = Labels.of(PAIR, ("A", "B")).read(reply)
    assert (verdict.status, verdict.error, verdict.choice) == (status, error, None)


@given(st.dictionaries(st.sampled_from("ABC012345x"), st.floats(-800, 800) | st.just(math.nan)))
def test_whatever_an_engine_gives(chances: dict[str, float]) -> None:
    pair = Labels.of(PAIR, ("A", "B")).read(Reply("", label_logprobs=chances))
    assert pair.probability is None or 0 <= pair.probability <= 1
    if pair.probability is not None and pair.probability != 0.5 and pair.choice is not TIE:
        assert (pair.choice is FIRST) == (pair.probability > 0.5)
    score = Labels.of(SCORE, ()).read(Reply("", label_logprobs=chances)).score
    assert score is None or -1e-9 <= score <= 5 + 1e-9


class Table:
    """Gives one reply to whatever is asked, and keeps what was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Call] = []

    async def __call__(self, call: Call, *, shared: bool = False) -> Reply:
        self.asked.append(call)
        return self.replies[len(self.asked) - 1]


def setup(arity: int, **more: Any) -> JudgeSetup:
    more = {"verdict": "logits", **more}
    judge = {1: Additive, 2: Pairwise}[arity]
    return JudgeSetup(arity, PROMPTS, more.pop("options", judge.Options()), **more)


def trial(*order: int) -> Trial:
    case = Case("c", (Message("user", "q?"),), (Response("one", "m"), Response("two", "n")))
    return Trial(case, order, ("A", "B")[: len(order)])


def judged(judge: Judge, shown: Trial, *replies: Reply) -> tuple[Any, list[Call]]:
    table = Table(*replies)
    return asyncio.run(judge.judge(shown, table)), table.asked


def test_a_pair_is_asked_for_its_labels_alone() -> None:
    sampling = Sampling(temperature=0.5, max_tokens=99, extra=(("guided", 1),))
    judge = Pairwise(setup(2, sampling=sampling))
    verdict, [call] = judged(judge, trial(1, 0), Reply("", label_logprobs=logs(A=0.6, B=0.4)))
    assert (call.labels, call.prefill, call.generate) == (("A", "B", "C"), "[[", False)
    assert call.messages == Pairwise(setup(2, verdict="text")).call(trial(1, 0)).messages
    assert call.sampling == Sampling(max_tokens=1, extra=(("guided", 1),))
    assert (verdict.choice, verdict.probability) == (FIRST, pytest.approx(0.6))


def test_a_single_answer_is_asked_for_its_score() -> None:
    verdict, [call] = judged(
        Additive(setup(1)), trial(0), Reply("", label_logprobs=logs(_4=0.5, _5=0.5))
    )
    assert (call.labels, call.prefill) == (tuple("012345"), "Score: ")
    assert verdict.score == pytest.approx(4.5)


def test_the_judges_own_answer_is_still_a_text() -> None:
    verdict, [own, call] = judged(
        Reference(setup(2)),
        trial(0, 1),
        Reply("The right answer."),
        Reply("", label_logprobs=logs(A=0.1, B=0.9)),
    )
    assert (own.generate, own.labels, call.generate) == (True, (), False)
    assert verdict.choice is SECOND


def test_a_failed_reading_is_not_asked_again() -> None:
    verdict, calls = judged(Pairwise(setup(2)), trial(0, 1), Reply("[[A]]"))
    assert (verdict.status, len(calls)) == (Status.UNPARSED, 1)
    with pytest.raises(InputError, match="--reask 2 asks for a text"):
        Pairwise(setup(2, reask=2))


def test_a_prompt_without_labels_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "arena.md"
    path.write_text(
        '+++\nshows = "pair"\nreads = "arena"\n+++\n=== user ===\n'
        "{{ prompt }} {{ first }} {{ second }}\n"
    )
    with pytest.raises(InputError, match="not 'arena'"):
        Pairwise(setup(2, prompt=PROMPTS.load(str(path))))


ENGINE = """
import math
from judgekit import hookimpl
from judgekit.types import Reply

class Engine:
    fingerprint, window, stored = "labels", 4, True

    def __init__(self, setup):
        pass

    async def answer(self, calls):
        assert not any(call.generate for call in calls)
        return [Reply("", label_logprobs=self.chances(call)) for call in calls]

    def chances(self, call):
        text = call.messages[-1].content
        if call.labels == ("A", "B", "C"):
            likely = "A" if text.index("good") < text.index("poor") else "B"
        else:
            likely = "5" if "good" in text else "1"
        return {label: math.log(0.8 if label == likely else 0.05) for label in call.labels}

    async def aclose(self):
        pass

@hookimpl
def judgekit_engines():
    return {"labels": Engine}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Two files of answers, and settings that judge them by an engine of labels."""
    monkeypatch.chdir(tmp_path)
    for name, word in (("a", "good"), ("b", "poor")):
        rows = [{"id": i, "prompt": f"q{i}", "response": f"{word} {i}"} for i in range(3)]
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("engine.py").write_text(ENGINE)
    return {"verdict": "logits", "model": "labels/x", "plugins": (Path("engine.py"),)}


def test_a_comparison(here: dict[str, Any]) -> None:
    run = judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", **here)
    assert run.summary.win_rate_a.value == 1
    assert (run.metadata.counts.calls, run.metadata.decides["verdict"]) == (6, "logits")
    assert sorted(run.judgements["probability"].round(3).unique()) == [0.083, 0.917]


def test_scores_are_asked_once_instead_of_repeated(here: dict[str, Any]) -> None:
    run = judgekit.score("a.jsonl", judge="additive", **here)
    assert run.metadata.counts.calls == 3
    expected = (5 * 0.8 + sum(range(5)) * 0.05) / (0.8 + 5 * 0.05)
    assert list(run.judgements["score"]) == pytest.approx([expected] * 3)


def test_a_judge_without_a_prompt_is_refused(here: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="'overlap' asks no prompt"):
        judgekit.score("a.jsonl", judge="overlap", verdict="logits")
