"""The files of pairs as `datasets` loads them for TRL: columns of one type, every text whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from judgekit.pairs import PreferencePair, write_pairs
from judgekit.pairs.export import Format
from judgekit.types import Message

if TYPE_CHECKING:
    from datasets import Dataset

PAIR = PreferencePair(
    prompt=(Message("user", "The capital of France?"),),
    chosen="Paris.",
    rejected="Rome.",
    chosen_model="north",
    rejected_model="south",
    margin=1.0,
    case="c1",
    cluster="france",
    judgements=("j1", "j2"),
    judge="pairwise",
)
FLAT = {
    "margin": "float64",
    "judge": "string",
    "model": "string",
    "chosen_model": "string",
    "rejected_model": "string",
    "case": "string",
    "cluster": "string",
    "run": "string",
    "category": "string",
}
WILD = [
    "raw\u2028line\u2029separators\x85and\x0bothers",
    '👩‍👩‍👧 é e\u0301 漢字 \u202e\u0000 \x1b[31m "quoted" \\',
    "x" * 100_000,
    "many\n" * 20_000,
    "2024-01-01",
    "12",
    "null",
]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Writes pairs and loads them as a user of TRL does, but in a folder of the test's own."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()

    def written_and_loaded(
        pairs: list[PreferencePair], form: Format = "conversational", **settings: Any
    ) -> Dataset:
        path = tmp_path / "pairs.jsonl"
        write_pairs(pairs, path, form, force=True)
        cache = str(tmp_path / "cache")
        return datasets.load_dataset(
            "json", data_files=str(path), split="train", cache_dir=cache, **settings
        )

    yield written_and_loaded
    datasets.enable_progress_bars()


def wild_pairs() -> list[PreferencePair]:
    return [
        replace(
            PAIR,
            prompt=(Message("user", text),),
            chosen=f"{text}1",
            rejected=text,
            category=None if i % 2 else "facts",
            margin=float(i),
            judgements=tuple(f"j{n}" for n in range(i)),
        )
        for i, text in enumerate(WILD)
    ]


def test_standard(load: Any) -> None:
    data = load(wild_pairs(), "standard")
    assert {name: data.features[name].dtype for name in FLAT} == FLAT
    assert data.features["judgements"].feature.dtype == "string"
    for name in ("prompt", "chosen", "rejected"):
        assert data.features[name].dtype == "string"
    assert list(data["prompt"]) == WILD
    assert list(data["chosen"]) == [f"{text}1" for text in WILD]
    assert list(data["rejected"]) == WILD
    assert list(data["margin"]) == [float(i) for i in range(len(WILD))]


def test_conversational(load: Any) -> None:
    pairs = wild_pairs()
    chat = (
        Message("system", "s"),
        Message("user", "u"),
        Message("assistant", "a"),
        Message("user", "v"),
    )
    data = load([*pairs, replace(PAIR, prompt=chat)])
    assert {name: data.features[name].dtype for name in FLAT} == FLAT
    for name in ("prompt", "chosen", "rejected"):
        message = data.features[name].feature
        assert {key: value.dtype for key, value in message.items()} == {
            "role": "string",
            "content": "string",
        }
    assert [row[0]["content"] for row in data["prompt"]][:-1] == WILD
    assert data[-1]["prompt"] == [{"role": m.role, "content": m.content} for m in chat]
    assert data[0]["chosen"] == [{"role": "assistant", "content": f"{WILD[0]}1"}]


def called(arguments: Any) -> PreferencePair:
    calls = json.dumps([{"type": "function", "function": {"name": "f", "arguments": arguments}}])
    prompt = (
        Message("user", "u"),
        Message("assistant", "", calls),
        Message("tool", "r"),
    )
    return replace(PAIR, prompt=prompt)


@pytest.mark.parametrize(
    "arguments",
    [[{"city": "Rome"}, {"n": 1}, {"n": "1"}], ['{"city": "Rome"}', "{}"], [{"a": {"b": []}}]],
    ids=["objects of different shapes", "texts", "nested"],
)
def test_tool_calls_wherever_they_stand(load: Any, arguments: list[Any]) -> None:
    # Types are taken from the first chunk of the file; the calls stand far behind it.
    plain = [replace(PAIR, case=f"p{i}") for i in range(200)]
    data = load([*plain, *(called(a) for a in arguments)], chunksize=4096)
    assert len(data) == 200 + len(arguments)
    found = [row["prompt"][1]["tool_calls"] for row in data if len(row["prompt"]) == 3]
    assert [calls[0]["function"]["arguments"] for calls in found] == arguments
    rest = [row for row in data if len(row["prompt"]) == 1]
    assert [row["case"] for row in rest] == [f"p{i}" for i in range(200)]
    assert not any(row["prompt"][0].get("tool_calls") for row in rest)


def test_a_call_of_the_older_form_becomes_a_list_of_one(tmp_path: Path) -> None:
    call = {"name": "f", "arguments": "{}"}
    prompt = (
        Message("user", "u"),
        Message("assistant", "", json.dumps(call)),
        Message("tool", "r"),
    )
    write_pairs([replace(PAIR, prompt=prompt)], tmp_path / "p.jsonl")
    row = json.loads((tmp_path / "p.jsonl").read_text("utf-8"))
    assert row["prompt"][1]["tool_calls"] == [{"type": "function", "function": call}]


def test_real_answers(load: Any, shared: Path) -> None:
    """Texts and histories of real preference data survive the way through both files."""
    lines = (shared / "data/dpo/test.jsonl").read_bytes().splitlines()
    rows = [json.loads(line) for line in lines]
    pairs = [
        replace(
            PAIR,
            prompt=tuple(Message(m["role"], m["content"]) for m in row["prompt"]),
            chosen=row["chosen"][0]["content"],
            rejected=row["rejected"][0]["content"],
            case=str(row["id"]),
        )
        for row in rows
    ]
    data = load(pairs)
    for name in ("prompt", "chosen", "rejected"):
        assert list(data[name]) == [row[name] for row in rows]
    single = [pair for pair in pairs if [m.role for m in pair.prompt] == ["user"]]
    assert list(load(single, "standard")["prompt"]) == [pair.prompt[0].content for pair in single]
