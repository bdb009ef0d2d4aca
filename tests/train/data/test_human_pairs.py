"""Real preferences of people: every row becomes tokens, and what is cut is a known figure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import write_tokenizer

from judgekit.train.data.encoding import Encoder
from judgekit.train.data.rows import Conversation
from judgekit.train.data.rows_reader import hold_out, read_pair_rows
from judgekit.train.data.transcripts import format_transcript, parse_transcript
from judgekit.types import Message


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    loaded: Any = AutoTokenizer
    return loaded.from_pretrained(folder)


@pytest.mark.parametrize(
    ("name", "rows", "counts"),
    [
        ("train", 2580, {"prompts_cut": 349, "answers_cut": 53}),
        ("test", 388, {"prompts_cut": 66, "answers_cut": 6}),
        ("test_standard", 220, {"prompts_cut": 21, "answers_cut": 5}),
    ],
)
def test_every_row_becomes_an_example(
    shared: Path, tokenizer: Any, name: str, rows: int, counts: Mapping[str, int]
) -> None:
    found = read_pair_rows(shared / "data" / "dpo" / f"{name}.jsonl")
    assert (len(found.rows), found.dropped) == (rows, {})
    encoder = Encoder(tokenizer, template="chat", max_length=1024, max_prompt_length=512)
    encoded = encoder.pairs(found.rows)
    assert encoded.kept == list(range(rows))
    assert encoded.counts == counts
    assert encoded.tokens.longest_text == 1024
    for example in encoded.examples:
        assert 1 <= len(example.prompt) <= 512
        assert len(example.prompt) + max(map(len, example.completions)) <= 1024
        # ChatML's two marks to a message; the answer's first stands in the prompt, its last in it
        marks = [sum(map(ids.count, range(4))) for ids in (example.prompt, *example.completions)]
        assert marks[0] % 2 == 1
        assert max(marks[1:]) <= 1


def test_at_the_lengths_of_the_lecture(shared: Path, tokenizer: Any) -> None:
    found = read_pair_rows(shared / "data" / "dpo" / "test.jsonl")
    encoder = Encoder(tokenizer, template="plain", max_length=256, max_prompt_length=128)
    encoded = encoder.pairs(found.rows)
    assert len(encoded.examples) == 388
    assert encoded.counts == {"prompts_cut": 238, "answers_cut": 206}


def test_the_first_turns_of_train_and_test_differ(shared: Path) -> None:
    """Their maker split them by the first turn: our clusters agree."""
    folder = shared / "data" / "dpo"
    train, test = (read_pair_rows(folder / f"{name}.jsonl").rows for name in ("train", "test"))
    assert not {row.cluster for row in train} & {row.cluster for row in test}
    kept, held = hold_out(train, 0.05, 0)
    assert (len(kept), len(held)) == (2446, 134)


def in_turns(prompt: Conversation) -> Conversation:
    """What one speaker says twice in a row as one message."""
    turns = [list(said) for _, said in groupby(prompt, key=lambda message: message.role)]
    return tuple(Message(t[0].role, "\n\n".join(message.content for message in t)) for t in turns)


def test_conversations_written_as_transcripts(shared: Path, tmp_path: Path) -> None:
    rows = read_pair_rows(shared / "data" / "dpo" / "train.jsonl").rows
    talks = [(row, row.prompt) for row in rows if isinstance(row.prompt, tuple) and row.prompt[1:]]
    path = tmp_path / "transcripts.jsonl"
    with path.open("w") as file:
        for row, prompt in talks:
            start = format_transcript(prompt)
            sides = {"chosen": f"{start} {row.chosen}", "rejected": f"{start} {row.rejected}"}
            file.write(json.dumps(sides) + "\n")
    again = read_pair_rows(path)
    assert len(talks) == 932
    assert again.dropped == {}
    for (row, prompt), back in zip(talks, again.rows, strict=True):
        assert back.prompt == format_transcript(prompt)
        assert parse_transcript(back.prompt) == in_turns(prompt)
        assert (back.chosen, back.rejected) == (f" {row.chosen}", f" {row.rejected}")
        assert back.cluster == row.cluster
    assert sum(in_turns(prompt) != prompt for _, prompt in talks) == 4
