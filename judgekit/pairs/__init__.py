"""Preference pairs from the outcomes of a run, as training data.

Every case becomes a pair, or is counted under one reason why it does not. Pairs are written in the
formats of TRL's preference datasets, as JSON Lines that `datasets` loads unchanged.
"""

from judgekit.pairs.export import Format, write_pairs, write_parts
from judgekit.pairs.holdout import split
from judgekit.pairs.judged_pair import JudgedPair
from judgekit.pairs.pair import PreferencePair
from judgekit.pairs.ranked import Pairing
from judgekit.pairs.reading import read_pairs
from judgekit.pairs.selection import Pairs, Reason, pairs_of_run, preference_pairs

__all__ = [
    "Format",
    "JudgedPair",
    "Pairing",
    "Pairs",
    "PreferencePair",
    "Reason",
    "pairs_of_run",
    "preference_pairs",
    "read_pairs",
    "split",
    "write_pairs",
    "write_parts",
]
