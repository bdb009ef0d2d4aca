"""Encodes pairs in the tokens that the judge ``reward`` reads.

A reward model's score is read at the last token of a conversation. If a chat template writes more
after an answer than the end of its turn, that is not the token at which a chat model learns to
stop. So pairs are encoded as the judge encodes them, not as DPO and SFT do.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from judgekit.errors import InputError
from judgekit.models.reward_chat import (
    ConversationTooLong,
    EncodedConversation,
    RewardChat,
    UnrenderableConversation,
)
from judgekit.train.data.encoding import EncodedRows
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import Conversation, PairRow
from judgekit.train.data.transcripts import parse_transcript
from judgekit.types import Message

__all__ = ["RewardEncoder"]

log = logging.getLogger(__name__)

Tokens = tuple[int, ...]


class RewardEncoder:
    """Encodes pairs by a tokenizer's chat template.

    Each conversation has at most `max_length` tokens. Raises `InputError` if the tokenizer has no
    template, or a broken one.
    """

    def __init__(self, tokenizer: Any, *, max_length: int, name: str) -> None:
        self._chat = RewardChat(name, tokenizer, max_length)

    def pairs(self, rows: Sequence[PairRow]) -> EncodedRows:
        """Examples with two completions; the prompt is the common beginning of both conversations.

        The `counts` of `EncodedRows` are ``prompts_cut``, and of dropped rows ``no_room``,
        ``refused`` and ``same_once_cut``. Raises `InputError` if none is left.
        """
        counts: Counter[str] = Counter()
        examples, kept, why = [], [], ""
        if any(row.tools for row in rows):
            log.warning("the column tools is left out: the judge reward shows no tools")
        for index, row in enumerate(rows):
            try:
                chosen, rejected = self._shown(row)
            except (ConversationTooLong, UnrenderableConversation) as error:
                counts["no_room" if isinstance(error, ConversationTooLong) else "refused"] += 1
                why = why or f"{row.place}: {error}"
                continue
            if chosen.ids == rejected.ids:
                counts["same_once_cut"] += 1
                why = why or f"{row.place}: both answers are the same tokens"
                continue
            counts["prompts_cut"] += any("left out" in shown.remark for shown in (chosen, rejected))
            shared = common(chosen.ids, rejected.ids)
            completions = chosen.ids[shared:], rejected.ids[shared:]
            examples.append(Example(chosen.ids[:shared], completions, row.margin, row.probability))
            kept.append(index)
        if rows and not examples:
            raise InputError(f"none of {len(rows)} rows can be used; the first: {why}")
        return EncodedRows(examples, kept, dict(+counts))

    def _shown(self, row: PairRow) -> tuple[EncodedConversation, EncodedConversation]:
        prompt, chosen, rejected = conversation(row)
        return (
            self._chat.encode((*prompt, Message("assistant", chosen))),
            self._chat.encode((*prompt, Message("assistant", rejected))),
        )


def conversation(row: PairRow) -> tuple[Conversation, str, str]:
    """A pair's prompt as messages (a text is a transcript or a user message), and its answers."""
    if not isinstance(row.prompt, str):
        return row.prompt, row.chosen, row.rejected
    turns = parse_transcript(row.prompt)
    if turns is None:
        return (Message("user", row.prompt),), row.chosen, row.rejected
    return turns, row.chosen.strip(), row.rejected.strip()


def common(one: Tokens, other: Tokens) -> int:
    """The length of the common beginning that leaves each at least one more token."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return min(sum(1 for _ in alike), len(one) - 1, len(other) - 1)
