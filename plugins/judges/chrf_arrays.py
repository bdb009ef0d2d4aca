"""The n-grams that two texts have in common, counted with numpy: faster than one by one.

Importing numpy takes as long as counting those of a few hundred short texts, so
`judgekit.plugins.judges.chrf` imports this only for more.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_DIFFERENT", "match_arrays"]

BITS = 10  # of a character's number; six of them and a mark fit into 64
OUTSIDE = 2**BITS - 1
MOST_DIFFERENT = OUTSIDE - 1  # characters, with the filler
ORDER = 6


def match_arrays(ours: str, theirs: str, orders: int) -> Iterator[int] | None:
    """For n = 1 … `orders`, the number of n-grams that the two texts have in common.

    Args:
        ours: A text without spaces.
        theirs: Another one.
        orders: At most 6, and no more than either text has characters.

    Returns:
        A number per order; None if the texts have too many different characters.
    """
    characters = _character_numbers(ours, theirs)
    return None if characters is None else _matches(characters, len(ours), orders)


def _character_numbers(ours: str, theirs: str) -> NDArray[np.int64] | None:
    """The number of each character in `ours` and `theirs`, each followed by ORDER - 1 fillers.

    None if there are too many different characters. The fillers of the two texts differ, because an
    n-gram that extends beyond the end of one text must not match one of the other.
    """
    gap = "\0" * (ORDER - 1)
    text = f"{ours}{gap}{theirs}{gap}".encode("utf-32-le", "surrogatepass")
    alphabet, numbers = np.unique(np.frombuffer(text, dtype="<u4"), return_inverse=True)
    if len(alphabet) > MOST_DIFFERENT:
        return None
    characters = numbers.astype(np.int64) + 1
    characters[len(ours) : len(ours) + ORDER - 1] = 0
    characters[1 - ORDER :] = OUTSIDE
    return characters


def _matches(characters: NDArray[np.int64], middle: int, orders: int) -> Iterator[int]:
    """For n = 1 … `orders`, the number of n-grams that the two texts have in common.

    The 6-grams are sorted once, with the text that they come from in the lowest bit; equal n-grams
    are runs of equal prefixes.
    """
    size = len(characters) - (ORDER - 1)
    grams = characters[:size].copy()
    for offset in range(1, ORDER):
        grams <<= BITS
        grams |= characters[offset : size + offset]
    grams <<= 1
    theirs = grams[middle + ORDER - 1 :] | 1
    end = np.array([np.iinfo(np.int64).max])  # unlike any gram: ends the last run
    grams = np.concatenate((grams[:middle], theirs, end))
    grams.sort()
    marks = np.cumsum(grams & 1)
    for n in range(1, orders + 1):
        prefixes = grams >> (1 + BITS * (ORDER - n))
        ends = np.flatnonzero(prefixes[1:] != prefixes[:-1])
        in_theirs = marks[ends]
        in_ours = ends + 1 - in_theirs
        in_theirs[1:] -= in_theirs[:-1].copy()  # from counts up to a run to the run's own
        in_ours[1:] -= in_ours[:-1].copy()
        yield int(np.minimum(in_theirs, in_ours).sum())
