"""Train and test, so that no prompt is in both."""

from __future__ import annotations

from collections.abc import Iterable

from judgekit.errors import InputError
from judgekit.pairs.pair import PreferencePair
from judgekit.types import digest

__all__ = ["split"]


def split(
    pairs: Iterable[PreferencePair], test_share: float
) -> tuple[list[PreferencePair], list[PreferencePair]]:
    """Train and test, each in the order given; no cluster, and so no prompt, is in both.

    `test_share` is the share of clusters to expect in test. A hash of the cluster decides, so a
    pair keeps its side whatever its neighbours are: pairs may be added or shuffled. Raises
    `InputError` for a share outside 0 to 1.
    """
    if not 0 <= test_share <= 1:
        raise InputError(f"the test share must be from 0 to 1, not {test_share!r}")
    sides: tuple[list[PreferencePair], list[PreferencePair]] = ([], [])
    for pair in pairs:
        place = int(digest("split", _cluster(pair), size=8), 16) / 2**64
        sides[place < test_share].append(pair)
    return sides


def _cluster(pair: PreferencePair) -> str:
    """The pair's cluster; of one without, its prompt stands alone."""
    texts = (text for m in pair.prompt for text in (m.role, m.content, m.tool_calls))
    return pair.cluster or digest(*texts)
