"""Verdict parsers: from the text of a reply to a verdict, or to the reason why there is none.

`read` serves judges whose prompt file names a format. The other functions read one format each, for
authors who write `parse` themselves::

    def parse(self, reply: Reply, trial: Trial) -> Verdict:
        return parsing.bracketed_label(reply.text, trial.names)

They take a text, ignore thinking in ``<think>`` tags, and never raise an exception.
"""

from judgekit.judging.parsing.choices import (
    announced_label,
    arena_label,
    bracketed_label,
    first_line,
    one_token,
    statement,
)
from judgekit.judging.parsing.formats import PARSERS, Parser, concluding_lines, parser
from judgekit.judging.parsing.grades import labelled_grade
from judgekit.judging.parsing.json_choices import json_winner, ranked_models
from judgekit.judging.parsing.reading import PARSERS_VERSION, read
from judgekit.judging.parsing.score_lists import score_list
from judgekit.judging.parsing.score_pairs import score_pair
from judgekit.judging.parsing.scores import (
    bare_number,
    bracketed_rating,
    labelled_score,
    marked_result,
)

__all__ = [
    "PARSERS",
    "PARSERS_VERSION",
    "Parser",
    "announced_label",
    "arena_label",
    "bare_number",
    "bracketed_label",
    "bracketed_rating",
    "concluding_lines",
    "first_line",
    "json_winner",
    "labelled_grade",
    "labelled_score",
    "marked_result",
    "one_token",
    "parser",
    "ranked_models",
    "read",
    "score_list",
    "score_pair",
    "statement",
]
