"""Reads a verdict from an engine's reply."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from judgekit.judging.parsing.formats import Parser, parser
from judgekit.judging.parsing.marks import Finding
from judgekit.judging.parsing.thinking import strip_thinking
from judgekit.judging.templates import Head
from judgekit.types import Choice, Reply, Status, Verdict

__all__ = ["declines", "read"]

Shares = Mapping[Choice, float]

# Only what opens a reply, and only about the task itself: a judge may well be sorry for an answer.
_REFUSAL = re.compile(
    r"\W{0,4}(?:(?:(?:i['’]m|i am|we['’]re) )?(?:(?:really|very|so|truly) )?(?:sorry|afraid),? "
    r"(?:but )?|i apologi[sz]e,? (?:but )?|unfortunately,? |as an ai[\w ]{0,20},? )?"
    r"(?:i|we)(?: can(?:['’]t|not| not)|['’]m (?:unable|not able) to| am (?:unable|not able) to|"
    r" won['’]t| will not| must decline to) "
    r"(?:help|assist|comply|engage in|continue with|(?:answer|respond to) th|"
    r"provide (?:an? |any )?(?:direct )?(?:response|answer|assistance|help)\b|"
    r"(?:evaluate|judge|compare|rate) (?:this|these|that|such) "
    r"(?:content|request|material|answers?|responses?))",
    re.IGNORECASE,
)


def read(reply: Reply, head: Head, names: tuple[str, ...] = ("A", "B")) -> Verdict:
    """Reads the verdict of a reply in the format that the prompt file's head names.

    Only text after the model's thinking counts; `Reply.thinking` never does. A reply that was cut
    off at its token limit is `truncated`, unless its verdict is complete and nothing follows that
    could have changed it. A choice has the probability P(first) + P(tie)/2 if the engine gave the
    probabilities of the format's labels.

    Args:
        reply: The reply.
        head: The prompt's head.
        names: The names of the answers in the order shown.

    Raises:
        InputError: The head names no known format.
    """
    format_parser = parser(head.reads)
    text = strip_thinking(reply.text)
    reasoning = (text or "").strip()
    shares = None
    if reply.label_logprobs:
        shares = _label_shares(reply.label_logprobs, format_parser.labels(head, names))
    if reply.finish in ("refusal", "content_filter"):
        return Verdict.without(Status.REFUSED, reply.finish, reasoning=reasoning)
    if text is None:
        finding = Finding.none("the thinking never ends")
    elif format_parser.position == "whole" and shares is not None:
        finding = _most_likely_label(format_parser.find(text, head, names), reasoning, shares)
    elif not reasoning:
        finding = Finding.none("the reply is empty")
    else:
        finding = format_parser.find(text, head, names)
    if reply.finish == "length" and not _is_complete(text or "", finding, format_parser):
        return Verdict.without(Status.TRUNCATED, "cut at the token limit", reasoning=reasoning)
    if finding.status is Status.UNPARSED and declines(reasoning):
        return Verdict.without(Status.REFUSED, "the model declined", reasoning=reasoning)
    probability = None
    if shares is not None:
        probability = min(1.0, shares[Choice.FIRST] + shares[Choice.TIE] / 2)
    return finding.verdict(reasoning, probability)


def declines(text: str) -> bool:
    """Whether a reply without a verdict says that the model would not judge."""
    return _REFUSAL.match(text.strip()) is not None


def _is_complete(text: str, finding: Finding, format_parser: Parser) -> bool:
    """Whether a reply that was cut off had already given its whole verdict.

    It had if the marker ends the reply and is closed: `Score: 1` might have become 10, and
    `Score: 1.` 1.5.
    """
    if finding.value is None or format_parser.position == "whole":
        return finding.value is not None
    if format_parser.position == "first line" and "\n" not in text[: finding.end].strip():
        return "\n" in text[: finding.end].lstrip()
    after = text[finding.end :]
    named = not isinstance(finding.value, Choice)  # a number or a class may go on
    if named and text[finding.end - 1].isalnum() and "\n" not in after:
        return False
    return not any(c.isalnum() for c in after) and not text[-1].isalnum()


def _label_shares(logprobs: Mapping[str, float], labels: Mapping[str, Choice]) -> Shares | None:
    """Each choice's probability, normalised over the labels present; None without any."""
    present = {
        label: logprobs[label]
        for label in labels
        if -math.inf < logprobs.get(label, -math.inf) < math.inf
    }
    if not present:
        return None
    top = max(present.values())
    weights = {label: math.exp(chance - top) for label, chance in present.items()}
    total = sum(weights.values())
    shares = dict.fromkeys(Choice, 0.0)
    for label, weight in weights.items():
        shares[labels[label]] += weight / total
    return shares


def _most_likely_label(finding: Finding, reasoning: str, shares: Shares) -> Finding:
    """The verdict of a one-token judge by the probabilities of its labels.

    The token is one sample from them, and missing if an engine only reads probabilities. So the
    most likely label is the choice; among equally likely ones, the sampled one. Another word is no
    verdict.
    """
    if finding.value is None and reasoning:
        return finding
    top = max(shares.values())
    best = [choice for choice in Choice if shares[choice] == top]
    if finding.value in best:
        return finding
    return Finding(best[0] if len(best) == 1 else Choice.TIE)
