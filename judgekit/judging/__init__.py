"""What the author of a judge imports: kinds of judge, verdict parsers, and the types they use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judgekit.judging import parsing
    from judgekit.judging.judge import Ask, BatchJudge, Judge, JudgeSetup, NoOptions, PromptJudge
    from judgekit.types import (
        Call,
        Case,
        Choice,
        Message,
        Reply,
        Response,
        Sampling,
        Status,
        Trial,
        Verdict,
    )

__all__ = [
    "Ask",
    "BatchJudge",
    "Call",
    "Case",
    "Choice",
    "Judge",
    "JudgeSetup",
    "Message",
    "NoOptions",
    "PromptJudge",
    "Reply",
    "Response",
    "Sampling",
    "Status",
    "Trial",
    "Verdict",
    "parsing",
]

OF_JUDGE = ("Ask", "BatchJudge", "Judge", "JudgeSetup", "NoOptions", "PromptJudge")


def __getattr__(name: str) -> Any:
    # Imported when used: the parsers compile many patterns, which most commands do not need.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "parsing":
        return import_module("judgekit.judging.parsing")
    return getattr(
        import_module("judgekit.judging.judge" if name in OF_JUDGE else "judgekit.types"), name
    )


def __dir__() -> list[str]:
    return sorted(__all__)
