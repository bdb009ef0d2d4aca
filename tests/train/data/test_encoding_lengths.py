"""What is too long: what of it stays, and what is dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import write_tokenizer

from judgekit.errors import InputError
from judgekit.train.data.encoding import EncodedRows, Encoder
from judgekit.train.data.rows import Conversation, PairRow
from judgekit.types import Message

NO_SYSTEM = (  # and no two messages of one role
    "{% for m in messages %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('the roles must take turns') }}{% endif %}"
    "{{ m.content }}<|im_end|>{% endfor %}"
)


def user(text: str) -> Message:
    return Message("user", text)


def said(text: str) -> Message:
    return Message("assistant", text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return folder


@pytest.fixture
def tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    loaded: Any = AutoTokenizer
    return loaded.from_pretrained(folder)


def encoder(
    tokenizer: Any, template: Any = "chat", longest: int = 1024, prompt: int = 512
) -> Encoder:
    return Encoder(tokenizer, template=template, max_length=longest, max_prompt_length=prompt)


def pair(prompt: Conversation | str, chosen: str = "yes", rejected: str = "no") -> PairRow:
    return PairRow(prompt, chosen, rejected, "here", "c")


def shown(tokenizer: Any, encoded: EncodedRows) -> list[tuple[str, ...]]:
    """Each example's prompt and completions as text, control tokens spelt out."""
    return [
        tuple(tokenizer.decode(ids) for ids in (example.prompt, *example.completions))
        for example in encoded.examples
    ]


LONG = " ".join(str(number) for number in range(60))


def test_a_long_conversation_loses_its_oldest_turns(tokenizer: Any) -> None:
    prompt = (
        Message("system", "Be brief."),
        *(user(f"first {LONG}"), said("A"), user("second"), said("B"), user("third")),
    )
    found = encoder(tokenizer, longest=160, prompt=80).pairs([pair(prompt), pair("Q")])
    assert found.counts == {"prompts_cut": 1}
    (asked, *_), _ = shown(tokenizer, found)
    assert asked == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nsecond<|im_end|>\n"
        "<|im_start|>assistant\nB<|im_end|>\n<|im_start|>user\nthird<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


@pytest.mark.parametrize("tail", ["", " <|im_end|>", " 🙂🙂🙂"])
def test_then_its_last_message_loses_its_beginning(tokenizer: Any, tail: str) -> None:
    prompt = (Message("system", "S"), user("old"), said("A"), user(f"{LONG}{tail}"))
    found = encoder(tokenizer, longest=160, prompt=80).pairs([pair(prompt)])
    assert found.counts == {"prompts_cut": 1}
    ((asked, *_),) = shown(tokenizer, found)
    start, end = (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
    )
    assert asked.startswith(start)
    assert asked.endswith(end)
    kept = asked.removeprefix(start).removesuffix(end)
    assert f"{LONG}{tail}".endswith(kept)
    assert kept.endswith(f"57 58 59{tail}")
    assert 70 <= len(found.examples[0].prompt) <= 80


def test_a_plain_prompt_loses_its_first_tokens(tokenizer: Any) -> None:
    found = encoder(tokenizer, "plain", 30, 20).pairs([pair(LONG), pair("Q")])
    ids = tokenizer(LONG, add_special_tokens=False)["input_ids"]
    assert list(found.examples[0].prompt) == ids[-20:]
    assert found.counts == {"prompts_cut": 1}


@pytest.mark.parametrize("template", ["chat", "plain"])
def test_a_long_answer_is_cut_and_has_no_end(tokenizer: Any, template: str) -> None:
    found = encoder(tokenizer, template, 60, 40).pairs([pair("Q", LONG, "no")])
    (example,) = found.examples
    cut, whole = example.completions
    assert found.counts == {"answers_cut": 1}
    assert len(example.prompt) + len(cut) == 60
    assert LONG.startswith(tokenizer.decode(cut))
    assert (cut[-1] == 2, whole[-1] == 2) == (False, True)


def test_an_answer_that_just_fits_keeps_its_end(tokenizer: Any) -> None:
    (whole,) = encoder(tokenizer).pairs([pair("Q", LONG)]).examples
    length = len(whole.prompt) + len(whole.completions[0])
    for longest, counts in ((length, {}), (length - 1, {"answers_cut": 1})):
        found = encoder(tokenizer, longest=longest, prompt=40).pairs([pair("Q", LONG)])
        assert found.counts == counts


def test_what_is_left_of_no_use_is_dropped(tokenizer: Any) -> None:
    tokenizer.chat_template = NO_SYSTEM
    rows = [
        pair("Q", f"{LONG} yes", f"{LONG} no"),
        pair("Q"),
        pair((user("P"), user("Q"))),
        pair((user("P"), said("A"), Message("tool", "4"))),
    ]
    found = encoder(tokenizer, longest=60, prompt=40).pairs(rows)
    assert found.kept == [1]
    assert found.counts == {"same_tokens": 1, "refused": 2}


def test_a_frame_without_room(tokenizer: Any) -> None:
    rows = [pair((Message("system", LONG), user("Q"))), pair("Q")]
    found = encoder(tokenizer, longest=60, prompt=40).pairs(rows)
    assert (found.kept, found.counts) == ([1], {"no_room": 1})


def test_labels_and_places_stay_with_their_rows(tokenizer: Any) -> None:
    rows = [
        PairRow("Q", "yes", "no", "row 1", "a", margin=0.5),
        PairRow("Q", LONG, LONG + "!", "row 2", "a"),
        PairRow("Q", "yes", "no", "row 3", "a", probability=0.75),
    ] * 300  # more than one batch
    found = encoder(tokenizer, "plain", 40, 20).pairs(rows)
    assert found.kept == [index for index in range(900) if index % 3 != 1]
    labels = [(example.margin, example.probability) for example in found.examples]
    assert labels == [(0.5, None), (None, 0.75)] * 300
    assert found.counts == {"same_tokens": 300}


def test_one_token_answers(tokenizer: Any) -> None:
    (example,) = encoder(tokenizer, longest=20, prompt=19).pairs([pair("Q", "1", "2")]).examples
    assert [len(ids) for ids in example.completions] == [2, 2]


def test_a_huge_row(tokenizer: Any) -> None:
    huge = f"{LONG} " * 1000
    (example,) = encoder(tokenizer).pairs([pair(huge, huge, "no")]).examples
    assert len(example.prompt) <= 512
    assert len(example.prompt) + len(example.completions[0]) == 1024


@pytest.mark.parametrize(("longest", "prompt"), [(256, 512), (256, 256), (256, 0)])
def test_lengths_without_room(tokenizer: Any, longest: int, prompt: int) -> None:
    with pytest.raises(InputError, match="lower --max-prompt-length or raise --max-length"):
        encoder(tokenizer, longest=longest, prompt=prompt)
