"""Several rated answers to one prompt, as UltraFeedback has them (Cui et al. 2023,
arXiv:2310.01377): the best against the worst makes a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.io.row import RowError, shown
from judgekit.io.values import read_answer
from judgekit.train.data.preference import Preference, UnusableRow, number, prompt_of
from judgekit.train.data.rows import Conversation

__all__ = ["RatedAnswer", "read_ranking", "read_rated"]

RatedAnswer = tuple[str, float]  # an answer and its score, more is better

PROMPTS = ("prompt", "instruction", "question")
ANSWERS = ("response", "output", "answer", "text")
SCORES = ("overall_score", "fine-grained_score", "score")


def read_ranking(data: Mapping[str, Any]) -> Preference:
    """The best against the worst answer of a row with `completions`; of equals the first.

    The margin is the difference of their scores. Raises `RowError`, where all answers are equally
    good `UnusableRow`.
    """
    prompt, rated = read_rated(data)
    if len(rated) < 2:
        raise UnusableRow("unrated", "it has no two answers with a score", lasting=True)
    best = max(rated, key=lambda answer: answer[1])
    worst = min(rated, key=lambda answer: answer[1])
    if best[1] == worst[1]:
        raise UnusableRow("tie", "all its answers have the same score", lasting=True)
    return Preference(prompt, best[0], worst[0], best[1] - worst[1])


def read_rated(data: Mapping[str, Any]) -> tuple[Conversation | str, list[RatedAnswer]]:
    """The prompt and the rated answers, in their order; empty answers and unrated ones left out.

    Scores are of the first kind that every answer has: `overall_score`, `fine-grained_score`,
    `score`, the mean of the ratings in `annotations`; or of the kind that most have.
    Raises `RowError`.
    """
    prompt = prompt_of(first(data, PROMPTS, "prompt"))
    completions = data["completions"]
    if not isinstance(completions, list) or not all(isinstance(c, dict) for c in completions):
        raise RowError(f"the completions are {shown(completions)}, not a list of objects")
    answers = [read_answer(first(c, ANSWERS, "response"), None, "response")[0] for c in completions]
    present = [i for i, answer in enumerate(answers) if answer.strip()]
    kinds = [[score(completions[i], kind) for i in present] for kind in (*SCORES, "annotations")]
    scores = max(kinds, key=lambda found: len(found) - found.count(None))
    return prompt, [(answers[i], s) for i, s in zip(present, scores, strict=True) if s is not None]


def score(completion: Mapping[str, Any], kind: str) -> float | None:
    """A completion's score of a kind; None where it has none."""
    return ratings(completion) if kind == "annotations" else number(completion, kind)


def ratings(completion: Mapping[str, Any]) -> float | None:
    """The mean of the aspects' ratings, of those that are numbers (some are N/A)."""
    notes = completion.get("annotations")
    aspects = notes.values() if isinstance(notes, dict) else ()
    found = []
    for aspect in aspects:
        said = aspect.get("Rating") if isinstance(aspect, dict) else None
        if isinstance(said, int | float | str) and not isinstance(said, bool):
            try:
                found.append(float(said))
            except ValueError:
                continue
    return sum(found) / len(found) if found else None


def first(data: Mapping[str, Any], names: Sequence[str], part: str) -> Any:
    """The value of the first of the columns that holds one. Raises `RowError` for none."""
    for name in names:
        if data.get(name) is not None:
            return data[name]
    raise RowError(f"the {part} is missing (there is none of {', '.join(map(repr, names))})")
