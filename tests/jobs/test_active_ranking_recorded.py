"""`rank --games` and `--until` on GPT-4's recorded verdicts of MT-Bench: figures of the README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import judgekit

PLUGIN = """
import json
from pathlib import Path

from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Verdict

VERDICTS = {}
for line in Path("data/mt_bench/gpt4_pair_verdicts.jsonl").read_text().splitlines():
    row = json.loads(line)
    models = frozenset((row["model_a"], row["model_b"]))
    # None: a tie, or the two orders disagreed
    VERDICTS[row["question_id"], row["turn"], models] = row.get(row["winner"])


class Recorded(BatchJudge):
    arity = frozenset({2})
    identity = ("recorded", "1")

    def judge_batch(self, trials):
        return [self.say(trial) for trial in trials]

    def say(self, trial):
        models = [response.model for response in trial.shown]
        question, turn = map(int, trial.case.id.split("/"))
        winner = VERDICTS[question, turn, frozenset(models)]
        if winner is None:
            return Verdict.chose(Choice.TIE)
        return Verdict.chose((Choice.FIRST, Choice.SECOND)[models.index(winner)])


@hookimpl
def judgekit_judges():
    return {"recorded": Recorded}
"""
MODELS = ("gpt-4", "claude-v1", "gpt-3.5-turbo", "alpaca-13b", "llama-13b")


HOW: dict[str, Any] = {"judge": "recorded", "plugins": (Path("recorded.py"),)}


@pytest.fixture(autouse=True)
def _files(shared: Path, here: Path) -> None:
    (here / "recorded.py").write_text(PLUGIN, encoding="utf-8")
    (here / "data").symlink_to(shared / "data")


def answers(*models: str) -> list[str]:
    return [f"data/answers/mt_bench/{name}.jsonl" for name in models]


def test_two_models_are_told_apart_on_62_prompts() -> None:
    said = judgekit.compare(*answers("claude-v1", "gpt-3.5-turbo"), **HOW, until=0.02).summary
    assert said.stopped.startswith("decided: after 62 prompts the win rate of claude-v1 is 64.5 %")
    assert said.cases_planned - said.cases == 36
    rates = (said.anytime_win_rate_a, said.win_rate_a)
    watched, rate = ([r.value, r.low, r.high] for r in rates)
    assert watched == pytest.approx([0.645, 0.503, 0.720], abs=6e-4)
    assert rate == pytest.approx([0.645, 0.570, 0.713], abs=6e-4)


def test_a_third_of_the_games_rank_five_models_as_all_do() -> None:
    files = answers(*MODELS)
    every = judgekit.rank(*files, **HOW, orders="one").summary
    few = judgekit.rank(*files, **HOW, orders="one", games=500).summary
    by_rank = sorted(every.models, key=lambda model: model.mean_rank.value)
    assert [m.model for m in by_rank] == list(MODELS)
    rated = few.ratings.models
    assert [m.model for m in rated] == list(MODELS)
    assert [(m.best_rank, m.worst_rank) for m in rated] == [(n, n) for n in range(1, 6)]
    assert [round(m.rating) for m in rated] == [1525, 1290, 1173, 621, 391]
    assert [m.games for m in rated] == [170, 251, 246, 167, 166]
    met = [rate.value for row in few.win_rates for rate in row if rate is not None]
    whole = [rate.value for row in every.win_rates for rate in row if rate is not None]
    assert met == pytest.approx(whole, abs=0.08)
