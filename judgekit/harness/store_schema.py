"""The tables of a reply store: whose file it is, and how an older one becomes a newer one.

======  =================================================================
schema  tables
======  =================================================================
1       ``replies`` (key, reply)
2       ``bookings``: what each call used, and the run that asked it;
        ``claims``: which calls are being asked just now, and by whom
3       ``bookings`` also know the tokens that were read from a provider's
        cache, and written to it
4       ``looks``: which labelled cases a judge was tested with, and how often
======  =================================================================

The version stands in the file's ``user_version``. A change adds a `STEPS` entry; `make_current`
takes an older store through all it lacks in one transaction, and no step touches ``replies``: keys
and replies are what users paid for. A newer store, and any other program's file, is refused before
a byte of it changes.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from functools import cache
from pathlib import Path

__all__ = ["BUSY_S", "SCHEMA", "inspect_store", "make_current", "patient_wal"]

BUSY_S = 60.0  # how long a writer waits for another process's commit

STEPS: tuple[tuple[str, ...], ...] = (
    ("CREATE TABLE replies (key BLOB PRIMARY KEY, reply BLOB NOT NULL)",),
    (
        "CREATE TABLE bookings (run TEXT NOT NULL, key BLOB NOT NULL, ended TEXT NOT NULL, "
        "requests INTEGER NOT NULL, tokens_in INTEGER, tokens_out INTEGER, cost REAL, "
        "charged REAL NOT NULL, at REAL NOT NULL)",
        "CREATE INDEX bookings_of_run ON bookings (run, key)",
        "CREATE TABLE claims (key BLOB PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL)",
    ),
    (
        "ALTER TABLE bookings ADD COLUMN tokens_cached INTEGER",
        "ALTER TABLE bookings ADD COLUMN tokens_written INTEGER",
    ),
    (
        "CREATE TABLE looks (look TEXT NOT NULL, subject TEXT NOT NULL, labelled TEXT NOT NULL, "
        "ended INTEGER NOT NULL, at REAL NOT NULL)",
        "CREATE INDEX looks_of_case ON looks (labelled)",
    ),
)
"""What each schema adds to the one before."""

SCHEMA = len(STEPS)
FOREIGN = "it is a database of another program"


def inspect_store(path: Path) -> None:
    """Reads whose file this is, before anything is written to it.

    Args:
        path: The store. It need not exist.

    Raises:
        sqlite3.Error: It is no SQLite file, somebody else's, or a newer judgekit's. Its bytes are
            what they were.
    """
    if not path.is_file() or not path.stat().st_size:
        return
    # A file that nobody has open is read as it stands: a plain connection would leave the files
    # of a write-ahead log beside it.
    shared = any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
    how = "mode=ro" if shared else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=BUSY_S)
    try:
        connection.execute("BEGIN")  # one state of it, whatever another process writes meanwhile
        schema_of(connection)
    finally:
        connection.close()


def make_current(connection: sqlite3.Connection) -> None:
    """Brings a store to this schema, in one transaction that keeps every reply.

    Raises:
        sqlite3.Error: It is somebody else's, a newer judgekit's, or cannot be written.
    """
    connection.execute("BEGIN IMMEDIATE")  # of several processes at once, one does it
    try:
        lacking = STEPS[schema_of(connection) :]
        for statement in (statement for step in lacking for statement in step):
            connection.execute(statement)
        if lacking:
            connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def schema_of(connection: sqlite3.Connection) -> int:
    """The schema of a reply store; 0 where the database is still empty.

    Raises:
        sqlite3.DatabaseError: It is somebody else's, or a newer judgekit's.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    held = objects_of(connection)
    if not held and version == 0 and application == 0:
        return 0
    kind, columns = held.get("replies", ("", ()))
    if kind != "table" or columns[:2] != ("key", "reply") or version <= 0 or application != 0:
        raise sqlite3.DatabaseError(FOREIGN)
    if version > SCHEMA:
        raise sqlite3.DatabaseError(f"it was written by a newer judgekit (schema {version})")
    if held != expected_tables(version):
        raise sqlite3.DatabaseError(FOREIGN)
    return int(version)


def objects_of(connection: sqlite3.Connection) -> dict[str, tuple[str, tuple[str, ...]]]:
    """By name, what a database holds: of which type, and with which columns."""
    rows = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    info = "SELECT name FROM pragma_table_info(?)"
    return {
        name: (kind, tuple(column for (column,) in connection.execute(info, (name,))))
        for kind, name in rows
    }


@cache
def expected_tables(version: int) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What a store of that schema holds."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for step in STEPS[:version]:
            for statement in step:
                connection.execute(statement)
        return objects_of(connection)


def patient_wal(connection: sqlite3.Connection) -> str:
    """Switches a file to write-ahead logging; returns the mode that it now has.

    SQLite's busy timeout does not cover this switch, so where another process makes it at the
    same moment we wait here.
    """
    until = time.monotonic() + BUSY_S
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
