"""The messages of a call, for APIs that want instructions apart or take only plain texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from judgekit.errors import CallFailure
from judgekit.types import Call, Message

__all__ = ["fold_instructions", "instructions", "plain_turns"]


def instructions(messages: Sequence[Message]) -> str:
    """What the system and the developer say, as one text; empty if there is nothing."""
    return "\n\n".join(message.content for message in messages if message.instructs)


def fold_instructions(messages: Sequence[Message]) -> list[Message]:
    """The messages with what the system says at the beginning of the user's next one."""
    folded: list[Message] = []
    system = ""
    for message in messages:
        if message.instructs:
            system += f"{message.content}\n\n"
            continue
        if system and message.role == "user":
            message = replace(message, content=system + message.content)
            system = ""
        folded.append(message)
    if system:
        folded.append(Message("user", system.strip()))
    return folded


def plain_turns(call: Call, provider: str) -> list[Message]:
    """The turns of the conversation without instructions, and the beginning of the answer.

    An empty answer of the assistant is left out: these providers refuse an empty text.

    Args:
        call: The call.
        provider: The engine's name, for messages.

    Raises:
        CallFailure: A message is more than a text.
    """
    turns: list[Message] = []
    for message in call.messages:
        if message.role == "tool" or message.tool_calls or message.extra:
            raise CallFailure(
                "tool messages",
                f"a message of the prompt holds tool calls, or fields beside its text, which "
                f"{provider}/ is not sent; put it to a model through openai/",
                common=True,
            )
        if not message.instructs and (message.content or message.role == "user"):
            turns.append(message)
    if call.prefill:
        turns.append(Message("assistant", call.prefill))
    return turns
