"""What an engine is asked, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from judgekit.types.cases import Message, Trial, digest, message_parts

__all__ = ["MOST_TOKENS", "Call", "Reply", "Sampling", "Usage", "token_count"]

MOST_TOKENS = 2**30  # of one reply; no model's window comes near, and sums of it stay 64-bit


@dataclass(frozen=True)
class Sampling:
    """How an engine is to answer. None leaves it to the engine; `extra` is passed as it is."""

    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    extra: tuple[tuple[str, Any], ...] = ()

    @cached_property
    def identity(self) -> str:
        """All of it as one text, the same in every process."""
        # 0 and 0.0 ask for the same, and so do the same extras in another order.
        heat = None if self.temperature is None else float(self.temperature)
        top_p = None if self.top_p is None else float(self.top_p)
        fields = [heat, self.max_tokens, top_p, self.seed, self.stop, dict(self.extra)]
        return json.dumps(fields, sort_keys=True, default=str)


@dataclass(frozen=True)
class Call:
    """One question to an engine.

    `labels`: give these labels' log-probabilities as well, where the verdict stands. `prefill`:
    the beginning of the answer, where the engine can take one. `generate` False: give only the
    labels' log-probabilities, right after the prefill, and no text. `ends`: lines, one of which
    concludes the answer; an engine that can need generate no further. `trial` tells who asks and is
    no part of the call's identity.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    labels: tuple[str, ...] = ()
    prefill: str = ""
    generate: bool = True
    ends: tuple[str, ...] = ()
    trial: Trial | None = field(default=None, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """Identity of what is asked: equal calls have equal digests, in every process."""
        parts = [self.sampling.identity, self.prefill, str(len(self.labels)), *self.labels]
        if not self.generate:
            parts.append("labels only")
        parts += self.ends
        for message in message_parts(self.messages):
            parts += message
        return digest(*parts)


class Usage(NamedTuple):
    """The tokens that a server counts for one call; None stands for what it does not count.

    `tokens_in` are those of the prompt. Of these, `tokens_cached` were read from the provider's
    cache and `tokens_written` were written to it; both have prices of their own. `tokens_out` are
    those of the reply, thinking included.
    """

    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    tokens_written: int | None = None

    @classmethod
    def of(
        cls, tokens_in: object, tokens_out: object, cached: object = None, written: object = None
    ) -> Usage:
        """The usage that a server claims, without what cannot be true.

        A count that can be none is None, and so are cached tokens that are more than the prompt's.
        """
        prompt, reply = token_count(tokens_in), token_count(tokens_out)
        parts = token_count(cached), token_count(written)
        if sum(part or 0 for part in parts) > (prompt or 0):
            parts = None, None
        return cls(prompt, reply, *parts)


@dataclass(frozen=True, slots=True)
class Reply:
    """An engine's answer, kept for good in the reply store.

    `finish` is why it ended: ``"stop"``, ``"length"`` (cut at the limit), ``"refusal"``,
    ``"content_filter"``. `thinking` is the model's reasoning where the engine tells it apart;
    it never holds a verdict. `label_logprobs`: natural logarithms, where `Call.labels` asked.
    Counts of tokens are as in `Usage`.
    """

    text: str
    finish: str = "stop"
    thinking: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    label_logprobs: Mapping[str, float] | None = None
    tokens_cached: int | None = None
    tokens_written: int | None = None

    @property
    def usage(self) -> Usage:
        """The tokens that the server counted."""
        return Usage(self.tokens_in, self.tokens_out, self.tokens_cached, self.tokens_written)


def token_count(value: object) -> int | None:
    """A count of tokens as a server or an engine gives it; None if it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST_TOKENS else None
