"""Claims: which calls are being asked just now, so that processes on one store ask each once.

A process claims a call before it asks, in the table `claims` of the reply store. The claim ends
with the reply, or with the call's failure. While it lives its owner renews it; a claim that was not
renewed for `LEASE_S` seconds, or whose owner is known to be dead, goes to whoever wants it next.
Whoever finds a call claimed waits, looking every `POLL_S` seconds, and takes the reply from the
store.

Leases compare the clocks of processes. On one machine that is one clock. Where a store is shared by
machines, clocks that differ by more than a lease, or a process that is stopped for longer, make a
call asked twice, and nothing worse: the first reply stays, and both are booked. (SQLite's
write-ahead log does not work on network file systems, so machines can hardly share one.) Claims are
not written through to the disk, as replies are: after a power cut nobody who claimed lives.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

from judgekit.errors import StoreError
from judgekit.io.processes import is_running, process_space

__all__ = [
    "RENEW_S",
    "ClaimWatch",
    "Standing",
    "claim",
    "held_by_others",
    "new_owner",
    "release",
    "renew",
]

LEASE_S = 30.0
RENEW_S = LEASE_S / 3
POLL_S = 0.1
MOST_KEYS = 500  # of one statement

Standing = Literal["ours", "theirs", "kept"]
"""Of a call that we want to ask: ours to ask, being asked by others, or answered meanwhile."""

LIVE = "until > ? AND until <= ?"  # a lease that ends later was made by a clock that is wrong
# It begins with INSERT, without which sqlite3 counts no rows.
CLAIM = """
INSERT OR IGNORE INTO claims WITH wanted (key) AS (VALUES {}) SELECT key, ?, ? FROM wanted
WHERE NOT EXISTS (SELECT 1 FROM replies WHERE replies.key = wanted.key)
"""


def new_owner() -> str:
    """A name for whoever claims: it tells a process of this machine that is dead."""
    return f"{process_space()}:{os.getpid()}:{os.urandom(6).hex()}"


def is_alive(owner: object) -> bool:
    """Whether an owner may still be alive; of other machines that is not known."""
    space, _, rest = str(owner).partition(":")
    process = rest.partition(":")[0]
    return space != process_space() or not process.isdecimal() or is_running(int(process))


def held_by_others(connection: sqlite3.Connection, owner: str, now: float) -> set[bytes]:
    """The keys of the calls that others are asking just now.

    Args:
        connection: The store.
        owner: Who looks.
        now: Seconds since 1970.
    """
    query = f"SELECT key, owner FROM claims WHERE owner != ? AND {LIVE}"  # noqa: S608 (a constant)
    rows = connection.execute(query, (owner, now, now + 2 * LEASE_S)).fetchall()
    alive = {name for name in {name for _, name in rows} if is_alive(name)}
    return {key for key, name in rows if name in alive}


def claim(
    connection: sqlite3.Connection, keys: Sequence[bytes], owner: str, now: float
) -> list[Standing]:
    """Claims calls, within the caller's transaction.

    Args:
        connection: The store.
        keys: The keys of the calls' replies.
        owner: Who claims.
        now: Seconds since 1970.

    Returns:
        How each call stands.
    """
    standings: list[Standing] = []
    for start in range(0, len(keys), MOST_KEYS):
        part = keys[start : start + MOST_KEYS]
        query = CLAIM.format(",".join(["(?)"] * len(part)))
        if connection.execute(query, [*part, owner, now + LEASE_S]).rowcount == len(part):
            standings += ["ours"] * len(part)
        else:
            standings += [claim_one(connection, key, owner, now) for key in part]
    return standings


def claim_one(connection: sqlite3.Connection, key: bytes, owner: str, now: float) -> Standing:
    """Claims one call, also from an owner whose lease has ended or who is dead."""
    if connection.execute("SELECT 1 FROM replies WHERE key=?", (key,)).fetchone():
        return "kept"
    query = f"SELECT owner FROM claims WHERE key=? AND owner != ? AND {LIVE}"  # noqa: S608
    claimant = connection.execute(query, (key, owner, now, now + 2 * LEASE_S)).fetchone()
    if claimant and is_alive(claimant[0]):
        return "theirs"
    row = (key, owner, now + LEASE_S)
    connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?)", row)
    return "ours"


def renew(connection: sqlite3.Connection, owner: str, now: float) -> None:
    """Renews all claims of an owner."""
    connection.execute("UPDATE claims SET until=? WHERE owner=?", (now + LEASE_S, owner))


def release(connection: sqlite3.Connection, keys: Sequence[bytes], owner: str) -> None:
    """Ends claims of an owner."""
    for start in range(0, len(keys), MOST_KEYS):
        part = keys[start : start + MOST_KEYS]
        marks = ",".join("?" * len(part))
        query = f"DELETE FROM claims WHERE key IN ({marks}) AND owner=?"  # noqa: S608 (marks alone)
        connection.execute(query, [*part, owner])


class ClaimWatch:
    """Waits for calls that others have claimed, all with one look at the store.

    Args:
        held: Gives the keys that others hold just now.
    """

    def __init__(self, held: Callable[[], set[bytes]]) -> None:
        self._held = held
        self._waiting: dict[asyncio.Future[None], bytes] = {}
        self._looking: asyncio.Task[None] | None = None

    async def until_free(self, key: bytes) -> None:
        """Returns when nobody else asks the call any more."""
        freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[freed] = key
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            await freed
        finally:
            self._waiting.pop(freed, None)

    async def _look(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(POLL_S)
                held = self._held()
                for freed, key in list(self._waiting.items()):
                    if key not in held and not freed.done():
                        freed.set_result(None)
        except StoreError as error:
            for freed in self._waiting:
                if not freed.done():
                    freed.set_exception(error)
        finally:
            self._looking = None

    def close(self) -> None:
        """Stops looking."""
        if self._looking is not None:
            with suppress(RuntimeError):  # its loop has ended
                self._looking.cancel()
