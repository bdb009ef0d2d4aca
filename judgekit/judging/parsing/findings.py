"""What formats find in a reply: markers, and what they add up to."""

from __future__ import annotations

from typing import NamedTuple

from judgekit.types import Choice, Status, Verdict

__all__ = ["Finding", "Mark"]


class Mark(NamedTuple):
    """A marker in the text; its value is None if it is no known label or number.

    An `announced` one holds its own announcement, as ``[RESULT] A`` does.
    """

    value: Choice | float | str | None
    start: int
    end: int
    announced: bool = False


class Finding(NamedTuple):
    """What a format finds in a text: a value and its marker's end, or why there is none.

    The value is a choice, a score, or the name of a class.
    """

    value: Choice | float | str | None
    end: int = 0
    status: Status = Status.VALID
    error: str = ""

    @classmethod
    def none(cls, error: str) -> Finding:
        return cls(None, status=Status.UNPARSED, error=error)

    @classmethod
    def many(cls, error: str) -> Finding:
        return cls(None, status=Status.AMBIGUOUS, error=error)

    def verdict(self, reasoning: str, probability: float | None = None) -> Verdict:
        if isinstance(self.value, Choice):
            return Verdict.chose(self.value, probability=probability, reasoning=reasoning)
        if isinstance(self.value, str):
            return Verdict.classified(self.value, reasoning=reasoning)
        if self.value is not None:
            return Verdict.scored(self.value, reasoning=reasoning)
        return Verdict.without(self.status, self.error, reasoning=reasoning)
