"""Reads a list of claims: a line ``CLAIM: …`` each, or ``NO CLAIMS``."""

from __future__ import annotations

import re

from judgekit.judging.parsing.reading import declines
from judgekit.judging.parsing.thinking import strip_thinking
from judgekit.types import Reply, Status, Verdict

__all__ = ["MOST_CLAIMS", "claim_list"]

MOST_CLAIMS = 200  # of one answer, as many as a rubric has criteria

_MARKS = r"[*_`\"“”]{0,3}"
_CLAIM = re.compile(
    rf"^[ \t]*(?:[-*•–][ \t]+|\d{{1,3}}[.)][ \t]+)?{_MARKS}claim(?:[ \t]+\d{{1,3}})?{_MARKS}"
    rf"[ \t]*[:：]{_MARKS}[ \t]*(?P<text>\S.*?)[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_ITEM = re.compile(r"[ \t]*(?:[-*•–]|\d{1,3}[.)])[ \t]+(?P<text>\S.*?)[ \t]*")
_NONE = re.compile(rf"^[ \t]*{_MARKS}no claims{_MARKS}[.!]?{_MARKS}[ \t]*$", re.M | re.IGNORECASE)


def claim_list(reply: Reply) -> tuple[str, ...] | Verdict:
    """The claims that a reply lists.

    A list without the word ``CLAIM`` is read where the reply is nothing but its items.

    Args:
        reply: The reply; its thinking says nothing.

    Returns:
        The claims in their order, each once; empty where the reply says that there are none. A
        verdict without a score where the list cannot be read, or may have been cut.
    """
    if reply.finish in ("refusal", "content_filter"):
        return Verdict.without(Status.REFUSED, reply.finish)
    if reply.finish == "length":
        return Verdict.without(Status.TRUNCATED, "the list of claims was cut")
    text = strip_thinking(reply.text)
    if text is None:
        return Verdict.without(Status.UNPARSED, "the thinking never ends")
    claims = [match["text"] for match in _CLAIM.finditer(text)] or plain_items(text)
    if _NONE.search(text):
        if claims:
            return Verdict.without(Status.AMBIGUOUS, "claims, and that there are none")
        return ()
    if not claims:
        if declines(text):
            return Verdict.without(Status.REFUSED, "the model declined")
        return Verdict.without(Status.UNPARSED, "no list of claims in the reply")
    distinct = {" ".join(claim.split()).casefold(): claim for claim in reversed(claims)}
    if len(distinct) > MOST_CLAIMS:
        return Verdict.without(Status.UNPARSED, f"more than {MOST_CLAIMS} claims")
    return tuple(reversed(distinct.values()))


def plain_items(text: str) -> list[str]:
    """The items of a reply that is nothing but a list; empty for any other."""
    lines = [line for line in text.splitlines() if line.strip()]
    items = [_ITEM.fullmatch(line) for line in lines]
    return [item["text"] for item in items if item] if all(items) else []
