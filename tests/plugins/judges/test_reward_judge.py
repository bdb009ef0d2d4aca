from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import CHAT_TEMPLATE
from checkpoints_reward import write_reward
from judgekit.plugins.judges.reward import Options, Reward
from places import EXAMPLES

import judgekit
from judgekit.cli import main
from judgekit.errors import InputError
from judgekit.judging import JudgeSetup
from judgekit.judging.templates import Prompts
from judgekit.types import Case, Message, Response, Status, Trial

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

pytestmark = pytest.mark.usefixtures("one_thread")

BASE, TUNED = str(EXAMPLES / "base.jsonl"), str(EXAMPLES / "tuned.jsonl")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reward(tmp_path_factory.mktemp("reward") / "weights")


def reward(weights: Path, **options: Any) -> Reward:
    return Reward(JudgeSetup(1, Prompts(()), Options(**options), model=str(weights)))


def case(*answers: str, prompt: Sequence[Message] = (Message("user", "Which?"),)) -> Case:
    return Case(
        "c", tuple(prompt), tuple(Response(text, f"m{i}") for i, text in enumerate(answers))
    )


def trials(of: Case) -> list[Trial]:
    return [Trial(of, (i,), ("A",)) for i in range(len(of.responses))]


def said(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The object that a command prints with --json."""
    with pytest.raises(SystemExit) as ended:
        main([*argv, "--json"])
    printed = capsys.readouterr()
    assert ended.value.code in (0, None), printed.err
    found: dict[str, Any] = json.loads(printed.out)
    return found


# One trial


def test_a_score_is_of_the_answer_that_the_trial_shows(weights: Path) -> None:
    judge = reward(weights)
    of = case("Paris.", "Rome, as I said before.", "")
    verdicts = judge.judge_batch(trials(of))
    assert all(v.status is Status.VALID and not v.reasoning for v in verdicts)
    assert len({v.score for v in verdicts}) == 3
    [second] = judge.judge_batch(trials(of)[1:2])
    assert second.score == pytest.approx(verdicts[1].score, abs=1e-5)


def test_the_history_counts_and_each_models_own_turns_with_it(weights: Path) -> None:
    asked = (Message("user", "First?"), Message("user", "Second?"))
    answers = tuple(Response("Same.", "m", earlier=(own,)) for own in ("Yes.", "No, never."))
    verdicts = reward(weights).judge_batch(trials(Case("c", asked, answers)))
    assert verdicts[0].score != verdicts[1].score
    model = reward(weights).weights
    plain = [Message("user", "First?"), Message("assistant", "Yes."), asked[1]]
    shown = model.encode([*plain, Message("assistant", "Same.")])
    assert model.score([shown.ids]) == pytest.approx([verdicts[0].score], abs=1e-5)


def test_what_was_cut_stands_in_the_reasoning_and_the_rest_has_its_own_status(
    weights: Path, tmp_path: Path
) -> None:
    template = CHAT_TEMPLATE.replace(
        "{%- for message in messages %}",
        "{%- for message in messages %}"
        "{%- if message.role == 'tool' %}{{ raise_exception('no tools here') }}{% endif %}",
    )
    judge = reward(write_reward(tmp_path, chat_template=template), max_length=60)
    long = case("short", "word " * 80, prompt=[Message("user", "word " * 80)])
    tool = case("a", prompt=[Message("user", "q"), Message("tool", "t")])
    cut, beyond, refused, plain = judge.judge_batch(
        [*trials(long), *trials(tool), *trials(case("a"))]
    )
    assert cut.status is Status.VALID
    assert "first characters of the question left out to fit 60 tokens" in cut.reasoning
    assert (beyond.status, beyond.score) == (Status.TOO_LONG, None)
    assert (refused.status, refused.score) == (Status.FAILED, None)
    assert "no tools here" in refused.error
    assert (plain.status, plain.reasoning) == (Status.VALID, "")


def test_the_identity_names_what_decides_a_score(weights: Path, tmp_path: Path) -> None:
    identity = reward(weights).identity
    assert {"reward", "torch.float32", "cpu", "512"} <= set(identity)
    assert reward(weights, batch_tokens=7).identity == identity
    others = [
        reward(weights, dtype="bfloat16"),
        reward(weights, max_length=100),
        reward(write_reward(tmp_path, seed=1)),
    ]
    assert len({identity, *(judge.identity for judge in others)}) == 4


def test_without_torch_it_names_the_extra(weights: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None; from judgekit.cli import main;"
        f"main(['score', {BASE!r}, '--judge', 'reward', '--model', {str(weights)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "pip install -e '.[local]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_the_hub_a_model_that_is_not_here_is_one_line(tmp_path: Path) -> None:
    words = ["score", BASE, "--judge", "reward", "--model", "nobody/no-such-model"]
    done = subprocess.run(
        [sys.executable, "-c", f"from judgekit.cli import main; main({words!r})"],
        cwd=tmp_path,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("judgekit: no model 'nobody/no-such-model'")
    assert len(done.stderr.splitlines()) == 1


def test_needs_weights() -> None:
    with pytest.raises(InputError, match="--model"):
        judgekit.score(BASE, judge="reward")


# From files to a run


def test_scores_a_file_and_compares_two_and_asks_nothing_twice(
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    how = ["--judge", "reward", "--model", str(weights), "--batch-tokens", "2000"]
    alone = said(["score", BASE, *how], capsys)
    assert (alone["calls"], alone["calls_from_store"]) == (40, 0)
    assert (alone["tokens_in"], alone["cost_usd"]) == (0, 0)
    first = said(["compare", BASE, TUNED, *how], capsys)
    # One prompt has the same answer twice: a tie that nobody is asked about.
    assert (first["calls"], first["calls_from_store"]) == (39, 39)
    assert (first["cases"], first["undecided"]) == (40, 0)
    again = said(["compare", BASE, TUNED, *how, "--out", "again"], capsys)
    assert (again["calls"], again["calls_from_store"]) == (0, 78)
    for name in ("judgements.jsonl", "outcomes.jsonl", "summary.json"):
        assert (Path(first["run"]) / name).read_bytes() == (Path("again") / name).read_bytes()
    wider = said(["score", BASE, *how, "--dtype", "bfloat16"], capsys)
    assert wider["calls"] == 40


def answers(path: Path, n: int) -> Path:
    rows = (
        {"id": f"q{i}", "prompt": f"Question {i}?", "response": f"word {i} " * (i % 9)}
        for i in range(n)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def kept(store: Path) -> int:
    """How many verdicts a store holds that another process may be writing."""
    if not store.exists():
        return 0
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        [[count]] = connection.execute("SELECT count(*) FROM replies")
    except sqlite3.OperationalError:  # its table is being made
        return 0
    finally:
        connection.close()
    return int(count)


def test_a_run_that_is_killed_goes_on_where_it_stopped(weights: Path, tmp_path: Path) -> None:
    file, n = answers(tmp_path / "answers.jsonl", 700), 700
    store = tmp_path / "store.db"
    how = ["--judge", "reward", "--model", str(weights), "--batch-tokens", "1"]  # slow on purpose
    words = ["score", str(file), *how, "--store", str(store), "--out", str(tmp_path / "killed")]
    process = subprocess.Popen(
        [sys.executable, "-c", f"from judgekit.cli import main; main({words!r})"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 90
        while not kept(store) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.kill()  # SIGKILL, if it is still there
        _, errors = process.communicate()
    survived = kept(store)
    assert 0 < survived < n, errors
    assert not (tmp_path / "killed").exists()
    options = {"batch_tokens": 2000}
    resumed = judgekit.score(
        file, judge="reward", model=str(weights), options=options, store=store, out=tmp_path / "on"
    )
    counts = resumed.metadata.counts
    assert (counts.calls_from_store, counts.calls) == (survived, n - survived)
    whole = judgekit.score(
        file, judge="reward", model=str(weights), options=options,
        store=tmp_path / "fresh.db", out=tmp_path / "whole",
    )  # fmt: skip
    assert resumed.judgements["score"].tolist() == pytest.approx(
        whole.judgements["score"].tolist(), abs=1e-5
    )
