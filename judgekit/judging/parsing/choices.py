"""Formats that choose between two answers: bracketed labels, one token, a line, a statement.

Each `find_…` turns a text into a `Finding`; the public functions return a `Verdict`. `names` are
those of the first and the second answer shown, `tie` is the label of a tie.
"""

from __future__ import annotations

import re
from functools import lru_cache

from judgekit.judging.parsing.claims import unless_contradicted
from judgekit.judging.parsing.marks import Finding, Mark, conclude, unless_taken_back, verdict
from judgekit.types import Choice, Verdict

__all__ = [
    "announced_label",
    "arena_label",
    "bracketed_label",
    "find_announced",
    "find_arena",
    "find_label",
    "find_line",
    "find_statement",
    "find_token",
    "first_line",
    "label_choices",
    "one_token",
    "statement",
]

Names = tuple[str, ...]

_BRACKETS = re.compile(r"\[\[([^\[\]\n]{1,40})\]\]")
_ARENA = re.compile(r"([^<>=]+)(>{1,2}|<{1,2}|={1,2})([^<>=]+)")
_WRAPPING = " \t\r\n*_`\"'“”()."
_REASONS_WITHIN = 240  # characters
_REASONS = re.compile(  # on the same line in brackets, or after a blank one
    r"[ \t*_`.]{0,8}(?:\(|\n[ \t\r]*\n(?=[\s\S]*?\b(?:reason|because|expla(?:in|nation)|rationale|"
    r"justification|choice|better|best|more)))",
    re.IGNORECASE,
)
_OPENING = re.compile(r"\s*([^\r\n]{1,40}?)[ \t]*(?:\r?\n|$)")


@lru_cache(maxsize=256)
def label_choices(names: Names, tie: str | None) -> dict[str, Choice]:
    """The choice that each label means, also in other letter cases if that is unambiguous."""
    labels = {names[0]: Choice.FIRST, names[1]: Choice.SECOND}
    if tie is not None:
        labels.setdefault(tie, Choice.TIE)
    folded = [label.casefold() for label in labels]
    if len(set(folded)) == len(folded):
        labels |= {
            cased: choice
            for label, choice in tuple(labels.items())
            for cased in (label.lower(), label.upper(), label.capitalize())
        }
    return labels


def _meaning(labels: dict[str, Choice], written: str) -> Choice | None:
    choice = labels.get(written.strip())
    return labels.get(written.strip(_WRAPPING)) if choice is None else choice


def bracketed_label(text: str, names: Names = ("A", "B"), tie: str | None = "C") -> Verdict:
    """Reads ``[[A]]``, ``[[B]]`` or ``[[C]]`` for a tie, as in MT-Bench (Zheng et al. 2023).

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_label(reply, names, tie))


def find_label(text: str, names: Names, tie: str | None) -> Finding:
    labels = label_choices(names, tie)
    marks = []
    for match in _BRACKETS.finditer(text):
        choice = _meaning(labels, match[1])
        if choice is not None or match[1].strip(_WRAPPING).isalpha():
            marks.append(Mark(choice, match.start(), match.end()))
    return unless_contradicted(text, conclude(text, marks), names)


def arena_label(text: str, names: Names = ("A", "B"), tie: str | None = "C") -> Verdict:
    """Reads ``[[A>>B]]``, ``[[A>B]]``, ``[[A=B]]`` …, as in Arena-Hard (Li et al. 2024).

    The strength of the preference is not kept. Without a `tie` label ``[[A=B]]`` is no verdict.

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_arena(reply, names, tie))


def find_arena(text: str, names: Names, tie: str | None) -> Finding:
    marks = []
    for match in _BRACKETS.finditer(text):
        relation = _ARENA.fullmatch(match[1])
        if relation is not None:
            choice = _relation_choice(relation, label_choices(names, None), tie is not None)
            marks.append(Mark(choice, match.start(), match.end()))
    return unless_contradicted(text, conclude(text, marks), names)


def _relation_choice(
    relation: re.Match[str], labels: dict[str, Choice], ties_allowed: bool
) -> Choice | None:
    left, right = (_meaning(labels, relation[side]) for side in (1, 3))
    if left is None or right is None or left is right:
        return None
    if relation[2][0] == "=":
        return Choice.TIE if ties_allowed else None
    return left if relation[2][0] == ">" else right


def one_token(text: str, names: Names = ("m", "M"), tie: str | None = None) -> Verdict:
    """Reads a reply that is one label, as of AlpacaEval's judge (Dubois et al. 2024).

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_token(reply, names, tie))


def find_token(text: str, names: Names, tie: str | None) -> Finding:
    choice = _meaning(label_choices(names, tie), text)
    if choice is None:
        return Finding.none("the reply is not one of the labels")
    return Finding(choice, len(text))


def first_line(text: str, names: Names = ("1", "2"), tie: str | None = "Tie") -> Verdict:
    """Reads a label alone on the first line, reasons after it, as of PandaLM (Wang et al. 2023).

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_line(reply, names, tie))


def find_line(text: str, names: Names, tie: str | None) -> Finding:
    line = _OPENING.match(text)
    choice = None if line is None else _meaning(label_choices(names, tie), line[1])
    if line is None or choice is None:
        return Finding.none("the first line is not one of the labels")
    below = _OPENING.match(text, line.end())
    if below is not None and _meaning(label_choices(names, tie), below[1]) not in (None, choice):
        return Finding.many("different labels stand on the first lines")
    return unless_taken_back(text, Finding(choice, line.end()))


def announced_label(text: str, names: Names = ("1", "2"), tie: str | None = "Tie") -> Verdict:
    """Reads a label after a fixed announcement.

    ``So, the final decision is Response 1`` as of Auto-J (Li et al. 2023), or ``[RESULT] A`` as of
    Prometheus 2 (Kim et al. 2024).

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_announced(reply, names, tie))


def find_announced(text: str, names: Names, tie: str | None) -> Finding:
    labels = label_choices(names, tie)
    marks = []
    for match in _announcement_pattern(names, tie).finditer(text):
        label = match["result"] or match["line"] or match["worded"]
        worded = match["worded"] is not None
        start = match.start("worded") if worded else match.start()
        marks.append(Mark(_meaning(labels, label), start, match.end(), not worded))
    return unless_contradicted(text, conclude(text, marks), names)


@lru_cache(maxsize=256)
def _announcement_pattern(names: Names, tie: str | None) -> re.Pattern[str]:
    """Announcements with their label, which ends a phrase: "a tie" and "A or B" are not A.

    In a sentence a label of one letter counts only as it is written: "a" is an article.
    """
    labels = [name for name in (*names, tie) if name is not None]
    either = "|".join(re.escape(name) for name in labels)
    cased = "|".join(re.escape(n) if len(n) == 1 else f"(?i:{re.escape(n)})" for n in labels)
    opens = r"[(\[\"'*_`]{0,3}"
    noun = r"(?i:(?:the[ \t]+)?(?:response|output|answer|assistant|model)[ \t]{1,2})?" + opens
    ends = (
        r"(?!\w)(?![)\]\"'*_`]{0,4},?[ \t]*(?i:/|&|\||or\b|and\b|vs\b))"
        rf"(?![)\]\"'*_`]{{0,4}},[ \t]*(?i:{either})(?!\w))"
        r"(?=[)\]\"'*_`]{0,4}[ \t]*(?:$|[,;:!?(—–]|-[ \t]|\.(?:[\"'*_`)]|\s+(?![a-z\s])|\s*$)|"
        r"(?i:because|since|as|for|due|over|is)\b))"
    )
    return re.compile(
        rf"(?i:\[RESULT\])[\s*_`:(\"]{{0,8}}{noun}(?P<result>(?i:{either})){ends}"
        rf"|^[ \t*_`#]{{0,6}}(?:(?i:\[RESULT)[ \t]*:[ \t]*|(?i:RESULT)[*_`]{{0,2}}:[ \t*_`]{{0,4}})"
        rf"{noun}(?P<line>(?i:{either})){ends}"
        rf"|(?i:\bfinal[ \t]+decision[ \t]+is\b:?)[\s*_`:(\"]{{0,8}}{noun}"
        rf"(?:(?i:an?|the)[ \t]+(?=\w\w))?(?P<worded>{cased}){ends}",
        re.MULTILINE,
    )


def statement(text: str, names: Names = ("a", "b")) -> Verdict:
    """Reads ``Therefore, Output (b) is better.``, as of LLMBar (Zeng et al. 2024); it has no tie.

    A line that is only ``Output (b)`` means the same where it ends the reply, or opens it with the
    reasons after it; elsewhere it is a heading.

    Args:
        text: The reply.
        names: The names of the first and the second answer.
    """
    return verdict(text, lambda reply: find_statement(reply, names))


def find_statement(text: str, names: Names) -> Finding:
    labels = label_choices(names, None)
    marks = [
        Mark(labels.get(match[1] or match[2]), match.start(), match.end())
        for match in _statement_pattern(names).finditer(text)
        if match[1] is None or not _is_heading(text, match)
    ]
    return conclude(text, marks, explicit=True)


def _is_heading(text: str, line: re.Match[str]) -> bool:
    """Whether a line that only names an answer is neither the last nor the first, with reasons."""
    rest = text[line.end() : line.end() + _REASONS_WITHIN]
    if not any(c.isalnum() for c in rest):
        return False
    opens = not text[max(0, line.start() - _REASONS_WITHIN) : line.start()].strip()
    return not opens or _REASONS.match(rest) is None


# What opens a closing sentence, and names no aspect ("in terms of style, …") and no condition.
_INTRODUCTION = (
    r"\b(?i:(?:(?:weighing|considering|based on|given|taking|judging by|comparing|having|after|"
    r"looking at|in (?:light|view) of|all (?:things|in all)|on (?:balance|the whole)|in (?:short|"
    r"my (?:view|opinion|judge?ment)|conclusion|the end)|for (?:these|this|that) reasons?|"
    r"as a result|by (?:these|all|the) \w+|however|still|nevertheless|nonetheless)\b"
    r"(?![^,\n]{0,100}\b(?:alone|only|just|purely|solely|merely|if|who|terms)\b)"
    r"[^.!?;:\n]{0,100},|i (?:firmly )?(?:believe|think|conclude|find|judge|would say|feel))"
    r"(?: that)?)"
)


@lru_cache(maxsize=256)
def _statement_pattern(names: Names) -> re.Pattern[str]:
    either = "|".join(re.escape(name) for name in names)
    subject = (
        r"\b(?i:output|response|answer|assistant|model|option)[ \t]{0,2}[(\[\"'*_`]{0,3}"
        rf"({either})(?!\w)[)\]\"'*_`]{{0,3}}"
    )
    noun = r"(?:[ \t]+(?:one|choice|output|response|answer|option)\b)?"
    degree = r"(?:(?:clearly|slightly|significantly|much|overall|the|a|an)[ \t]+){0,3}"
    return re.compile(
        rf"^[*_`# \t]{{0,6}}{subject}(?=[ \t\r*_`.]{{0,8}}(?:$|\())"
        rf"|(?:{_INTRODUCTION}[ \t]+)?{subject}[ \t]+(?i:is[ \t]+{degree}better\b{noun})",
        re.MULTILINE,
    )
