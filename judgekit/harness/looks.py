"""Looks at test cases: the table `looks` of the reply store.

Who tests again and again on the same cases will at last see a gain that is not there. So each look
at labelled cases that a judge is tested with is recorded before its result is known, case by case:
rows that are added to a file do not make the others unseen.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

__all__ = ["Look", "begin_look", "end_look"]

MOST_CASES = 500  # of one statement


@dataclass(frozen=True, slots=True)
class Look:
    """A look at test cases.

    `number` counts the looks at these cases, this one included: the most that any of them has had.
    `repeated`: an earlier one was at the same judge.
    """

    id: str
    number: int
    repeated: bool


def begin_look(
    connection: sqlite3.Connection, subject: str, cases: Sequence[str], now: float
) -> Look:
    """Records a look, or goes on with the same one where a process that was killed left it.

    Args:
        connection: To the store, outside a transaction.
        subject: A digest of what is tested.
        cases: Digests of the labelled cases that it is tested with.
        now: In seconds since 1970.
    """
    connection.execute("PRAGMA synchronous=FULL")  # it must outlive a power cut
    connection.execute("BEGIN IMMEDIATE")
    try:
        looks = looks_at(connection, cases)
        unfinished = [look for look, (of, ended) in looks.items() if of == subject and not ended]
        name = unfinished[0] if unfinished else os.urandom(8).hex()
        if not unfinished:
            rows = [(name, subject, case, 0, now) for case in dict.fromkeys(cases)]
            connection.executemany("INSERT INTO looks VALUES (?,?,?,?,?)", rows)
        seen = Counter(case for case, look in rows_of(connection, cases) if look != name)
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    repeated = any(of == subject for look, (of, _) in looks.items() if look != name)
    return Look(name, 1 + max(seen.values(), default=0), repeated)


def end_look(connection: sqlite3.Connection, look: Look) -> None:
    """Records that the result of a look is known: the next one is another, whatever it is at."""
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("UPDATE looks SET ended = 1 WHERE look = ?", (look.id,))


def looks_at(connection: sqlite3.Connection, cases: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """The looks at any of these cases, oldest first: what each was at, and whether it ended."""
    names = dict.fromkeys(look for _, look in rows_of(connection, cases))
    looks = {}
    for name in names:
        query = "SELECT subject, ended, at FROM looks WHERE look = ? LIMIT 1"
        looks[name] = connection.execute(query, (name,)).fetchone()
    ordered = sorted(looks.items(), key=lambda item: (item[1][2], item[0]))
    return {name: (subject, bool(ended)) for name, (subject, ended, _) in ordered}


def rows_of(connection: sqlite3.Connection, cases: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs (case, look) of these cases."""
    distinct = list(dict.fromkeys(cases))
    rows: list[tuple[str, str]] = []
    for start in range(0, len(distinct), MOST_CASES):
        part = distinct[start : start + MOST_CASES]
        marks = ",".join("?" * len(part))
        query = f"SELECT labelled, look FROM looks WHERE labelled IN ({marks})"  # noqa: S608
        rows += cast("list[tuple[str, str]]", connection.execute(query, part).fetchall())
    return rows
