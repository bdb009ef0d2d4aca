"""Answers as a file: what a row holds, how it is read again, when a file may be replaced."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest
from answers import kept_replies, read_jsonl, write_jsonl
from checkpoints_llama import write_adapter, write_llama
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import JudgeServer

import judgekit
from judgekit import io
from judgekit.config.settings import GenerateSettings
from judgekit.errors import InputError, JudgekitError
from judgekit.io.write_answers import check_answers_file, write_answers
from judgekit.jobs.generation import prepare_generation

CHAT = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
ECHO = """
from judgekit import hookimpl
from judgekit.types import Reply

class Echo:
    window, stored = 1, True

    def __init__(self, setup):
        self.fingerprint = setup.model

    async def answer(self, calls):
        return [Reply(f"{c.messages[-1].content} | {c.trial.repeat}") for c in calls]

    async def aclose(self):
        pass

@hookimpl
def judgekit_engines():
    return {"echo": Echo}
"""


@pytest.fixture
def echo(here: Path) -> dict[str, Any]:
    """An engine that says what it is asked."""
    (here / "echo.py").write_text(ECHO)
    return {"model": "echo/m", "plugins": "echo.py"}


def test_rows(here: Path, echo: dict[str, Any]) -> None:
    write_jsonl(
        here / "p.jsonl",
        [
            {"id": 1, "prompt": "q", "reference": "r", "category": "c", "cluster": "x"},
            {"id": 2, "prompt": ["q1", "q2"], "reference": [None, "s"], "response": ["a", "b"]},
            {"id": 3, "prompt": CHAT},
        ],
    )
    answers = judgekit.generate("p.jsonl", **echo, name="mine", out="a.jsonl")
    said = {"model": "mine", "finish": "stop"}
    assert read_jsonl(here / "a.jsonl") == answers.rows
    assert answers.rows == [
        {"id": "1", "prompt": "q", "response": "q | 0"}
        | said
        | {"reference": "r", "category": "c", "cluster": "x"},
        {"id": "2", "prompt": ["q1", "q2"], "response": ["q1 | 0", "q2 | 0"]}
        | said
        | {"reference": [None, "s"]},
        {"id": "3", "prompt": CHAT, "response": "q | 0"} | said,
    ]
    assert answers.summary["answers"] == 3
    assert answers.summary["calls"] == 4


def test_prompts_without_ids_are_named_by_their_lines(here: Path, echo: dict[str, Any]) -> None:
    (here / "p.jsonl").write_text('{"prompt": "q"}\n\n{"prompt": "q"}\n')
    rows = judgekit.generate("p.jsonl", **echo).rows
    assert [row["id"] for row in rows] == ["row-1", "row-3"]


def test_limit_and_columns(here: Path, echo: dict[str, Any]) -> None:
    write_jsonl(here / "p.jsonl", [{"key": f"k{i}", "text": f"q{i}"} for i in range(5)])
    rows = judgekit.generate(
        "p.jsonl", **echo, columns={"id": "key", "prompt": "text"}, limit=2
    ).rows
    assert [(row["id"], row["prompt"]) for row in rows] == [("k0", "q0"), ("k1", "q1")]


words = st.text(string.printable + "äß\u2028\u0085", min_size=1).filter(lambda t: t.strip())
prompt = st.one_of(
    words,
    st.lists(words, min_size=1, max_size=3),
    words.map(lambda t: [{"role": "system", "content": "s"}, {"role": "user", "content": t}]),
)


@given(st.lists(prompt, min_size=1, max_size=5), st.booleans())
@settings(max_examples=30, deadline=None)
def test_answers_join_with_other_answers_to_the_same_prompts(
    tmp_path_factory: pytest.TempPathFactory, prompts: list[Any], ids: bool
) -> None:
    here = tmp_path_factory.mktemp("join")
    (here / "echo.py").write_text(ECHO)
    rows = [{"prompt": p} | ({"id": i} if ids else {}) for i, p in enumerate(prompts)]
    asked = {"plugins": here / "echo.py", "store": here / "s.db"}
    write_jsonl(here / "p.jsonl", rows)
    for name in ("m1", "m2"):
        judgekit.generate(
            here / "p.jsonl", model=f"echo/{name}", out=here / f"{name}.jsonl", **asked
        )
    joined = io.join([io.load_answers(here / f"{name}.jsonl") for name in ("m1", "m2")])
    assert joined.models == ("m1", "m2")
    assert not joined.left_out
    turns = [len(p) if isinstance(p, list) and isinstance(p[0], str) else 1 for p in prompts]
    assert len(joined.cases) == sum(turns)
    assert all(case.identical for case in joined.cases)
    # The answers serve as prompts again, and are the same prompts.
    again = io.load_prompts(here / "m1.jsonl").kept
    assert [(p.messages, p.turns) for p in again] == [
        (p.messages, p.turns) for p in io.load_prompts(here / "p.jsonl").kept
    ]


def test_candidates_are_read_as_such(here: Path, echo: dict[str, Any]) -> None:
    write_jsonl(here / "p.jsonl", [{"prompt": "q"}, {"prompt": ["r", "s"]}])
    judgekit.generate("p.jsonl", **echo, n=3, out="a.jsonl")
    cases = io.load_candidates(Path("a.jsonl")).cases
    assert [len(case.responses) for case in cases] == [3, 3, 3]
    assert [r.text for r in cases[2].responses] == ["s | 0", "s | 1", "s | 2"]
    assert [r.earlier for r in cases[2].responses] == [("r | 0",), ("r | 1",), ("r | 2",)]


def test_the_same_prompts_are_the_same_bytes(here: Path, echo: dict[str, Any]) -> None:
    write_jsonl(here / "p.jsonl", [{"id": i, "prompt": f"q{i}"} for i in range(5)])
    judgekit.generate("p.jsonl", **echo, n=2, out="a.jsonl")
    before = (here / "a.jsonl").read_bytes()
    again = judgekit.generate("p.jsonl", **echo, n=2, out="a.jsonl")
    assert (here / "a.jsonl").read_bytes() == before
    assert (again.summary["calls_now"], again.summary["calls_from_store"]) == (0, 10)
    # More of the same goes on where the file ends, and between its rows.
    more = judgekit.generate("p.jsonl", **echo, n=3, out="a.jsonl")
    assert more.summary["calls"] == 5
    assert set(before.splitlines()) < set((here / "a.jsonl").read_bytes().splitlines())


@pytest.mark.parametrize("change", [{"seed": 1}, {"top_p": 0.5}, {"system": "s"}, {"stop": ["x"]}])
def test_another_way_of_asking_asks_anew(
    here: Path, echo: dict[str, Any], change: dict[str, Any]
) -> None:
    write_jsonl(here / "p.jsonl", [{"prompt": "q"}])
    judgekit.generate("p.jsonl", **echo)
    assert judgekit.generate("p.jsonl", **echo, **change).summary["calls"] == 1


@pytest.mark.parametrize(
    ("held", "rows", "tells"),
    [
        ([], [{"id": "1"}], None),
        ([{"id": "1", "response": "a"}], [{"id": "1", "response": "a"}], None),
        ([{"id": "1", "response": "a"}], [{"id": "0"}, {"id": "1", "response": "a"}], None),
        ([{"id": "1", "response": "a"}], [{"id": "1", "response": "b"}], "holds other answers"),
        ([{"id": "1", "response": "a"}] * 2, [{"id": "1", "response": "a"}], "other answers"),
        ([{"id": "2"}, {"id": "1"}], [{"id": "1"}, {"id": "2"}], "holds other answers"),
    ],
)
def test_a_file_is_replaced_where_nothing_is_lost(
    here: Path, held: list[Any], rows: list[Any], tells: str | None
) -> None:
    path = here / "a.jsonl"
    path.write_bytes(b"".join(json.dumps(r, separators=(",", ":")).encode() + b"\n" for r in held))
    before = path.read_bytes()
    if tells is None:
        write_answers(path, rows)
    else:
        with pytest.raises(InputError, match=tells):
            write_answers(path, rows)
        assert path.read_bytes() == before
        write_answers(path, rows, force=True)
    assert read_jsonl(path) == rows
    assert [p.name for p in here.iterdir()] == ["a.jsonl"], "nothing is left beside it"


@pytest.mark.parametrize(
    ("name", "content", "tells"),
    [
        ("a.json", None, "name the file NAME.jsonl"),
        ("folder.jsonl", "", "is a folder"),
        ("file/a.jsonl", None, "is not a folder that can be written to"),
        ("a.jsonl", '{"id": "1", "prompt": "other"}\n', "holds other answers"),
        ("a.jsonl", "not json\n", "holds other answers"),
        ("a.jsonl", "[1]\n", "holds other answers"),
        ("a.jsonl", '{"id": "1", "prompt": "q", "model": "n", "response": ""}\n', "other answers"),
        ("new/folder/a.jsonl", None, None),
        ("a.jsonl", '{"id": "1", "prompt": "q", "response": "", "model": "m"}\n', None),
    ],
)
def test_where_answers_may_go_is_known_before_anything_is_asked(
    here: Path, name: str, content: str | None, tells: str | None
) -> None:
    (here / "file").write_text("")
    (here / "folder.jsonl").mkdir()
    if content:
        (here / name).write_text(content)
    rows = [{"id": "1", "prompt": "q", "response": [], "model": "m", "finish": ""}]
    if tells is None:
        check_answers_file(Path(name), rows)
        return
    with pytest.raises(InputError, match=tells):
        check_answers_file(Path(name), rows)
    if content:
        check_answers_file(Path(name), rows, force=True)


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        ({}, "a model is needed to answer the prompts: add --model"),
        ({"model": "echo/m", "n": 0}, "n must be at least 1, not 0"),
        ({"model": "echo/m", "n": 2, "temperature": 0}, "at temperature 0 .* 2 of them would be"),
        (
            {"model": "echo/m", "system": "a", "system_file": "b"},
            "the system prompt is given twice",
        ),
        ({"model": "echo/m", "system_file": "absent"}, "cannot read 'absent'"),
        ({"model": "echo/m", "system_file": "latin.txt"}, "'latin.txt' is not UTF-8"),
        ({"model": "echo/m", "max_cost": 1}, "--max-cost needs the price of 'echo/m'"),
        ({"model": "echo/m", "judge": "pairwise"}, "no setting 'judge'"),
        ({"model": "ecko/m"}, "no engine named 'ecko'"),
        ({"model": "echo/m", "system": "s"}, "p.jsonl, line 2: the prompt has a system message"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_asked(
    here: Path, echo: dict[str, Any], said: dict[str, Any], tells: str
) -> None:
    write_jsonl(here / "p.jsonl", [{"prompt": "q"}, {"prompt": CHAT}])
    (here / "latin.txt").write_bytes(b"caf\xe9")
    with pytest.raises(JudgekitError, match=tells) as raised:
        judgekit.generate("p.jsonl", **{"plugins": echo["plugins"], **said})
    assert "\n" not in str(raised.value)
    assert not (here / ".judgekit").exists()


def test_a_prompt_that_cannot_be_written_down_is_refused(here: Path, echo: dict[str, Any]) -> None:
    table = pytest.importorskip("pyarrow", reason="Parquet needs the extra 'parquet'").Table
    from pyarrow import parquet

    parts = [{"type": "text", "text": "q", "n": b"bytes"}]
    rows = [{"prompt": [{"role": "user", "content": parts}]}]
    parquet.write_table(table.from_pylist(rows), here / "p.jsonl")
    with pytest.raises(InputError, match="row 1: the prompt cannot be written down"):
        judgekit.generate("p.jsonl", **echo)


def test_the_prompts_are_never_replaced(here: Path, echo: dict[str, Any]) -> None:
    write_jsonl(here / "p.jsonl", [{"id": "1", "prompt": "q"}])
    with pytest.raises(InputError, match="holds the prompts; name another file"):
        judgekit.generate("p.jsonl", **echo, out=here / "p.jsonl", force=True)


def test_nothing_is_written_where_nothing_came_out(here: Path, server: JudgeServer) -> None:
    write_jsonl(here / "p.jsonl", [{"prompt": "q"}, {"prompt": "r"}])
    server.finish = lambda _: "content_filter"
    answers = judgekit.generate(
        "p.jsonl", model="openai/m", base_url=server.base_url, out="a.jsonl"
    )
    assert answers.rows == []
    assert answers.summary["without_answer"] == {"refused": 2}
    assert answers.why == "2 of 2 are refused: content_filter"
    assert not (here / "a.jsonl").exists()
    with pytest.raises(InputError, match=r"no answers to write to 'a\.jsonl'"):
        answers.write("a.jsonl")


def test_the_numbers_add_up(here: Path, server: JudgeServer) -> None:
    write_jsonl(here / "p.jsonl", [{"prompt": f"q{i}"} for i in range(6)])

    def finish(body: Any) -> str:
        text = body["messages"][-1]["content"]
        return {"q1": "length", "q2": "content_filter"}.get(text, "stop")

    server.finish = finish
    server.says = lambda body: "" if body["messages"][-1]["content"] == "q3" else "said"
    s = judgekit.generate(
        "p.jsonl", model="openai/m", base_url=server.base_url, max_calls=5, concurrency=1
    ).summary
    assert (s["prompts"] * s["n"], s["answers"], s["not_asked"]) == (6, 4, 1)
    assert (s["truncated"], s["empty"], s["without_answer"]) == (1, 1, {"refused": 1})
    assert "--max-calls 5" in s["stopped"]
    assert (s["calls"], s["tokens_in"], s["tokens_out"], s["cost_usd"]) == (5, 500, 50, None)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_adapter(write_llama(folder / "tiny"), folder / "tuned")
    return folder


@pytest.mark.usefixtures("one_thread")
def test_a_local_model_and_its_adapter(here: Path, llama: Path) -> None:
    write_jsonl(here / "p.jsonl", [{"id": 1, "prompt": "Which?"}, {"id": 2, "prompt": ["a", "b"]}])
    how: dict[str, Any] = {"model": f"transformers/{llama / 'tiny'}", "max_tokens": 8}
    base = judgekit.generate("p.jsonl", **how, n=3)
    assert {row["model"] for row in base.rows} == {"tiny"}
    assert len({json.dumps(row["response"]) for row in base.rows}) == 6, "each draws for itself"
    assert base.summary["calls"] == 9
    again = judgekit.generate("p.jsonl", **how, n=4)
    assert again.summary["calls"] == 3
    assert [row for i, row in enumerate(again.rows) if i % 4 < 3] == base.rows
    before = kept_replies(here / ".judgekit/replies.db")
    tuned = judgekit.generate("p.jsonl", **how, n=3, adapter=str(llama / "tuned"))
    assert {row["model"] for row in tuned.rows} == {"tiny+tuned"}
    assert tuned.summary["calls"] == 9, "an adapter is another model"
    assert kept_replies(here / ".judgekit/replies.db") == before + 9
    responses = [[row["response"] for row in found.rows] for found in (base, tuned)]
    assert responses[0] != responses[1]


@pytest.mark.usefixtures("one_thread")
def test_a_seed_draws_another_sample(here: Path, llama: Path) -> None:
    write_jsonl(here / "p.jsonl", [{"prompt": "Which?"}])
    how: dict[str, Any] = {"model": f"transformers/{llama / 'tiny'}", "max_tokens": 8}
    drawn = [judgekit.generate("p.jsonl", **how, seed=seed).rows[0] for seed in (1, 2)]
    assert drawn[0]["response"] != drawn[1]["response"]
    (here / ".judgekit/replies.db").unlink()
    assert judgekit.generate("p.jsonl", **how, seed=1).rows[0] == drawn[0], "and the same again"


def test_estimates(here: Path, echo: dict[str, Any]) -> None:
    write_jsonl(here / "p.jsonl", [{"prompt": "x" * 400}, {"prompt": ["a", "b"]}])
    job = prepare_generation(Path("p.jsonl"), GenerateSettings.of(echo | {"n": 2}))
    found = job.estimate()
    assert (found.prompts, found.calls, found.tokens_out) == (2, 6, 1800)
    assert 2 * (100 + 300) < found.tokens_in < 2 * (100 + 300 + 30)
    priced = GenerateSettings(model="openai/gpt-4o-mini")
    assert prepare_generation(Path("p.jsonl"), priced).estimate().cost_usd is not None
