"""Files of answers, read and joined into cases. Formats and columns: docs/guides/input.md."""

from judgekit.io.answers import Answer, Answers, load_answers
from judgekit.io.candidates import load_candidates
from judgekit.io.cases import Joined
from judgekit.io.given import GivenRows, Input, Rows, as_input, is_given, paths_of
from judgekit.io.intake import Counts, Intake
from judgekit.io.join import join
from judgekit.io.needs import NOTHING, Needs
from judgekit.io.pairs import holds_pairs, load_pairs
from judgekit.io.prompts import Prompt, load_prompts
from judgekit.io.row import BadRow, Row
from judgekit.io.rows import input_digest, read_rows, scan

__all__ = [
    "NOTHING",
    "Answer",
    "Answers",
    "BadRow",
    "Counts",
    "GivenRows",
    "Input",
    "Intake",
    "Joined",
    "Needs",
    "Prompt",
    "Row",
    "Rows",
    "as_input",
    "holds_pairs",
    "input_digest",
    "is_given",
    "join",
    "load_answers",
    "load_candidates",
    "load_pairs",
    "load_prompts",
    "paths_of",
    "read_rows",
    "scan",
]
