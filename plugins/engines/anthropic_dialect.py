"""How Anthropic's Messages API is asked, and what its answers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judgekit.errors import EngineError
from judgekit.types import Call, Reply, Usage

from .http_failure import ServerError, reported_error
from .http_meaning import End, end_of
from .http_messages import instructions, plain_turns
from .http_parts import Content
from .http_refusals import check_own_argument, is_refusal, refused_parameter
from .http_reply import finish_text, make_reply, total_tokens

__all__ = ["AnthropicDialect", "check_wishes"]

DROPPABLE = ("temperature", "top_p")  # newer models refuse both, or both together
PREFILL = re.compile(r"prefill|must end with a user message", re.IGNORECASE)
CACHE = "cache_control"
CACHED_FROM = 4000  # characters: no model caches fewer than 1024 tokens


class AnthropicDialect:
    """Bodies of calls to one model, and the meaning of its answers.

    `settled` maps what the server refused to what became of it. Instructions that the call before
    had, too, are marked for the provider's cache: they are the fixed part of a judge's prompts, and
    writing to the cache costs more than not to, so what is asked once is not written.

    Args:
        model: The model's name.
        caches: Whether instructions may be marked for the cache.
    """

    def __init__(self, model: str, *, caches: bool = True) -> None:
        self.model = model
        self._caches = caches
        self.settled: dict[str, str] = {}
        self._instructions = ""

    def body(self, call: Call) -> dict[str, Any]:
        """The JSON body of one call.

        Raises:
            CallFailure: A message is more than a text.
            EngineError: The call asks for what the API does not have.
        """
        self._check(call)
        sampling = call.sampling
        body: dict[str, Any] = {"model": self.model, "max_tokens": sampling.max_tokens}
        if system := instructions(call.messages):
            body["system"] = self._system(system)
        body["messages"] = [
            {"role": turn.role, "content": turn.content} for turn in plain_turns(call, "anthropic")
        ]
        if call.prefill:  # the API refuses white space at the end of an answer that is begun
            body["messages"][-1]["content"] = call.prefill.rstrip()
        if sampling.temperature is not None:
            body["temperature"] = sampling.temperature
        if sampling.top_p is not None:
            body["top_p"] = sampling.top_p
        if sampling.stop:
            body["stop_sequences"] = list(sampling.stop)
        for name in self.settled:
            body.pop(name, None)
        return body | dict(sampling.extra)

    def handle_refusal(self, error: ServerError, call: Call, sent: Mapping[str, Any]) -> bool:
        """Handles the refusal of a parameter that can be left out.

        Returns:
            Whether the call can be sent again.

        Raises:
            EngineError: The model cannot continue an answer, or the server refuses one of the
                user's own arguments.
        """
        if call.prefill and PREFILL.search(error.text):
            raise EngineError(
                f"{self.model!r} cannot continue an answer that is begun for it ({error.message}); "
                f"use a prompt without prefill, or another model"
            )
        if not is_refusal(error):
            return False
        name = refused_parameter(error, [*DROPPABLE, *dict(call.sampling.extra)], sent)
        check_own_argument(name, call, error, self.model)
        if name is None and CACHE in error.text and isinstance(sent.get("system"), list):
            name = CACHE
        if name is None:
            return False
        self.settled[name] = "left out"
        return True

    def error_in(self, body: Any) -> Any:
        """The error that a body reports, also beside a message; None without one."""
        if not isinstance(body, dict):
            return None
        return reported_error((body,), replied="content" in body)

    def read(self, body: Any, call: Call) -> Reply | None:
        """The reply in a message.

        Raises:
            CallFailure: What is there is no whole reply, or nobody knows whether it is.
        """
        if not isinstance(body, dict):
            return None
        blocks, reason = body.get("content"), body.get("stop_reason")
        if not isinstance(blocks, list) and end_of(reason) in (End.MISSING, End.STOP):
            return None  # else a refusal, or the limit, left nothing
        content = Content.of(blocks)
        text, used = "".join(content.text), self.usage(body)
        end = finish_text(
            reason, text, call, used, calls_tool=content.calls_tool, field="stop_reason"
        )
        if call.prefill and end in (End.STOP, End.LENGTH):
            text = call.prefill.rstrip() + text.removeprefix(call.prefill)
        return make_reply(call, text, "".join(content.thinking), end, used)

    def usage(self, body: Any) -> Usage:
        """The tokens that a body counts, whatever else it holds.

        The API's `input_tokens` leave out those that were read from its cache or written to it.
        """
        counts = body.get("usage") if isinstance(body, dict) else None
        if not isinstance(counts, dict):
            return Usage()
        read, written = (counts.get(f"cache_{what}_input_tokens") for what in ("read", "creation"))
        prompt = total_tokens(counts.get("input_tokens"), read or 0, written or 0)
        return Usage.of(prompt, counts.get("output_tokens"), read, written)

    def _system(self, system: str) -> str | list[dict[str, Any]]:
        """The instructions, marked for the cache where they are long and come again."""
        again, self._instructions = system == self._instructions, system
        marked = again and self._caches and CACHE not in self.settled
        if not marked or len(system) < CACHED_FROM:
            return system
        return [{"type": "text", "text": system, CACHE: {"type": "ephemeral"}}]

    def _check(self, call: Call) -> None:
        """Refuses (`EngineError`) a call for what the API does not have, before it is sent."""
        if call.sampling.max_tokens is None and "max_tokens" not in dict(call.sampling.extra):
            raise EngineError("anthropic/ needs a limit for each reply: give --max-tokens")
        if CACHE in dict(call.sampling.extra):
            raise EngineError(
                f"anthropic/ marks by itself what comes again, at known prices; leave out {CACHE}"
            )
        check_wishes(call.sampling.seed, logits=not call.generate)
        if call.labels:
            raise EngineError("anthropic/ gives no log-probabilities; leave out --logprobs")


def check_wishes(seed: int | None, *, logits: bool) -> None:
    """Refuses (`EngineError`) a seed, and verdicts from log-probabilities: the API has neither."""
    if seed is not None:
        raise EngineError("anthropic/ takes no seed; leave out --seed")
    if logits:
        raise EngineError("anthropic/ gives no log-probabilities; use --verdict text")
