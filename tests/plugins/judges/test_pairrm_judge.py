from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from checkpoints import EXAMPLES, write_pairrm
from fresh import python
from judgekit.plugins.judges.pairrm import Options, PairRM, verdict
from places import ROOT

import judgekit
from judgekit.errors import InputError
from judgekit.judging import JudgeSetup
from judgekit.judging.templates import Prompts
from judgekit.types import Case, Choice, Message, Response, Status, Trial, Verdict

torch = pytest.importorskip("torch")
network = pytest.importorskip("judgekit.models.pairrm")

pytestmark = pytest.mark.usefixtures("one_thread")

A, B = EXAMPLES / "tuned.jsonl", EXAMPLES / "base.jsonl"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = write_pairrm(tmp_path_factory.mktemp("pairrm") / "hf", "hf")
    return folder


def judge(weights: Path, **options: Any) -> PairRM:
    setup = JudgeSetup(2, Prompts(()), Options(**options), model=str(weights))
    return PairRM(setup)


def pair(prompt: Sequence[Message] | str, first: Response | str, second: Response | str) -> Trial:
    messages = (Message("user", prompt),) if isinstance(prompt, str) else tuple(prompt)
    both = [Response(r, "m") if isinstance(r, str) else r for r in (first, second)]
    return Trial(Case("c", messages, tuple(both)), (0, 1), ("A", "B"))


def logit(verdict: Verdict) -> float:
    return float(verdict.reasoning.removeprefix("logit ").split(";")[0])


def test_says_what_the_network_says(weights: Path) -> None:
    trials = [pair("Name a colour.", "Red.", "I like trains"), pair("x", "", "y " * 1500)]
    swapped = [Trial(t.case, (1, 0), t.names) for t in trials]
    found = judge(weights).judge_batch(trials + swapped)
    pairs = [("Name a colour.", "Red.", "I like trains"), ("x", "", "y " * 1500)]
    pairs += [(p, b, a) for p, a, b in pairs]
    expected = network.PairRM.load(str(weights)).score(pairs)
    for said, real in zip(found, expected, strict=True):
        assert said.status is Status.VALID
        assert said.choice is (Choice.FIRST if real.logit > 0 else Choice.SECOND)
        assert said.probability == pytest.approx(1 / (1 + math.exp(-real.logit)), abs=1e-6)
        assert logit(said) == pytest.approx(real.logit, abs=6e-4)
    assert [v.reasoning.partition("; cut: ")[2] for v in found] == [
        "",
        f"{expected[1].truncated.second} tokens of the second answer",
        "",
        f"{expected[1].truncated.second} tokens of the first answer",
    ]


@pytest.mark.parametrize(
    ("value", "choice", "probability"),
    [
        (0.0, Choice.TIE, 0.5),
        (-0.0, Choice.TIE, 0.5),
        (1e-9, Choice.FIRST, 0.5),
        (-2.0, Choice.SECOND, 0.1192),
        (900.0, Choice.FIRST, 1.0),
        (-900.0, Choice.SECOND, 0.0),
    ],
)
def test_a_tie_only_at_zero(value: float, choice: Choice, probability: float) -> None:
    said = verdict(value, "")
    assert (said.choice, said.probability) == (choice, pytest.approx(probability, abs=1e-4))


TURNS = (Message("system", "Be brief."), Message("user", "Hi."), Message("user", "A joke?"))
CALLED = Message("assistant", "", "[add(1, 2)]")
SHARED = ("Hello!",)


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        (pair("Hi.", "a", ""), ("Hi.", "a", "")),
        (pair(TURNS[:2], "a", "b"), ("SYSTEM: Be brief.\nUSER: Hi.", "a", "b")),
        (
            pair((Message("user", "Sum?"), CALLED, TURNS[1]), "a", "b"),
            ("USER: Sum?\nASSISTANT: [add(1, 2)]\nUSER: Hi.", "a", "b"),
        ),
        (
            pair(TURNS[1:], Response("a", "m", SHARED), Response("b", "n", SHARED)),
            ("USER: Hi.\nASSISTANT: Hello!\nUSER: A joke?", "a", "b"),
        ),
        (
            pair(TURNS, Response("a", "m", ("Yo",)), Response("b", "n", SHARED)),
            (
                "SYSTEM: Be brief.\nUSER: Hi.\nASSISTANT: <Response 1>\n"
                "USER: A joke?\nASSISTANT: <Response 2>",
                "<Response 1>: Yo\n<Response 2>: a",
                "<Response 1>: Hello!\n<Response 2>: b",
            ),
        ),
    ],
)
def test_conversations(trial: Trial, expected: tuple[str, str, str], weights: Path) -> None:
    [said] = judge(weights).judge_batch([trial])
    [real] = network.PairRM.load(str(weights)).logits([expected])
    assert logit(said) == pytest.approx(real, abs=6e-4)


def test_identity_names_what_decides(weights: Path, tmp_path: Path) -> None:
    other = write_pairrm(tmp_path / "other", "hf", seed=1)
    judges = [
        judge(weights),
        judge(weights, dtype="bfloat16"),
        judge(weights, dtype="int8"),
        judge(weights, rule="batch"),
        judge(other),
    ]
    assert len({j.identity for j in judges}) == len(judges)
    assert judge(weights, batch_tokens=9, dtype="float32").identity == judge(weights).identity


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_tokens": 0}, "batch_tokens must be at least 1"),
        ({"backend": "llm-blender", "dtype": "int8"}, "leave out 'int8'"),
        ({"dtype": "fp8"}, "takes one of auto, float32, bfloat16, int8"),
        ({"device": "tpu9"}, "cannot use the device 'tpu9'"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], said: str, weights: Path) -> None:
    with pytest.raises(InputError, match=said) as refused:
        judgekit.compare(A, B, judge="pairrm", model=str(weights), options=options)
    assert "\n" not in str(refused.value)


def test_no_weights() -> None:
    with pytest.raises(InputError, match="add --model FOLDER or HUB-ID"):
        judgekit.compare(A, B, judge="pairrm")


def test_without_torch_it_names_the_extra(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "import judgekit\n"
        "try:\n"
        f"    judgekit.compare({str(A)!r}, {str(B)!r}, judge='pairrm', model='x')\n"
        "except judgekit.JudgekitError as error: print(error)"
    )
    said = python("-c", program, cwd=tmp_path).strip()
    hint = f"run pip install -e '.[local]' in {ROOT}"
    assert said == f"the judge 'pairrm' needs the package 'torch'; {hint}"


def test_is_imported_without_torch(tmp_path: Path) -> None:
    program = (
        "import sys, judgekit.plugins.judges.pairrm\n"
        "print([m for m in ('torch', 'transformers', 'tokenizers') if m in sys.modules])"
    )
    assert python("-c", program, cwd=tmp_path).strip() == "[]"


def test_a_second_run_judges_nothing(weights: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"judge": "pairrm", "model": str(weights)}
    settings |= {"store": tmp_path / "replies.db"}
    first = judgekit.compare(A, B, out=tmp_path / "first", **settings)
    again = judgekit.compare(A, B, out=tmp_path / "again", **settings)
    counts = [run.metadata.counts for run in (first, again)]
    trials = counts[0].trials
    assert trials == 78  # one case's answers are identical
    assert [(c.calls, c.calls_from_store) for c in counts] == [(trials, 0), (0, trials)]
    for name in ("judgements.jsonl", "outcomes.jsonl", "summary.json"):
        assert (first.folder / name).read_bytes() == (again.folder / name).read_bytes()
    assert set(first.judgements["status"]) == {"valid"}
    assert first.judgements["probability"].between(0, 1).all()


def test_a_killed_run_goes_on_where_it_stopped(weights: Path, tmp_path: Path) -> None:
    for side in (A, B):
        rows = [json.loads(line) for line in side.read_text().splitlines()]
        many = [
            r | {"id": f"{r['id']}-{n}", "response": f"{r['response']} {n}"}
            for n in range(8)
            for r in rows
        ]
        text = "".join(json.dumps(row) + "\n" for row in many)
        (tmp_path / side.name).write_text(text)
    words = ["compare", A.name, B.name, "--judge", "pairrm", "--model", str(weights), "--json"]
    program = "import torch; torch.set_num_threads(1); from judgekit.cli import main; main()"
    command = [sys.executable, "-c", program, *words]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        kept = wait_for_rows(tmp_path / ".judgekit" / "replies.db", process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    python("-c", program, *words, cwd=tmp_path)
    counts = judgekit.load_run(tmp_path / "runs" / "latest").metadata.counts
    assert counts.calls + counts.calls_from_store == counts.trials == 624
    assert kept <= counts.calls_from_store < 624


def wait_for_rows(store: Path, process: subprocess.Popen[bytes]) -> int:
    """How many verdicts are kept as soon as there are any."""
    for _ in range(8000):
        assert process.poll() is None, "the run ended before it was killed"
        if store.is_file():
            with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
                tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
                if ("replies",) in tables:
                    [[rows]] = connection.execute("SELECT count(*) FROM replies").fetchall()
                    if rows:
                        return int(rows)
        time.sleep(0.005)
    raise AssertionError("no verdict was kept within 40 seconds")
