"""Judges named together with their models, for commands that take several."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.errors import InputError

__all__ = ["JudgeSpec", "parse_judge_specs"]


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A judge and the model that it asks (or its weights); None means that of `--model`."""

    judge: str
    model: str | None = None

    def __str__(self) -> str:
        return self.judge if self.model is None else f"{self.judge}@{self.model}"


def parse_judge_specs(text: str) -> tuple[JudgeSpec, ...]:
    """Reads comma-separated judges, each JUDGE or JUDGE@MODEL.

    Args:
        text: Such as ``pairwise@openai/gpt-4o-mini,overlap``. The model follows the first ``@``.

    Raises:
        InputError: A judge or a model is empty, or a judge is named twice.
    """
    specs: list[JudgeSpec] = []
    for part in text.split(","):
        judge, at, model = part.strip().partition("@")
        if not judge or (at and not model):
            raise InputError(
                f"{part.strip()!r} in {text!r} names no judge: write JUDGE or JUDGE@ENGINE/MODEL, "
                f"several separated by commas, such as pairwise@openai/gpt-4o-mini,overlap"
            )
        spec = JudgeSpec(judge, model or None)
        if spec in specs:
            raise InputError(f"the judge {str(spec)!r} is named twice in {text!r}; remove one")
        specs.append(spec)
    return tuple(specs)
