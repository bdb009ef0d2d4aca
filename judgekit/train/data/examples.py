"""Training examples in tokens."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Example"]


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and its completions in token ids, each of at least one token.

    Preferences have two completions, chosen and rejected; SFT has one. A completion ends with the
    end of turn unless it was cut. `margin` and `probability` as `PairRow` has them.
    """

    prompt: tuple[int, ...]
    completions: tuple[tuple[int, ...], ...]
    margin: float | None = None
    probability: float | None = None
