"""What a training writes down and tells while it runs: metrics, curve, samples, events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from judgekit.io.files import write_file
from judgekit.train.interfaces.events import Event, Measured, OnEvent, Row, Sampled, Saved, Step
from judgekit.train.loop.curve import curve_svg
from judgekit.train.loop.folder import TrainingFolder

__all__ = ["Record"]


class Record:
    """A training's rows, on disk and to `on_event`.

    `first`: whether this process is the one that writes and tells; others keep the rows alone.
    """

    def __init__(self, folder: TrainingFolder, on_event: OnEvent | None, *, first: bool) -> None:
        self._folder, self._on_event, self._first = folder, on_event, first
        self.rows: list[Row] = []

    def begin(self, step: int) -> None:
        """Takes up what an earlier start wrote until `step`, and forgets what it wrote after."""
        if step:
            rows = read_rows(self._folder.metrics)
            self.rows = [row for row in rows if row["step"] <= step]
        if self._first:
            write_rows(self._folder.metrics, self.rows)

    def tell(self, event: Event) -> None:
        if self._first and self._on_event is not None:
            self._on_event(event)

    def step(self, row: Row, steps: int) -> None:
        self._add(row)
        self.tell(Step(row["step"], steps, row))

    def measured(self, row: Row) -> None:
        self._add(row)
        self.draw()
        self.tell(Measured(row["step"], row))

    def saved(self, folder: Path, *, final: bool = False) -> None:
        self.tell(Saved(folder, final))

    def sampled(self, when: str, rows: Sequence[Row]) -> None:
        """Adds answers to samples.jsonl, in place of those of an earlier start."""
        if not (self._first and rows):
            return
        kept = [row for row in read_rows(self._folder.samples) if row["when"] != when]
        rows = [{"when": when, **row} for row in rows]
        write_rows(self._folder.samples, [*kept, *rows])
        self.tell(Sampled(when, tuple(rows)))

    def draw(self) -> None:
        """The curve so far."""
        if self._first:
            write_file(self._folder.curve, curve_svg(self.rows).encode())

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        if self._first:
            with self._folder.metrics.open("ab") as file:
                file.write(as_line(row))


def as_line(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def read_rows(path: Path) -> list[Row]:
    """The rows of a file whose last line may be torn: the process was killed as it wrote."""
    if not path.exists():
        return []
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return [orjson.loads(line) for line in whole.splitlines()]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    write_file(path, map(as_line, rows))
