"""Where a model's thinking ends and its reply begins."""

from __future__ import annotations

import re

__all__ = ["strip_thinking"]

_OPENING = re.compile(
    r"\s*(?:<(?P<tag>think|thinking|thoughts?|scratchpad|reasoning|reflection|analysis|"
    r"inner_monologue|seed:think)>|\[(?P<square>THINK)\]|<\|begin_of_(?P<bar>thought)\|>|"
    r"◁(?P<kimi>think)▷)",
    re.IGNORECASE,
)
_CLOSING = {
    "tag": "</{}>",
    "square": "[/{}]",
    "bar": "<|end_of_{}|>",
    "kimi": "◁/{}▷",
}
_CLOSED_ALONE = re.compile(
    r"^[ \t]*(?:</(?:think|thinking)>|\[/THINK\]|◁/think▷)[ \t]*$", re.MULTILINE | re.IGNORECASE
)
_OPENED = re.compile(r"<think(?:ing)?>|\[THINK\]|◁think▷", re.IGNORECASE)
_CHANNEL = re.compile(
    r"\s*(?:<\|start\|>\w{1,20})?<\|channel\|>|\s*analysis(?=[A-Z\"'<*])(?=.*assistantfinal)",
    re.DOTALL,
)
_FINAL = re.compile(r"<\|channel\|>final[^<>\n]{0,40}<\|message\|>|assistantfinal")


def strip_thinking(text: str) -> str | None:
    """The text without the block of thinking at its beginning; None if that block never ends.

    A block stands in ``<think>`` or a tag of the same meaning, or in the channels before the final
    one (``<|channel|>analysis…<|channel|>final<|message|>``). A closing tag alone on its line ends
    a block, too: some chat templates contain the opening tag, so that the reply lacks it. Tags
    anywhere else belong to the reply, since a judge may quote them from an answer.
    """
    if _CHANNEL.match(text):
        final = _FINAL.search(text)
        return None if final is None else text[final.end() :].lstrip()
    opened = _OPENING.match(text)
    if opened is not None:
        kind = opened.lastgroup or "tag"
        closing = re.compile(re.escape(_CLOSING[kind].format(opened[kind])), re.IGNORECASE)
        closed = closing.search(text, opened.end())
        return None if closed is None else text[closed.end() :].lstrip()
    closed = _CLOSED_ALONE.search(text)
    if closed is not None and _OPENED.search(text, 0, closed.start()) is None:
        return text[closed.end() :].lstrip()
    return text
