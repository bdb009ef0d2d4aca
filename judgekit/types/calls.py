"""What an engine is asked, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from judgekit.types.cases import Message, Trial, digest, message_parts

__all__ = ["MOST_TOKENS", "Call", "Reply", "Sampling", "token_count"]

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


@dataclass(frozen=True, slots=True)
class Reply:
    """An engine's answer, kept for good in the reply store.

    `finish` is why it ended: ``"stop"``, ``"length"`` (cut at the limit), ``"refusal"``,
    ``"content_filter"``. `thinking` is the model's reasoning where the engine tells it apart;
    it never holds a verdict. `label_logprobs`: natural logarithms, where `Call.labels` asked.
    """

    text: str
    finish: str = "stop"
    thinking: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    label_logprobs: Mapping[str, float] | None = None


def token_count(value: object) -> int | None:
    """A count of tokens as a server or an engine gives it; None if it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST_TOKENS else None
