from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.io.row import RowError
from judgekit.train.data.preference import UnusableRow
from judgekit.train.data.transcripts import (
    TURN,
    format_transcript,
    is_transcript,
    parse_transcript,
    read_transcripts,
    split_transcript,
)
from judgekit.types import Message

ONE = "\n\nHuman: Hi\n\nAssistant:"


def said(*texts: str) -> tuple[Message, ...]:
    """A conversation that the user begins."""
    return tuple(
        Message("assistant" if number % 2 else "user", text) for number, text in enumerate(texts)
    )


@pytest.mark.parametrize(
    ("text", "prompt", "answer"),
    [
        (ONE + " Hello.", ONE, " Hello."),
        (ONE, ONE, ""),
        (ONE + " A\n\nHuman: B\n\nAssistant: C", ONE + " A\n\nHuman: B\n\nAssistant:", " C"),
        (ONE + " see\n\nAssistant\n\nbelow", ONE, " see\n\nAssistant\n\nbelow"),
        ("\r\n\r\nHuman: Hi\r\n\r\nAssistant: Hello.\r\nYou?", ONE, " Hello.\nYou?"),
        (ONE + " 🙂\r\n\r\nyes", ONE, " 🙂\r\n\r\nyes"),
    ],
)
def test_split_at_the_last_answer(text: str, prompt: str, answer: str) -> None:
    assert split_transcript(text) == (prompt, answer)


def test_without_an_answer() -> None:
    with pytest.raises(RowError, match="no turn of the assistant"):
        split_transcript("\n\nHuman: Hi")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ONE, said("Hi")),
        ("Human: Hi\n\nAssistant:", said("Hi")),
        ("\n\nHuman: A\n\nAssistant: B\n\nHuman: C\n\nAssistant:", said("A", "B", "C")),
        ("\n\nHuman: A\n\nHuman: B\n\nAssistant:", said("A\n\nB")),
        ("\n\nHuman: A\n\nAssistant: \n\nHuman: B\n\nAssistant:", said("A\n\nB")),
        ("\n\nHuman: A\n\nmore\nHuman: x\n\nAssistant:", said("A\n\nmore\nHuman: x")),
        ("\n\nHuman: \n\nAssistant:", None),
        ("\n\nHuman: A\n\nAssistant: B\n\nAssistant:", None),
        ("\n\nAssistant: A\n\nHuman: B\n\nAssistant:", None),
        ("Consider this:\n\nHuman: A\n\nAssistant:", None),
        ("\n\nHuman: A\n\nAssistant: B", None),
        ("Why?", None),
        ("", None),
    ],
)
def test_a_prompt_as_messages(text: str, found: tuple[Message, ...] | None) -> None:
    assert parse_transcript(text) == found


letters = st.one_of(st.characters(), st.sampled_from(["\n\n", "Human:", "Assistant:", "\u2028"]))
turns = (
    st.lists(letters, min_size=1)
    .map(lambda pieces: "".join(pieces).strip())
    .filter(lambda text: text and not TURN.search(f".{text}") and "\r" not in text)
)


@given(st.lists(turns, min_size=1, max_size=7).filter(lambda texts: len(texts) % 2 == 1), turns)
def test_composed_and_read_again(texts: list[str], answer: str) -> None:
    conversation = said(*texts)
    prompt, rest = split_transcript(f"{format_transcript(conversation)} {answer}")
    assert parse_transcript(prompt) == conversation
    assert rest == f" {answer}"


@given(st.text())
def test_any_text_is_a_prompt_or_not(text: str) -> None:
    found = parse_transcript(text)
    assert found is None or found[-1].role == "user"
    if is_transcript(text):
        assert "".join(split_transcript(text)) in (text, text.replace("\r\n", "\n"))


def test_a_system_prompt_stands_first() -> None:
    conversation = (Message("system", "Be brief."), *said("A", "B", "C"))
    assert format_transcript(conversation) == (
        "Be brief.\n\nHuman: A\n\nAssistant: B\n\nHuman: C\n\nAssistant:"
    )


@pytest.mark.parametrize(
    ("chosen", "rejected", "name"),
    [
        (ONE + " yes", "\n\nHuman: Hi!\n\nAssistant: no", "different_prompts"),
        (ONE + " yes", ONE, "empty"),
        (ONE + " \n", ONE + " no", "empty"),
        (ONE + " yes", ONE + "  yes ", "identical"),
        (ONE + " yes", ONE + " no\n\nHuman: why?", "human_last"),
    ],
)
def test_of_no_use(chosen: str, rejected: str, name: str) -> None:
    with pytest.raises(UnusableRow) as raised:
        read_transcripts({"chosen": chosen, "rejected": rejected})
    assert (raised.value.name, raised.value.lasting) == (name, True)


def test_a_row_is_the_very_transcript() -> None:
    found = read_transcripts({"chosen": ONE + " yes", "rejected": ONE + " no"})
    assert (found.prompt, found.chosen, found.rejected) == (ONE, " yes", " no")
