"""Files of other tools: ShareGPT, lm-eval's samples, the batches of providers, paths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl
from commands import Cli
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.io import join, load_answers, load_candidates, load_pairs, load_prompts
from judgekit.io.names import MISSING, at
from judgekit.train.data.rows_reader import read_pair_rows, read_text_rows
from judgekit.types import Message

HUMAN, GPT = {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}


@pytest.mark.parametrize("column", ["conversations", "conversation", "messages", "Conversations"])
def test_sharegpt(tmp_path: Path, column: str) -> None:
    before = [{"from": "system", "value": "s"}, HUMAN, GPT, HUMAN]
    row = {"id": "x", column: [*before, {"from": "gpt", "value": "last"}], "tools": ""}
    path = write_jsonl(tmp_path / "a.jsonl", [row])
    (answer,) = load_answers(path).rows
    assert [message.role for message in answer.prompt] == ["system", "user", "assistant", "user"]
    assert answer.responses == ("last",)
    (taught,) = read_text_rows(path).rows
    assert (taught.prompt, taught.answer) == (answer.prompt, "last")


def test_sharegpt_with_functions(tmp_path: Path) -> None:
    call = {"name": "f", "arguments": {"x": 1}}
    told = [
        HUMAN,
        {"from": "function_call", "value": json.dumps(call)},
        {"from": "observation", "value": "42"},
        GPT,
    ]
    path = write_jsonl(tmp_path / "a.jsonl", [{"conversations": told}])
    (answer,) = load_answers(path).rows
    assert [message.role for message in answer.prompt] == ["user", "assistant", "tool"]
    assert json.loads(answer.prompt[1].tool_calls) == call
    told[1] = {"from": "function_call", "value": "f(1)"}
    with pytest.raises(InputError, match="the function call of message 2 is not JSON"):
        load_answers(write_jsonl(path, [{"conversations": told}]))


def test_a_prompt_beside_a_conversation_is_meant(tmp_path: Path) -> None:
    row = {"prompt": "p", "response": "r", "conversations": [HUMAN, GPT]}
    (answer,) = load_answers(write_jsonl(tmp_path / "a.jsonl", [row])).rows
    assert (answer.prompt, answer.responses) == ((Message("user", "p"),), ("r",))


def sample(number: int, *texts: str, **columns: Any) -> dict[str, Any]:
    """A row of `lm_eval --log_samples`."""
    return {
        "doc_id": number,
        "doc": {"question": f"q{number}", "answer": "7"},
        "target": "7",
        "arguments": {"gen_args_0": {"arg_0": f"Q: q{number}\nA:", "arg_1": {"until": ["\n"]}}},
        "resps": [list(texts)],
        "filtered_resps": list(texts),
        "filter": "strict-match",
        "exact_match": 1.0,
    } | columns


def test_samples_of_lm_eval(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "samples.jsonl", [sample(0, "a"), sample(1, "b")])
    found = load_answers(path)
    assert [(row.id, row.prompt[0].content, row.responses) for row in found.rows] == [
        ("0", "q0", ("a",)),
        ("1", "q1", ("b",)),
    ]
    assert found.rows[0].references == ("7",)
    twice = [sample(0, "a"), sample(0, "a", filter="flexible-extract")]
    assert load_answers(write_jsonl(path, twice)).counts.duplicates == 1


def test_other_parts_of_samples_by_their_paths(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "samples.jsonl", [sample(0, "a", "b")])
    with pytest.raises(InputError, match=r"the response is \['a', 'b'\], not text"):
        load_answers(path)
    columns = {
        "response": "resps.0.-1",
        "prompt": "arguments.gen_args_0.arg_0",
        "reference": "doc.answer",
    }
    (answer,) = load_answers(path, columns=columns).rows
    assert (answer.prompt[0].content, answer.responses) == ("Q: q0\nA:", ("b",))
    bare = sample(0, "a", doc={"context": "c"}, arguments=[["Q: q0", {}]])
    (answer,) = load_answers(write_jsonl(path, [bare])).rows
    assert answer.prompt[0].content == "Q: q0"
    chosen = sample(0) | {"resps": [[["-1.5", "False"]], [["-0.5", "True"]]]}
    with pytest.raises(InputError, match="the response is"):
        load_answers(write_jsonl(path, [chosen]))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("a", 1),
        ("b.c", [{"d": "x"}, {"d": "y"}]),
        ("b.c.0.d", "x"),
        ("b.c.-1.d", "y"),
        ("e.f", "the column itself"),
        ("b.x", MISSING),
        ("b.c.2.d", MISSING),
        ("b.c.d", MISSING),
        ("a.b", MISSING),
        ("", MISSING),
    ],
)
def test_paths(column: str, value: object) -> None:
    data = {"a": 1, "b": {"c": [{"d": "x"}, {"d": "y"}]}, "e": {"f": 0}, "e.f": "the column itself"}
    assert at(data, column) == value


def test_a_path_that_no_row_has(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"doc": {"question": "q"}, "response": "r"}])
    assert load_prompts(path, columns={"prompt": "doc.question"}).kept[0].given == "q"
    with pytest.raises(InputError, match=r"no row has the column 'doc\.x' \(--columns\); the col"):
        load_prompts(path, columns={"prompt": "doc.x"})


def chat(name: str, text: object, **choice: Any) -> dict[str, Any]:
    """A line of an OpenAI batch's output."""
    message = {"role": "assistant", "content": text, "refusal": None} | choice.pop("message", {})
    choices = [{"index": 0, "message": message, "finish_reason": "stop"} | choice]
    body = {"id": "chatcmpl-1", "model": "gpt-4o-mini", "choices": choices}
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": f"batch_{name}", "custom_id": name, "response": response, "error": None}


def request(name: str, text: str) -> dict[str, Any]:
    """A line of an OpenAI batch's input."""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}


RESPONSES = {
    "custom_id": "r3",
    "error": None,
    "response": {
        "status_code": 200,
        "body": {
            "model": "gpt-5",
            "output": [
                {"type": "reasoning", "summary": []},
                {"type": "message", "content": [{"type": "output_text", "text": "a3"}]},
            ],
        },
    },
}
ANTHROPIC = {
    "custom_id": "r4",
    "result": {
        "type": "succeeded",
        "message": {
            "model": "claude",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a4"}],
        },
    },
}


def test_outputs_of_batches(tmp_path: Path) -> None:
    questions = [request(f"r{n}", f"q{n}") for n in range(1, 4)]
    system = {"custom_id": "r4", "params": {"model": "claude", "system": "s", "messages": [
        {"role": "user", "content": "q4"}]}}  # fmt: skip
    prompts = write_jsonl(tmp_path / "input.jsonl", [*questions, system])
    plain = chat("r2", None)
    plain["response"]["body"]["choices"] = [{"index": 0, "text": "a2", "finish_reason": "stop"}]
    path = write_jsonl(tmp_path / "out.jsonl", [chat("r1", "a1"), plain, RESPONSES, ANTHROPIC])
    found = load_answers(path, prompts=prompts)
    assert [(row.id, row.responses[0], row.model) for row in found.rows] == [
        ("r1", "a1", "gpt-4o-mini"),
        ("r2", "a2", "gpt-4o-mini"),
        ("r3", "a3", "gpt-5"),
        ("r4", "a4", "claude"),
    ]
    assert [row.prompt[-1].content for row in found.rows] == ["q1", "q2", "q3", "q4"]
    assert found.rows[3].prompt[0] == Message("system", "s")
    assert [prompt.id for prompt in load_prompts(prompts).kept] == ["r1", "r2", "r3", "r4"]


FAILED = {"code": "rate_limit_exceeded", "message": "too many\nrequests"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"custom_id": "r2", "response": None, "error": FAILED}, "rate_limit_exceeded: too many r"),
        ({"custom_id": "r2", "response": None, "error": None}, "null"),
        ({"custom_id": "r2", "error": "batch_expired"}, "batch_expired"),
        (
            {
                "custom_id": "r2",
                "error": None,
                "response": {"status_code": 400, "body": {"error": {"message": "bad"}}},
            },
            "bad",
        ),
        (
            {"custom_id": "r2", "error": None, "response": {"status_code": 500, "body": {}}},
            "status 500",
        ),
        (chat("r2", None), "the answer is null, not text"),
        (chat("r2", "half", finish_reason="content_filter"), "withheld by the content filter"),
        (chat("r2", None, message={"refusal": "I cannot"}), "I cannot"),
        (chat("r2", None, message={"tool_calls": [{}]}), "the answer calls tools"),
        ({"custom_id": "r2", "result": {"type": "expired"}}, "expired"),
        (
            {
                "custom_id": "r2",
                "result": {"type": "errored", "error": {"type": "error", "error": FAILED}},
            },
            "rate_limit_exceeded: too many requests",
        ),
    ],
)
def test_a_request_without_an_answer_is_named_and_counted(
    tmp_path: Path, line: dict[str, Any], said: str
) -> None:
    prompts = write_jsonl(tmp_path / "in.jsonl", [request(f"r{n}", f"q{n}") for n in (1, 2)])
    path = write_jsonl(tmp_path / "out.jsonl", [chat("r1", "a1"), line])
    with pytest.raises(InputError, match="line 2: no answer to the request 'r2': ") as refused:
        load_answers(path, prompts=prompts)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    found = load_answers(path, prompts=prompts, skip_bad_rows=True)
    assert (found.counts.used, found.counts.skipped) == (1, 1)
    both = write_jsonl(tmp_path / "b.jsonl", [chat("r1", "b1"), chat("r2", "b2")])
    other = load_answers(both, prompts=prompts)
    joined = join([found, other])
    assert joined.left_out == {"out.jsonl: unusable rows": 1, "b.jsonl: unusable in out.jsonl": 1}


def test_two_choices_are_refused(tmp_path: Path) -> None:
    line = chat("r1", "a")
    line["response"]["body"]["choices"] *= 2
    with pytest.raises(InputError, match="2 choices; keep one answer per row"):
        load_answers(write_jsonl(tmp_path / "out.jsonl", [line]))


def test_a_comparison_of_two_batches(cli: Cli, here: Path) -> None:
    for name in ("a", "b"):
        write_jsonl(here / f"{name}.jsonl", [chat("r1", f"{name}1")])
    write_jsonl(here / "in.jsonl", [request("r1", "q1")])
    said = cli(
        "compare", "a.jsonl", "b.jsonl", "--prompts", "in.jsonl", "--judge", "longer", "--json"
    )
    assert said.json["cases"] == 1


NAMES = (
    *("id", "prompt", "response", "response_a", "response_b", "label", "chosen", "rejected"),
    *("messages", "conversations", "doc", "resps", "custom_id", "body", "result", "error"),
    *("system", "history", "instruction", "input", "completions", "tools", "Prompt", "choices"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "from", "value", "type", "text", "turns", "body", "choices"]
            ),
            inner | st.sampled_from(["user", "assistant", "human", "gpt", "function_call", "tool"]),
            max_size=4,
        )
    ),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5), min_size=1, max_size=3)


@given(ROWS)
def test_no_rows_end_in_anything_but_entries_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    readers = (load_answers, load_candidates, load_pairs, load_prompts)
    for read in (*readers, read_pair_rows, read_text_rows):
        said = "some rows"
        try:
            read(path)
        except InputError as refused:
            said = str(refused)
        assert len(said.splitlines()) == 1
