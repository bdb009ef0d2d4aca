"""The probabilities of labels among the tokens of a reply."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from judgekit.errors import CallFailure, EngineError

__all__ = ["check_labels", "label_logprobs", "no_logprobs"]


def check_labels(labels: Sequence[str]) -> None:
    """Refuses labels of which one starts with another, such as 1 and 10.

    A server gives probabilities of first tokens, and not whether its tokenizer writes 10 as one
    token.

    Raises:
        EngineError: One label starts with another.
    """
    for label in labels:
        for other in labels:
            if label != other and label.startswith(other):
                raise EngineError(
                    f"the labels {other!r} and {label!r} begin alike, so an API cannot tell their "
                    f"probabilities; use --verdict text, or a prompt with another scale"
                )


def no_logprobs() -> CallFailure:
    """The failure of a reply that lacks the log-probabilities it was asked for alone."""
    message = "the server gives no log-probabilities for this model; use --verdict text"
    return CallFailure("no log-probabilities", message, common=True)


def label_logprobs(
    logprobs: object, labels: Sequence[str], *, at_first: bool = False
) -> Mapping[str, float] | None:
    """Natural log-probabilities of the labels at the last token that is a label.

    It is the last one because the verdict comes at the end. Tokens that differ only in white space
    ("A" and " A") are the same label, and their probabilities are added.

    Args:
        logprobs: The choice's `logprobs`.
        labels: The labels.
        at_first: Whether to read them at the first token, whatever it is.

    Returns:
        The log-probabilities by label; None if no token is a label, or there is no token.
    """
    content = logprobs.get("content") if labels and isinstance(logprobs, dict) else None
    tokens = [t for t in content if isinstance(t, dict)] if isinstance(content, list) else []
    if at_first:
        return _labels_at(tokens[0], labels) if tokens else None
    for token in reversed(tokens):
        if str(token.get("token")).strip() in labels:
            return _labels_at(token, labels) or None
    return None


def _labels_at(token: Mapping[str, Any], labels: Sequence[str]) -> dict[str, float]:
    """The labels among a token and its alternatives."""
    top = token.get("top_logprobs")
    spellings = {  # an unlikely token is missing from its own alternatives
        str(alternative.get("token")): alternative.get("logprob")
        for alternative in (token, *(top if isinstance(top, list) else ()))
        if isinstance(alternative, dict)
    }
    out: dict[str, float] = {}
    for spelling, logprob in spellings.items():
        label = spelling.strip()
        if label in labels and _is_logprob(logprob):
            out[label] = _log_add_exp(out[label], logprob) if label in out else float(logprob)
    return out


def _is_logprob(value: object) -> TypeGuard[int | float]:
    """Whether it can be a logarithm of a probability; a little above 0 is rounding."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value == -math.inf or -1e300 < value <= 1e-3


def _log_add_exp(a: float, b: float) -> float:
    """log(exp(a) + exp(b)), without overflow."""
    high, low = max(a, b), min(a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
