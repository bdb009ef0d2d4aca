"""The formats of published judges that leave the verdict on a line, in a call or alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from judgekit.judging import parsing
from judgekit.judging.parsing import read
from judgekit.judging.templates import Head
from judgekit.types import Choice, Reply, Status, Verdict

FIRST, SECOND, TIE = Choice.FIRST, Choice.SECOND, Choice.TIE
UNPARSED, AMBIGUOUS, TRUNCATED = Status.UNPARSED, Status.AMBIGUOUS, Status.TRUNCATED
M_FIRST = '[{"model": "m", "rank": 1}, {"model": "M", "rank": 2}]'
M_SECOND = '[{"model": "M", "rank": 1}, {"model": "m", "rank": 2}]'


def said(verdict: Verdict) -> Choice | float | Status:
    if verdict.choice is not None:
        return verdict.choice
    return verdict.status if verdict.score is None else verdict.score


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parsing.first_line, "1", FIRST),
        (parsing.first_line, "2\n\n### Reason: 1 repeats itself.\n\n### Reference: Hi", SECOND),
        (parsing.first_line, "\n **Tie**\r\nBoth are wrong.", TIE),
        (parsing.first_line, "tie", TIE),
        (parsing.first_line, "1 2\n", UNPARSED),
        (parsing.first_line, "12", UNPARSED),
        (parsing.first_line, "Response 1 is better", UNPARSED),
        (parsing.first_line, "garbage\n1", UNPARSED),
        (parsing.announced_label, "So, the final decision is Response 1. It is shorter.", FIRST),
        (parsing.announced_label, "... So, the final decision is Tie.", TIE),
        (parsing.announced_label, "Both are fine.\n\n**[RESULT]** 2", SECOND),
        (parsing.announced_label, "The final decision is Response 12", UNPARSED),
        (parsing.announced_label, "The final decision is hard.", UNPARSED),
        (parsing.announced_label, "Response 1 is better.", UNPARSED),
        (
            parsing.announced_label,
            "The final decision is Response 1.\nNo: the final decision is Response 2.",
            AMBIGUOUS,
        ),
        (parsing.ranked_models, f'{{"ordered_models": {M_FIRST}}}', FIRST),
        (parsing.ranked_models, f'I call: {{"why": "M", "ordered_models": {M_SECOND}}}', SECOND),
        (parsing.ranked_models, '{"ordered_models": [{"model": "m", "rank": 1}]}', UNPARSED),
        (parsing.ranked_models, '{"ordered_models": ["m", "M"]}', UNPARSED),
        (parsing.ranked_models, '{"ordered_models": 1}', UNPARSED),
        (parsing.ranked_models, f'{{"ordered_models": {M_FIRST.replace("2", "1")}}}', UNPARSED),
        (parsing.ranked_models, f'{{"ordered_models": {M_FIRST.replace("1", "NaN")}}}', UNPARSED),
        (parsing.ranked_models, f'{{"models": {M_FIRST}}}', UNPARSED),
        (
            parsing.ranked_models,
            f'{{"ordered_models": {M_FIRST}}} {{"ordered_models": {M_SECOND}}}',
            AMBIGUOUS,
        ),
        (parsing.bare_number, "7", 7.0),
        (parsing.bare_number, " **7**\n", 7.0),
        (parsing.bare_number, "", UNPARSED),
        (parsing.bare_number, "7 or 8", UNPARSED),
        (parsing.bare_number, "Score: 7", UNPARSED),
        (parsing.bare_number, "10", UNPARSED),
        (parsing.bare_number, "７", 7.0),
        (parsing.bare_number, "7²", UNPARSED),
    ],
)
def test_published_format(
    parse: Callable[[str], Verdict], text: str, expected: Choice | float | Status
) -> None:
    assert said(parse(text)) == expected


def test_equal_ranks_are_a_tie_only_where_the_prompt_knows_one() -> None:
    text = '{"ordered_models": [{"model": "A", "rank": 1}, {"model": "B", "rank": 1}]}'
    assert said(parsing.ranked_models(text, ("A", "B"), "C")) is TIE
    assert said(parsing.ranked_models(text, ("A", "B"), None)) is UNPARSED


@pytest.mark.parametrize(
    ("head", "names", "text", "expected"),
    [
        (Head("pair", "line", tie="Tie"), ("1", "2"), "1\nBecause", FIRST),
        (Head("pair", "line", tie="Tie"), ("1", "2"), "1", TRUNCATED),
        (Head("pair", "announced", tie="Tie"), ("1", "2"), "The final decision is Tie", TRUNCATED),
        (Head("single", "number", (0, 10)), (), "1", TRUNCATED),
    ],
)
def test_a_cut_reply(
    head: Head, names: tuple[str, ...], text: str, expected: Choice | float | Status
) -> None:
    assert said(read(Reply(text, "length"), head, names)) == expected
