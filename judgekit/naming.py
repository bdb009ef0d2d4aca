"""Messages about unknown names: the closest known name, and all of them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["closest", "unknown"]

MANY = 24  # names, of which a line lists no more


def closest(word: str, names: Iterable[str]) -> str | None:
    """The known name that is closest to `word`, ignoring case; None if none is close."""
    by_folded = {name.casefold(): name for name in names}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def unknown(what: str, word: str, options: Iterable[str], *, there: str = "there are") -> str:
    """One line: ``no judge named 'x'; did you mean 'y'? installed: y, z`` (`there`: installed).

    Where there are many names and one of them is close, only that one is named.
    """
    names = sorted(options)
    near = closest(word, names)
    if near is not None and len(names) > MANY:
        return f"no {what} {word!r}; did you mean {near!r}?"
    suggestion = f"; did you mean {near!r}?" if near is not None else ";"
    return f"no {what} {word!r}{suggestion} {there}: {', '.join(names) or 'none'}"
