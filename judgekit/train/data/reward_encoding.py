"""Pairs → examples in the very tokens that the judge ``reward`` will read.

A reward model's number is read at the last token of a conversation. Where a chat template writes
more after an answer than the end of its turn, that is another token than the one that a chat model
learns to stop at: so pairs are shown here as the judge shows them, and not as DPO and SFT do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from judgekit.errors import InputError
from judgekit.models.reward_chat import RewardChat, Shown, TooLong, Unshowable
from judgekit.train.data.encoding import EncodedRows
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import Conversation, PairRow
from judgekit.train.data.transcripts import messages
from judgekit.types import Message

__all__ = ["RewardEncoder"]

Tokens = tuple[int, ...]


class RewardEncoder:
    """Shows pairs through a tokenizer's chat template, each answer's conversation in at most
    `max_length` tokens. Raises `InputError` for a tokenizer without a template, or a broken one.
    """

    def __init__(self, tokenizer: Any, *, max_length: int, name: str) -> None:
        self._chat = RewardChat(name, tokenizer, max_length)

    def pairs(self, rows: Sequence[PairRow]) -> EncodedRows:
        """Examples of two completions; what both conversations begin with is the prompt.

        The `counts` of `EncodedRows` are ``prompts_cut``, and of dropped rows ``no_room``,
        ``refused`` and ``same_once_cut``. Raises `InputError` if none is left.
        """
        counts: Counter[str] = Counter()
        examples, kept, why = [], [], ""
        for index, row in enumerate(rows):
            try:
                chosen, rejected = self._shown(row)
            except (TooLong, Unshowable) as error:
                counts["no_room" if isinstance(error, TooLong) else "refused"] += 1
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

    def _shown(self, row: PairRow) -> tuple[Shown, Shown]:
        prompt, chosen, rejected = conversation(row)
        return (
            self._chat.show((*prompt, Message("assistant", chosen))),
            self._chat.show((*prompt, Message("assistant", rejected))),
        )


def conversation(row: PairRow) -> tuple[Conversation, str, str]:
    """A pair's prompt as messages (a text is a transcript, or the user's), and its answers."""
    if not isinstance(row.prompt, str):
        return row.prompt, row.chosen, row.rejected
    turns = messages(row.prompt)
    if turns is None:
        return (Message("user", row.prompt),), row.chosen, row.rejected
    return turns, row.chosen.strip(), row.rejected.strip()


def common(one: Tokens, other: Tokens) -> int:
    """How many tokens both begin with, so that each has one more behind them."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return min(sum(1 for _ in alike), len(one) - 1, len(other) - 1)
