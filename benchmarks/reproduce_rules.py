"""How sources read their judges' replies where judgekit reads them otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

__all__ = ["RULES", "Rule", "Value"]

Value = str | float | None
"""first, second or tie; a score; or nothing."""

FIRST, SECOND, TIE = "first", "second", "tie"


class Rule(NamedTuple):
    """How a source reads a reply where we do not, in words."""

    words: str
    read: Callable[[str], Value]


def _searched(first: str, second: str) -> Callable[[str], Value]:
    def rule(text: str) -> Value:
        return FIRST if re.search(first, text) else SECOND if re.search(second, text) else None

    return rule


def _arena(text: str) -> Value:
    labels = set(re.findall(r"\[\[([AB<>=]+)\]\]", text))
    if len(labels) != 1:
        return None
    meanings = {"A>>B": FIRST, "A>B": FIRST, "A=B": TIE, "B>A": SECOND, "B>>A": SECOND}
    return meanings.get(labels.pop())


def _substring(text: str) -> Value:
    labels = (("[[A]]", FIRST), ("[[B]]", SECOND), ("[[C]]", TIE))
    return next((choice for label, choice in labels if label in text), None)


def _first_line(text: str) -> Value:
    return {"1": FIRST, "2": SECOND}.get(text.split("\n")[0].strip(), TIE)


def _ranked(text: str) -> Value:
    """The model of the least rank; of equal ranks the one listed first."""
    ranks = re.findall(
        r"""["']model["']\s*:\s*["'](\w+)["']\s*,\s*["']rank["']\s*:\s*(\d+)""", text
    )
    if len(ranks) != 2:
        return None
    name, _ = min(ranks, key=lambda row: int(row[1]))
    return {"m": FIRST, "M": SECOND}.get(name)


def _two_scores(text: str) -> Value:
    try:
        first, second = map(float, text.split("\n")[0].replace(",", " ").split())
    except ValueError:
        return None
    return FIRST if first > second else SECOND if second > first else TIE


def _first_rating(text: str) -> Value:
    match = re.search(r"\[\[(\d+\.?\d*)\]\]", text) or re.search(r"\[(\d+\.?\d*)\]", text)
    return None if match is None else float(match[1])


def _last_rating(text: str) -> Value:
    matches = re.findall(r"\[\[(\d+\.?\d*)\]\]", text)
    return float(matches[-1]) if matches else None


def _integer(text: str) -> Value:
    try:
        return float(int(text))
    except ValueError:
        return None


RULES: Mapping[str, tuple[Rule, ...]] = {
    "statement": (
        Rule(
            "LLMBar takes `Output (a)` at the beginning of any line, before it looks for (b)",
            _searched(r"(?:^|\n) ?Output \(a\)", r"(?:^|\n) ?Output \(b\)"),
        ),
        Rule(
            "LLMBar takes `Output (a) is better` anywhere, before it looks for (b)",
            _searched(r"Output \(a\) is better.", r"Output \(b\) is better."),
        ),
    ),
    "arena": (Rule("JudgeBench takes the one label there is, whatever is said of it", _arena),),
    "label": (Rule("FastChat looks for [[A]] anywhere, then [[B]], then [[C]]", _substring),),
    "ranked": (
        Rule("AlpacaEval sorts by rank, so that of equal ranks the first listed wins", _ranked),
    ),
    "line": (Rule("PandaLM takes any other first line for a tie", _first_line),),
    "scores": (Rule("JudgeLM takes any two numbers of the first line", _two_scores),),
    "rating": (
        Rule("FastChat takes the first [[n]], else the first [n]", _first_rating),
        Rule("Auto-J takes the last [[n]]", _last_rating),
    ),
    "number": (Rule("LLMBar takes whatever Python's int() does", _integer),),
}
