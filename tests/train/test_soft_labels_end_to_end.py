"""From a judge with probabilities to a reward model on soft labels, and two refusals at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checkpoints_llama import write_llama
from commands import Cli

from judgekit.trust.audit.categories import CHECKABLE, same_category

pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")

JUDGE = """
from judgekit.extension.hookspecs import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Verdict


class Wordier(BatchJudge):
    arity = frozenset({2})
    identity = ("wordier", "1")

    def judge_batch(self, trials):
        return [self.of(*(len(answer.text) for answer in trial.shown)) for trial in trials]

    def of(self, first, second):
        chosen = Choice.FIRST if first > second else Choice.SECOND
        return Verdict.chose(chosen, probability=0.8 if first > second else 0.2)


@hookimpl
def judgekit_judges():
    return {"wordier": Wordier}
"""


def write_models(here: Path) -> None:
    """Two files of six answers to the same prompts."""
    for name, word in (("a", "because"), ("b", "no")):
        rows = [
            {"id": str(n), "prompt": f"Why {n}?", "response": f"{word} {n} " * (n + 1)}
            for n in range(8)
        ]
        (here / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_pairs_write_the_judges_probability_and_train_reward_takes_it(cli: Cli, here: Path) -> None:
    write_models(here)
    (here / "judge.py").write_text(JUDGE)
    write_llama(here / "m")
    judged = cli(
        *("compare", "a.jsonl", "b.jsonl", "--judge", "wordier"),
        *("--plugin", "judge.py", "--out", "run"),
    )
    assert judged.code == 0, judged.err
    made = cli("pairs", "run", "-o", "pairs.jsonl")
    assert made.code == 0, made.err
    rows = [json.loads(line) for line in (here / "pairs.jsonl").read_text().splitlines()]
    assert len(rows) > 2
    assert all(row["probability"] == pytest.approx(0.8) for row in rows)
    trained = cli(
        *("train", "reward", "pairs.jsonl", "--soft-labels", "--model", "m", "-o", "rm"),
        *("--steps", 1, "--batch-size", 1, "--accumulate", 2, "--device", "cpu"),
        *("--quant", "none", "--optimizer", "adamw", "--eval-share", 0),
    )
    assert trained.code == 0, trained.err
    facts = json.loads((here / "rm/train.json").read_text())
    assert facts["recipe"]["soft_labels"] is True


def test_an_unknown_variable_of_a_prompt_is_refused_at_once(cli: Cli, here: Path) -> None:
    write_models(here)
    head = '+++\nshows = "pair"\nreads = "label"\n+++\n\n=== user ===\n'
    text = f"{head}{{{{ promt }}}} {{{{ prompt }}}} {{{{ first }}}} {{{{ second }}}}\n"
    (here / "mine.md").write_text(text)
    error = cli(
        "compare", "a.jsonl", "b.jsonl", "--judge", "./mine.md", "--model", "openai/x"
    ).error
    assert "unknown variable 'promt'" in error
    assert "did you mean 'prompt'" in error
    assert not (here / "runs").exists()


@pytest.mark.parametrize("word", ["math", "maths", "Maths", "mathematics"])
def test_the_audit_knows_what_can_be_checked(word: str) -> None:
    assert same_category(word) in CHECKABLE
