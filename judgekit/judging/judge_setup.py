"""The user's settings for a judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from judgekit.judging.templates import Prompts, Template
from judgekit.types import Sampling

__all__ = ["JudgeSetup", "NoOptions"]


@dataclass(frozen=True)
class NoOptions:
    """The options of a judge without options."""


@dataclass(frozen=True)
class JudgeSetup:
    """The user's settings for a judge.

    Attributes:
        arity: The number of responses in a trial: 1 or 2.
        prompts: Where the judge finds prompts by name.
        options: An instance of the judge's `Options`.
        model: What `--model` names, if anything.
        prompt: A prompt to use instead of the judge's own.
        sampling: Fields that are set override those of the judge.
        reask: How often an unparsed reply is asked again, with a reminder of the format.
        verdict: Whether the verdict is read from a text (``"text"``), or without any text from the
            probabilities of the labels (``"logits"``).
    """

    arity: int
    prompts: Prompts
    options: Any = field(default_factory=NoOptions)
    model: str | None = None
    prompt: Template | None = None
    sampling: Sampling = Sampling()
    reask: int = 0
    verdict: Literal["text", "logits"] = "text"
