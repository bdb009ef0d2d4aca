"""Whole conversations: read from any layout, shown from beginning to end, judged as one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from answers import read_jsonl, write_jsonl
from commands import Cli
from servers import JudgeServer

from judgekit import io
from judgekit.errors import InputError
from judgekit.judging.templates import Head, Prompts
from judgekit.types import Message

SINGLE = """+++
shows = "conversation"
reads = "score"
scale = [1, 5]
+++
=== user ===
{{ conversation }}
Score: <number>
"""
PAIR = """+++
shows = "conversation"
reads = "label"
+++
=== user ===
{{ first }}
{{ second }}
Say [[A]], [[B]] or [[C]].
"""
OPENING = [
    {"role": "system", "content": "You book trains."},
    {"role": "user", "content": "To Ghent, please."},
]
CALL = {"id": "c1", "type": "function", "function": {"name": "book", "arguments": '{"to":"Ghent"}'}}
CONVERSATIONS = io.Needs(conversations=True)


def chat(last: str, *, booked: str = "seat 12") -> list[dict[str, Any]]:
    return [
        *OPENING,
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": booked},
        {"role": "assistant", "content": "Booked."},
        {"role": "user", "content": "Which seat?"},
        {"role": "assistant", "content": last},
    ]


@pytest.fixture
def asked(server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    server.says = lambda body: "[[A]]" if "[[A]]" in body["messages"][-1]["content"] else "Score: 4"
    return ("--model", "openai/m", "--base-url", server.base_url)


@pytest.fixture
def files(here: Path) -> Path:
    (here / "single.md").write_text(SINGLE, encoding="utf-8")
    (here / "pair.md").write_text(PAIR, encoding="utf-8")
    write_jsonl(here / "a.jsonl", [{"id": "1", "messages": chat("Seat 12.")}])
    write_jsonl(here / "b.jsonl", [{"id": "1", "messages": chat("No idea.", booked="full")[:5]}])
    return here


def test_a_head_says_how_many_by_what_it_reads(files: Path) -> None:
    assert Prompts([]).load("./single.md").head == Head(
        "single", "score", (1, 5), conversation=True
    )
    assert Prompts([]).load("./pair.md").head == Head("pair", "label", conversation=True)


def test_one_conversation_is_shown_from_beginning_to_end(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    ran = cli("score", "a.jsonl", "--judge", "./single.md", *asked, "--out", "run")
    assert ran.code == 0, ran.error
    [body] = server.requests
    text = body["messages"][-1]["content"]
    marks = set(re.findall(r"\b[0-9a-f]{12}\b", text))
    assert len(marks) == 1
    plain = text.replace(f" {marks.pop()}", "")
    assert plain.splitlines() == [
        "<conversation>",
        "[system]",
        "You book trains.",
        "[turn 1: user]",
        "To Ghent, please.",
        "[turn 1: assistant calls tools]",
        json.dumps([CALL], separators=(",", ":")),
        "[turn 1: tool]",
        "seat 12",
        "[turn 1: assistant]",
        "Booked.",
        "[turn 2: user]",
        "Which seat?",
        "[turn 2: assistant]",
        "Seat 12.",
        "</conversation>",
        "Score: <number>",
    ]
    [case] = read_jsonl(files / "run/cases.jsonl")
    assert [message["role"] for message in case["prompt"]] == ["system", "user"]
    assert len(case["responses"][0]["messages"]) == 5
    again = cli("score", "a.jsonl", "--judge", "./single.md", *asked, "--out", "run")
    assert again.code == 0
    assert len(server.requests) == 1


def test_two_conversations_of_one_opening(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    ran = cli("compare", "a.jsonl", "b.jsonl", "--judge", "./pair.md", *asked, "--out", "run")
    assert ran.code == 0, ran.error
    assert len(server.requests) == 2
    for body in server.requests:
        text = body["messages"][-1]["content"]
        first, second = text.split("<conversation-B ")
        assert "<conversation-A " in first
        assert text.count("To Ghent, please.") == 2
        assert ("seat 12" in first) != ("seat 12" in second)
        assert ("full" in first) != ("full" in second)
    page = cli("show", "run").out
    assert "Seat 12." in page
    assert "full" in page


def test_other_openings_are_refused(files: Path, cli: Cli, asked: tuple[object, ...]) -> None:
    other = chat("Seat 12.")
    other[1] = {"role": "user", "content": "To Bruges, please."}
    write_jsonl(files / "b.jsonl", [{"id": "1", "messages": other}])
    ran = cli("compare", "a.jsonl", "b.jsonl", "--judge", "./pair.md", *asked)
    assert "b.jsonl, line 1: the id '1' has another prompt than in a.jsonl, line 1" in ran.error


@pytest.mark.parametrize(
    ("row", "roles"),
    [
        ({"messages": chat("x")[:4]}, "assistant tool"),
        ({"messages": chat("x")[:6]}, "assistant tool assistant user"),
        ({"prompt": "Hi", "response": "Hello"}, "assistant"),
        ({"prompt": chat("x")[:6], "response": "x"}, "assistant tool assistant user assistant"),
        ({"prompt": "Hi", "response": chat("x")[2:4]}, "assistant tool"),
        ({"prompt": ["One?", "Two?"], "response": ["1", "2"]}, "assistant user assistant"),
    ],
)
def test_layouts_of_rows(row: dict[str, Any], roles: str, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [row])
    [case] = io.join([io.load_answers(path, needs=CONVERSATIONS)]).cases
    assert case.prompt[-1].role == "user"
    assert " ".join(message.role for message in case.responses[0].messages) == roles
    assert case.full_conversation(0) == (*case.prompt, *case.responses[0].messages)
    assert case.place == f"{path}, line 1"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"messages": OPENING}, "line 1: the conversation has nothing after the first message"),
        ({"messages": OPENING[:1]}, "line 1: the conversation has no message of the user"),
        ({"messages": "Hi"}, "line 1: the conversation is 'Hi', not a list of messages"),
        ({"messages": []}, "line 1: the conversation is .*, not a list of messages"),
        ({"messages": [{"role": "x"}]}, "line 1: message 1 has the role 'x'"),
    ],
)
def test_rows_that_hold_no_conversation(row: Any, message: str, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [row])
    with pytest.raises(InputError, match=message):
        io.load_answers(path, needs=CONVERSATIONS)


def test_equal_texts_of_other_messages_are_not_identical(tmp_path: Path) -> None:
    plain = [{"role": "assistant", "content": "x\n\n[user]\ny"}]
    real = [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}]
    row = {"prompt": "Hi", "response_a": plain, "response_b": real}
    path = write_jsonl(tmp_path / "p.jsonl", [row])
    [case] = io.load_pairs(path, needs=CONVERSATIONS).cases
    assert case.responses[0].text == case.responses[1].text
    assert not case.identical
    assert case.originals == (0, 1)
    assert case.full_conversation(1)[-1] == Message("user", "y")


def test_judges_of_answers_and_of_conversations_are_not_mixed(
    files: Path, cli: Cli, server: JudgeServer
) -> None:
    jury = "./pair.md@openai/m,pairwise@openai/m"
    ran = cli("compare", "a.jsonl", "b.jsonl", "--judge", jury, "--base-url", server.base_url)
    assert "'./pair.md' judges whole conversations and 'pairwise' answers; run each by" in ran.error


def test_what_is_too_long_says_where_it_stands(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    rows = [{"id": str(n), "messages": chat("LONG" if n == 1 else "Seat 12.")} for n in range(3)]
    write_jsonl(files / "a.jsonl", rows)
    refusal = {"error": {"message": "too many tokens", "code": "context_length_exceeded"}}
    server.instead = lambda body: (
        (400, refusal) if "LONG" in body["messages"][-1]["content"] else None
    )
    ran = cli("score", "a.jsonl", "--judge", "./single.md", *asked, "--out", "run")
    assert ran.code == 0, ran.error
    judgements = read_jsonl(files / "run/judgements.jsonl")
    assert [row["status"] for row in judgements] == ["valid", "too_long", "valid"]
    assert judgements[1]["error"].startswith("a.jsonl, line 2: ")


def test_labelled_sets_of_conversations(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    row = {
        "prompt": OPENING,
        "response_a": chat("Seat 12.")[2:],
        "response_b": chat("No idea.")[2:5],
        "label": "A",
    }
    write_jsonl(files / "set.jsonl", [row])
    ran = cli("bench", "set.jsonl", "--judge", "./pair.md", *asked, "--out", "bench")
    assert ran.code == 0, ran.error
    assert all("calls tools" in body["messages"][-1]["content"] for body in server.requests)
    assert len(server.requests) == 2


def test_variables_of_answers_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "judge.md"
    path.write_text(SINGLE + "{{ answer }}", encoding="utf-8")
    with pytest.raises(InputError, match=r'unknown variable .answer. where shows = "conversation"'):
        Prompts([]).load(str(path))
    path.write_text(SINGLE.replace("{{ conversation }}", ""), encoding="utf-8")
    with pytest.raises(InputError, match="the prompt does not show conversation; add it"):
        Prompts([]).load(str(path))
    path.write_text(SINGLE.replace('reads = "score"', "conversation = true"), encoding="utf-8")
    with pytest.raises(InputError, match="no key of a head is called 'conversation'"):
        Prompts([]).load(str(path))
