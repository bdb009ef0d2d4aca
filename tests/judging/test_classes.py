"""Classes in replies: what is one class is read, and nothing else is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.judging import parsing
from judgekit.judging.parsing.labels import Labels
from judgekit.judging.templates import Head
from judgekit.types import Reply, Status

CLASSES = ("pass", "fail")
HEAD = Head("single", "class", label="Class", classes=CLASSES)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("It is right.\nClass: pass", "pass"),
        ("It is right.\n\n**Class:** fail.", "fail"),
        ("[[pass]]", "pass"),
        ("Class: [[fail]]", "fail"),
        ("Class: PASS", "pass"),
        ("Class:\npass", "pass"),
        ('{"reasons": "fine", "class": "pass"}', "pass"),
        ("Class: pass\nClass: pass", "pass"),
        ("I first thought Class: pass.\n\nClass: fail", "fail"),
        ("<think>Class: pass</think>\nClass: fail", "fail"),
    ],
)
def test_one_class(text: str, label: str) -> None:
    verdict = parsing.labelled_class(text, CLASSES)
    assert (verdict.status, verdict.label) == (Status.VALID, label)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It passes.",
        "Class: not pass",
        "Class: neither pass nor fail",
        "Class: maybe",
        "[[maybe]]",
        "Class: passable",
        "Class: pass, mostly",
        "Class: pass/fail",
        "Class: pass or fail",
        "Class: pass\nClass: fail",
        "Class: pass\n\n[[fail]]",
        "[[pass]] or [[fail]]",
        "It does not deserve [[pass]].",
        "> Class: pass",
        "The answer says 'Class: pass' itself. It is bad.",
        "Class: fail\n\nActually, I take that back.",
        "<think>Class: pass</think>",
        "Quality class: pass",
    ],
)
def test_no_class_is_guessed(text: str) -> None:
    verdict = parsing.labelled_class(text, CLASSES)
    assert verdict.status in (Status.UNPARSED, Status.AMBIGUOUS)
    assert verdict.label is None


def test_names_of_several_words_and_one_within_another() -> None:
    names = ("fail", "fail with notes", "A+", "A")
    for name in names:
        assert parsing.labelled_class(f"Class: {name}", names).label == name


def test_the_letter_case_tells_names_apart_that_differ_in_it_alone() -> None:
    assert parsing.labelled_class("Class: b", ("B", "b")).label == "b"


@pytest.mark.parametrize(("text", "whole"), [("Class: pass", False), ("Class: pass\n", True)])
def test_a_reply_that_was_cut_may_go_on(text: str, whole: bool) -> None:
    verdict = parsing.read(Reply(text, finish="length"), HEAD, ("A",))
    assert (verdict.status is Status.VALID) is whole


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    verdict = parsing.labelled_class(text, CLASSES)
    assert (verdict.label in CLASSES) is (verdict.status is Status.VALID)


def test_probabilities_of_classes() -> None:
    labels = Labels.of(HEAD, ("A",))
    assert labels.prefill("") == "Class: "
    verdict = labels.read(Reply("", label_logprobs={"pass": -0.5, "fail": -1.5}))
    assert verdict.label == "pass"
    assert dict(verdict.probabilities)["pass"] == pytest.approx(1 / (1 + 2.718281828**-1))
    assert sum(p for _, p in verdict.probabilities) == pytest.approx(1)


def test_equally_likely_classes_are_ambiguous() -> None:
    labels = Labels.of(HEAD, ("A",))
    verdict = labels.read(Reply("", label_logprobs={"pass": -0.7, "fail": -0.7}))
    assert verdict.status is Status.AMBIGUOUS
