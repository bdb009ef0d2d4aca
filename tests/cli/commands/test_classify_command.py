"""`judgekit score` and `compare` with the classifier: shares, bounds, differences, refusals."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from answers import read_jsonl, write_answers, write_jsonl
from commands import Cli
from servers import JudgeServer

from judgekit.runs import StoredRun
from judgekit.runs.frames import outcomes_frame

GRADES = ["GOOD one", "GOOD two", "POOR three", "GOOD four", "POOR five", "MUTE six"]


@pytest.fixture
def classify(cli: Cli, server: JudgeServer) -> Any:
    def run(command: str, *words: object) -> Any:
        asks = ("--judge", "classify", "--model", "openai/x", "--base-url", server.base_url)
        return cli(command, *words, *asks)

    return run


def test_shares_with_bounds(here: Path, classify: Any) -> None:
    write_answers(here / "a.jsonl", GRADES)
    report = classify("score", "a.jsonl", "--classes", "pass,fail", "--json").json
    passed, failed = report["classes"]
    assert (passed["name"], passed["count"], failed["count"]) == ("pass", 3, 2)
    assert passed["share"]["value"] == pytest.approx(3 / 5)
    assert passed["share"]["low"] < 0.6 < passed["share"]["high"]
    assert passed["bounds"] == {"low": pytest.approx(3 / 6), "high": pytest.approx(4 / 6)}
    assert (report["scored"], report["no_verdict"]) == (5, 1)
    assert report["mean_score"]["value"] is None  # the classes have no values
    assert report["sentence"].startswith("a: pass 60.0 %")


def test_files_show_and_pandas_carry_the_class(here: Path, cli: Cli, classify: Any) -> None:
    write_answers(here / "a.jsonl", GRADES)
    classify("score", "a.jsonl", "--out", "run")
    rows = read_jsonl(here / "run" / "judgements.jsonl")
    assert [row.get("label") for row in rows] == ["pass", "pass", "fail", "pass", "fail", None]
    assert rows[-1]["status"] == "unparsed"
    outcomes = read_jsonl(here / "run" / "outcomes.jsonl")
    assert [row.get("labels") for row in outcomes] == [["pass"], ["pass"], ["fail"], ["pass"],
                                                       ["fail"], None]  # fmt: skip
    shown = cli("show", "run", "--limit", "0").out
    assert "→ class pass" in shown
    assert "no verdict, unparsed" in shown
    frame = outcomes_frame(StoredRun.open("run"))
    assert [each and each[0] for each in frame["labels"].dropna()] == [
        "pass", "pass", "fail", "pass", "fail",
    ]  # fmt: skip


def test_a_gate_of_a_class_and_a_table_of_files(here: Path, cli: Cli, classify: Any) -> None:
    write_answers(here / "a.jsonl", GRADES)
    write_answers(here / "b.jsonl", GRADES[:2])
    failing = classify("score", "a.jsonl", "--fail-if", "classes.pass.share.low < 0.9")
    assert failing.code == 1
    assert "classes.pass.share.low is 0." in failing.err
    assert classify("score", "a.jsonl", "--fail-if", "classes.1.count > 2").code == 0
    wrong = classify("score", "a.jsonl", "--fail-if", "classes.pas.share < 1")
    assert "did you mean 'pass'" in wrong.error
    table = classify("score", "a.jsonl", "b.jsonl").out
    assert "pass (95 %)" in table
    assert "100.0 %" in table


def test_values_give_a_mean(here: Path, classify: Any) -> None:
    write_answers(here / "a.jsonl", ["GOOD", "plain", "POOR", "GOOD"])
    report = classify("score", "a.jsonl", "--classes", "bad=0,good=2,fair=1", "--json").json
    assert [c["name"] for c in report["classes"]] == ["good", "fair", "bad"]
    assert report["mean_score"]["value"] == pytest.approx(5 / 4)


def test_compare_by_the_value_of_classes(here: Path, classify: Any) -> None:
    write_answers(here / "a.jsonl", ["GOOD"] * 12 + ["POOR a", "plain a"])
    write_answers(here / "b.jsonl", ["POOR"] * 12 + ["POOR b", "plain b"])
    words = ("a.jsonl", "b.jsonl", "--classes", "good,fair,bad")
    report = classify("compare", *words, "--json").json
    assert (report["wins_a"], report["wins_b"], report["ties"]) == (12, 0, 2)
    good, fair, bad = report["classes"]
    assert [c["value"] for c in (good, fair, bad)] == [1.0, 0.5, 0.0]
    assert good["difference"]["value"] == pytest.approx(12 / 14)
    assert bad["difference"]["value"] == pytest.approx(-12 / 14)
    assert good["p_adjusted"] == pytest.approx(3 * good["p_value"])
    assert good["decisive"]
    assert not fair["decisive"]
    table = classify("compare", *words).out
    assert "class good (value 1)" in table
    assert "decisive" in table


def test_repeats_are_a_vote(here: Path, server: JudgeServer, classify: Any) -> None:
    replies = {
        "q0": ["pass", "fail", "pass"],
        "q1": ["pass", "fail", "?"],
        "q2": ["?", "?", "fail"],
    }
    asked: dict[str, int] = {}

    def says(body: Any) -> str:
        text = body["messages"][-1]["content"]
        which = next(name for name in replies if f"answer {name}" in text)
        asked[which] = asked.get(which, -1) + 1
        return f"Class: {replies[which][asked[which]]}"

    server.says = says
    write_answers(here / "a.jsonl", [f"answer {name}" for name in replies])
    report = classify("score", "a.jsonl", "--repeats", "3", "--temperature", "1", "--json").json
    assert (report["scored"], report["no_verdict"]) == (1, 2)
    assert report["classes"][0]["count"] == 1


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ("pass", "two classes or more"),
        ("pass,Pass", "only once"),
        ("pass,", "names of at most"),
        ("a=1,b", "each class needs a number"),
        ("a=1,b=1", "two classes have one value"),
        ("a=nan,b=1", "finite numbers"),
        ("[a],b", "names without brackets"),
    ],
)
def test_wrong_classes_are_refused(here: Path, classify: Any, classes: str, words: str) -> None:
    write_answers(here / "a.jsonl", ["GOOD"])
    error = classify("score", "a.jsonl", "--classes", classes).error
    assert words in error
    assert "--classes" in error


def test_a_prompt_file_of_classes(here: Path, cli: Cli, server: JudgeServer) -> None:
    (here / "mine.md").write_text(
        '+++\nshows = "single"\nreads = "class"\nclasses = {good = 1, bad = 0}\n+++\n'
        "=== user ===\n{{ prompt }}\n{{ answer }}\nSay one of: nothing after it: {{ classes }}\n"
        "Class: <name>\n"
    )
    write_answers(here / "a.jsonl", ["GOOD", "POOR", "GOOD"])
    words = ("--judge", "./mine.md", "--model", "openai/x", "--base-url", server.base_url)
    report = cli("score", "a.jsonl", *words, "--json").json
    assert [(c["name"], c["count"]) for c in report["classes"]] == [("good", 2), ("bad", 1)]
    assert report["mean_score"]["value"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ('reads = "class"', "needs the classes"),
        ('reads = "class"\nclasses = ["one"]', "two classes or more"),
        ('reads = "class"\nclasses = {a = 1, b = 1}', "two names or more"),
        ('reads = "score"\nclasses = ["a", "b"]', 'classes are those of reads = "class"'),
        ('reads = "class"\nclasses = ["a", "b"]\nscale = [1, 2]', "classes have no scale"),
    ],
)
def test_wrong_heads_are_refused(here: Path, cli: Cli, head: str, words: str) -> None:
    (here / "mine.md").write_text(
        f'+++\nshows = "single"\n{head}\n+++\n=== user ===\n{{{{ answer }}}}\n'
    )
    write_answers(here / "a.jsonl", ["GOOD"])
    error = cli("score", "a.jsonl", "--judge", "./mine.md", "--model", "openai/x").error
    assert words in error
    assert "mine.md:" in error


def test_a_jury_of_classifiers_votes(here: Path, cli: Cli, server: JudgeServer) -> None:
    def says(body: Any) -> str:
        good = "GOOD" in body["messages"][-1]["content"]
        return f"Class: {'pass' if good or body['model'] == 'kind' else 'fail'}"

    server.says = says
    write_answers(here / "a.jsonl", ["GOOD", "POOR", "GOOD", "POOR"] * 4)
    jurors = "classify@openai/strict,classify@openai/harsh,classify@openai/kind"
    words = ("score", "a.jsonl", "--judge", jurors, "--base-url", server.base_url)
    report = cli(*words, "--json").json
    assert [(c["name"], c["count"]) for c in report["classes"]] == [("pass", 8), ("fail", 8)]
    assert 0 < report["jury"]["alpha"]["value"] < 1


def test_what_changed_and_a_gate_on_a_share(here: Path, cli: Cli, classify: Any) -> None:
    write_answers(here / "a.jsonl", ["GOOD"] * 20 + ["POOR"] * 10)
    classify("score", "a.jsonl", "--out", "old")
    write_answers(here / "a.jsonl", ["GOOD"] * 5 + ["POOR"] * 25)
    classify("score", "a.jsonl", "--out", "new")
    difference = cli("runs", "diff", "old", "new", "--json").json
    assert difference["moves"] == [{"before": "pass", "after": "fail", "cases": 15}]
    gate = cli("gate", "new", "--against", "old", "--margin", "0.1", "--json")
    assert gate.code == 1
    assert '"metric": "share.pass"' in gate.out
    wrong = cli("gate", "new", "--against", "old", "--margin", "0.1", "--metric", "share.pas")
    assert "share.pass" in wrong.err


def test_a_report_has_classes_by_category(here: Path, cli: Cli, classify: Any) -> None:
    rows = [
        {"id": f"q{n}", "prompt": f"Q{n}?", "response": text, "model": "a", "category": category}
        for n, (text, category) in enumerate([("GOOD", "math"), ("POOR", "prose")] * 6)
    ]
    write_jsonl(here / "a.jsonl", rows)
    classify("score", "a.jsonl", "--out", "run")
    cli("report", "run", "-o", "report.html")
    page = (here / "report.html").read_text(encoding="utf-8")
    assert "Classes of a" in page
    assert "The share of each class among the answers that have one." in page
    assert "Mean score" not in page


def test_probabilities_of_an_engine_that_gives_them(
    here: Path, cli: Cli, server: JudgeServer
) -> None:
    def instead(body: Any) -> tuple[int, Any]:
        good = any("GOOD" in message["content"] for message in body["messages"])
        top = [
            {"token": "pass", "logprob": -0.1 if good else -2.0},
            {"token": "fail", "logprob": -2.5 if good else -0.3},
        ]
        token = {"token": "pass", "logprob": -0.1, "top_logprobs": top}
        message = {"message": {"content": "pass"}, "finish_reason": "length"}
        return 200, {"choices": [message | {"logprobs": {"content": [token]}}]}

    server.instead = instead
    write_answers(here / "a.jsonl", ["GOOD", "POOR"] * 10)
    words = ("--judge", "classify", "--model", "openai/x", "--base-url", server.base_url)
    report = cli("score", "a.jsonl", *words, "--verdict", "logits", "--out", "run", "--json").json
    assert [c["count"] for c in report["classes"]] == [10, 10]
    chance = math.exp(-0.1) / (math.exp(-0.1) + math.exp(-2.5))
    [first, *_] = read_jsonl(here / "run" / "outcomes.jsonl")
    assert first["probabilities"][0]["pass"] == pytest.approx(chance)
    assert f"class pass (pass {100 * chance:.0f} %" in cli("show", "run", "--limit", "1").out
    labels = ({"id": f"q{n}", "label": "fail" if n % 2 else "pass"} for n in range(20))
    write_jsonl(here / "labels.jsonl", labels)
    stats = cli("stats", "run", "--labels", "labels.jsonl", "--json").json
    [scores] = stats["models"][0]["scores"]
    assert scores["auroc"]["value"] == 1.0
    assert scores["calibration"]["brier"]["value"] < 0.05


def test_probabilities_leave_no_text_to_ask_again(
    here: Path, cli: Cli, server: JudgeServer
) -> None:
    write_answers(here / "a.jsonl", ["GOOD"])
    words = ("--judge", "classify", "--model", "openai/x", "--base-url", server.base_url)
    refused = cli("score", "a.jsonl", *words, "--verdict", "logits", "--reask", "1")
    assert "--reask 1" in refused.error
