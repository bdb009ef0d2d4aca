"""Labelled pairs, and servers that judge them with a fault that examples or rules put right."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from answers import write_jsonl
from servers import Body

__all__ = ["PROPOSAL", "chance", "labelled_pairs", "planted"]

TOPICS = ("rivers", "ovens", "clocks", "birds", "bridges", "stamps")
PROPOSAL = (
    "The judge falls for praise.\n<rules>\nAn answer that names its SOURCE is better.\n</rules>"
)


def labelled_pairs(path: Path, prompts: int, **columns: Any) -> Path:
    """Pairs in which people prefer the answer that names a source, and the other one is polite."""
    rows = []
    for n in range(prompts):
        good = f"It is {n} by SOURCE {n}."
        poor = f"With pleasure: I believe it to be {n + 1}, and hope that helps."
        first = chance("side", str(n)) < 0.5
        rows.append(
            {
                "id": f"q{n}",
                "prompt": f"Number {n}: what is known about {TOPICS[n % 6]} of kind {n * 7}?",
                "response_a": good if first else poor,
                "response_b": poor if first else good,
                "label": "A" if first else "B",
            }
            | columns
        )
    return write_jsonl(path, rows)


def chance(*words: str) -> float:
    """A number in [0, 1) that depends on the texts alone."""
    return int(sha256("|".join(words).encode()).hexdigest()[:8], 16) / 16**8


def planted(body: Body, *, cured_by: str = "SOURCE", share: float = 0.5) -> str:
    """A judge that prefers the polite answer in a share of the cases.

    It is right in all cases once its instructions hold the word `cured_by`: as rules, or within an
    example. Asked for rules, it proposes that word.
    """
    system = body["messages"][0]["content"]
    asked = body["messages"][-1]["content"]
    if "<rules>" in asked:
        return PROPOSAL
    first, *_ = asked.partition("<answer-B ")
    right = "A" if "SOURCE" in first else "B"
    prompt = asked.partition("</prompt")[0].partition("\n")[2]
    wrong = cured_by not in system and chance("wrong", prompt) < share
    label = right if not wrong else "BA"[right == "B"]
    return f"They differ.\n[[{label}]]"
