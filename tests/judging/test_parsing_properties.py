"""What holds of the verdict parsers whatever the text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.judging.parsing import read
from judgekit.judging.templates import FORMATS, Head
from judgekit.types import Choice, Reply, Status

WORDS = """
[[A]] [[B]] [[C]] [[D]] [[A>B]] [[B>>A]] [[A=B]] [[ [[7]] [[11]] Rating: [3] [RESULT] Score: 4 5 3/5
4.5 -1 99 Output (A) (B) is better neither not says " “ ” ( ) * ** # > . , ! ? if was because total
Therefore, Final verdict: at first or and {"winner": "A" "B" } <think> </think> sorry I can't help
A B C 8 7 8,7 é ٣
"""
PIECES = [*WORDS.split(), "\ud83d", "\x00"]
WILD = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*PIECES, "\n", "\n\n"]), max_size=14).map(" ".join),
    st.lists(st.sampled_from([*PIECES, "\n"]), max_size=10).map("".join),
)
READS = st.sampled_from(sorted(FORMATS))
PAIR_READS = st.sampled_from(sorted(name for name, shows in FORMATS.items() if shows == "pair"))
MIRRORED = {Choice.FIRST: Choice.SECOND, Choice.SECOND: Choice.FIRST, Choice.TIE: Choice.TIE}
CHATTER = st.text(
    st.characters(exclude_characters="[]{}<>", exclude_categories=("Nd", "Nl", "No")), max_size=80
)
FINAL = {
    "label": "Final verdict: [[{}]]",
    "arena": "My final verdict is: [[{}>{}]]",
    "statement": "Therefore, Output ({}) is better.",
    "json": '{{"winner": "{}"}}',
    "announced": "So, the final decision is Response {}.",
}

BARE = {
    "label": "[[A]]",
    "arena": "[[A>B]]",
    "statement": "Output (A)",
    "token": "A",
    "line": "A",
    "announced": "[RESULT] A",
    "scores": "8 7",
    "list": "[A] Score: 8\n[B] Score: 7",
    "json": '{"winner": "A"}',
    "ranked": '{"ordered_models": [{"model": "A", "rank": 1}, {"model": "B", "rank": 2}]}',
}


def head(reads: str, scale: tuple[float, float] | None = (1, 10)) -> Head:
    grades = (("A", 5.0), ("B", 1.0)) if reads == "grade" else ()
    return Head(FORMATS[reads], reads, scale, values=grades)


@given(WILD, READS, st.sampled_from(["stop", "length", "refusal", "content_filter", "odd"]))
def test_any_text_gets_a_verdict_that_is_choice_or_score_in_scale(
    text: str, reads: str, finish: str
) -> None:
    verdict = read(Reply(text, finish), head(reads))
    if verdict.status is Status.VALID:
        assert (verdict.choice is not None) == (FORMATS[reads] == "pair")
        assert verdict.score is None or 1 <= verdict.score <= 10
    else:
        assert verdict.error


@given(CHATTER, READS.filter(lambda reads: reads not in ("token", "line")))
def test_a_text_without_a_marker_is_never_valid(text: str, reads: str) -> None:
    assert read(Reply(text), head(reads, None)).status is not Status.VALID


@given(WILD, PAIR_READS.filter(lambda reads: reads not in ("scores", "list")))
def test_swapped_names_mirror_the_choice(text: str, reads: str) -> None:
    ahead = read(Reply(text), head(reads), ("A", "B"))
    swapped = read(Reply(text), head(reads), ("B", "A"))
    assert ahead.status is swapped.status
    if ahead.choice is not None:
        assert swapped.choice is MIRRORED[ahead.choice]


@pytest.mark.parametrize("reads", FINAL)
@pytest.mark.parametrize("finish", ["stop", "length"])
@given(WILD, st.sampled_from(["AB", "BA"]), CHATTER)
def test_chatter_after_the_verdict_never_turns_it(
    reads: str, finish: str, before: str, named: str, chatter: str
) -> None:
    text = f"{before}\n\n{FINAL[reads].format(*named)}"
    choice = read(Reply(text), head(reads)).choice
    later = read(Reply(f"{text} {chatter}", finish), head(reads)).choice
    assert choice is None or later in (choice, None)


@given(WILD, READS)
def test_thinking_is_never_read(text: str, reads: str) -> None:
    assert read(Reply("", thinking=text), head(reads)).status is not Status.VALID
    thought = text.replace("</think>", "")
    assert read(Reply(f"<think>{thought}"), head(reads)).status is not Status.VALID
    closed = read(Reply(f"<think>{thought}</think>No more."), head(reads))
    assert closed.status is Status.UNPARSED


@given(
    PAIR_READS,
    st.dictionaries(
        st.sampled_from(["A", "B", "C", "A>B", "B>>A", "A=B", "The"]),
        st.floats(allow_nan=True, allow_infinity=True),
    ),
)
def test_a_probability_is_one(reads: str, logprobs: dict[str, float]) -> None:
    verdict = read(Reply(BARE[reads], label_logprobs=logprobs), head(reads))
    assert verdict.status is Status.VALID
    if verdict.probability is not None:
        assert 0.0 <= verdict.probability <= 1.0
        assert not math.isnan(verdict.probability)
