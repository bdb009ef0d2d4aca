"""Outcomes → preference pairs: what a verdict says of two answers, as training data.

Every case becomes a pair or is counted under the one reason that it does not. Written in the
formats of TRL's preference datasets, as JSON Lines that `datasets` loads as they are.
"""

from judgekit.pairs.export import Format, write_pairs, write_parts
from judgekit.pairs.holdout import split
from judgekit.pairs.pair import PreferencePair
from judgekit.pairs.ranked import Pairing
from judgekit.pairs.reading import read_pairs
from judgekit.pairs.selection import Pairs, Reason, pairs_of_run, preference_pairs

__all__ = [
    "Format",
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
