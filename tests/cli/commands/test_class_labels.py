"""`judgekit stats --labels` with classes: accuracy, corrected shares, pooling, thresholds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from answers import write_answers, write_jsonl
from commands import Cli
from servers import JudgeServer

PLUGIN = '''
from collections.abc import Sequence
from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Verdict

class Planted(BatchJudge):
    """Says the class that the answer begins with, and how sure it is."""
    arity = frozenset({1})
    classes = ("pass", "fail")
    chances = True
    @property
    def identity(self):
        return ("planted", "1")
    def judge_batch(self, trials):
        return [self.verdict(trial.shown[0].text.split()) for trial in trials]
    def verdict(self, words):
        label, chance = words[0], float(words[1])
        values = {"pass": 1.0, "fail": 0.0}
        pairs = (("pass", chance), ("fail", 1 - chance))
        return Verdict.classified(label, score=values[label],
                                  probabilities=pairs if self.chances else ())

class Bare(Planted):
    """The same without probabilities."""
    chances = False

class Graded(BatchJudge):
    """Scores by the answer's second word."""
    arity = frozenset({1})
    @property
    def identity(self):
        return ("graded", "1")
    def judge_batch(self, trials):
        return [Verdict.scored(float(t.shown[0].text.split()[1])) for t in trials]

@hookimpl
def judgekit_judges():
    return {"planted": Planted, "bare": Bare, "graded": Graded}
'''


def texts(size: int, hits: int, false: int, *, offset: int = 0, by: str = "a") -> list[str]:
    """Answers of which every other is right; the judge finds `hits` in 10, and errs `false`."""
    answers = []
    for n in range(size):
        right, place = n % 2 == 0, (n // 2 + offset) % 10
        passes = place < (hits if right else false)
        chance = (0.6 if passes else 0.1) + 0.03 * ((7 * n) % 10)
        answers.append(f"{'pass' if passes else 'fail'} {chance:.2f} answer {n} by {by}")
    return answers


def truth(n: int) -> str:
    return "pass" if n % 2 == 0 else "fail"


@pytest.fixture
def judge(here: Path, cli: Cli) -> Any:
    (here / "planted.py").write_text(PLUGIN)

    def run(command: str, *words: object, judge: str = "planted") -> Any:
        return cli(command, *words, "--judge", judge, "--plugin", "planted.py")

    return run


def labels(path: Path, cases: Sequence[int], **columns: Any) -> Path:
    return write_jsonl(path, ({"id": f"q{n}", "label": truth(n)} | columns for n in cases))


def test_accuracy_and_prediction_powered_shares(here: Path, cli: Cli, judge: Any) -> None:
    write_answers(here / "a.jsonl", texts(400, hits=9, false=3))
    assert judge("score", "a.jsonl", "--out", "run").code == 0
    labels(here / "labels.jsonl", range(100))
    report = cli("stats", "run", "--labels", "labels.jsonl", "--json").json
    [model] = report["models"]
    assert report["method"] == "prediction-powered"
    assert "random part" in report["assumes"]
    assert (model["model"], model["answers"], model["labelled"]) == ("a", 400, 100)
    accuracy = model["accuracy"]
    assert accuracy["balanced_accuracy"]["value"] == pytest.approx(0.8)
    assert accuracy["classes"][0]["sensitivity"]["value"] == pytest.approx(0.9)
    assert accuracy["classes"][0]["specificity"]["value"] == pytest.approx(0.7)
    share = model["shares"][0]
    assert share["by_judge"]["value"] == pytest.approx(0.6)
    assert share["share"]["low"] < 0.5 < share["share"]["high"]
    assert share["share"]["value"] == pytest.approx(0.5, abs=0.02)
    assert share["identified"]
    assert model["scores"][0]["name"] == "pass"
    assert model["scores"][0]["auroc"]["value"] > 0.7
    assert sum(b["count"] for b in model["scores"][0]["calibration"]["reliability"]) == 100
    table = cli("stats", "run", "--labels", "labels.jsonl").out
    for words in ("balanced accuracy", "pass: sensitivity", "… corrected", "AUROC", "random part"):
        assert words in table


def test_rogan_gladen_for_another_sample(here: Path, cli: Cli, judge: Any) -> None:
    write_answers(here / "a.jsonl", texts(400, hits=9, false=3))
    judge("score", "a.jsonl", "--out", "run")
    labels(here / "labels.jsonl", [*range(0, 120, 2), *range(1, 40, 2)])  # mostly right ones
    words = ("stats", "run", "--labels", "labels.jsonl", "--labels-are", "other-sample", "--json")
    report = cli(*words).json
    assert report["method"] == "rogan-gladen"
    assert "the same" in report["assumes"]
    share = report["models"][0]["shares"][0]
    assert share["share"]["low"] < 0.46 < share["share"]["high"]  # 140 of 320 without a label
    assert share["others"] == 320


def test_labels_of_another_run_of_the_same_judge(here: Path, cli: Cli, judge: Any) -> None:
    write_answers(here / "a.jsonl", texts(200, hits=9, false=3))
    judge("score", "a.jsonl", "--out", "new")
    write_answers(here / "a.jsonl", texts(100, hits=9, false=3, offset=3))
    judge("score", "a.jsonl", "--out", "old")
    labels(here / "labels.jsonl", range(100))
    words = ("stats", "new", "--labels", "labels.jsonl", "--labelled-run", "old", "--json")
    report = cli(*words).json
    share = report["models"][0]["shares"][0]
    assert report["method"] == "rogan-gladen"
    assert share["share"]["value"] == pytest.approx(0.5)
    assert share["others"] == 200
    judge("score", "a.jsonl", "--out", "other", judge="bare")
    error = cli("stats", "new", "--labels", "labels.jsonl", "--labelled-run", "other").error
    assert "was judged otherwise" in error


def test_a_judge_without_use_is_not_identified(here: Path, cli: Cli, judge: Any) -> None:
    write_answers(here / "a.jsonl", texts(200, hits=5, false=5))
    judge("score", "a.jsonl", "--out", "run")
    labels(here / "labels.jsonl", range(60))
    words = ("stats", "run", "--labels", "labels.jsonl", "--labels-are", "other-sample")
    report = cli(*words, "--json").json
    share = report["models"][0]["shares"][0]
    assert not share["identified"]
    assert share["share"]["value"] is None
    assert "not identified" in cli(*words).out
    powered = cli("stats", "run", "--labels", "labels.jsonl", "--json").json
    share = powered["models"][0]["shares"][0]
    assert not share["identified"]
    assert share["share"]["value"] == pytest.approx(share["by_labels"]["value"], abs=0.02)
    assert "labels alone" in share["reason"]


@pytest.fixture
def two_models(here: Path, judge: Any) -> Any:
    def make(other_hits: int) -> None:
        write_answers(here / "a.jsonl", texts(200, hits=9, false=2))
        write_answers(here / "b.jsonl", texts(200, hits=other_hits, false=2, by="b"))
        assert judge("compare", "a.jsonl", "b.jsonl", "--out", "run").code == 0

    return make


def test_labels_of_one_model_do_not_correct_another(here: Path, cli: Cli, two_models: Any) -> None:
    two_models(9)
    labels(here / "labels.jsonl", range(80), model="a")
    report = cli("stats", "run", "--labels", "labels.jsonl", "--json").json
    a, b = report["models"]
    assert (a["labelled"], b["labelled"]) == (80, 0)
    assert a["shares"][0]["share"]["value"] is not None
    assert b["shares"][0]["share"]["value"] is None
    assert "0 prompts have labels" in b["shares"][0]["reason"]
    pooled = ("stats", "run", "--labels", "labels.jsonl", "--pool-models")
    assert cli(*pooled, "--json").json["models"][1]["shares"][0]["share"]["value"] is None
    assert "labels not pooled" in cli(*pooled).out


@pytest.mark.parametrize(("hits", "differ"), [(9, False), (3, True)])
def test_pooling_tests_whether_models_differ(
    here: Path, cli: Cli, two_models: Any, hits: int, differ: bool
) -> None:
    two_models(hits)
    rows = [{"id": f"q{n}", "label": truth(n), "model": m} for m in "ab" for n in range(60)]
    write_jsonl(here / "labels.jsonl", rows)
    words = ("stats", "run", "--labels", "labels.jsonl", "--pool-models")
    report = cli(*words, "--json").json
    assert report["pooled"]["differ"] is differ
    assert report["method"] == ("prediction-powered" if differ else "rogan-gladen")
    assert [m["labelled"] for m in report["models"]] == ([60, 60] if differ else [120, 120])
    assert ("labels not pooled" in cli(*words).out) is differ


def test_thresholds_of_probabilities_and_of_scores(here: Path, cli: Cli, judge: Any) -> None:
    write_answers(here / "a.jsonl", texts(300, hits=9, false=2))
    judge("score", "a.jsonl", "--out", "run")
    judge("score", "a.jsonl", "--out", "scores", judge="graded")
    labels(here / "labels.jsonl", range(200))
    goals = ("--labels", "labels.jsonl", "--positive", "pass", "--precision", "0.7")
    for folder in ("run", "scores"):
        report = cli("stats", folder, *goals, "--recall", "0.8", "--json").json
        [scores] = report["models"][0]["scores"]
        precise, recalling = scores["thresholds"]
        assert (precise["goal"], recalling["goal"]) == ("precision", "recall")
        assert precise["chosen_on"] + precise["reported_on"] == 200
        assert precise["precision"]["value"] > 0.6
        assert recalling["recall"]["value"] > 0.6
        assert (scores["calibration"] is None) is (folder == "scores")
    assert "threshold for a precision of 0.7" in cli("stats", "scores", *goals).out


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"id": "q1", "label": "good"}], "labels.jsonl, line 1: no class"),
        ([{"id": "q1", "label": "pass"}] * 2, "line 2: the answer of 'a' in case 'q1' is labelled"),
        ([{"label": "pass"}], "line 1: no label; each row needs id and label"),
        ([{"id": "q1", "label": ""}], "no row has a label"),
        ([{"id": "x", "label": "pass"}], "labels no answer of a"),
    ],
)
def test_wrong_labels_are_refused(
    here: Path, cli: Cli, judge: Any, rows: list[dict[str, str]], words: str
) -> None:
    write_answers(here / "a.jsonl", texts(20, hits=9, false=2))
    judge("score", "a.jsonl", "--out", "run")
    write_jsonl(here / "labels.jsonl", rows)
    assert words in cli("stats", "run", "--labels", "labels.jsonl").error


def test_wrong_flags_are_refused(here: Path, cli: Cli, judge: Any) -> None:
    write_answers(here / "a.jsonl", texts(20, hits=9, false=2))
    judge("score", "a.jsonl", "--out", "run", judge="bare")
    judge("score", "a.jsonl", "--out", "scores", judge="graded")
    labels(here / "labels.jsonl", range(20))
    given = ("--labels", "labels.jsonl")
    assert "--labels-are" in cli("stats", "run", "--pool-models").error
    assert "no probabilities" in cli("stats", "run", *given, "--recall", "0.5").error
    assert "with --positive" in cli("stats", "scores", *given).error
    assert "no class" in cli("stats", "scores", *given, "--positive", "good").error
    assert "judged otherwise" in cli("stats", "run", "scores", *given).error


def test_labels_need_a_model_where_there_are_several(here: Path, cli: Cli, judge: Any) -> None:
    for name in "ab":
        write_answers(here / f"{name}.jsonl", texts(20, hits=9, false=2))
        judge("score", f"{name}.jsonl", "--out", name)
    labels(here / "labels.jsonl", range(20))
    error = cli("stats", "a", "b", "--labels", "labels.jsonl").error
    assert "each row needs id, model and label" in error
    assert "two runs hold" in cli("stats", "a", "a", "--labels", "labels.jsonl").error


def test_truth_values_are_classes(here: Path, cli: Cli, server: JudgeServer) -> None:
    write_answers(here / "a.jsonl", ["GOOD", "POOR"] * 10)
    ask = ("--judge", "classify", "--model", "openai/x", "--base-url", server.base_url)
    cli("score", "a.jsonl", *ask, "--classes", "true,false", "--out", "run")
    (here / "labels.json").write_text(
        json.dumps([{"id": "q0", "label": True}, {"id": "q1", "label": False}])
    )
    report = cli("stats", "run", "--labels", "labels.json", "--json").json
    assert report["models"][0]["accuracy"]["accuracy"]["value"] == 1.0
