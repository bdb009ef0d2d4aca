"""Juries of recorded judges on LLMBar: the figures of docs/guides/juries.md."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answers import read_jsonl

import judgekit

PROMPT = """+++
shows = "pair"
reads = "statement"
tie = ""
+++
=== user ===
{{ prompt }}

{{ first }}

{{ second }}
"""
PLUGIN = """
from judgekit import hookimpl
from judgekit.judging import PromptJudge

class Recorded(PromptJudge):
    arity = frozenset({2})
    names = ("a", "b")
    prompt = "./statement.md"

@hookimpl
def judgekit_judges():
    return {"recorded": Recorded}
"""
WORTH = {True: 1.0, False: 0.0}


@pytest.mark.parametrize(
    ("seats", "alone", "together", "alpha"),
    [
        (["GPT-4/CoT", "ChatGPT-0301/CoT", "LLaMA2/CoT"], [81.3, 45.3, 47.5], 55.0, 0.17),
        (["GPT-4/CoT", "GPT-4/Metrics", "GPT-4/Reference"], [81.3, 85.7, 85.8], 84.4, 0.74),
    ],
)
def test_a_jury_is_worth_what_its_judges_are(
    shared: Path, here: Path, seats: list[str], alone: list[float], together: float, alpha: float
) -> None:
    (here / "statement.md").write_text(PROMPT)
    (here / "recorded.py").write_text(PLUGIN)
    (here / "data").symlink_to(shared / "data")
    names = [
        f"recorded@replay/data/judgements/llmbar_{s.split('/')[0]}.jsonl.gz#{s}" for s in seats
    ]
    pairs = here / "data/pairs/llmbar.jsonl"
    run = judgekit.compare(pairs, judge=",".join(names), plugins="recorded.py")
    labels = {row["id"]: "AB".index(row["label"]) for row in read_jsonl(pairs)}
    outcomes = read_jsonl(run.folder / "outcomes.jsonl")

    def right(winners: dict[str, object]) -> float:
        """Per cent, a tie or no verdict counting half."""
        worth = [WORTH[w == labels[case]] if w in (0, 1) else 0.5 for case, w in winners.items()]
        return 100 * sum(worth) / len(worth)

    assert right({row["case"]: row["winner"] for row in outcomes}) == pytest.approx(
        together, abs=0.05
    )
    found = [right({row["case"]: row["votes"][name] for row in outcomes}) for name in names]
    assert found == pytest.approx(alone, abs=0.05)
    assert run.summary.jury.alpha.value == pytest.approx(alpha, abs=0.005)
    assert json.loads((run.folder / "run.json").read_text())["decides"]["task"] == "jury"
