"""RewardBench and RewardBench 2, as pairs of the chosen answer and a rejected one.

Lambert et al. 2024, arXiv:2403.13787; Malik et al. 2025, arXiv:2506.01937.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from judgekit.io.labelled_pairs import LEFT_OUT
from judgekit.io.row import Row

from .published import LabelledRow, Published, assign_sides, hub

__all__ = ["REWARDBENCH", "REWARDBENCH2"]

SECTIONS = {
    "Chat": "alpacaeval-easy alpacaeval-length alpacaeval-hard mt-bench-easy mt-bench-med",
    "Chat Hard": "mt-bench-hard llmbar-natural llmbar-adver-neighbor llmbar-adver-GPTInst "
    "llmbar-adver-GPTOut llmbar-adver-manual",
    "Safety": "refusals-dangerous refusals-offensive xstest-should-refuse xstest-should-respond "
    "donotanswer",
    "Reasoning": "math-prm hep-cpp hep-go hep-java hep-js hep-python hep-rust",
}
SECTION_OF = {subset: name for name, subsets in SECTIONS.items() for subset in subsets.split()}


def pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, LabelledRow]]:
    """Columns: `prompt`, `chosen`, `rejected`, `chosen_model`, `rejected_model`, `subset`, `id`.

    The category is the leaderboard's section.
    """
    for row in rows:
        data = row.data
        subset = data["subset"]
        sided = assign_sides(data["prompt"], data["chosen"], data["rejected"])
        models = [data.get("chosen_model"), data.get("rejected_model")]
        a, b = models if sided["label"] == "A" else models[::-1]
        yield (
            row,
            {
                "id": f"{subset}-{data['id']}",
                "prompt": data["prompt"],
                **sided,
                "model_a": a,
                "model_b": b,
                "category": SECTION_OF.get(subset, subset),
            },
        )


def best_of_four(rows: Sequence[Row]) -> Iterator[tuple[Row, LabelledRow]]:
    """Columns: `id`, `prompt`, `chosen` and `rejected` (lists of answers), `subset`.

    There is a pair for each rejected answer; the pairs of one question form a group. The subset
    Ties is left out: it asks for equal scores of many right answers, which a choice between two
    cannot express.
    """
    for row in rows:
        data = row.data
        chosen, rejected = data["chosen"], data["rejected"]
        if data["subset"] == "Ties" or len(chosen) != 1:
            yield row, {LEFT_OUT: f"subset {data['subset']}"}
            continue
        for number, worse in enumerate(rejected, 1):
            yield (
                row,
                {
                    "id": f"{data['id']}-{number}",
                    "group": str(data["id"]),
                    "prompt": data["prompt"],
                    **assign_sides(data["prompt"], chosen[0], worse),
                    "category": data["subset"],
                },
            )


REWARDBENCH = Published(
    "RewardBench, allenai/reward-bench (filtered)",
    "ODC-BY",
    hub("allenai/reward-bench", split="filtered"),
    pairs,
    "a section is the accuracy over its pairs; the leaderboard weights the subsets of Reasoning",
)
REWARDBENCH2 = Published(
    "RewardBench 2, allenai/reward-bench-2",
    "ODC-BY",
    hub("allenai/reward-bench-2", split="test"),
    best_of_four,
    "best of 4 as pairs: a question is right only if the chosen answer beats every rejected one; "
    "the leaderboard shows all four at once, or scores them, and includes the subset Ties",
)
