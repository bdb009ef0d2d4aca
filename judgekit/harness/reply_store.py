"""The reply store: every reply that was paid for, kept for good.

SQLite in WAL mode with ``synchronous=FULL``: what `put` has acknowledged survives a power cut. One
writer thread commits as soon as it is free, so under load many rows share one commit and a single
row waits for none. Reads go by primary key on the caller's thread. Several processes may share one
file.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from judgekit.errors import StoreError
from judgekit.types import Choice, Reply, Status, Verdict, token_count

__all__ = ["ReplyStore", "pack_reply", "pack_verdict", "unpack_reply", "unpack_verdict"]

SCHEMA = 1
BUSY_S = 60.0  # how long a writer waits for another process's commit

Row = tuple[bytes, bytes]
Waiting = tuple[Sequence[Row], "asyncio.Future[bool]"]


class ReplyStore:
    """A file of replies by key. Use as a context manager, inside one event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            inspect_store(path)
            self._reader = self._connect()
            try:
                self._prepare(self._reader)
                # Opened here, while there are file handles left, for the thread's use alone.
                self._connection = self._connect()
                self._connection.execute("PRAGMA synchronous=FULL")
            except sqlite3.Error:
                self._reader.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"cannot use the reply store {str(path)!r}: {error}; name another file with "
                f"--store, on a local disk that can lock files"
            ) from error
        self._queue: queue.SimpleQueue[list[Waiting] | None] = queue.SimpleQueue()
        self._gathered: list[Waiting] = []
        self._writer: threading.Thread | None = None

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )

    def _prepare(self, connection: sqlite3.Connection) -> None:
        mode = patient_wal(connection)
        if mode != "wal":
            raise sqlite3.OperationalError(f"its file system allows no write-ahead log ({mode})")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not check_ours(connection):  # asked again: another process may have been first
                connection.execute(
                    "CREATE TABLE replies (key BLOB PRIMARY KEY, reply BLOB NOT NULL)"
                )
                connection.execute(f"PRAGMA user_version={SCHEMA}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            connection.execute("ROLLBACK")
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def get(self, key: bytes) -> bytes | None:
        """The value kept under `key`, or None."""
        try:
            row = self._reader.execute("SELECT reply FROM replies WHERE key=?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise self._fault("read", error) from error
        return None if row is None else row[0]

    def _fault(self, what: str, error: Exception) -> StoreError:
        return StoreError(f"cannot {what} the reply store {str(self.path)!r}: {error}")

    async def put(self, rows: Sequence[Row]) -> bool:
        """Keeps the rows; returns when they are on the disk.

        The first value of a key stays: False says that another process was first with one.
        """
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="judgekit-store", daemon=True)
            self._writer.start()
        loop = asyncio.get_running_loop()
        if not self._gathered:
            # What arrives in the same turn of the loop goes over together: one wake-up of the
            # thread, one commit.
            loop.call_soon(self._hand_over)
        done: asyncio.Future[bool] = loop.create_future()
        self._gathered.append((rows, done))
        return await done

    def _hand_over(self) -> None:
        self._queue.put(self._gathered)
        self._gathered = []

    def close(self) -> None:
        """Commits what is still queued, then closes."""
        if self._writer is not None:
            self._hand_over()
            self._queue.put(None)
            self._writer.join()
            self._writer = None
        self._connection.close()
        self._reader.close()

    def _write(self) -> None:
        open_ = True
        while open_:
            taken = [self._queue.get()]
            while not self._queue.empty():
                taken.append(self._queue.get())
            open_ = None not in taken
            asked = [waiting for gathered in taken if gathered for waiting in gathered]
            rows = [row for rows, _ in asked for row in rows]
            try:
                result: bool | StoreError = self._commit(rows)
            except Exception as error:  # noqa: BLE001 (whoever waits must hear of it)
                result = self._fault("write to", error)
            acknowledge((done for _, done in asked), result)

    def _commit(self, rows: Sequence[Row]) -> bool:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            new = connection.executemany("INSERT OR IGNORE INTO replies VALUES (?, ?)", rows)
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return bool(new.rowcount == len(rows))


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
        check_ours(connection)
    finally:
        connection.close()


def check_ours(connection: sqlite3.Connection) -> bool:
    """Whether a database is a reply store of this schema; False where it is still empty.

    Raises:
        sqlite3.DatabaseError: It is somebody else's, or a newer judgekit's.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    objects = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    if not objects and version == 0 and application == 0:
        return False
    columns = [row[1] for row in connection.execute("PRAGMA table_info(replies)")]
    if columns[:2] != ["key", "reply"] or version == 0 or application != 0:
        raise sqlite3.DatabaseError("it is a database of another program")
    if version > SCHEMA:
        raise sqlite3.DatabaseError(f"it was written by a newer judgekit (schema {version})")
    if objects != [("table", "replies")] or len(columns) != len(("key", "reply")):
        raise sqlite3.DatabaseError("it is a database of another program")
    return True


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


def acknowledge(waiting: Iterable[asyncio.Future[bool]], result: bool | StoreError) -> None:
    """Wakes those who wait for a commit, one wake-up per event loop and commit."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[bool]]] = {}
    for future in waiting:
        by_loop.setdefault(future.get_loop(), []).append(future)

    def settle(futures: list[asyncio.Future[bool]]) -> None:
        for future in futures:
            if future.cancelled():
                continue
            if isinstance(result, StoreError):
                future.set_exception(result)
            else:
                future.set_result(result)

    for loop, futures in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, futures)


def pack_reply(reply: Reply) -> bytes:
    """A reply as kept in the store: JSON, without the fields that say nothing.

    Raises `TypeError` (of orjson) for a text with half a surrogate pair in it.
    """
    fields = {
        "text": reply.text,
        "finish": reply.finish,
        "thinking": reply.thinking,
        "in": reply.tokens_in,
        "out": reply.tokens_out,
        "logprobs": reply.label_logprobs,
    }
    return orjson.dumps({k: v for k, v in fields.items() if v is not None and v != ""})


def unpack_reply(data: bytes) -> Reply:
    fields = orjson.loads(data)
    return Reply(
        text=fields.get("text", ""),
        finish=fields["finish"],
        thinking=fields.get("thinking", ""),
        tokens_in=token_count(fields.get("in")),
        tokens_out=token_count(fields.get("out")),
        label_logprobs=fields.get("logprobs"),
    )


def pack_verdict(verdict: Verdict) -> bytes:
    """A batch judge's verdict as kept in the store."""
    v = verdict
    return orjson.dumps([v.status, v.choice, v.score, v.probability, v.reasoning, v.error])


def unpack_verdict(data: bytes) -> Verdict:
    status, choice, score, probability, reasoning, error = orjson.loads(data)
    return Verdict(
        Status(status),
        choice=None if choice is None else Choice(choice),
        score=score,
        probability=probability,
        reasoning=reasoning,
        error=error,
    )
