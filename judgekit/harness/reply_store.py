"""The reply store: every reply that was paid for, kept for good, and what each call used.

SQLite in WAL mode with ``synchronous=FULL``: what `put` has acknowledged survives a power cut. One
thread writes (`judgekit.harness.store_writer`). Reads go by primary key on the caller's thread.
Several processes may share one file. Its tables: `judgekit.harness.store_schema`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from judgekit.errors import StoreError
from judgekit.harness.bookings import Booking, Ended, Totals, read_totals
from judgekit.harness.store_schema import BUSY_S, inspect_store, make_current, patient_wal
from judgekit.harness.store_writer import Row, StoreWriter
from judgekit.types import Choice, Reply, Status, Verdict, token_count

__all__ = ["ReplyStore", "pack_reply", "pack_verdict", "unpack_reply", "unpack_verdict"]


class ReplyStore:
    """A file of replies by key. Use as a context manager, inside one event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            inspect_store(path)
            self._reader = self._connect()
            try:
                mode = patient_wal(self._reader)
                if mode != "wal":
                    raise sqlite3.OperationalError(
                        f"its file system allows no write-ahead log ({mode})"
                    )
                make_current(self._reader)
                # Opened here, while there are file handles left, for the thread's use alone.
                self._writer = StoreWriter(self._connect(), self._fault)
            except sqlite3.Error:
                self._reader.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"cannot use the reply store {str(path)!r}: {error}; name another file with "
                f"--store, on a local disk that can lock files"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )

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
        row = self._read("SELECT reply FROM replies WHERE key=?", key)
        return None if row is None else row[0]

    def ended(self, run: str, key: bytes) -> Ended | None:
        """How a run's own call ended, at best; None where the run never asked it.

        Args:
            run: The run's identity.
            key: The key of the call's reply.
        """
        row = self._read(
            "SELECT ended FROM bookings WHERE run=? AND key=? "
            "ORDER BY ended = 'reply' DESC, ended = 'failed' DESC",
            run,
            key,
        )
        return None if row is None else row[0]

    def totals(self, run: str) -> Totals:
        """All that a run has used, over all the times that it was started."""
        try:
            return read_totals(self._reader, run)
        except sqlite3.Error as error:
            raise self._fault("read", error) from error

    def _read(self, query: str, *values: object) -> tuple[Any, ...] | None:
        try:
            row: tuple[Any, ...] | None = self._reader.execute(query, values).fetchone()
        except sqlite3.Error as error:
            raise self._fault("read", error) from error
        return row

    def _fault(self, what: str, error: Exception) -> StoreError:
        return StoreError(f"cannot {what} the reply store {str(self.path)!r}: {error}")

    async def put(self, rows: Sequence[Row], bookings: Sequence[Booking] = ()) -> bool:
        """Keeps replies, and what their calls used; returns when they are on the disk.

        The first value of a key stays: False says that another process was first with one.
        """
        return await self._writer.write(rows, bookings)

    def close(self) -> None:
        """Commits what is still queued, then closes."""
        self._writer.close()
        self._reader.close()


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
