"""Recordings found by who asks: real ones, and every way in which a file can be wrong."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from judgekit.plugins.engines.replay import Replay, engine

from judgekit.errors import CallFailure, InputError
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Case, Message, Reply, Response, Trial


def ask(replay: Replay, case: str, order: tuple[int, ...], repeat: int = 0) -> Reply | CallFailure:
    prompt = (Message("user", "q"),)
    responses = tuple(Response(f"answer {i}", f"model {i}") for i in range(max(order) + 1))
    names = ("A", "B", "C")[: len(order)]
    trial = Trial(Case(case, prompt, responses), order, names, repeat)
    (answer,) = asyncio.run(replay.answer((Call(prompt, trial=trial),)))
    asyncio.run(replay.aclose())
    return answer


def recording(path: Path, *rows: Any) -> Replay:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return engine(EngineSetup(str(path)))


def row(case: Any = "c", order: str | None = "AB", completion: Any = "x", **more: Any) -> Any:
    named = {} if order is None else {"order": order}
    return {"pair_id": case, **named, "completion": completion, **more}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorded.jsonl"


def test_every_line_of_a_real_recording_of_two_judges(shared: Path) -> None:
    path = shared / "data" / "judgements" / "mtbench_phi3_gpt-4.jsonl.gz"
    replay = engine(EngineSetup(str(path)))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == 150
    for line in rows:
        order = (0, 1) if line["order"] == "AB" else (1, 0)
        assert ask(replay, line["pair_id"], order) == Reply(line["completion"])


def test_one_judge_of_many_and_only_its_verdicts(shared: Path) -> None:
    path = shared / "data" / "judgements" / "llmbar_GPT-4.jsonl.gz"
    with pytest.raises(InputError, match=r"judged by .* too; name one judge: replay/.*#GPT-4/"):
        engine(EngineSetup(str(path)))
    replay = engine(EngineSetup(f"{path}#GPT-4/Swap"))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line for line in map(json.loads, lines) if line["judge"] == "GPT-4/Swap"]
    assert any(not line["final"] for line in rows)
    for line in rows:
        if line["final"]:
            order = (0, 1) if line["order"] == "AB" else (1, 0)
            reply = ask(replay, line["pair_id"], order)
            assert isinstance(reply, Reply)
            assert reply.text == line["completion"]


def test_a_recorded_content_filter(shared: Path) -> None:
    path = shared / "data" / "judgements" / "llmbar_GPT-4.jsonl.gz"
    replay = engine(EngineSetup(f"{path}#GPT-4/Vanilla_1shot"))
    assert ask(replay, "llmbar-manual-010", (0, 1)) == Reply("", "content_filter")


def test_real_single_answers(shared: Path) -> None:
    folder = shared / "data" / "single"
    one = engine(EngineSetup(str(folder / "mtbench_phi-3-dpo.jsonl.gz")))
    assert isinstance(ask(one, "81-t1", (0,)), Reply)
    assert isinstance(ask(one, "81-t1", (1,)), CallFailure)
    three = engine(EngineSetup(str(folder / "prometheus_vicuna_eval.jsonl.gz")))
    replies = [ask(three, "vicuna_eval-000", (0,), repeat) for repeat in range(4)]
    assert [isinstance(reply, Reply) for reply in replies] == [True, True, True, False]


def test_orders_and_repeats(path: Path) -> None:
    replay = recording(
        path,
        row("1", "AB", "ab 0"),
        row("1", "BA", "ba 0"),
        row("1", "AB", "ab 1"),
        row("1", "A", "a"),
        row("1", "B", "b"),
        row("1", "CAB", "cab"),
        row(2, None, "alone", finish_reason="length"),
        row("3", "AB", "late", repeat=1),
        row("3", "AB", "early", repeat=0),
        {"id": "4", "order": "AB", "feedbacks": ["p", "q"], "final": True},
        row("1", "AB", "on the way", final=False),
        row("5", "AB", "<think>hm</think>[[A]]"),
        row("5", "BA", "half \ud83d"),
    )
    expected = {
        ("1", (0, 1), 0): Reply("ab 0"),
        ("1", (1, 0), 0): Reply("ba 0"),
        ("1", (0, 1), 1): Reply("ab 1"),
        ("1", (0,), 0): Reply("a"),
        ("1", (1,), 0): Reply("b"),
        ("1", (2, 0, 1), 0): Reply("cab"),
        ("2", (0,), 0): Reply("alone", "length"),
        ("3", (0, 1), 0): Reply("early"),
        ("3", (0, 1), 1): Reply("late"),
        ("4", (0, 1), 0): Reply("p"),
        ("4", (0, 1), 1): Reply("q"),
        ("5", (0, 1), 0): Reply("[[A]]", thinking="hm"),
        ("5", (1, 0), 0): Reply("half \ufffd"),
    }
    assert {key: ask(replay, *key) for key in expected} == expected
    assert (replay.window, replay.stored) == (1, False)


@pytest.mark.parametrize(
    ("case", "order", "repeat", "name", "says"),
    [
        ("c", (1, 0), 0, "no recording", "holds no case 'c' in order 'BA'"),
        ("d", (0, 1), 0, "no recording", "holds no case 'd' in order 'AB'"),
        ("c", (0, 1), 1, "no recording", "holds no repeat 1 of case 'c' in order 'AB'"),
        ("n", (0, 1), 0, "empty recording", "recorded.jsonl:2"),
        ("l", (0, 1), 0, "empty recording", "recorded.jsonl:3"),
    ],
)
def test_what_is_missing_is_named(
    path: Path, case: str, order: tuple[int, ...], repeat: int, name: str, says: str
) -> None:
    replay = recording(
        path, row(), row("n", completion=None), row("l", completion=None, finish_reason="length")
    )
    failed = ask(replay, case, order, repeat)
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable) == (name, False)
    assert says in str(failed)


def test_a_withheld_completion_is_a_reply(path: Path) -> None:
    withheld = row(completion=None, finish_reason="content_filter")
    assert ask(recording(path, withheld), "c", (0, 1)) == Reply("", "content_filter")


def test_a_call_of_no_trial(path: Path) -> None:
    (failed,) = asyncio.run(recording(path, row()).answer((Call((Message("user", "q"),)),)))
    assert isinstance(failed, CallFailure)
    assert failed.name == "no recording"


def test_the_fingerprint_is_of_the_content(path: Path) -> None:
    plain = recording(path, row(judge="j"))
    packed = path.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    assert engine(EngineSetup(str(packed))).fingerprint == plain.fingerprint
    assert engine(EngineSetup(f"{path}#j")).fingerprint != plain.fingerprint
    assert recording(path, row(completion="y")).fingerprint != plain.fingerprint


def test_several_judges(tmp_path: Path, path: Path) -> None:
    rows = [row(judge="j/1"), row(completion="y", judge="j#2"), row("d", judge="j/1")]
    with pytest.raises(InputError, match=r"recorded.jsonl:2: case 'c' .*'j/1', 'j#2'"):
        recording(path, *rows)
    assert ask(engine(EngineSetup(f"{path}#j/1")), "c", (0, 1)) == Reply("x")
    with pytest.raises(InputError, match=r"holds no judge 'k'; it holds: 'j/1'"):
        engine(EngineSetup(f"{path}#k"))
    assert ask(recording(tmp_path / "odd#name.jsonl", row()), "c", (0, 1)) == Reply("x")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (b"", "holds no completion"),
        (b'\n{"pair_id": "c", "final": false}\n', "holds no completion"),
        (b'\n{"pair_id": "c"', "recorded.jsonl:2: not JSON"),
        (b"[1]", "recorded.jsonl:1: not an object"),
        (b'{"completion": "x"}', "recorded.jsonl:1: no 'pair_id'"),
        (b'{"id": null, "completion": "x"}', "no 'pair_id'"),
        (b'{"id": "c"}', "no 'completion'"),
        (b'{"id": "c", "completion": 5}', "completion 5 is not a text"),
        (b'{"id": "c", "feedbacks": "x"}', "no 'completion'"),
        (b'{"id": "c", "completion": "x", "order": "BC"}', "order 'BC'"),
        (b'{"id": "c", "completion": "x", "order": "ab"}', "order 'ab'"),
        (b'{"id": "c", "completion": "x", "order": 1}', "order 1"),
        (b'{"id": "c", "completion": "x", "repeat": -1}', "repeat -1"),
        (b'{"id": "c", "completion": "x", "repeat": 0}\n' * 2, ":2: .* repeat 0 on line 1"),
    ],
)
def test_a_wrong_file_is_refused_by_line(path: Path, lines: bytes, says: str) -> None:
    path.write_bytes(lines)
    with pytest.raises(InputError, match=says) as refused:
        engine(EngineSetup(str(path)))
    assert "\n" not in str(refused.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no recording at .*absent.jsonl"):
        engine(EngineSetup(str(tmp_path / "absent.jsonl")))
    with pytest.raises(InputError, match="cannot be read"):
        engine(EngineSetup(str(tmp_path)))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(json.dumps(row()).encode())[:-9])
    with pytest.raises(InputError, match="cannot be read"):
        engine(EngineSetup(str(cut)))
    cut.write_bytes(b"plain text")
    with pytest.raises(InputError, match="cannot be read after line 0"):
        engine(EngineSetup(str(cut)))


def test_a_byte_order_mark_and_line_separators(path: Path) -> None:
    text = json.dumps(row(completion="a\u2028b"), ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    assert ask(engine(EngineSetup(str(path))), "c", (0, 1)) == Reply("a\u2028b")
