"""What the golden tests share: where the recorded files are, and how they are compared."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

__all__ = ["GOLDEN", "assert_holds", "command_names", "keys_of", "load", "read_rows", "replies_of"]

GOLDEN = Path(__file__).parent


def load(name: str) -> Any:
    """A recorded JSON file."""
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def keys_of(store: Path) -> list[str]:
    """The keys that a reply store holds."""
    return sorted(replies_of(store))


def replies_of(store: Path) -> dict[str, Any]:
    """What a reply store holds by key, read without judgekit."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT key, reply FROM replies").fetchall()
    return {key.hex(): json.loads(reply) for key, reply in rows}


def command_names(*, judged: bool = False) -> list[str]:
    """The recorded commands; `judged`: those that write the folder of one run."""
    chosen = ("compare", "score", "rank")
    return [
        command["name"]
        for command in load("calls.json")["commands"]
        if not judged or command["words"][0] in chosen
    ]


PROSE = {"about", "reason"}
# Figures that were wrong when they were recorded, and bins that ended beyond the scale: only that
# they are there.
MENDED = {"prompts_needed", "histogram"}


def assert_holds(found: Any, recorded: Any, place: str = "") -> None:
    """Fails where `found` lacks something that was recorded, or has another value there.

    Fields may have been added since, and prose may be worded otherwise. Numbers may differ in
    their last digits, which are a platform's.
    """
    if isinstance(recorded, dict):
        assert isinstance(found, dict), place
        for name, value in recorded.items():
            if name in PROSE | MENDED:
                assert bool(found.get(name)) == bool(value), f"{place}.{name}"
                continue
            assert name in found, f"{place}.{name} is gone"
            assert_holds(found[name], value, f"{place}.{name}")
    elif isinstance(recorded, list):
        assert isinstance(found, list | tuple), place
        assert len(found) == len(recorded), place
        for number, (one, value) in enumerate(zip(found, recorded, strict=True)):
            assert_holds(one, value, f"{place}[{number}]")
    elif isinstance(recorded, float):
        assert isinstance(found, int | float), f"{place}: {found!r}, recorded {recorded!r}"
        close = math.isclose(found, recorded, rel_tol=1e-6, abs_tol=1e-9)
        assert close, f"{place}: {found!r}, recorded {recorded!r}"
    else:
        assert found == recorded, f"{place}: {found!r}, recorded {recorded!r}"
