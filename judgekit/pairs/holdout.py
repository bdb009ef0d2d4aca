"""Splits pairs into train and test so that no prompt is in both."""

from __future__ import annotations

from collections.abc import Iterable

from judgekit.errors import InputError
from judgekit.pairs.pair import PreferencePair
from judgekit.types import digest, message_parts

__all__ = ["split"]


def split(
    pairs: Iterable[PreferencePair], test_share: float
) -> tuple[list[PreferencePair], list[PreferencePair]]:
    """Splits pairs into train and test; no cluster, and so no prompt, is in both.

    A hash of the cluster decides, so a pair keeps its side when pairs are added or shuffled.

    Args:
        pairs: The pairs.
        test_share: The expected share of clusters in test, in 0 to 1.

    Returns:
        Train and test, each in the order given.

    Raises:
        InputError: The share is outside 0 to 1.
    """
    if not 0 <= test_share <= 1:
        raise InputError(f"the test share must be from 0 to 1, not {test_share!r}")
    sides: tuple[list[PreferencePair], list[PreferencePair]] = ([], [])
    for pair in pairs:
        place = int(digest("split", _cluster(pair), size=8), 16) / 2**64
        sides[place < test_share].append(pair)
    return sides


def _cluster(pair: PreferencePair) -> str:
    """The pair's cluster, or a digest of its prompt where it has none."""
    texts = (text for parts in message_parts(pair.prompt) for text in parts)
    return pair.cluster or digest(*texts)
