"""Reads a reply: from what an engine gave to a verdict."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from judgekit.judging.parsing.formats import Parser, parser
from judgekit.judging.parsing.marks import Finding, spoken
from judgekit.judging.templates import Head
from judgekit.types import Choice, Reply, Status, Verdict

__all__ = ["read"]

Chances = Mapping[Choice, float]

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
    """The verdict of a reply, as the prompt file's head says it reads.

    Only text after the model's thinking counts, `Reply.thinking` never. A reply cut at its token
    limit is `truncated` unless its verdict is complete and nothing followed that could have
    changed it. A choice has a probability, P(first) + P(tie)/2, where the engine gave those of
    the format's labels. Raises `InputError` where no parser has the head's name.
    """
    how = parser(head.reads)
    said = spoken(reply.text)
    reasoning = (said or "").strip()
    chances = None
    if reply.label_logprobs:
        chances = _chances(reply.label_logprobs, how.labels(head, names))
    if reply.finish in ("refusal", "content_filter"):
        return Verdict.without(Status.REFUSED, reply.finish, reasoning=reasoning)
    if said is None:
        found = Finding.none("the thinking never ends")
    elif how.stands == "whole" and chances is not None:
        found = _drawn(how.find(said, head, names), reasoning, chances)
    elif not reasoning:
        found = Finding.none("the reply is empty")
    else:
        found = how.find(said, head, names)
    if reply.finish == "length" and not _settled(said or "", found, how):
        return Verdict.without(Status.TRUNCATED, "cut at the token limit", reasoning=reasoning)
    if found.status is Status.UNPARSED and _REFUSAL.match(reasoning):
        return Verdict.without(Status.REFUSED, "the model declined", reasoning=reasoning)
    probability = None
    if chances is not None:
        probability = min(1.0, chances[Choice.FIRST] + chances[Choice.TIE] / 2)
    return found.verdict(reasoning, probability)


def _settled(said: str, found: Finding, how: Parser) -> bool:
    """Whether a reply cut at its limit had given its verdict to the end.

    It had where the marker ends the reply and is closed: `Score: 1` may have become 10.
    """
    if found.value is None or how.stands == "whole":
        return found.value is not None
    if how.stands == "first line":
        return "\n" in said[: found.end]
    return not any(c.isalnum() for c in said[found.end :]) and not said[-1].isalnum()


def _chances(logprobs: Mapping[str, float], labels: Mapping[str, Choice]) -> Chances | None:
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
    chances = dict.fromkeys(Choice, 0.0)
    for label, weight in weights.items():
        chances[labels[label]] += weight / total
    return chances


def _drawn(found: Finding, reasoning: str, chances: Chances) -> Finding:
    """The verdict of a one-token judge by its labels' probabilities.

    The token is one draw from them, and empty where an engine only reads probabilities, so the
    likeliest label is the choice; among equals the token drawn. Another word is no verdict.
    """
    if found.value is None and reasoning:
        return found
    top = max(chances.values())
    best = [choice for choice in Choice if chances[choice] == top]
    if found.value in best:
        return found
    return Finding(best[0] if len(best) == 1 else Choice.TIE)
