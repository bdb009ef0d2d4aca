"""From a judge's probabilities to a reward model: compare, pairs, train reward --soft-labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import read_jsonl, write_jsonl
from checkpoints_llama import write_llama
from commands import Cli

pytest.importorskip("torch")
pytest.importorskip("peft")

PLUGIN = '''
from judgekit.extension.hookspecs import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Verdict


class Sure(BatchJudge):
    """Prefers the longer answer with the probability that its length is of both."""

    arity = (2,)
    merge = "mean"
    identity = ("sure", "1")

    def judge_batch(self, trials):
        return [self.verdict(*(len(r.text) for r in trial.shown)) for trial in trials]

    def verdict(self, first, second):
        choice = Choice.FIRST if first > second else Choice.SECOND
        return Verdict.chose(choice, probability=first / (first + second))


@hookimpl
def judgekit_judges():
    return {"sure": Sure}
'''
TINY = (
    *("--quant", "none", "--optimizer", "adamw", "--lora-r", "4", "--learning-rate", "3e-3"),
    *("--steps", "2", "--batch-size", "2", "--accumulate", "1", "--eval-share", "0.2"),
    *("--max-length", "128", "--max-prompt-length", "96", "--eval-every", "2"),
    *("--save-every", "2", "--device", "cpu"),
)


@pytest.mark.usefixtures("one_thread")
def test_from_verdicts_to_a_reward_model(cli: Cli, here: Path) -> None:
    (here / "sure.py").write_text(PLUGIN, encoding="utf-8")
    for name, word, times in (("a", "good ", 2), ("b", "brief ", 1)):
        rows = [
            {"id": f"q{i}", "prompt": f"Which, {i}?", "response": word * (times + i % 3)}
            for i in range(12)
        ]
        write_jsonl(here / f"{name}.jsonl", rows)
    run = cli("compare", "a.jsonl", "b.jsonl", "--plugin", "sure.py", "--judge", "sure", "--json")
    cli("pairs", run.json["run"], "-o", "pairs.jsonl", "--json").json  # noqa: B018
    pairs = read_jsonl(here / "pairs.jsonl")
    for pair in pairs:
        lengths = [len(pair[side][0]["content"]) for side in ("chosen", "rejected")]
        assert pair["probability"] == pytest.approx(lengths[0] / sum(lengths))
    model = write_llama(here / "llama")
    done = cli(
        *("train", "reward", "pairs.jsonl", "--model", model, *TINY, "--soft-labels", "-o", "rm"),
        "--json",
    )
    assert done.code == 0, done.err
    assert (here / "rm" / "train.json").is_file()
    plain = cli("train", "reward", "pairs.jsonl", "--model", model, *TINY, "-o", "hard", "--json")
    losses = [read_jsonl(here / name / "metrics.jsonl")[0]["loss"] for name in ("rm", "hard")]
    assert plain.code == 0
    assert losses[0] != losses[1]
