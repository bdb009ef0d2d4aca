"""`judgekit rank`, and what `show` and `pairs` make of its runs: the real commands in a folder."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from judgekit.api import Run, load_run, rank
from judgekit.cli import main
from judgekit.errors import InputError

PLUGIN = '''
from math import exp

from judgekit.extension.hookspecs import hookimpl
from judgekit.judging import BatchJudge, Judge
from judgekit.types import Call, Choice, Message, Reply, Verdict


class Lengths(BatchJudge):
    """The longer is better, and the first shown a little."""

    arity = (2,)
    merge = "mean"
    identity = ("lengths", "1")

    def judge_batch(self, trials):
        return [self.verdict(*(len(r.text) for r in trial.shown)) for trial in trials]

    def verdict(self, first, second):
        logit = (first - second) / 2 + 0.25
        choice = Choice.FIRST if logit > 0 else Choice.SECOND
        return Verdict.chose(choice, probability=1 / (1 + exp(-logit)))


class Words(BatchJudge):
    arity = (1,)
    identity = ("words", "1")

    def judge_batch(self, trials):
        return [Verdict.scored(len(trial.shown[0].text)) for trial in trials]


class Asks(Judge):
    arity = (2,)

    async def judge(self, trial, ask):
        texts = trial.case.id + ": " + " | ".join(r.text for r in trial.shown)
        reply = await ask(Call((Message("user", texts),), self.asks_with))
        return Verdict.chose(Choice(reply.text))


class Longer:
    fingerprint, window, stored = "longer", 1, True

    async def answer(self, calls):
        return [self.one(call.messages[0].content) for call in calls]

    def one(self, text):
        first, second = text.partition(": ")[2].split(" | ")
        said = "tie" if len(first) == len(second) else "first"
        return Reply("second" if len(second) > len(first) else said, tokens_in=5, tokens_out=1)

    async def aclose(self):
        pass


@hookimpl
def judgekit_judges():
    return {"lengths": Lengths, "words": Words, "asks": Asks}


@hookimpl
def judgekit_engines():
    return {"longer": lambda setup: Longer()}
'''

ANSWERS: Mapping[str, list[str]] = {
    "a": ["xxxx", "xxxxxx", "xx", "same"],
    "b": ["xxx", "xx", "xx", "same"],
    "c": ["x", "xxxxxxxx", "xxxxxx", "same"],
}
LENGTHS = ("--plugin", "plugin.py", "--judge", "lengths")
ASKS = ("--plugin", "plugin.py", "--judge", "asks", "--model", "longer/m")
RESULT = ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json")


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with three models' files, and all of it in one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    rows = {
        name: [
            {"id": f"q{n}", "prompt": f"Why {n}?", "response": text, "model": name}
            for n, text in enumerate(texts)
        ]
        for name, texts in ANSWERS.items()
    }
    for name, own in rows.items():
        write(tmp_path / f"{name}.jsonl", own)
    together = [row for own in rows.values() for row in own]
    write(tmp_path / "many.jsonl", [r for r in together if (r["id"], r["model"]) != ("q1", "b")])
    (tmp_path / "plugin.py").write_text(PLUGIN, encoding="utf-8")
    return tmp_path


@pytest.fixture
def judgekit(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A command that ends well; gives its standard output."""

    def invoke(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(words)
        captured = capsys.readouterr()
        assert ended.value.code in (None, 0), captured.err
        return captured.out

    return invoke


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def invoke(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        return capsys.readouterr().err

    return invoke


FILES = ("a.jsonl", "b.jsonl", "c.jsonl")


def outcomes(run: str) -> list[dict[str, Any]]:
    return load_run(run).outcomes.to_dict("records")  # type: ignore[return-value]


def test_a_file_per_model(judgekit: Callable[..., str]) -> None:
    said = json.loads(judgekit("rank", *FILES, *LENGTHS, "--json"))
    assert said["schema"] == "judgekit.ranking/1"
    assert [m["model"] for m in said["models"]] == ["a", "b", "c"]
    # ranks: 1 2 3 · 2 3 1 · 2 2 1 · 1 1 1
    assert [m["mean_rank"]["value"] for m in said["models"]] == [1.5, 2.0, 1.5]
    assert (said["cases"], said["identical"], said["complete"]) == (4, 1, 4)
    assert said["calls"] == 6 + 6 + 2  # q2's a and b are the same text
    rows = outcomes(said["run"])
    assert [row["ranks"] for row in rows] == [[1, 2, 3], [2, 3, 1], [2, 2, 1], [1, 1, 1]]
    assert {row["kind"] for row in rows} == {"ranking"}
    assert {row["scale"] for row in rows} == {"log_odds"}
    # the mean over all three of C_ij - C_ji; the first's bonus falls out
    assert rows[0]["scores"] == pytest.approx([4 / 3, 1 / 3, -5 / 3])
    sigmoid = [1 / (1 + math.exp(-x)) for x in (0.75, 0.25)]
    assert rows[0]["beats"][0][1] == pytest.approx((sigmoid[0] + sigmoid[1]) / 2)
    assert said["win_rates"][0][1]["value"] == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)


def test_one_file_with_several_answers_a_prompt(judgekit: Callable[..., str]) -> None:
    said = json.loads(judgekit("rank", "many.jsonl", *LENGTHS, "--json"))
    rows = outcomes(said["run"])
    assert [row["ranks"] for row in rows] == [[1, 2, 3], [2, 1], [2, 2, 1], [1, 1, 1]]
    assert [(m["model"], m["cases"]) for m in said["models"]] == [("a", 4), ("b", 3), ("c", 4)]


def test_a_judge_of_single_answers_ranks_by_scores(judgekit: Callable[..., str]) -> None:
    words = ("--plugin", "plugin.py", "--judge", "words")
    said = json.loads(judgekit("rank", *FILES, *words, "--tie-margin", "1", "--json"))
    rows = outcomes(said["run"])
    assert [row["ranks"] for row in rows] == [[1, 1, 3], [2, 3, 1], [2, 2, 1], [1, 1, 1]]
    assert (rows[0]["scores"], said["scale"]) == ([4, 3, 1], "points")
    assert said["calls"] == 3 + 3 + 2  # identical answers are asked for once, or not at all


def test_limit_and_one_order(judgekit: Callable[..., str]) -> None:
    words = ("--limit", "2", "--orders", "one", "--json")
    said = json.loads(judgekit("rank", *FILES, *LENGTHS, *words))
    assert (said["cases"], said["calls"], said["cases_planned"]) == (2, 6, 2)
    assert said["position"]["consistent"] is None


def test_a_dry_run_asks_nothing(judgekit: Callable[..., str], folder: Path) -> None:
    said = json.loads(judgekit("rank", *FILES, *ASKS, "--dry-run", "--json"))
    assert (said["cases"], said["calls"]) == (4, 14)
    assert not (folder / "runs").exists()


def result(run: str) -> list[bytes]:
    return [(Path(run) / name).read_bytes() for name in RESULT]


def test_a_run_cut_short_is_a_prefix_and_goes_on_to_the_same_bytes(
    judgekit: Callable[..., str],
) -> None:
    whole = json.loads(judgekit("rank", *FILES, *ASKS, "--json", "--store", "whole.db"))
    expected = result(whole["run"])
    part = json.loads(
        judgekit("rank", *FILES, *ASKS, "--json", "--max-calls", "7", "--out", "part")
    )
    assert (part["cases"], part["calls"]) == (1, 7)
    assert "--max-calls 7" in part["stopped"]
    cut = [file.splitlines() for file in result("part")[:3]]
    assert cut == [file.splitlines()[: len(c)] for c, file in zip(cut, expected, strict=False)]
    rest = json.loads(judgekit("rank", *FILES, *ASKS, "--json"))
    assert (rest["calls_from_store"], rest["calls_now"]) == (7, 14 - 7)
    assert result(rest["run"]) == expected


def test_a_ranking_of_two_files_is_another_run_than_their_comparison(
    judgekit: Callable[..., str],
) -> None:
    ranked = json.loads(judgekit("rank", *FILES[:2], *ASKS, "--json"))
    compared = json.loads(judgekit("compare", *FILES[:2], *ASKS, "--json"))
    assert ranked["run"] != compared["run"]
    assert compared["calls"] == 0  # the same trials
    assert ranked["win_rates"][0][1] == compared["win_rate_a"]
    assert ranked["position"] == compared["position"]


def test_tables(judgekit: Callable[..., str]) -> None:
    said = judgekit("rank", *FILES, *LENGTHS)
    lines = said.splitlines()
    assert lines[0] == "12 answers ranked by lengths"
    assert "(1 of them all the same text)" in said
    assert "mean rank (95 %)" in said
    assert lines[-1].startswith("runs/a-vs-b-vs-c-lengths-")
    assert max(map(len, lines)) <= 100


def test_show(judgekit: Callable[..., str]) -> None:
    judgekit("rank", *FILES, *LENGTHS)
    said = judgekit("show")
    assert "→ a (1) > b (2) > c (3)" in said
    assert "→ c (3) > a (1) = b (2)" in said
    assert "a tie: the answers are the same text" in said
    assert "first a (1) as A, second b (2) as B: chose the first, a (1)" in said
    one = judgekit("show", "--case", "q1")
    assert one.index("1, score 2.66667: c (3)") < one.index("2, score") < one.index("3, score")
    report = json.loads(judgekit("show", "--json", "--limit", "1"))
    assert report["cases"][0]["outcome"]["kind"] == "ranking"
    assert report["matched"] == 4


def test_show_what_the_orders_do_not_agree_on(
    judgekit: Callable[..., str], refused: Callable[..., str]
) -> None:
    judgekit("rank", "many.jsonl", "--plugin", "plugin.py", "--judge", "words")
    assert json.loads(judgekit("show", "--disagree", "--json"))["matched"] == 0
    assert "leave it out" in refused("show", "--winner", "a")


def test_pairs_of_rankings(judgekit: Callable[..., str], folder: Path) -> None:
    judgekit("rank", *FILES, *LENGTHS)
    best = json.loads(judgekit("pairs", "-o", "best.jsonl", "--json"))
    assert (best["cases"], best["pairs"], best["left_out"]["identical"]) == (4, 3, 1)
    rows = [json.loads(line) for line in (folder / "best.jsonl").read_text().splitlines()]
    assert [(r["chosen_model"], r["rejected_model"]) for r in rows] == [
        ("a", "c"), ("c", "b"), ("c", "a"),
    ]  # fmt: skip
    every = json.loads(judgekit("pairs", "-o", "all.jsonl", "--pairing", "all", "--json"))
    # q0, q1: three each; q2: a and b are one text; q3: all are
    assert (every["comparisons"], every["pairs"]) == (12, 7)
    assert every["left_out"]["identical"] == 5


def test_refusals(refused: Callable[..., str]) -> None:
    assert "no prompt has more than one answer" in refused("rank", "a.jsonl", *LENGTHS)
    ready = refused("rank", *FILES)
    assert "judgekit rank a.jsonl b.jsonl c.jsonl --judge pairwise --model" in ready


def test_from_python() -> None:
    run = rank(*FILES, judge="lengths", plugins=(Path("plugin.py"),))
    assert isinstance(run, Run)
    assert run.outcomes["ranks"][0] == [1, 2, 3]
    assert len(run.pairs(pairing="all").pairs) == 7
    with pytest.raises(InputError, match="pluginz"):
        rank(*FILES, pluginz=())
