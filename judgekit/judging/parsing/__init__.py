"""Verdict parsers: from the text of a reply to a verdict, or to the reason why there is none.

`read` serves judges whose prompt file names a format. The other functions read one format each, for
authors who write `parse` themselves::

    def parse(self, reply: Reply, trial: Trial) -> Verdict:
        return parsing.bracketed_label(reply.text, trial.names)

They take a text, ignore thinking in ``<think>`` tags, and never raise an exception.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judgekit.judging.parsing.choices import (
        announced_label,
        arena_label,
        bracketed_label,
        first_line,
        one_token,
        statement,
    )
    from judgekit.judging.parsing.claim_lists import claim_list
    from judgekit.judging.parsing.classes import labelled_class, with_class_value
    from judgekit.judging.parsing.criteria import criteria_json, criteria_lines, read_criteria
    from judgekit.judging.parsing.formats import PARSERS, Parser, concluding_lines, parser
    from judgekit.judging.parsing.grades import labelled_grade
    from judgekit.judging.parsing.json_choices import json_winner, ranked_models
    from judgekit.judging.parsing.reading import read
    from judgekit.judging.parsing.score_lists import score_list
    from judgekit.judging.parsing.score_pairs import score_pair
    from judgekit.judging.parsing.scores import (
        bare_number,
        bracketed_rating,
        labelled_score,
        marked_result,
    )
    from judgekit.judging.parsing.version import PARSERS_VERSION

__all__ = [
    "PARSERS",
    "PARSERS_VERSION",
    "Parser",
    "announced_label",
    "arena_label",
    "bare_number",
    "bracketed_label",
    "bracketed_rating",
    "claim_list",
    "concluding_lines",
    "criteria_json",
    "criteria_lines",
    "first_line",
    "json_winner",
    "labelled_class",
    "labelled_grade",
    "labelled_score",
    "marked_result",
    "one_token",
    "parser",
    "ranked_models",
    "read",
    "read_criteria",
    "score_list",
    "score_pair",
    "statement",
    "with_class_value",
]

MODULES = {
    "choices": (
        "announced_label",
        "arena_label",
        "bracketed_label",
        "first_line",
        "one_token",
        "statement",
    ),
    "claim_lists": ("claim_list",),
    "classes": ("labelled_class", "with_class_value"),
    "criteria": (
        "criteria_json",
        "criteria_lines",
        "read_criteria",
    ),
    "formats": (
        "PARSERS",
        "Parser",
        "concluding_lines",
        "parser",
    ),
    "grades": ("labelled_grade",),
    "json_choices": (
        "json_winner",
        "ranked_models",
    ),
    "reading": ("read",),
    "score_lists": ("score_list",),
    "score_pairs": ("score_pair",),
    "scores": (
        "bare_number",
        "bracketed_rating",
        "labelled_score",
        "marked_result",
    ),
    "version": ("PARSERS_VERSION",),
}
ORIGINS = {name: module for module, names in MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    # Imported when used: the parsers compile many patterns, which most commands do not need.
    if name not in ORIGINS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{ORIGINS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
