"""A training while it runs: a bar on the terminal, lines elsewhere, all on standard error."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe, stderr_console
from judgekit.cli.render.train_metrics import (
    MEASURES,
    dry_run_lines,
    duration,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console, RenderableType

    from judgekit.train.interfaces.events import (
        Event,
        HeldOutMeasured,
        OnEvent,
        StepFinished,
        TrainingStarted,
    )

__all__ = ["TrainingState", "interruption_message", "print_dry_run", "training_display"]

QUIET_S = 60.0  # the longest silence in a log, where steps are slow
LINES = 10  # in a log, of steps, at least
WINDOW = 50  # steps over which the pace is taken
NAMED = 13  # of the names in a plan
WIDE = 13  # of a column; five and the step fit 80


@dataclass
class TrainingState:
    """Where a training is. `kept` is the step of its newest checkpoint, `saved` the end's folder;
    `step` is None until it has begun."""

    step: int | None = None
    kept: int = 0
    saved: Path | None = None

    def take(self, event: Event) -> None:
        from judgekit.train.interfaces.events import StepFinished, TrainingStarted, WeightsSaved

        match event:
            case TrainingStarted():
                self.step = self.kept = event.step
            case StepFinished():
                self.step = event.step
            case WeightsSaved(folder, True):
                self.saved = folder
            case WeightsSaved():
                self.kept = self.step or 0


class Throughput:
    """How fast steps follow one another, of `rows` each; what is measured in between counts."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._seen: deque[tuple[int, float]] = deque(maxlen=WINDOW)

    def after(self, step: int, steps: int) -> str:
        """``3.2 rows/s, 4 min left``; nothing at the first step, nor at the last."""
        self._seen.append((step, time.monotonic()))
        (first, began), (_, now) = self._seen[0], self._seen[-1]
        if step in (first, steps):
            return ""
        each = (now - began) / (step - first)
        rate = f"{self._rows / each:#.3g}".rstrip(".") if each else "∞"
        return f"{rate} rows/s, {duration(each * (steps - step))} left"


@contextmanager
def training_display(course: TrainingState, rows: int) -> Iterator[OnEvent]:
    """Gives the callback that shows a training, and keeps `course` up to date.

    `rows` are those of one step, all processes together.
    """
    console = stderr_console()
    if not console.is_terminal:
        yield observed_by(course, LineDisplay(console, rows))
        return
    from rich.live import Live

    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield observed_by(course, LiveDisplay(console, rows, live.update))


def observed_by(course: TrainingState, shows: OnEvent) -> OnEvent:
    def on_event(event: Event) -> None:
        course.take(event)
        shows(event)

    return on_event


def plan_table(lines: Sequence[tuple[str, str]]) -> Table:
    """Names and values below each other."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in lines:
        table.add_row(Text(safe(name)), Text(safe(value)))
    return table


def print_dry_run(
    console: Console, estimate: Mapping[str, Any], counts: Mapping[str, int], steps: int
) -> None:
    """What a training would be, and a warning where memory will not do."""
    console.print(plan_table(dry_run_lines(estimate, counts, steps)))
    if not estimate["fits"]:
        advice = estimate["advice"] or "take a smaller --batch-size or shorter rows"
        console.print(Text(safe(f"more memory than is free: {advice}"), style="yellow"))


def announce_start(console: Console, event: TrainingStarted) -> None:
    print_dry_run(console, event.estimate, event.counts, event.steps)
    if event.step:
        console.print(Text(f"goes on after step {event.step}", style="dim"))


class LineDisplay:
    """Lines for a file: the plan, each measurement, and steps now and then."""

    def __init__(self, console: Console, rows: int) -> None:
        self._console, self._pace = console, Throughput(rows)
        self._last = time.monotonic()

    def __call__(self, event: Event) -> None:
        from judgekit.train.interfaces.events import (
            HeldOutMeasured,
            ModelLoaded,
            StepFinished,
            TrainingStarted,
        )

        match event:
            case TrainingStarted():
                announce_start(self._console, event)
            case ModelLoaded():
                self._say(f"loaded; {event.reason}")
            case StepFinished():
                self._step(event)
            case HeldOutMeasured():
                self._say(f"step {event.step}, held out: {metrics_text(event.row)}")

    def _step(self, event: StepFinished) -> None:
        pace = self._pace.after(event.step, event.steps)
        tenth = max(1, event.steps // LINES)
        if event.step % tenth and time.monotonic() - self._last < QUIET_S:
            return
        left = f", {pace}" if pace else ""
        self._say(f"step {event.step} of {event.steps}: {metrics_text(event.row)}{left}")

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        self._console.print(Text(safe(text)), soft_wrap=True)


class LiveDisplay:
    """A bar with the newest step's measures below it; measurements scroll by above."""

    def __init__(
        self, console: Console, rows: int, update: Callable[[RenderableType], None]
    ) -> None:
        from rich import progress

        self._console, self._pace, self._update = console, Throughput(rows), update
        self._columns: list[str] = []
        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=None),
            progress.TextColumn("{task.fields[count]}"),
            progress.TextColumn("{task.fields[note]}", style="dim"),
            console=console,
            expand=True,
        )
        self._task = self._bar.add_task("reading the data", total=None, count="", note="")

    def __call__(self, event: Event) -> None:
        from judgekit.train.interfaces.events import (
            AnswersSampled,
            HeldOutMeasured,
            ModelLoaded,
            ReferenceProgress,
            StepFinished,
            TrainingStarted,
        )

        match event:
            case TrainingStarted():
                announce_start(self._console, event)
                self._phase("loading the model")
            case ModelLoaded():
                self._console.print(plan_table([(f"{'prompts':<{NAMED}}", event.reason)]))
                self._phase("getting ready")
            case ReferenceProgress():
                self._phase("asking the reference", event.done, event.total)
            case StepFinished():
                self._step(event)
            case HeldOutMeasured():
                self._measured(event)
            case AnswersSampled(when="before"):
                self._phase("measuring")

    def _phase(self, doing: str, done: int = 0, total: int | None = None) -> None:
        count = "" if total is None else f"{done}/{total}"
        self._bar.update(
            self._task, description=doing, completed=done, total=total, count=count, note=""
        )
        self._update(self._bar)

    def _step(self, event: StepFinished) -> None:
        from rich.console import Group

        if event.step == event.steps:
            self._phase("measuring and saving")
            return
        self._bar.update(
            self._task,
            description="training",
            completed=event.step,
            total=event.steps,
            count=f"{event.step}/{event.steps}",
            note=self._pace.after(event.step, event.steps),
        )
        self._update(Group(self._bar, Text(f"  {metrics_text(event.row, '  ')}", style="dim")))

    def _measured(self, event: HeldOutMeasured) -> None:
        """A row of a table that grows: its head comes before the first."""
        if not self._columns:
            self._columns = [name for name in MEASURES if name in event.row]
            head = "".join(f"{MEASURES[name]:>{WIDE}}" for name in self._columns)
            self._console.print(Text(f"held out{head}", style="dim"))
        cells = "".join(f"{metric_text(name, event.row[name]):>{WIDE}}" for name in self._columns)
        self._console.print(Text(f"{f'step {event.step}':<8}{cells}"))
        if not event.step:
            self._phase("training")


def interruption_message(course: TrainingState) -> str:
    """What to say where Ctrl-C ended a training that had begun."""
    if course.kept:
        return (
            f"stopped at step {course.step}; the checkpoint of step {course.kept} is kept: the "
            f"same command with --resume goes on"
        )
    return f"stopped at step {course.step}, before the first checkpoint: --force starts again"
