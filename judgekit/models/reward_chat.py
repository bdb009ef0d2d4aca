"""Encodes conversations as tokens for a reward model, through its tokenizer's chat template.

A plain use of the template has two faults, which this module avoids. A text may contain the tokens
that mark turns, and so end its own turn and start another. And a conversation that is too long
would be truncated anywhere.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from judgekit.errors import InputError
from judgekit.models.library_errors import one_line
from judgekit.types import Message

__all__ = ["ConversationTooLong", "EncodedConversation", "RewardChat", "UnrenderableConversation"]

PROBE = (Message("user", "x"), Message("assistant", "y"), Message("user", "z"))
DAY = "26 Jul 2024"  # Llama 3.1's default; later Llama templates write the current date


class ConversationTooLong(ValueError):  # noqa: N818 (a finding about a text, not a fault)
    """A conversation that does not fit even without its history."""


class UnrenderableConversation(ValueError):  # noqa: N818 (as above)
    """A conversation that the model's chat template cannot render."""


@dataclass(frozen=True, slots=True)
class EncodedConversation:
    """A conversation as token ids, and a remark on what was changed."""

    ids: tuple[int, ...]
    remark: str = ""


class RewardChat:
    """Encodes conversations through a tokenizer's chat template.

    Args:
        name: The model's name in messages.
        tokenizer: A tokenizer of transformers.
        max_length: The most tokens of a conversation; None for no limit.

    Raises:
        InputError: The tokenizer has no chat template, or a broken one.
    """

    def __init__(self, name: str, tokenizer: Any, max_length: int | None) -> None:
        if tokenizer.chat_template is None:
            raise InputError(
                f"{name!r} has no chat template, so how it wants a conversation is not known; "
                f"use a reward model whose tokenizer has one, or add chat_template.jinja to it"
            )
        self._tokenizer = tokenizer
        self._max_length = max_length
        try:
            head = self._render(PROBE)
        except UnrenderableConversation as error:
            raise InputError(f"the chat template of {name!r} is broken: {error}") from error
        markers = {
            token.content: number
            for number, token in tokenizer.added_tokens_decoder.items()
            if len(token.content) > 1 and (token.special or is_marker(token.content, head))
        }
        longest_first = sorted(markers, key=len, reverse=True)
        self._marker = re.compile("|".join(map(re.escape, longest_first)) or "(?!)", re.IGNORECASE)
        self._marker_ids = frozenset(markers.values()) - {tokenizer.unk_token_id}

    def encode(self, conversation: Sequence[Message]) -> EncodedConversation:
        """See `RewardModel.encode`."""
        messages = [self._break_markers(message) for message in conversation]
        broken = sum(len(self._marker.findall(text_of(m) + m.extra)) for m in conversation)
        remarks = [f"{count(broken, 'special token')} in the texts set apart"] if broken else []
        ids = self._ids(messages)
        if any(m.role == "developer" for m in conversation):
            remarks.append("the developer's message given as a system prompt")
        if not self._fits(ids):
            messages, left_out = self._shorten(messages)
            ids = self._ids(messages)
            remarks.append(f"{left_out} left out to fit {self._max_length} tokens")
        return EncodedConversation(ids, "; ".join(remarks))

    def _fits(self, ids: Sequence[int]) -> bool:
        return self._max_length is None or len(ids) <= self._max_length

    def _shorten(self, messages: list[Message]) -> tuple[list[Message], str]:
        """Shortens a conversation from its start until it fits, and describes what was left out.

        System messages at the start and the answer stay complete. Whole turns are left out first,
        oldest first, each with its answer, since templates require users and assistants to
        alternate.
        """
        *history, answer = messages
        start = next((i for i, m in enumerate(history) if not m.instructs), len(history))
        head, turns = history[:start], history[start:]
        begins = [i for i, m in enumerate(turns) if m.role == "user"]

        def after(turn: int) -> list[Message]:
            return [*head, *turns[begins[turn] :], answer]

        kept = bisect_left(range(len(begins)), True, key=lambda i: self._fits(self._ids(after(i))))
        if kept < len(begins):
            return after(kept), count(begins[kept], "earlier message")
        if not begins:
            raise ConversationTooLong(
                f"longer than {self._max_length} tokens, and has no history to leave out"
            )
        question, *rest = turns[begins[-1] :]

        def behind(character: int) -> list[Message]:
            cut = replace(question, content=question.content[character:])
            return [*head, cut, *rest, answer]

        size = len(question.content)
        kept = bisect_left(range(size), True, key=lambda i: self._fits(self._ids(behind(i))))
        if kept == size:
            raise ConversationTooLong(
                f"longer than {self._max_length} tokens even without its question"
            )
        left_out = f"{count(kept, 'first character')} of the question"
        if begins[-1]:
            left_out = f"{count(begins[-1], 'earlier message')} and {left_out}"
        return behind(kept), left_out

    def _ids(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The tokens; refuses a text with what the tokenizer takes for a marker."""
        text = self._render(messages)
        # verbose would warn of a long text, which is shortened here.
        encoding = self._tokenizer(text, add_special_tokens=False, verbose=False)
        ids = tuple(encoding["input_ids"])
        if sum(i in self._marker_ids for i in ids) > len(self._marker.findall(text)):
            raise UnrenderableConversation(
                "a text holds what the tokenizer takes for a special token"
            )
        return ids

    def _render(self, messages: Sequence[Message]) -> str:
        rows = [replace(m, role="system" if m.instructs else m.role).as_dict() for m in messages]
        try:
            return str(self._tokenizer.apply_chat_template(rows, tokenize=False, date_string=DAY))
        except Exception as error:  # a template is a program of others
            raise UnrenderableConversation(
                f"the chat template refuses this: {one_line(error)}"
            ) from error

    def _break_markers(self, message: Message) -> Message:
        """The message with a space inside each of the model's role markers that its text contains.

        Otherwise an answer could end its own turn and start one of the user's.
        """

        def broken(text: str) -> str:
            return self._marker.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)

        return Message(message.role, broken(text_of(message)), extra=broken(message.extra))


def is_marker(token: str, rendered: str) -> bool:
    """Whether an ordinary added token stands between turns, so that it acts as a marker."""
    return token in rendered and any(character.isalpha() for character in token)


def text_of(message: Message) -> str:
    """The text and any tool calls; templates differ in whether they show the calls."""
    return "\n".join(part for part in (message.content, message.tool_calls) if part)


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless the number is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
