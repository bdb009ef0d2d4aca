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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from judgekit.errors import StoreError
from judgekit.harness.bookings import MOST_ROWS, Booking, write_bookings
from judgekit.harness.claims import RENEW_S, Standing, claim, new_owner, release, renew

__all__ = ["Row", "StoreWriter", "Write"]

Row = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Write:
    """Replies to keep, what their calls used, and the keys whose claims end with that.

    `done` gets True once all is on the disk, and False where another process was first with one of
    the replies of the same commit.
    """

    rows: Sequence[Row] = ()
    bookings: Sequence[Booking] = ()
    released: Sequence[bytes] = ()
    done: asyncio.Future[Any] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A call to claim; `done` gets how it stands."""

    key: bytes
    done: asyncio.Future[Any]


class StoreWriter:
    """Writes on a thread of its own, which begins with the first write.

    Args:
        connection: For the thread's use alone.
        fault: Makes the error that waiting callers get of one of SQLite's.
    """

    def __init__(
        self, connection: sqlite3.Connection, fault: Callable[[str, Exception], StoreError]
    ) -> None:
        self.owner = new_owner()
        self._connection = connection
        self._fault = fault
        self._queue: queue.SimpleQueue[list[Write | Claim] | None] = queue.SimpleQueue()
        self._gathered: list[Write | Claim] = []
        self._thread: threading.Thread | None = None
        self._claimed: set[bytes] = set()
        self._renewed = 0.0

    async def write(self, rows: Sequence[Row], bookings: Sequence[Booking]) -> bool:
        """Returns when all is on the disk; see `Write`. The claims of these calls end."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        ended = [booking.key for booking in bookings if booking.ended != "retried"]
        self._gather(Write(rows, bookings, ended, done))
        return await done

    async def claim(self, key: bytes) -> Standing:
        """Claims a call where nobody else has; returns how it stands."""
        done: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
        self._gather(Claim(key, done))
        return await done

    def release(self, key: bytes) -> None:
        """Ends the claim of a call, soon."""
        self._gather(Write(released=(key,)))

    def _gather(self, write: Write | Claim) -> None:
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
            taken = self._take()
            open_ = None not in taken
            asked = [one for gathered in taken if gathered for one in gathered]
            claims = [one for one in asked if isinstance(one, Claim)]
            writes = [one for one in asked if isinstance(one, Write)]
            lasting = [write for write in writes if write.rows or write.bookings]
            others = [write for write in writes if not (write.rows or write.bookings)]
            # Claims need not reach the disk, so they do not wait for what must: after a power cut
            # nobody who claimed lives.
            if claims or others or (self._claimed and time.monotonic() - self._renewed > RENEW_S):
                self._perform(others, claims, synchronous="NORMAL")
            if lasting:
                self._perform(lasting, (), synchronous="FULL")
        if self._claimed:
            self._perform([Write(released=tuple(self._claimed))], (), synchronous="NORMAL")

    def _take(self) -> list[list[Write | Claim] | None]:
        """Waits for what is to be done; for no longer than until claims have to be renewed."""
        try:
            taken = [self._queue.get(timeout=RENEW_S if self._claimed else None)]
        except queue.Empty:
            return []
        while not self._queue.empty():
            taken.append(self._queue.get())
        return taken

    def _perform(
        self, writes: Sequence[Write], claims: Sequence[Claim], *, synchronous: str
    ) -> None:
        """Writes and then claims in one transaction, and tells those who wait for it.

        In this order, since a call may be claimed anew right after its claim was ended.
        """
        asked: list[Write | Claim] = [*writes, *claims]
        results: Sequence[object]
        try:
            with self._transaction(synchronous):
                results = [*self._write(writes), *self._claim(claims)]
        except Exception as error:  # noqa: BLE001 (whoever waits must hear of it)
            results = [self._fault("write to", error)] * len(asked)
        acknowledge((one.done, result) for one, result in zip(asked, results, strict=True))

    @contextmanager
    def _transaction(self, synchronous: str) -> Iterator[None]:
        connection = self._connection
        try:
            connection.execute(f"PRAGMA synchronous={synchronous}")
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _claim(self, claims: Sequence[Claim]) -> Sequence[Standing]:
        now = time.time()
        if self._claimed and time.monotonic() - self._renewed > RENEW_S:
            renew(self._connection, self.owner, now)
            self._renewed = time.monotonic()
        keys = [one.key for one in claims]
        standings = claim(self._connection, keys, self.owner, now)
        self._claimed.update(
            k for k, standing in zip(keys, standings, strict=True) if standing == "ours"
        )
        return standings

    def _write(self, writes: Sequence[Write]) -> Sequence[bool]:
        rows = [row for write in writes for row in write.rows]
        bookings = [booking for write in writes for booking in write.bookings]
        released = self._claimed.intersection(key for write in writes for key in write.released)
        new = keep(self._connection, rows)
        write_bookings(self._connection, bookings, time.time())
        release(self._connection, list(released), self.owner)
        self._claimed -= released
        return [new == len(rows)] * len(writes)


def keep(connection: sqlite3.Connection, rows: Sequence[Row]) -> int:
    """Adds replies whose keys are new, within the caller's transaction; returns how many were.

    Many rows go into one statement: the thread gives way to the event loop at each.
    """
    new = 0
    for start in range(0, len(rows), MOST_ROWS):
        part = rows[start : start + MOST_ROWS]
        values = ",".join(["(?,?)"] * len(part))
        query = f"INSERT OR IGNORE INTO replies VALUES {values}"  # noqa: S608 (placeholders alone)
        new += connection.execute(query, [value for row in part for value in row]).rowcount
    return new


def acknowledge(waiting: Iterable[tuple[asyncio.Future[Any] | None, object]]) -> None:
    """Wakes those who wait, one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], object]]] = {}
    for future, result in waiting:
        if future is not None:
            by_loop.setdefault(future.get_loop(), []).append((future, result))

    def settle(ended: list[tuple[asyncio.Future[Any], object]]) -> None:
        for future, result in ended:
            if future.cancelled():
                continue
            if isinstance(result, StoreError):
                future.set_exception(result)
            else:
                future.set_result(result)

    for loop, ended in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, ended)
