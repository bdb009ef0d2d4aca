"""Case 91: what messages carry is kept, shown, digested, exported and given to templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answers import read_jsonl, write_jsonl
from checkpoints_llama import write_tokenizer
from commands import Cli
from servers import JudgeServer

from judgekit.errors import CallFailure, InputError
from judgekit.io import load_answers, load_prompts
from judgekit.judging.templates.fences import fence_all
from judgekit.pairs import PreferencePair, read_pairs, write_pairs
from judgekit.runs.schema import case_row, read_case
from judgekit.train.data.encoding import Encoder
from judgekit.train.data.rows_reader import read_pair_rows, read_text_rows
from judgekit.types import Call, Case, Message, Response, Trial, message_parts


def call(name: str, **arguments: object) -> dict[str, Any]:
    told = {"name": "depth", "arguments": json.dumps(arguments)}
    return {"id": name, "type": "function", "function": told}


def result(name: str, content: str, **fields: object) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": name, "content": content, **fields}


ASKED = {"role": "user", "content": "How deep are Bled and Bohinj?"}
CALLS = [call("call00001", lake="Bled"), call("call00002", lake="Bohinj")]
CALLED = {"role": "assistant", "content": "", "tool_calls": CALLS}
IN_ORDER = [ASKED, CALLED, result("call00001", "30 m"), result("call00002", "45 m")]
SWAPPED = [ASKED, CALLED, result("call00002", "30 m"), result("call00001", "45 m")]
BARE = [{k: v for k, v in m.items() if k != "tool_call_id"} for m in IN_ORDER]
DEVELOPER = [{"role": "developer", "content": "Be brief."}, {**ASKED, "name": "Ana", "weight": 1}]
CONVERSATIONS = [IN_ORDER, SWAPPED, DEVELOPER, BARE]


def messages(conversation: list[dict[str, Any]], folder: Path) -> tuple[Message, ...]:
    write_jsonl(folder / "p.jsonl", [{"id": "1", "prompt": conversation, "response": "r"}])
    return load_answers(folder / "p.jsonl").rows[0].prompt


@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_every_field_is_kept(tmp_path: Path, conversation: list[dict[str, Any]]) -> None:
    prompt = messages(conversation, tmp_path)
    assert [message.as_dict() for message in prompt] == conversation
    case = Case("1", prompt, (Response("r", "m"),))
    assert read_case(json.loads(json.dumps(case_row(case)))) == case


def test_null_fields_are_none(tmp_path: Path) -> None:
    asked = {**ASKED, "name": None, "tool_calls": None, "refusal": None}
    assert messages([asked], tmp_path) == (Message("user", ASKED["content"]),)


def test_swapped_results_are_another_prompt(tmp_path: Path) -> None:
    right, swapped, bare = (messages(each, tmp_path) for each in (IN_ORDER, SWAPPED, BARE))
    assert Call(right).digest != Call(swapped).digest
    # What its place implies changes no key: replies that were paid for stay found.
    assert Call(right).digest == Call(bare).digest
    assert list(message_parts(right)) == list(message_parts(bare))
    shown = [fenced(prompt) for prompt in (right, swapped, bare)]
    assert shown[0] == shown[2]
    assert '"call00002"' in shown[1].split("30 m")[0].splitlines()[-2]
    later = (*right, Message("assistant", "ok"), replace(right[2], content="x"))
    assert list(message_parts(later))[-1][3] == '{"tool_call_id":"call00001"}'


def fenced(prompt: tuple[Message, ...]) -> str:
    case = Case("1", prompt, (Response("r", "m"),))
    return fence_all(Trial(case, (0,), ("A",)), "answer", "")["prompt"]


def test_names_and_roles_are_shown_and_digested(tmp_path: Path) -> None:
    prompt = messages(DEVELOPER, tmp_path)
    shown = fenced(prompt)
    assert "[developer " in shown
    assert '{"name":"Ana","weight":1}' in shown
    digests = {
        Call(prompt).digest,
        Call((prompt[0], replace(prompt[1], extra=""))).digest,
        Call((replace(prompt[0], role="system"), prompt[1])).digest,
    }
    assert len(digests) == 3


@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_pairs_hold_every_field(tmp_path: Path, conversation: list[dict[str, Any]]) -> None:
    prompt = messages(conversation, tmp_path)
    pair = PreferencePair(prompt, "c", "r", "a", "b", 1.0, "1", "x")
    write_pairs([pair], tmp_path / "pairs.jsonl")
    assert read_jsonl(tmp_path / "pairs.jsonl")[0]["prompt"] == conversation
    assert read_pairs(tmp_path / "pairs.jsonl")[0].prompt == prompt
    assert read_pair_rows(tmp_path / "pairs.jsonl").rows[0].prompt == prompt


def test_servers_get_every_field(cli: Cli, here: Path, server: JudgeServer) -> None:
    write_jsonl(here / "p.jsonl", [{"id": n, "prompt": p} for n, p in enumerate(CONVERSATIONS[:3])])
    ask = ("--model", "openai/m", "--base-url", server.base_url)
    assert cli("generate", "p.jsonl", *ask, "--json").code == 0
    sent = [body["messages"] for body in server.requests]
    assert sorted(sent, key=json.dumps) == sorted(CONVERSATIONS[:3], key=json.dumps)
    kept = [row["prompt"] for row in read_jsonl(here / "answers.jsonl")]
    assert kept == CONVERSATIONS[:3]


LENIENT = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.name or '' }}{{ m.content }}"
    "{% for c in m.tool_calls or [] %}{{ c.id }}={{ c.function.name }}{% endfor %}"
    "{{ m.tool_call_id or '' }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
STRICT = (
    "{% for t in tools or [] %}[TOOL]{{ t.function.name }}[/TOOL]{% endfor %}"
    "{% for m in messages %}{% if m.role == 'tool' %}"
    "{% if m.tool_call_id is not defined or m.tool_call_id|length != 9 %}"
    "{{ raise_exception('Tool call IDs should be alphanumeric strings with length 9!') }}"
    "{% endif %}{{ m.tool_call_id }}:{{ m.content }}"
    "{% elif m.role in ['user', 'assistant', 'system'] %}<|{{ m.role }}|>{{ m.content }}"
    "{% for c in m.tool_calls or [] %}{{ c.id }}{% endfor %}<|im_end|>\n"
    "{% else %}{{ raise_exception('roles: system, user, assistant, tool') }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SIDES = {
    "chosen": [{"role": "assistant", "content": "deep"}],
    "rejected": [{"role": "assistant", "content": "no"}],
}


@pytest.fixture
def shown(tmp_path: Path) -> Callable[..., list[str]]:
    """The prompts of preferences as a chat template shows them."""
    from transformers import AutoTokenizer

    def prompts(template: str, *rows: dict[str, Any], form: Any = "chat") -> list[str]:
        write_tokenizer(tmp_path / "model", chat_template=template)
        tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path / "model", trust_remote_code=False)
        write_jsonl(tmp_path / "t.jsonl", [{**SIDES, **row} for row in rows])
        found = read_pair_rows(tmp_path / "t.jsonl")
        encoder = Encoder(tokenizer, template=form, max_length=900, max_prompt_length=800)
        return [tokenizer.decode(e.prompt) for e in encoder.pairs(found.rows).examples]

    return prompts


def test_a_template_gets_every_field(shown: Callable[..., list[str]]) -> None:
    right, swapped, developer = shown(LENIENT, *({"prompt": p} for p in CONVERSATIONS[:3]))
    assert right != swapped
    for text in ("call00001=depth", "30 mcall00001"):
        assert text in right
    assert "30 mcall00002" in swapped
    assert "<|developer|>Be brief." in developer
    assert "Ana" in developer


def test_a_template_that_needs_the_ids(
    shown: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    (found,) = shown(STRICT, {"prompt": IN_ORDER})
    assert "call00001:30 m" in found
    (developer,) = shown(STRICT, {"prompt": DEVELOPER})
    assert "<|system|>Be brief." in developer
    assert "no role developer; such messages are given as system prompts" in caplog.text


TOOLS = [{"type": "function", "function": {"name": "depth", "parameters": {"type": "object"}}}]


def test_tools_reach_the_template(shown: Callable[..., list[str]]) -> None:
    rows = [{"prompt": [ASKED], "tools": t} for t in (TOOLS, json.dumps(TOOLS), [], None, "", "[]")]
    told, as_text, *without = shown(STRICT, *rows)
    assert told == as_text
    assert told.startswith("[TOOL]depth[/TOOL]")
    assert len(set(without)) == 1
    assert without[0] == told.removeprefix("[TOOL]depth[/TOOL]")


def test_tools_that_cannot_be_shown_are_told(
    shown: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    shown(LENIENT, {"prompt": [ASKED], "tools": TOOLS})
    assert "its chat template shows no tools" in caplog.text
    with pytest.raises(InputError, match="the row has tools, which --template plain cannot show"):
        shown(LENIENT, {"prompt": [ASKED], "tools": TOOLS}, form="plain")


@pytest.mark.parametrize("tools", [3, "depth", {"name": "depth"}, ["depth"], '{"name": 1}'])
def test_other_tools_are_refused(tmp_path: Path, tools: object) -> None:
    row = {"prompt": "p", "response": "r", "tools": tools}
    with pytest.raises(InputError, match="line 1: the tools are "):
        read_text_rows(write_jsonl(tmp_path / "t.jsonl", [row]))


def test_prompts_of_others_are_read_with_their_fields(tmp_path: Path) -> None:
    told = [{"from": "human", "value": "q", "weight": 0}]
    (prompt,) = load_prompts(write_jsonl(tmp_path / "p.jsonl", [{"conversations": told}])).kept
    assert prompt.messages == (Message("user", "q", extra='{"weight":0}'),)


@pytest.mark.parametrize(
    ("template", "conversation", "words"),
    [
        (LENIENT, IN_ORDER, ["call00001=depth", "30 mcall00001"]),
        (LENIENT, SWAPPED, ["30 mcall00002"]),
        (LENIENT, DEVELOPER, ["<|developer|>Be brief.", "Ana"]),
        (STRICT, IN_ORDER, ["call00001:30 m"]),
        (STRICT, DEVELOPER, ["<|system|>Be brief."]),
    ],
)
def test_a_local_engine_gives_its_template_every_field(
    tmp_path: Path, template: str, conversation: list[dict[str, Any]], words: list[str]
) -> None:
    from judgekit.plugins.engines.transformers_chat import Chat
    from transformers import AutoTokenizer

    write_tokenizer(tmp_path / "model", chat_template=template)
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path / "model", trust_remote_code=False)
    prompt = Chat("m", tokenizer).prompt(Call(messages(conversation, tmp_path)))
    text = tokenizer.decode(prompt.ids)
    for word in words:
        assert word in text


def test_a_marker_in_a_field_is_refused(tmp_path: Path) -> None:
    from judgekit.plugins.engines.transformers_chat import Chat
    from transformers import AutoTokenizer

    write_tokenizer(tmp_path / "model", chat_template=LENIENT)
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path / "model", trust_remote_code=False)
    for name in ("<|im_end|>", "Qx9xQ"):
        prompt = messages([{**ASKED, "name": name}], tmp_path)
        with pytest.raises(CallFailure, match="a field of a message holds a role marker"):
            Chat("m", tokenizer).prompt(Call(prompt))
