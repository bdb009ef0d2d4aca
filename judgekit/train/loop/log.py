"""The log of a training: metrics.jsonl, samples.jsonl, the curve, and events for a display."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import orjson

from judgekit.errors import InputError
from judgekit.io.files import write_file
from judgekit.train.interfaces.events import (
    AnswersSampled,
    Event,
    HeldOutMeasured,
    LogRow,
    OnEvent,
    StepFinished,
    WeightsSaved,
)
from judgekit.train.loop.curve import curve_svg
from judgekit.train.loop.folder import TrainingFolder

__all__ = ["TrainingLog", "read_metrics", "read_samples"]


class TrainingLog:
    """Writes a training's rows to its folder and passes events to `on_event`.

    Only the `first` process writes and reports; the others keep the rows in memory.
    """

    def __init__(self, folder: TrainingFolder, on_event: OnEvent | None, *, first: bool) -> None:
        self._folder, self._on_event, self._first = folder, on_event, first
        self.rows: list[LogRow] = []

    def begin(self, step: int) -> None:
        """Keeps the rows of an earlier start up to `step`, and drops those after it.

        Raises:
            InputError: Earlier rows are damaged.
        """
        if step:
            rows = read_metrics(self._folder.metrics)
            self.rows = [row for row in rows if row["step"] <= step]
            read_samples(self._folder.samples)  # added to at the end, too late for an error

    def write(self) -> None:
        """Writes the rows so far in place of those in the folder."""
        if self._first:
            write_rows(self._folder.metrics, self.rows)

    def emit(self, event: Event) -> None:
        if self._first and self._on_event is not None:
            self._on_event(event)

    def step(self, row: LogRow, steps: int) -> None:
        self._add(row)
        self.emit(StepFinished(row["step"], steps, row))

    def evaluated(self, row: LogRow) -> None:
        self._add(row)
        self.draw_curve()
        self.emit(HeldOutMeasured(row["step"], row))

    def saved(self, folder: Path, *, final: bool = False) -> None:
        self.emit(WeightsSaved(folder, final))

    def sampled(self, when: str, rows: Sequence[LogRow]) -> None:
        """Writes answers to samples.jsonl, in place of those of an earlier start."""
        if not (self._first and rows):
            return
        kept = [row for row in read_samples(self._folder.samples) if row["when"] != when]
        rows = [{"when": when, **row} for row in rows]
        write_rows(self._folder.samples, [*kept, *rows])
        self.emit(AnswersSampled(when, tuple(rows)))

    def draw_curve(self) -> None:
        """Draws the curve of the rows so far."""
        if self._first:
            write_file(self._folder.curve, curve_svg(self.rows).encode())

    def _add(self, row: LogRow) -> None:
        self.rows.append(row)
        if self._first:
            with self._folder.metrics.open("ab") as file:
                file.write(as_line(row))


def as_line(row: LogRow) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def read_metrics(path: Path) -> list[LogRow]:
    """The rows of metrics.jsonl. Raises `InputError` for a line that is not one."""
    return read_rows(path, is_metrics)


def read_samples(path: Path) -> list[LogRow]:
    """The rows of samples.jsonl. Raises `InputError` for a line that is not one."""
    return read_rows(path, is_sample)


def is_metrics(row: object) -> bool:
    return (
        isinstance(row, dict)
        and type(row.get("step")) is int
        and "loss" in row
        and all(isinstance(value, int | float) for value in row.values())
    )


def is_sample(row: object) -> bool:
    texts = ("when", "place", "prompt", "answer")
    return isinstance(row, dict) and all(isinstance(row.get(name), str) for name in texts)


def read_rows(path: Path, known: Callable[[object], bool]) -> list[LogRow]:
    """The rows of a JSON Lines file, without a last line that a killed process left unfinished."""
    try:
        complete_lines, _, _ = path.read_bytes().rpartition(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"cannot read {os.fspath(path)!r}: {error.strerror}") from error
    rows = []
    for number, line in enumerate(complete_lines.split(b"\n") if complete_lines else (), 1):
        try:
            row = orjson.loads(line)
        except ValueError:
            row = None
        if not known(row):
            raise InputError(
                f"{os.fspath(path)!r} line {number} is no row that a training writes; remove the "
                f"file to continue without its rows, or start again with --force"
            )
        rows.append(row)
    return rows


def write_rows(path: Path, rows: Iterable[LogRow]) -> None:
    write_file(path, map(as_line, rows))
