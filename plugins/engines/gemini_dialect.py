"""How Gemini's `generateContent` is asked, and what its answers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judgekit.errors import EngineError
from judgekit.types import Call, Message, Reply, Usage

from .http_failure import ServerError, blocked_prompt, reported_error
from .http_labels import check_labels
from .http_meaning import End, end_of
from .http_messages import fold_instructions, instructions, plain_turns
from .http_parts import Content
from .http_refusals import check_own_argument, is_refusal, refused_parameter, refuses_system
from .http_reply import finish_text, make_reply, total_tokens

__all__ = ["GeminiDialect"]

CONFIG = "generationConfig"
LIMIT = "maxOutputTokens"
DROPPABLE = ("temperature", "topP", "seed", "stopSequences")
LOGPROBS = ("responseLogprobs", "logprobs")
TOP_LOGPROBS = 5  # every model that gives any gives as many
MOST_TOP_LOGPROBS = 20  # for the labels of a scale
WORD_START = re.compile(r"_([a-z])")


class GeminiDialect:
    """Bodies of calls to one model, and the meaning of its answers.

    `settled` maps what the server refused to what became of it. What a prompt has in common with
    the one before is found in the provider's cache without a mark: instructions come first.

    Args:
        model: The model's name.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.settled: dict[str, str] = {}

    def body(self, call: Call) -> dict[str, Any]:
        """The JSON body of one call.

        Raises:
            CallFailure: A message is more than a text.
            EngineError: The labels cannot be distinguished by their first token, or the user's
                arguments hold a limit that budgets would not see.
        """
        body: dict[str, Any] = {}
        turns = plain_turns(call, "gemini")
        system = instructions(call.messages)
        if system and "system" in self.settled:
            turns = fold_instructions([Message("system", system), *turns])
        elif system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        body["contents"] = [
            {
                "role": "model" if turn.role == "assistant" else "user",
                "parts": [{"text": turn.content}],
            }
            for turn in turns
        ]
        extra = dict(call.sampling.extra)
        config = self._config(call) | own_config(extra)
        return body | ({CONFIG: config} if config else {}) | extra

    def _config(self, call: Call) -> dict[str, Any]:
        """The sampling, and which log-probabilities are wanted."""
        sampling = call.sampling
        config: dict[str, Any] = {
            "temperature": sampling.temperature,
            "topP": sampling.top_p,
            LIMIT: sampling.max_tokens,
            "seed": sampling.seed,
            "stopSequences": list(sampling.stop) or None,
        }
        if call.labels:
            config |= {"responseLogprobs": True, "logprobs": TOP_LOGPROBS}
        if not call.generate:
            check_labels(call.labels)
            config["logprobs"] = MOST_TOP_LOGPROBS
        return {
            name: value
            for name, value in config.items()
            if value is not None and name not in self.settled
        }

    def handle_refusal(self, error: ServerError, call: Call, sent: Mapping[str, Any]) -> bool:
        """Handles the refusal of a parameter that can be left out.

        Returns:
            Whether the call can be sent again.

        Raises:
            EngineError: The server refuses one of the user's own arguments, or log-probabilities
                for a call that asks for nothing else.
        """
        if not is_refusal(error):
            return False
        text = WORD_START.sub(lambda match: match[1].upper(), error.text)
        names = [*DROPPABLE, *LOGPROBS, *dict(call.sampling.extra)]
        sent_names = {**sent, **sent.get(CONFIG, {})}
        name = refused_parameter(ServerError(text), names, sent_names)
        check_own_argument(name, call, error, self.model)
        if name is None and "logprobs" in text.lower() and "logprobs" in sent_names:
            name = "logprobs"
        if name in LOGPROBS and not call.generate:
            raise EngineError(
                f"the server gives no log-probabilities for {self.model!r}: {error.message}; "
                f"use --verdict text"
            )
        if name in LOGPROBS:
            self.settled |= dict.fromkeys(LOGPROBS, "left out")
        elif name:
            self.settled[name] = "left out"
        elif "systemInstruction" in sent and refuses_system(error):
            self.settled["system"] = "in the user message"
        else:
            return False
        return True

    def error_in(self, body: Any) -> Any:
        """The error that a body reports, also beside a candidate; None without one."""
        if not isinstance(body, dict):
            return None
        if (blocked := blocked_prompt(body)) is not None:
            return blocked
        candidates = body.get("candidates")
        return reported_error((body, first_of(candidates)), replied=bool(candidates))

    def read(self, body: Any, call: Call) -> Reply | None:
        """The reply in a response.

        Raises:
            CallFailure: What is there is no whole reply, or nobody knows whether it is.
        """
        candidate = first_of(body.get("candidates")) if isinstance(body, dict) else None
        if not isinstance(candidate, dict):
            return None
        message, reason = candidate.get("content"), candidate.get("finishReason")
        if not isinstance(message, dict):
            if end_of(reason) in (End.MISSING, End.STOP):
                return None
            message = {}  # a filter, or the limit, left nothing
        content = Content.of(message.get("parts"))
        text, used = "".join(content.text), self.usage(body)
        end = finish_text(
            reason, text, call, used, calls_tool=content.calls_tool, field="finishReason"
        )
        logprobs = chat_logprobs(candidate.get("logprobsResult")) if call.labels else None
        return make_reply(call, text, "".join(content.thinking), end, used, logprobs=logprobs)

    def usage(self, body: Any) -> Usage:
        """The tokens that a body counts, whatever else it holds.

        Thinking is billed as a part of the reply, and counted apart from it.
        """
        counts = body.get("usageMetadata") if isinstance(body, dict) else None
        if not isinstance(counts, dict):
            return Usage()
        prompt, thoughts = counts.get("promptTokenCount"), counts.get("thoughtsTokenCount") or 0
        answer = counts.get("candidatesTokenCount", 0 if prompt is not None else None)
        return Usage.of(
            total_tokens(prompt, counts.get("toolUsePromptTokenCount") or 0),
            total_tokens(answer, thoughts),
            counts.get("cachedContentTokenCount"),
        )


def own_config(extra: dict[str, Any]) -> dict[str, Any]:
    """Takes the user's own `generationConfig` out of their arguments.

    Raises:
        EngineError: It is none, or holds a limit that budgets would not see.
    """
    config = extra.pop(CONFIG, {})
    if not isinstance(config, dict):
        raise EngineError(f"the model argument {CONFIG!r} must be an object, not {config!r}")
    if LIMIT in config:
        raise EngineError(f"the model argument {CONFIG!r} holds {LIMIT}; give it as --max-tokens")
    return config


def chat_logprobs(result: Any) -> dict[str, Any] | None:
    """Gemini's log-probabilities in the form of a chat completion's; None if there are none."""
    chosen = result.get("chosenCandidates") if isinstance(result, dict) else None
    if not isinstance(chosen, list):
        return None
    tops = result.get("topCandidates")
    tops = tops if isinstance(tops, list) else []
    tokens = [chat_token(token) for token in chosen]
    for token, top in zip(tokens, tops, strict=False):
        candidates = top.get("candidates") if isinstance(top, dict) else None
        if isinstance(candidates, list):
            token["top_logprobs"] = [chat_token(candidate) for candidate in candidates]
    return {"content": tokens}


def chat_token(token: Any) -> dict[str, Any]:
    """One token with its log-probability."""
    fields = token if isinstance(token, dict) else {}
    return {"token": fields.get("token"), "logprob": fields.get("logProbability")}


def first_of(values: Any) -> Any:
    """The first of a list; None if it is none, or empty."""
    return values[0] if isinstance(values, list) and values else None
