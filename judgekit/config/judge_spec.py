"""Seats: judges named together with what each asks, where a command takes several."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.errors import InputError

__all__ = ["JudgeSpec", "parse_judge_specs"]


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A judge, and the model it is to ask (or its weights); None leaves that to `--model`."""

    judge: str
    model: str | None = None

    def __str__(self) -> str:
        return self.judge if self.model is None else f"{self.judge}@{self.model}"


def parse_judge_specs(text: str) -> tuple[JudgeSpec, ...]:
    """``pairwise@openai/gpt-4o-mini,overlap``: judges apart by commas, each JUDGE or JUDGE@MODEL.

    What stands after the first ``@`` is the model. Raises `InputError` for an empty place, and
    where two seats are the same.
    """
    seats: list[JudgeSpec] = []
    for part in text.split(","):
        judge, at, model = part.strip().partition("@")
        if not judge or (at and not model):
            raise InputError(
                f"{part.strip()!r} in {text!r} names no judge: write JUDGE or JUDGE@ENGINE/MODEL, "
                f"several apart by commas, such as pairwise@openai/gpt-4o-mini,overlap"
            )
        seat = JudgeSpec(judge, model or None)
        if seat in seats:
            raise InputError(f"the judge {str(seat)!r} stands twice in {text!r}; take one out")
        seats.append(seat)
    return tuple(seats)
