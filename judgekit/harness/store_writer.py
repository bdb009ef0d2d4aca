"""The thread that writes to a reply store: what arrives during one commit shares the next.

It commits as soon as it is free, so under load many writes share one commit and a single one waits
for none. `Write` is what somebody wants written, and the future that hears when it is on the disk.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from judgekit.errors import StoreError
from judgekit.harness.bookings import Booking, write_bookings

__all__ = ["Row", "StoreWriter", "Write"]

Row = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Write:
    """Replies to keep, and what their calls used.

    `done` gets True once both are on the disk, and False where another process was first with one
    of the replies of the same commit.
    """

    rows: Sequence[Row]
    bookings: Sequence[Booking]
    done: asyncio.Future[bool]


class StoreWriter:
    """Writes on a thread of its own, which begins with the first write.

    Args:
        connection: For the thread's use alone.
        fault: Makes the error that waiting callers get of one of SQLite's.
    """

    def __init__(
        self, connection: sqlite3.Connection, fault: Callable[[str, Exception], StoreError]
    ) -> None:
        connection.execute("PRAGMA synchronous=FULL")
        self._connection = connection
        self._fault = fault
        self._queue: queue.SimpleQueue[list[Write] | None] = queue.SimpleQueue()
        self._gathered: list[Write] = []
        self._thread: threading.Thread | None = None

    async def write(self, rows: Sequence[Row], bookings: Sequence[Booking]) -> bool:
        """Returns when all is on the disk; see `Write`."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._gather(Write(rows, bookings, done))
        return await done

    def _gather(self, write: Write) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="judgekit-store", daemon=True)
            self._thread.start()
        if not self._gathered:
            # What arrives in the same turn of the loop goes over together: one wake-up of the
            # thread, one commit.
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._gathered.append(write)

    def _hand_over(self) -> None:
        self._queue.put(self._gathered)
        self._gathered = []

    def close(self) -> None:
        """Commits what is still queued, then closes the connection."""
        if self._thread is not None:
            self._hand_over()
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._connection.close()

    def _run(self) -> None:
        open_ = True
        while open_:
            taken = [self._queue.get()]
            while not self._queue.empty():
                taken.append(self._queue.get())
            open_ = None not in taken
            writes = [write for gathered in taken if gathered for write in gathered]
            try:
                result: bool | StoreError = self._commit(writes)
            except Exception as error:  # noqa: BLE001 (whoever waits must hear of it)
                result = self._fault("write to", error)
            acknowledge((write.done for write in writes), result)

    def _commit(self, writes: Sequence[Write]) -> bool:
        rows = [row for write in writes for row in write.rows]
        bookings = [booking for write in writes for booking in write.bookings]
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            new = connection.executemany("INSERT OR IGNORE INTO replies VALUES (?, ?)", rows)
            write_bookings(connection, bookings, time.time())
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return bool(new.rowcount == len(rows))


def acknowledge(waiting: Iterable[asyncio.Future[Any]], result: bool | StoreError) -> None:
    """Wakes those who wait for a commit, one wake-up per event loop and commit."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[Any]]] = {}
    for future in waiting:
        by_loop.setdefault(future.get_loop(), []).append(future)

    def settle(futures: list[asyncio.Future[Any]]) -> None:
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
