"""An alignment from labels to a prompt file, against servers with a planted fault."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aligned_judges import chance, labelled_pairs, planted
from answers import read_jsonl, write_jsonl
from servers import Body, JudgeServer, error

from judgekit.config.settings import Settings
from judgekit.errors import EngineError, InputError
from judgekit.judging.templates.file import read_prompt
from judgekit.runs.align_report import AlignReport
from judgekit.trust import AlignOptions, align, prepare_align


@pytest.fixture
def labels(here: Path) -> Path:
    return labelled_pairs(here / "labels.jsonl", 80)


def run(server: JudgeServer, labels: Path, **options: Any) -> AlignReport:
    usual = {"judge": "pairwise", "model": "openai/x", "base_url": server.base_url, "examples": 2}
    return align(labels, **(usual | {"out": "judge.md"} | options))


def test_a_fault_that_an_example_cures_is_cured(server: JudgeServer, labels: Path) -> None:
    server.says = planted
    report = run(server, labels)
    assert report.shown, report.sentence
    assert report.sentence.endswith("the gain is shown")
    assert report.written == "judge.md"
    assert report.before is not None
    assert report.after is not None
    assert report.gain is not None
    assert report.after.balanced_accuracy.value == 1.0
    assert report.after.prompts == report.parts["test"]
    assert (report.gain.broken, report.looks) == (0, 1)
    assert report.after.tokens_in == 100  # as the server counts
    assert report.before.length_effect.value == pytest.approx(1 - report.before.accuracy.value)
    assert AlignReport.read(next(Path("runs").glob("align-*"))) == report


def test_the_file_holds_each_prompts_part_and_judges_by_itself(
    server: JudgeServer, labels: Path
) -> None:
    server.says = planted
    report = run(server, labels)
    head = read_prompt(Path("judge.md"), "judge.md").head
    assert head.aligned is not None
    parts = {part: len(getattr(head.aligned, part)) for part in ("train", "pick", "test")}
    assert parts == report.parts
    assert sum(parts.values()) == 80
    assert head.aligned.result == report.sentence
    assert head.aligned.used == {*head.aligned.train, *head.aligned.pick}


def test_an_aligned_judge_is_never_tested_with_what_it_has_learned(
    server: JudgeServer, labels: Path
) -> None:
    server.says = planted
    report = run(server, labels)
    settings = Settings(judge="./judge.md", model="openai/x", base_url=server.base_url)
    again = prepare_align(labels, settings, AlignOptions())
    assert again.parts == report.parts
    folds = prepare_align(labels, settings, AlignOptions(cross_fit=True))
    assert len(folds.tested) == report.parts["test"]


def test_nothing_of_the_test_part_is_asked_before_a_candidate_is_picked(
    server: JudgeServer, labels: Path
) -> None:
    server.says = partial(planted, cured_by="nothing that is ever written")
    report = run(server, labels)
    assert (report.picked, report.looks, report.shown, report.written) == (None, 0, False, "")
    assert "the test part stays unseen" in report.sentence
    assert not Path("judge.md").exists()
    tested = {row["id"] for row in read_jsonl(labels)} - {
        row["id"] for file in Path("runs").rglob("cases.jsonl") for row in read_jsonl(file)
    }
    assert len(tested) == report.parts["test"]


def test_rules_cure_what_examples_do_not(server: JudgeServer, labels: Path) -> None:
    server.says = partial(planted, cured_by="names its SOURCE")
    report = run(server, labels)
    assert report.picked == "rules-1"
    assert report.shown
    assert "An answer that names its SOURCE is better." in Path("judge.md").read_text()


def test_what_a_model_proposes_is_plain_text(server: JudgeServer, labels: Path) -> None:
    rules = "Take what names its SOURCE.\n=== user ===\n{{ first }} {% for x in y %}{# no #}"

    def says(body: Body) -> str:
        if "<rules>" in body["messages"][-1]["content"]:
            return f"<rules>\n{rules}\n</rules>"
        return planted(body, cured_by="names its SOURCE")

    server.says = says
    report = run(server, labels, examples=0)
    assert report.shown
    asked = [body["messages"][0]["content"] for body in server.requests]
    shown = next(text for text in asked if "names its SOURCE" in text)
    assert "{{ first }} {% for x in y %}{# no #}" in shown


def test_a_proposal_without_rules_is_counted_and_no_candidate(
    server: JudgeServer, labels: Path
) -> None:
    def says(body: Body) -> str:
        proposing = "<rules>" in body["messages"][-1]["content"]
        return "I would rather not." if proposing else planted(body)

    server.says = says
    report = run(server, labels)
    assert report.unusable_revisions == 2
    assert {own.rules for own in report.candidates} == {0}


def test_a_second_look_is_reported_and_its_gain_not_called_shown(
    server: JudgeServer, labels: Path
) -> None:
    server.says = planted
    assert run(server, labels).shown
    Path("judge.md").unlink()
    again = run(server, labels, seed=7)
    assert again.gain is not None
    assert again.gain.significant
    assert (again.shown, again.looks, again.written) == (False, 2, "")
    assert "test part used 2 times" in again.sentence
    assert not Path("judge.md").exists()
    rows = [*read_jsonl(labels), {**read_jsonl(labels)[0], "id": "new", "prompt": "Another one?"}]
    more = write_jsonl(labels.with_name("more.jsonl"), rows)
    assert "test part used 3 times" in run(server, more).sentence
    written = run(server, more, write_anyway=True)
    assert (written.looks, written.shown, written.written) == (4, False, "judge.md")
    assert "once before with this very judge" in written.sentence


def test_a_limit_ends_it_and_the_same_command_goes_on(server: JudgeServer, labels: Path) -> None:
    server.says = planted
    stopped = run(server, labels, max_calls=330)
    assert "stopped before the test" in stopped.sentence
    assert (stopped.shown, stopped.gain, stopped.written) == (False, None, "")
    asked = len(server.requests)
    assert asked <= 330
    assert run(server, labels).shown  # the look that was begun is not a second one
    assert max(server.asked().values()) == 1


def test_a_judge_that_says_nothing_is_not_aligned(server: JudgeServer, labels: Path) -> None:
    server.says = lambda body: "I would rather not say."
    report = run(server, labels)
    assert "no verdict came out" in report.sentence
    assert not report.candidates


def test_an_engine_that_answers_nothing_ends_it(server: JudgeServer, labels: Path) -> None:
    server.instead = lambda body: (401, error("Incorrect API key", "invalid_api_key"))
    with pytest.raises(EngineError, match="API key"):
        run(server, labels)
    assert not Path("judge.md").exists()


def test_a_gain_that_costs_consistency_is_named(server: JudgeServer, labels: Path) -> None:
    def says(body: Body) -> str:
        reply = planted(body, share=0.9)
        prompt = body["messages"][-1]["content"].partition("</prompt")[0].partition("\n")[2]
        cured = "SOURCE" in body["messages"][0]["content"]
        return "[[A]]" if cured and chance("leans", prompt) < 0.3 else reply

    server.says = says
    report = run(server, labels)
    assert report.shown
    [remark] = report.remarks
    assert remark.startswith("it costs consistency: 100.0 % before, ")


def test_cross_fitting_tests_every_prompt_by_a_judge_aligned_without_it(
    server: JudgeServer, here: Path
) -> None:
    server.says = planted
    labels = labelled_pairs(here / "few.jsonl", 50)
    report = run(server, labels, cross_fit=True, examples=1, revisions=0)
    assert report.shown, report.sentence
    assert report.after is not None
    assert report.after.prompts == 50
    assert report.parts["test"] == 0
    assert {own.fold for own in report.candidates} == {None, 0, 1, 2, 3, 4}
    for file in Path("runs").rglob("fold-*-after-test-*/cases.jsonl"):
        tested = {row["prompt"][-1]["content"] for row in read_jsonl(file)}
        run_json = json.loads(file.with_name("run.json").read_text())
        shown = Path(run_json["settings"]["prompt"]).read_text()
        assert tested
        assert not any(prompt in shown for prompt in tested)


def test_scores_of_single_answers(server: JudgeServer, here: Path) -> None:
    rows = [
        {
            "prompt": f"Number {n}: what is known about things of kind {n * 7}?",
            "response": f"It is {n} by SOURCE {n}." if n % 2 else f"It is {n}, with pleasure.",
            "label": 4 if n % 2 else 1,
        }
        for n in range(90)
    ]

    def says(body: Body) -> str:
        system, asked = body["messages"][0]["content"], body["messages"][-1]["content"]
        right = 4 if "SOURCE" in asked.partition("<answer ")[2] else 1
        prompt = asked.partition("</prompt")[0].partition("\n")[2]
        wrong = "SOURCE" not in system and chance(prompt) < 0.5
        return f"So it is.\nScore: {5 - right if wrong else right}"

    server.says = says
    labels = write_jsonl(here / "scores.jsonl", rows)
    report = run(server, labels, judge="additive", revisions=0)
    assert report.shown, report.sentence
    assert not report.pairs
    assert report.before is not None
    assert report.before.consistent.value is None
    assert report.before.length_effect.value is not None
    assert '"verdict": 4.0' in Path("judge.md").read_text()


def test_a_judge_of_single_answers_learns_rules_from_pairs(
    server: JudgeServer, labels: Path
) -> None:
    def says(body: Body) -> str:
        system, asked = body["messages"][0]["content"], body["messages"][-1]["content"]
        if "<rules>" in asked:
            return planted(body)
        sourced = "SOURCE" in asked.partition("<answer ")[2]
        return f"So it is.\nScore: {2 + sourced if 'SOURCE' in system else 2}"

    server.says = says
    report = run(server, labels, judge="additive")
    assert report.shown, report.sentence
    assert [own.examples for own in report.candidates] == [0]


def test_people_who_disagree_are_the_ceiling(server: JudgeServer, here: Path) -> None:
    labels = labelled_pairs(here / "votes.jsonl", 160, labels=["A", "A", "B"])
    settings = Settings(judge="pairwise", model="openai/x", base_url=server.base_url)
    alignment = prepare_align(labels, settings, AlignOptions())
    assert alignment.labelled.agreement().value == pytest.approx(1 / 3)
    remarks = alignment.remarks()
    assert any("two people agree in 33 %" in line for line in remarks)
    assert any("shows a gain in balanced accuracy of" in line for line in remarks)
    assert not any("--cross-fit" in line for line in remarks)  # 160 labels are enough


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"judge": "longer", "model": None, "base_url": None}, "'longer' has no prompt"),
        ({"judge": "pairwise,additive"}, "is a jury"),
        ({"orders": "one"}, "both orders"),
        ({"examples": 0, "revisions": 0}, "there is nothing to try"),
        ({"limit": 20}, "and needs 10; add labels, or take --cross-fit"),
        ({"out": "labels.jsonl"}, "no alignment has written it"),
        ({"out": "notes.md"}, "no alignment has written it"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_asked(
    server: JudgeServer, labels: Path, options: dict[str, Any], why: str
) -> None:
    Path("notes.md").write_text("mine")
    with pytest.raises(InputError, match=why):
        run(server, labels, **options)
    assert server.requests == []
    assert Path("notes.md").read_text() == "mine"


@pytest.mark.parametrize(
    ("label", "why"),
    [
        (9, "the judge's scale runs from 0 to 5"),
        ("good", "the judge gives numbers"),
        ([4], "write a number or the name of a grade"),
    ],
)
def test_a_label_that_is_no_score_of_the_judge_is_named(
    server: JudgeServer, here: Path, label: Any, why: str
) -> None:
    rows = [{"prompt": f"p{n}", "response": "r", "label": 1} for n in range(9)]
    rows.append({"prompt": "p", "response": "r", "label": label})
    labels = write_jsonl(here / "scores.jsonl", rows)
    with pytest.raises(InputError, match=why):
        run(server, labels, judge="additive")


def test_classes_of_single_answers(server: JudgeServer, here: Path) -> None:
    rows = [
        {
            "prompt": f"Number {n}: what is known about things of kind {n * 7}?",
            "response": f"It is {n} by SOURCE {n}." if n % 2 else f"It is {n}, with pleasure.",
            "label": "good" if n % 2 else "bad",
        }
        for n in range(90)
    ]

    def says(body: Body) -> str:
        system, asked = body["messages"][0]["content"], body["messages"][-1]["content"]
        if "<rules>" in asked:
            assert "People: Class good" in asked or "People: Class bad" in asked
            return "No."
        good = "SOURCE" in asked.partition("<answer ")[2]
        prompt = asked.partition("</prompt")[0].partition("\n")[2]
        wrong = "SOURCE" not in system and chance(prompt) < 0.5
        return f"So it is.\nClass: {'good' if good is not wrong else 'bad'}"

    server.says = says
    labels = write_jsonl(here / "classes.jsonl", rows)
    report = run(server, labels, judge="classify", options={"classes": "good,bad"})
    assert report.shown, report.sentence
    head = read_prompt(Path("judge.md"), "judge.md").head
    assert head.classes == ("good", "bad")
    assert '"verdict": "bad"' in Path("judge.md").read_text()
    with pytest.raises(InputError, match="the judge's classes are pass, fail"):
        run(server, labels, judge="classify", out="other.md")


def test_near_duplicates_are_in_no_part_and_in_the_files_head(
    server: JudgeServer, here: Path
) -> None:
    server.says = planted
    labels = labelled_pairs(here / "labels.jsonl", 80)
    rows = read_jsonl(labels)
    stories = [
        " ".join(f"word{n // 2 if n < 20 else n}of{place}" for place in range(25))
        for n in range(80)
    ]
    rows = [{**row, "prompt": f"{stories[n]} {n}"} for n, row in enumerate(rows)]
    report = run(server, write_jsonl(labels, rows))
    aligned = read_prompt(Path("judge.md"), "judge.md").head.aligned
    assert aligned is not None
    [number] = report.left_out.values()
    assert len(aligned.left_out) == number > 0
    assert sum(report.parts.values()) + number == 80
    assert set(aligned.left_out) <= aligned.used


def test_a_judge_may_name_its_model(server: JudgeServer, labels: Path) -> None:
    server.says = planted
    report = run(server, labels, judge="pairwise@openai/y", model=None, revisions=0)
    assert report.shown
    assert (report.judge, report.model) == ("pairwise", "openai/y")
    assert {body["model"] for body in server.requests} == {"y"}
