"""What an objective needs of a language model: loading and the estimates depend on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Head", "ModelUse"]

Head = Literal["lm", "score"]
"""``lm``: logits over the vocabulary. ``score``: one number, as of a reward model."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """How an objective uses its model.

    Attributes:
        head: The model's last layer.
        completions: Answers in a row of the data: 2 of a preference, 1 of an example to imitate.
        reference: Whether the loss needs the reference model's log-probabilities.
    """

    head: Head = "lm"
    completions: Literal[1, 2] = 2
    reference: bool = False
