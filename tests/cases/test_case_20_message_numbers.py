"""Case 20: a message that is refused is named by its place in its list."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import write_jsonl

from judgekit.errors import InputError
from judgekit.io import load_answers, load_prompts

ASKED = {"role": "user", "content": "p"}
THINKING = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "r"}]


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([ASKED, {"role": "model", "content": "r"}], "message 2 has the role 'model'"),
        ([ASKED, {"role": "assistant", "content": THINKING}], "a thinking part in message 2"),
        ([ASKED] * 4 + [{"role": "assistant", "content": 3}], "message 5 has the content 3"),
        ([ASKED, {"role": "x", "content": "r"}, ASKED, ASKED], "message 2 has the role 'x'"),
        ([ASKED, {"from": "x", "value": "r"}], "message 2 has the role 'x'"),
    ],
)
def test_the_number_is_that_in_the_row(tmp_path: Path, messages: list[object], said: str) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"id": "q1", "messages": messages}])
    with pytest.raises(InputError, match=f"line 1: {said}"):
        load_answers(path)


def test_a_conversation_that_ends_with_an_answer_has_a_prompt(tmp_path: Path) -> None:
    told = [{"from": "human", "value": "p"}, {"from": "gpt", "value": "r"}]
    path = write_jsonl(tmp_path / "a.jsonl", [{"conversations": told}])
    (prompt,) = load_prompts(path).kept
    assert prompt.given == told[:1]
    assert load_answers(path).rows[0].responses == ("r",)
