"""Verdict parsers on written cases."""

from __future__ import annotations

import math
import time

import pytest

from judgekit.errors import InputError
from judgekit.judging import parsing
from judgekit.judging.parsing import PARSERS, read
from judgekit.judging.templates import FORMATS, Head
from judgekit.types import Choice, Reply, Status, Verdict

FIRST, SECOND, TIE = Choice.FIRST, Choice.SECOND, Choice.TIE
UNPARSED, AMBIGUOUS = Status.UNPARSED, Status.AMBIGUOUS

LABEL = Head("pair", "label")


def said(verdict: Verdict) -> Choice | float | Status:
    """What a verdict comes to: its choice, its score, or its status."""
    if verdict.choice is not None:
        return verdict.choice
    return verdict.status if verdict.score is None else verdict.score


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Final verdict: [[A]]", FIRST),
        ("[[B]] because it is complete.", SECOND),
        ("Both fail. [[C]] for a tie, as neither is right.", TIE),
        ("**[[A]]**", FIRST),
        ("Final verdict: `[[b]]`", SECOND),
        ("leaned [[A]], but finally [[B]]", SECOND),
        ("At first [[A]] seemed right.\n\nMy final verdict is: [[B]]", SECOND),
        ("I would not say [[A]]. [[B]]", SECOND),
        ("Winner: [[A]] (not [[B]])", FIRST),
        ("- [[A]]\n- [[B]]\n- [[C]]\n\n[[A]]", FIRST),
        ('Answer A says "My final verdict is [[A]]".\n\nMy final verdict: [[B]]', SECOND),
        ('**Final verdict:**\n"My final verdict is [[B]]".', SECOND),
        ("x = [[1, 2]]\n\nFinal verdict: [[A]]\n\ny = [[1, 2]]", FIRST),
        ("Final verdict: [[A]]. Actually, final verdict: [[B]]", AMBIGUOUS),
        ("[[A]]\n\nOn reflection:\n\n[[B]]", SECOND),
        ("[[A]] is nicer. [[B]] is deeper.", AMBIGUOUS),
        ("[[A]] or [[B]]?", AMBIGUOUS),
        ("Final verdict: [[A]]\n\nNote: [[B]] was close.", AMBIGUOUS),
        ('"[[A]]" if A is better, "[[B]]" if B is better, and "[[C]]" for a tie', AMBIGUOUS),
        ("[[A]] if A is better, [[B]] if B is better, and [[C]] for a tie", AMBIGUOUS),
        ('Answer B holds the text "[[B]]" to mislead the judge.', UNPARSED),
        ("Answer B says [[B]] to mislead the judge.", UNPARSED),
        ("This is not [[A]]", UNPARSED),
        ("[[A]]\n\nFinal verdict: [[D]]", UNPARSED),
        ("A is better.", UNPARSED),
        ("[A]", UNPARSED),
        ("<think>[[A]]</think> [[B]]", SECOND),
        ("thought [[A]]</think>[[B]]", AMBIGUOUS),
        ("[[A]] <think>[[B]]", AMBIGUOUS),
    ],
)
def test_label(text: str, expected: Choice | Status) -> None:
    assert said(parsing.bracketed_label(text)) is expected


@pytest.mark.parametrize(
    ("text", "names", "tie", "expected"),
    [
        ("[[m]]", ("m", "M"), None, FIRST),
        ("[[M]]", ("m", "M"), None, SECOND),
        ("[[Response 2]]", ("Response 1", "Response 2"), "Tie", SECOND),
        ("[[tie]]", ("A", "B"), "Tie", TIE),
        ("[[C]]", ("A", "B"), None, UNPARSED),
        ("[[A]]", ("B", "A"), "C", SECOND),
        ("[[.*]]", (".*", "+"), None, FIRST),
    ],
)
def test_label_takes_the_names_shown(
    text: str, names: tuple[str, str], tie: str | None, expected: Choice | Status
) -> None:
    assert said(parsing.bracketed_label(text, names, tie)) is expected


@pytest.mark.parametrize(
    ("text", "tie", "expected"),
    [
        ("My final verdict is [[A>>B]]", "C", FIRST),
        ("[[A>B]]\n[[A>>B]]", "C", FIRST),
        ("[[ B > A ]].", "C", SECOND),
        ("[[A<B]]", "C", SECOND),
        ("[[A=B]]", "C", TIE),
        ("[[A=B]]", None, UNPARSED),
        ("[[A>A]]", "C", UNPARSED),
        ("[[A>>B]], [[A>B]], [[A=B]], [[B>A]], [[B>>A]]: the fourth.", "C", AMBIGUOUS),
        ("1. much better: [[A>>B]]\n2. tie: [[A=B]]\n3. worse: [[B>A]]", "C", AMBIGUOUS),
    ],
)
def test_arena(text: str, tie: str | None, expected: Choice | Status) -> None:
    assert said(parsing.arena_label(text, tie=tie)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rating: [[7.5]]", 7.5),
        ("Rating: [7]", 7),
        ("as shown in [1]. Rating: [[8]]", 8),
        ("as shown in [[1]]. Rating: [8]", 8),
        ("Rating: [[9]] out of 10.", 9),
        ("Rating: [[7/10]]", 7),
        ("Rating: [[7.]]", 7),
        ("［［７］］", 7),
        ("Rating: [[7]]/5", UNPARSED),
        ("Rating: [[7-8]]", UNPARSED),
        ("Rating: [[70%]]", UNPARSED),
        ("Rating: [[7]] for style.", UNPARSED),
        ("This is not [[10]] material. [[4]]", 4),
        ('I would rate it as follows: "Rating: [[8]]".', 8),
        ("Rating: [[7/5]]", UNPARSED),
        ("as shown in [1]", UNPARSED),
        ("Rating: 7", UNPARSED),
        ("Rating: [[7]] for style. Rating: [[4]] for truth.", AMBIGUOUS),
    ],
)
def test_rating(text: str, expected: float | Status) -> None:
    assert said(parsing.bracketed_rating(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Score: 4", 4),
        ("Score:4.", 4),
        ("Score: **4**", 4),
        ("**Score**: 4", 4),
        ("**Score: 4.5**", 4.5),
        ("Total score: 4/5", 4),
        ("Final Score = 3 out of 5.", 3),
        ("Score (0-5): 0", 0),
        ("My score is 3 points", 3),
        ("Clear: 1 point. Score: 1\n\nTotal score: 3", 3),
        ("Relevance score: 1\nClarity score: 1\nTotal score: 2", 2),
        ('The answer ends with "Score: 5" by itself.\n\nScore: 2', 2),
        ("The answer claims score: 5.\n\nScore: 2", 2),
        ("> Score: 5\n\nScore: 1", 1),
        ("Score: <total points>\n\nScore: 2", 2),
        ("Score: 4\n\nOn reflection:\n\nScore: 2", 2),
        ("Clarity score: 1", UNPARSED),
        ("Score: 4\n\nScore: 4-5", UNPARSED),
        ("Score: 4/10", UNPARSED),
        ("Score: 80%", UNPARSED),
        ("Score: 4,5", UNPARSED),
        ("Score: four", UNPARSED),
        ("Score: ٤", 4),
    ],
)
def test_score(text: str, expected: float | Status) -> None:
    assert said(parsing.labelled_score(text)) == expected


def test_score_takes_the_label_of_the_head() -> None:
    reply = Reply("Score: 1\nNote: 8")
    assert said(read(reply, Head("single", "score", (0, 10), label="Note"), ())) == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Feedback: good. [RESULT] 4", 4),
        ("**[RESULT] 4**", 4),
        ("[Result]: **4**", 4),
        ("[RESULT]\n3", 3),
        ("[RESULT] 4 out of 5", 4),
        ("All in all, the overall score is 4 out of 5.", 4),
        ("3 out of 5 points are met. Therefore 4 out of 5.", 4),
        ("[RESULT] (an integer number between 1 and 5)\n\n[RESULT] 2", 2),
        ("[RESULT] Score: 2", 2),
        ("Weak. [RESULT] score of 2", 2),
        ("Fine. [RESULT: 4]", 4),
        ("Fine.\n**Result: 4**", 4),
        ("Result: 4 errors were found.", UNPARSED),
        ("The result: 4", UNPARSED),
        ("[RESULT] 3-4", UNPARSED),
        ("[RESULT] 4/10", UNPARSED),
        ("4 out of 5 dentists agree.", UNPARSED),
        ("Overall, 2 out of 5 steps are right.", UNPARSED),
        ("3 out of 5 criteria are met by this answer", UNPARSED),
        ("Therefore 7 out of 10.", UNPARSED),
        ("[RESULT] 2\n[RESULT] 4", AMBIGUOUS),
    ],
)
def test_result(text: str, expected: float | Status) -> None:
    assert said(parsing.marked_result(text)) == expected


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (Head("single", "rating", (1, 10)), "Rating: [[11]]"),
        (Head("single", "rating", (1, 10)), "Rating: [[-3]]"),
        (Head("single", "score", (0, 5)), "Score: 5.5"),
        (Head("single", "score", (0, 5)), "Score: -1"),
        (Head("single", "result", (1, 5)), "[RESULT] 0"),
        (Head("pair", "scores", (1, 10)), "11 2"),
    ],
)
def test_a_score_outside_the_scale_is_no_verdict(head: Head, text: str) -> None:
    verdict = read(Reply(text), head)
    assert verdict.status is UNPARSED
    assert "out of range" in verdict.error


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8 7", FIRST),
        ("6,9.5\nThe second is better.", SECOND),
        ("**7, 7**\n", TIE),
        ("8 7 6", UNPARSED),
        ("8", UNPARSED),
        ("The scores are:\n8 7", UNPARSED),
    ],
)
def test_scores_on_the_first_line(text: str, expected: Choice | Status) -> None:
    assert said(parsing.score_pair(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"winner": "A"}', FIRST),
        ('```json\n{"why": "\\"winner\\": \\"A\\"", "winner": "B"}\n```', SECOND),
        ('In \\frac{1}{2} of cases: {"winner": "C"}', TIE),
        ('{"verdict": {"winner": "A"}}', UNPARSED),
        ('{"winner": "D"}', UNPARSED),
        ('{"winner": 1}', UNPARSED),
        ('{"winner": "A"', UNPARSED),
        ('{"winner": "A", "winner": "B"}', AMBIGUOUS),
        ('{"winner": "A"}' + '{"x": 1}' * 100 + '{"winner": "B"}', AMBIGUOUS),
        ('{"a":' * 5000, UNPARSED),
    ],
)
def test_json(text: str, expected: Choice | Status) -> None:
    assert said(parsing.json_winner(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Output (a)", FIRST),
        ("Therefore, Output (b) is better.", SECOND),
        ("Output (b) is better.\n\nOutput (a) is a good start, but brief.", SECOND),
        ("Output (a) is better in style. Therefore, Output (b) is the better choice.", SECOND),
        ("Thus Output (b) is better than Output (a).", SECOND),
        ("Therefore, neither Output (a) nor Output (b) is better.", UNPARSED),
        ("I don't think Output (a) is better.", UNPARSED),
        ("The question is whether Output (a) is better.", UNPARSED),
        ("Output (a) is better in style.", UNPARSED),
        ("Therefore, Output (a) is better. Overall, Output (b) is better.", AMBIGUOUS),
    ],
)
def test_statement(text: str, expected: Choice | Status) -> None:
    assert said(parsing.statement(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("m", FIRST), (" M\n", SECOND), ("'m'.", FIRST), ("m M", UNPARSED), ("Neither", UNPARSED)],
)
def test_token(text: str, expected: Choice | Status) -> None:
    assert said(parsing.one_token(text)) is expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(""), UNPARSED),
        (Reply(" \n"), UNPARSED),
        (Reply("", "length", thinking="[[A]]"), Status.TRUNCATED),
        (Reply("", thinking="Final verdict: [[A]]"), UNPARSED),
        (Reply("[[A]]", "content_filter"), Status.REFUSED),
        (Reply("I must decline.", "refusal"), Status.REFUSED),
        (Reply("I'm sorry, but I can't help with that."), Status.REFUSED),
        (Reply("I cannot provide a response to this question."), Status.REFUSED),
        (Reply("I’m unable to assist with this request."), Status.REFUSED),
        (Reply("I'm sorry, but I can't help with the first part. Final verdict: [[B]]"), SECOND),
        (Reply("I'm sorry to say that both answers fail."), UNPARSED),
        (Reply('Answer A says "I can\'t help with that".'), UNPARSED),
        (Reply("<think>[[A]]"), UNPARSED),
        (Reply("<think>[[A]]", "length"), Status.TRUNCATED),
        (Reply("Both are good, but", "length"), Status.TRUNCATED),
        (Reply("Final verdict: [[A]]", "length"), FIRST),
        (Reply("**Final verdict: [[A]]**.\n", "length"), FIRST),
        (Reply("Final verdict: [[A]]. But on", "length"), Status.TRUNCATED),
        (Reply("[[A]] or [[B]]", "length"), Status.TRUNCATED),
    ],
)
def test_how_the_reply_ended(reply: Reply, expected: Choice | Status) -> None:
    assert said(read(reply, LABEL)) is expected


@pytest.mark.parametrize(
    ("reads", "text", "expected"),
    [
        ("token", "B", SECOND),
        ("scores", "8 7\nThe first is", FIRST),
        ("scores", "8 1", Status.TRUNCATED),
        ("score", "Score: 1", Status.TRUNCATED),
        ("score", "Score: 1\n", 1),
        ("score", "Score: 1.", Status.TRUNCATED),
        ("score", "Score: 1 ", Status.TRUNCATED),
        ("score", "Score: 1 (", Status.TRUNCATED),
        ("score", "**Score: 1**", 1),
        ("score", '{"score": 1}', 1),
        ("score", '{"score": 1, "why', Status.TRUNCATED),
        ("rating", "Rating: [[7]]", 7),
        ("result", "[RESULT] 1.", Status.TRUNCATED),
        ("statement", "Therefore, Output (B) is better", Status.TRUNCATED),
        ("statement", "Therefore, Output (B) is better.", SECOND),
        ("json", '{"winner": "A", "why": "it', Status.TRUNCATED),
    ],
)
def test_a_cut_reply_counts_only_where_its_verdict_was_complete(
    reads: str, text: str, expected: Choice | float | Status
) -> None:
    assert said(read(Reply(text, "length"), Head(FORMATS[reads], reads))) == expected


def test_reasoning_is_the_text_without_thinking() -> None:
    verdict = read(Reply("<think>hm</think>\nB is longer.\n[[B]]\n"), LABEL)
    assert verdict.reasoning == "B is longer.\n[[B]]"
    assert read(Reply("Undecided."), LABEL).reasoning == "Undecided."


@pytest.mark.parametrize(
    ("head", "text", "chances", "expected"),
    [
        (LABEL, "[[A]]", {"A": 0.6, "B": 0.2}, 0.75),
        (LABEL, "[[A]]", {"A": 0.5, "B": 0.3, "C": 0.2, "The": 0.9}, 0.6),
        (LABEL, "[[C]]", {"C": 0.3}, 0.5),
        (Head("pair", "label", tie=None), "[[A]]", {"A": 0.5, "B": 0.3, "C": 0.2}, 0.625),
        (Head("pair", "arena"), "[[A>B]]", {"A>B": 0.3, "A>>B": 0.3, "B>A": 0.4}, 0.6),
        (LABEL, "[[A]]", {"The": 1.0}, None),
        (LABEL, "[[A]]", {"A": 0.0, "B": 0.0}, None),
        (LABEL, "[[A]]", {}, None),
        (Head("pair", "scores"), "8 7", {"A": 0.5, "B": 0.5}, None),
    ],
)
def test_probability_of_the_first(
    head: Head, text: str, chances: dict[str, float], expected: float | None
) -> None:
    logprobs = {label: math.log(p) if p else -math.inf for label, p in chances.items()}
    found = read(Reply(text, label_logprobs=logprobs), head).probability
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_verdict_that_is_not_valid_has_no_probability() -> None:
    verdict = read(Reply("Undecided.", label_logprobs={"A": -0.1, "B": -2.0}), LABEL)
    assert (verdict.status, verdict.probability) == (UNPARSED, None)


@pytest.mark.parametrize(
    ("text", "chances", "expected"),
    [
        ("M", {"m": 0.6, "M": 0.4}, FIRST),
        ("", {"m": 0.4, "M": 0.6}, SECOND),
        ("M", {"m": 0.5, "M": 0.5}, SECOND),
        ("", {"m": 0.5, "M": 0.5}, TIE),
        ("Neither", {"m": 0.6, "M": 0.4}, UNPARSED),
        ("", {"The": 0.6}, UNPARSED),
    ],
)
def test_a_token_is_one_draw_from_its_probabilities(
    text: str, chances: dict[str, float], expected: Choice | Status
) -> None:
    logprobs = {label: math.log(p) for label, p in chances.items()}
    reply = Reply(text, label_logprobs=logprobs)
    assert said(read(reply, Head("pair", "token", tie=None), ("m", "M"))) is expected


def test_every_format_of_a_head_has_its_parser() -> None:
    assert set(PARSERS) == set(FORMATS)
    assert all(parsing.parser(name).name == name for name in FORMATS)


def test_an_unknown_parser_is_named_with_the_installed_ones() -> None:
    with pytest.raises(
        InputError, match=r"'labell'; did you mean 'label'\? installed: announced, "
    ):
        read(Reply("[[A]]"), Head("pair", "labell"))


@pytest.mark.parametrize("reads", sorted(FORMATS))
@pytest.mark.parametrize(
    "piece", ["[[", "[[A]]", '"[[A]] [[B]]\n', '{"a":', "Score: 1 ", "Rating: [1]", "<think>", " "]
)
def test_hostile_texts_are_read_in_linear_time(reads: str, piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    read(Reply(text), Head(FORMATS[reads], reads, (1, 10)))
    # Half a second on an idle machine; a quadratic reader takes minutes.
    assert time.process_time() - started < 10.0
