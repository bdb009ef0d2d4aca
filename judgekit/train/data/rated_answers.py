"""Rows with several rated answers, as in UltraFeedback (Cui et al. 2023, arXiv:2310.01377).

The best and the worst answer make a pair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.io.row import RowError, shown
from judgekit.io.values import read_answer
from judgekit.train.data.preference import Preference, UnusableRow, checked_prompt, number_in
from judgekit.train.data.rows import Conversation

__all__ = ["RatedAnswer", "read_ranking", "read_rated"]

RatedAnswer = tuple[str, float]  # an answer and its score, more is better

PROMPTS = ("prompt", "instruction", "question")
ANSWERS = ("response", "output", "answer", "text")
SCORES = ("overall_score", "fine-grained_score", "score")


def read_ranking(data: Mapping[str, Any]) -> Preference:
    """The best and the worst answer of a row with `completions`; of equal ones the first.

    The margin is the difference of their scores. Raises `RowError`, and `UnusableRow` if all
    answers have the same score.
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
    """The prompt and the rated answers, in order, without empty and unrated ones.

    The score is the first that every answer has, of `overall_score`, `fine-grained_score`, `score`
    and the mean of the ratings in `annotations`; otherwise the one that most answers have.
    Raises `RowError`.
    """
    prompt = checked_prompt(first(data, PROMPTS, "prompt"))
    completions = data["completions"]
    if not isinstance(completions, list) or not all(isinstance(c, dict) for c in completions):
        raise RowError(f"the completions are {shown(completions)}, not a list of objects")
    answers = [read_answer(first(c, ANSWERS, "response"), None, "response")[0] for c in completions]
    present = [i for i, answer in enumerate(answers) if answer.strip()]
    kinds = [[score(completions[i], kind) for i in present] for kind in (*SCORES, "annotations")]
    scores = max(kinds, key=lambda numbers: len(numbers) - numbers.count(None))
    return prompt, [(answers[i], s) for i, s in zip(present, scores, strict=True) if s is not None]


def score(completion: Mapping[str, Any], kind: str) -> float | None:
    """A completion's score of one kind; None if it has none."""
    return ratings(completion) if kind == "annotations" else number_in(completion, kind)


def ratings(completion: Mapping[str, Any]) -> float | None:
    """The mean of the aspects' ratings that are numbers (some are N/A)."""
    notes = completion.get("annotations")
    aspects = notes.values() if isinstance(notes, dict) else ()
    numbers = []
    for aspect in aspects:
        rating = aspect.get("Rating") if isinstance(aspect, dict) else None
        if isinstance(rating, int | float | str) and not isinstance(rating, bool):
            try:
                numbers.append(float(rating))
            except ValueError:
                continue
    return sum(numbers) / len(numbers) if numbers else None


def first(data: Mapping[str, Any], names: Sequence[str], part: str) -> Any:
    """The value of the first column that has one. Raises `RowError` if none has."""
    for name in names:
        if data.get(name) is not None:
            return data[name]
    raise RowError(f"the {part} is missing (there is none of {', '.join(map(repr, names))})")
