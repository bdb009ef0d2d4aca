"""Builds the bodies of calls to one model, with parameters that its server accepts.

Servers differ in the parameters they refuse. A refusal is handled once per run: the parameter is
renamed in every later call, or left out, and `settled` says which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judgekit.errors import EngineError
from judgekit.types import Call, Reply, Usage

from . import openai_reply
from .http_failure import ServerError
from .http_labels import check_labels
from .http_messages import fold_instructions
from .http_refusals import check_own_argument, is_refusal, refused_parameter, refuses_system

__all__ = ["OpenAIDialect"]

CAPS = ("max_tokens", "max_completion_tokens")
LOGPROBS = ("logprobs", "top_logprobs")
CONTINUE = {"continue_final_message": True, "add_generation_prompt": False}  # vLLM, SGLang
DROPPABLE = ("temperature", "top_p", "seed", "stop", *LOGPROBS, *CONTINUE)
REASONING = re.compile(r"(?:.*/)?(?:o\d|gpt-5)", re.IGNORECASE)
TOP_LOGPROBS = 5  # every server gives as many
MOST_TOP_LOGPROBS = 20  # the most that OpenAI and vLLM give, for the labels of a scale


class OpenAIDialect:
    """Bodies of calls to one model, as its server accepts them.

    `settled` maps a refused parameter to what became of it: another parameter's name, ``"left
    out"``, or ``"in the user message"``.

    Args:
        model: The model's name.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.settled: dict[str, str] = {}
        self._caps = CAPS[::-1] if REASONING.match(model) else CAPS

    def body(self, call: Call) -> dict[str, Any]:
        """The JSON body of one call.

        If only labels are to be read, it asks for one token with its alternatives, and servers that
        can continue a message are asked to continue right after the prefill.

        Raises:
            EngineError: The labels cannot be distinguished by their first token.
        """
        sampling, settled = call.sampling, self.settled
        body: dict[str, Any] = {"model": self.model, "messages": self._messages(call)}
        if sampling.temperature is not None:
            body["temperature"] = sampling.temperature
        if sampling.top_p is not None:
            body["top_p"] = sampling.top_p
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if call.labels:
            body["logprobs"] = True
            body["top_logprobs"] = TOP_LOGPROBS
        if not call.generate:
            check_labels(call.labels)
            body["top_logprobs"] = MOST_TOP_LOGPROBS
            body |= CONTINUE if call.prefill else {}
        for name in settled:
            body.pop(name, None)
        extra = dict(sampling.extra)
        if sampling.max_tokens is not None and not extra.keys() & set(CAPS):
            for cap in self._caps:
                if cap not in settled:
                    body[cap] = sampling.max_tokens
                    break
        body |= extra
        return body

    def handle_refusal(self, error: ServerError, call: Call, sent: Mapping[str, Any]) -> bool:
        """Handles the refusal of a parameter that can be omitted or renamed.

        Calls refused at the same time lead to the same result, which changes nothing.

        Args:
            error: The server's error.
            call: The call.
            sent: The body that was refused.

        Returns:
            Whether the call can be sent again.

        Raises:
            EngineError: The server refuses one of the user's own arguments, or log-probabilities
                for a call that asks for nothing else, so that leaving them out would change what is
                asked.
        """
        if not is_refusal(error):
            return False
        names = [*CAPS, *DROPPABLE, *dict(call.sampling.extra)]
        name = refused_parameter(error, names, sent)
        check_own_argument(name, call, error, self.model)
        if name in LOGPROBS and not call.generate:
            raise EngineError(
                f"the server gives no log-probabilities for {self.model!r}: {error.message}; "
                f"use --verdict text"
            )
        if name in CAPS:
            other = next(cap for cap in CAPS if cap != name)
            self.settled[name] = "left out" if other in self.settled else other
        elif name in LOGPROBS:
            self.settled |= dict.fromkeys(LOGPROBS, "left out")
        elif name in CONTINUE:
            self.settled |= dict.fromkeys(CONTINUE, "left out")
        elif name:
            self.settled[name] = "left out"
        elif refuses_system(error) and any(
            m["role"] in ("system", "developer") for m in sent["messages"]
        ):
            self.settled["system"] = "in the user message"
        else:
            return False
        return True

    def error_in(self, body: Any) -> Any:
        """The error that a body reports, also beside a choice or inside it; None without one."""
        return openai_reply.error_in(body)

    def read(self, body: Any, call: Call) -> Reply | None:
        """Reads the reply to a call from a completion's JSON; see `openai_reply.read`."""
        return openai_reply.read(body, call)

    def usage(self, body: Any) -> Usage:
        """The tokens that a body counts, whatever else it holds."""
        return openai_reply.usage(body)

    def _messages(self, call: Call) -> list[dict[str, Any]]:
        messages = fold_instructions(call.messages) if "system" in self.settled else call.messages
        rows = [message.as_dict() for message in messages]
        if call.prefill:
            rows.append({"role": "assistant", "content": call.prefill})
        return rows
