"""Turns cases into the three texts that PairRM compares: a prompt and two answers.

Judge and training share it, so that a trained PairRM is asked what it has learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from judgekit.types import Case, Message

__all__ = ["conversation_text", "pair_texts"]


def pair_texts(case: Case, first: int, second: int) -> tuple[str, str, str]:
    """The prompt and two of a case's responses as texts.

    If the models answered earlier turns differently, the prompt has a placeholder for each earlier
    answer, and an answer is all of a model's answers under these placeholders. This is the layout
    of llm-blender's `compare_conversations`.

    Args:
        case: The case.
        first: Index of the response shown first.
        second: Index of the response shown second.

    Returns:
        Prompt, first answer and second answer.
    """
    both = case.responses[first], case.responses[second]
    if case.shared_history:
        return conversation_text(case.conversation(first)), both[0].text, both[1].text
    marks = [f"<Response {i + 1}>" for i in range(max(len(r.earlier) for r in both) + 1)]
    marked = replace(case, responses=(replace(both[0], earlier=tuple(marks[:-1])),))
    prompt = (*marked.conversation(0), Message("assistant", marks[-1]))
    answers = [
        "\n".join(f"<Response {i}>: {text}" for i, text in enumerate((*r.earlier, r.text), 1))
        for r in both
    ]
    return conversation_text(prompt), answers[0], answers[1]


def conversation_text(messages: Sequence[Message]) -> str:
    """A conversation as one text: a single user message as it is, else one line per role."""
    texts = [m.text for m in messages]
    if [m.role for m in messages] == ["user"]:
        return texts[0]
    return "\n".join(f"{m.role.upper()}: {text}" for m, text in zip(messages, texts, strict=True))
