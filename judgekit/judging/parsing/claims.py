"""What a reply says in words after its verdict: that another answer is the better one."""

from __future__ import annotations

import re
from functools import lru_cache

from judgekit.judging.parsing.findings import Finding
from judgekit.types import Choice

__all__ = ["unless_contradicted"]

_NOUN = r"(?:answer|assistant|response|output|model|option|antwort|réponse|respuesta)"
_BETTER = (
    r"(?:better|best|(?:clear |right |real )?winner|superior|(?:right|correct|better|best) "
    r"(?:one|answer|response|choice)|besser|meilleure?|mejor)"
)
_BEFORE = (
    r"(?:should (?:be|read|have been)|i (?:now )?(?:mean|meant|choose|prefer|pick)|"
    r"(?:verdict|winner|answer|one|choice|vote) (?:is|goes to)|(?:changed?|switch) (?:\w+ ){0,3}to)"
)


def unless_contradicted(text: str, finding: Finding, names: tuple[str, ...]) -> Finding:
    """The finding, unless the text after it says in words that another answer is better.

    Args:
        text: The reply.
        finding: A choice between two answers, or none.
        names: The names of the first and the second answer.
    """
    others = {Choice.FIRST: names[1], Choice.SECOND: names[0]}
    other = others.get(finding.value) if isinstance(finding.value, Choice) else None
    if other is not None and _claim(other).search(text, finding.end):
        return Finding.many("words after the verdict say that another answer is better")
    return finding


@lru_cache(maxsize=256)
def _claim(name: str) -> re.Pattern[str]:
    """Claims without a limit: "B is better in style" is none."""
    opens, closes = r"[(\[\"'*_`]{0,3}", r"[)\]\"'*_`]{0,3}"
    named = rf"(?<!\w)(?i:{_NOUN}[ \t]+)?{opens}{re.escape(name)}(?!\w){closes}"
    ends = r"(?=[ \t*_`]*(?:[.!;\n]|$|because|since))"
    is_better = rf"is[ \t]+(?:in fact |actually |clearly )?(?:the )?{_BETTER}"
    return re.compile(
        rf"{named}(?:['’]s (?i:{_NOUN}))?[ \t]+(?i:wins|{is_better}){ends}"
        rf"|(?i:{_BEFORE})[ \t:]+{named}{ends}"
    )
