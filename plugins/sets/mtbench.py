"""MT-Bench's votes of people (Zheng et al. 2023, arXiv:2306.05685), one pair for each two answers.

Several people voted on most pairs. The label is the plurality of their votes, a tie if none leads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from judgekit.io.row import Row

from .published import LabelledRow, Published, hub

__all__ = ["MTBENCH_HUMAN"]

CATEGORIES = (
    "writing",
    "roleplay",
    "reasoning",
    "math",
    "coding",
    "extraction",
    "stem",
    "humanities",
)
FIRST_QUESTION = 81  # ten questions of each category


def pairs(votes: Sequence[Row]) -> Iterator[tuple[Row, LabelledRow]]:
    """One pair for each two answers that were voted on.

    Columns: `question_id`, `model_a`, `model_b`, `winner` (model_a, model_b or tie), `turn`,
    `conversation_a` and `conversation_b` (the messages of both turns). Which model is a differs
    between votes; here it is the one whose name sorts first.
    """
    groups: dict[tuple[int, str, str, int], list[Row]] = {}
    for row in votes:
        a, b = sorted((row.data["model_a"], row.data["model_b"]))
        key = (row.data["question_id"], a, b, row.data["turn"])
        groups.setdefault(key, []).append(row)
    for (question, a, b, turn), rows in groups.items():
        conversation = {
            rows[0].data[f"model_{side}"]: rows[0].data[f"conversation_{side}"] for side in "ab"
        }
        yield (
            rows[0],
            {
                "id": f"mtb-{question}-{a}-{b}-t{turn}",
                "prompt": side_texts(conversation[a], "user", turn),
                "response_a": side_texts(conversation[a], "assistant", turn),
                "response_b": side_texts(conversation[b], "assistant", turn),
                "model_a": a,
                "model_b": b,
                "label": plurality([winner(row.data, a) for row in rows]),
                "labels": [winner(row.data, a) for row in rows],
                "category": CATEGORIES[(question - FIRST_QUESTION) // 10],
            },
        )


def side_texts(conversation: Sequence[dict[str, Any]], role: str, turns: int) -> list[str]:
    """The messages of one role up to this turn."""
    return [m["content"] for m in conversation if m["role"] == role][:turns]


def winner(vote: dict[str, Any], a: str) -> str:
    """A vote as A, B or tie; `a` is the name of the model that is A here."""
    side = vote["winner"]
    if side not in ("model_a", "model_b"):
        return str(side)
    return "A" if vote[side] == a else "B"


def plurality(votes: Sequence[str]) -> str:
    """The most frequent vote, or a tie."""
    (leader, count), *others = Counter(votes).most_common(2)
    return "tie" if others and others[0][1] == count else leader


HUB_ID = "lmsys/mt_bench_human_judgments"
MTBENCH_HUMAN = Published(
    f"MT-Bench human judgments, {HUB_ID}",
    "CC-BY-4.0",
    hub(HUB_ID, split="human"),
    pairs,
    "the label is the plurality of a pair's votes; people agree with each other in about 80 %",
)
