"""The content of a message: its text, apart from the model's thinking."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from judgekit.errors import CallFailure

__all__ = ["Content"]

TEXT = frozenset({"text", "output_text", "input_text"})
THINKING = re.compile(r"think|thought|reason|^summary_text$", re.IGNORECASE)
CALLS = re.compile(r"tool|function", re.IGNORECASE)
THOUGHTS = ("thinking", "reasoning", "text", "summary", "content")
UNTOLD = frozenset({"thought", "thoughtSignature"})  # a signature of thinking, without a text
DEPTH = 8  # levels of thoughts within thoughts


@dataclass
class Content:
    """What a message says, by kind. `calls_tool`: whether it asks for a tool to be run."""

    text: list[str] = field(default_factory=list)
    thinking: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls_tool: bool = False

    @classmethod
    def of(cls, content: object) -> Content:
        """Reads content that is a text, a part, a list of both, or missing.

        Raises:
            CallFailure: Nobody knows what one of its parts is, so it is neither taken for text nor
                left out.
        """
        read = cls()
        for part in content if isinstance(content, list) else [content]:
            read._add(part)
        return read

    def _add(self, part: Any) -> None:
        if part is None:
            return
        if isinstance(part, str):
            self.text.append(part)
            return
        if not isinstance(part, dict):
            raise unknown_part(type(part).__name__)
        kind = part.get("type", "text")
        if not isinstance(kind, str):
            raise unknown_part(kind)
        if THINKING.search(kind) or (kind in TEXT and part.get("thought") is True):
            self.thinking.append(_thoughts(part))
        elif kind == "refusal" and isinstance(part.get("refusal"), str):
            self.refusal.append(part["refusal"])
        elif CALLS.search(kind) or ("type" not in part and any(map(CALLS.search, part))):
            self.calls_tool = True  # Gemini's {"functionCall": {…}} has no type
        elif part.keys() <= UNTOLD and part:
            return
        elif kind in TEXT and "text" in part:
            text = part["text"]
            text = text.get("value") if isinstance(text, dict) else text
            if not isinstance(text, str) and part["text"] is not None:
                raise unknown_part(kind)
            self.text.append(text or "")
        else:
            raise unknown_part(kind if "type" in part else ", ".join(map(str, part)))


def _thoughts(part: object, depth: int = DEPTH) -> str:
    """All the texts of a part that is thinking; what they are called matters little."""
    if isinstance(part, str):
        return part
    if isinstance(part, list) and depth:
        return "".join(_thoughts(inner, depth - 1) for inner in part)
    if isinstance(part, dict) and depth:
        return "".join(_thoughts(part[name], depth - 1) for name in THOUGHTS if name in part)
    return ""


def unknown_part(kind: object) -> CallFailure:
    """The failure of a reply with a part that nobody knows."""
    name = "unknown content part"
    message = f"the reply holds a part of the type {str(kind)[:40]!r}, which judgekit cannot read"
    return CallFailure(name, message, common=True)
