"""The reply store: every reply that was paid for, kept for good, and what each call used.

SQLite in WAL mode with ``synchronous=FULL``: what `put` has acknowledged survives a power cut. One
thread writes (`judgekit.harness.store_writer`). Reads go by primary key on the caller's thread.
Several processes may share one file. Its tables: `judgekit.harness.store_schema`.
"""

from __future__ import annotations

import shlex
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson

from judgekit.errors import StoreError
from judgekit.harness.bookings import Booking, Ended, Totals, read_totals
from judgekit.harness.claims import ClaimWatch, held_by_others
from judgekit.harness.looks import Look, begin_look, end_look
from judgekit.harness.store_schema import BUSY_S, inspect_store, make_current, patient_wal
from judgekit.harness.store_writer import Row, StoreWriter
from judgekit.types import Choice, Reply, Status, Verdict, token_count

__all__ = ["ReplyStore", "pack_reply", "pack_verdict", "unpack_reply", "unpack_verdict"]

Packed = TypeVar("Packed")


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
                self._watch = ClaimWatch(self._held_by_others)
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

    def unpacked(self, key: bytes, data: bytes, unpack: Callable[[bytes], Packed]) -> Packed:
        """What a row holds.

        A damaged row ends the run, and is not asked again by itself: what was in it is paid for,
        and where one row is damaged, all may be. Whoever has no copy of the store consents to pay
        by removing the row.

        Args:
            key: The row's key.
            data: Its value.
            unpack: Reads the value.

        Raises:
            StoreError: The value is not what was written.
        """
        try:
            return unpack(data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            row = f"DELETE FROM replies WHERE key = x'{key.hex()}'"  # noqa: S608 (to be shown)
            raise StoreError(
                f"the reply store {str(self.path)!r} is damaged in the row of the key {key.hex()} "
                f"({error!r}); put back a copy of the store, or have this one asked and paid for "
                f'again after: sqlite3 {shlex.quote(str(self.path))} "{row}"'
            ) from error

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

    def begin_look(self, subject: str, cases: Sequence[str]) -> Look:
        """Records a look at labelled test cases before its result is known.

        Args:
            subject: A digest of what is tested.
            cases: Digests of the labelled cases.

        Returns:
            The look, with how many there have been at these cases. The same one as before where it
            was begun and never ended.
        """
        try:
            return begin_look(self._reader, subject, cases, time.time())
        except sqlite3.Error as error:
            raise self._fault("write to", error) from error

    def end_look(self, look: Look) -> None:
        """Records that the result of a look is known."""
        try:
            end_look(self._reader, look)
        except sqlite3.Error as error:
            raise self._fault("write to", error) from error

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

    async def claim(self, key: bytes) -> bytes | None:
        """Waits until this process may ask a call, or has the reply that another one got.

        Args:
            key: The key of the call's reply.

        Returns:
            The reply of another process; None where the call is ours to ask. The claim ends with
            the call's booking, or with `release`.
        """
        while True:
            standing = await self._writer.claim(key)
            if standing == "ours":
                return None
            if standing == "kept" and (kept := self.get(key)) is not None:
                return kept
            await self._watch.until_free(key)

    def release(self, key: bytes) -> None:
        """Ends the claim of a call that is not asked after all; at once, but without waiting."""
        self._writer.release(key)

    def _held_by_others(self) -> set[bytes]:
        """The keys of the calls that others are asking just now."""
        try:
            return held_by_others(self._reader, self._writer.owner, time.time())
        except sqlite3.Error as error:
            raise self._fault("read", error) from error

    def close(self) -> None:
        """Commits what is still queued, ends all claims, then closes."""
        self._watch.close()
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
        "cached": reply.tokens_cached,
        "written": reply.tokens_written,
    }
    return orjson.dumps({k: v for k, v in fields.items() if v is not None and v != ""})


def unpack_reply(data: bytes) -> Reply:
    """The reply that `pack_reply` made `data` from; see `ReplyStore.unpacked`."""
    fields = orjson.loads(data)
    text, thinking, finish = fields.get("text", ""), fields.get("thinking", ""), fields["finish"]
    logprobs = fields.get("logprobs")
    if not (isinstance(text, str) and isinstance(thinking, str) and isinstance(finish, str)):
        raise TypeError("a text is none")
    if logprobs is not None and not all(map(is_number, logprobs.values())):
        raise TypeError("a log-probability is no number")
    return Reply(
        text=text,
        finish=finish,
        thinking=thinking,
        tokens_in=token_count(fields.get("in")),
        tokens_out=token_count(fields.get("out")),
        label_logprobs=logprobs,
        tokens_cached=token_count(fields.get("cached")),
        tokens_written=token_count(fields.get("written")),
    )


def pack_verdict(verdict: Verdict) -> bytes:
    """A batch judge's verdict as kept in the store."""
    v = verdict
    row: list[object] = [v.status, v.choice, v.score, v.probability, v.reasoning, v.error]
    if v.label is not None:
        row.append({"label": v.label, "probabilities": dict(v.probabilities)})
    return orjson.dumps(row)


def unpack_verdict(data: bytes) -> Verdict:
    """The verdict that `pack_verdict` made `data` from; see `ReplyStore.unpacked`."""
    status, choice, score, probability, reasoning, error, *more = orjson.loads(data)
    label = more[0]["label"] if more else None
    if not isinstance(reasoning, str) or not isinstance(error, str):
        raise TypeError("a text is none")
    if not all(value is None or is_number(value) for value in (score, probability)):
        raise TypeError("a score or a probability is no number")
    if not (label is None or isinstance(label, str)):
        raise TypeError("a class is no text")
    if status == Status.VALID and choice is None and score is None and label is None:
        raise ValueError("a valid verdict without a choice, a score or a class")
    return Verdict(
        Status(status),
        choice=None if choice is None else Choice(choice),
        score=score,
        probability=probability,
        reasoning=reasoning,
        error=error,
        label=label,
        probabilities=tuple(more[0]["probabilities"].items()) if more else (),
    )


def is_number(value: object) -> bool:
    """Whether a value of JSON is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
