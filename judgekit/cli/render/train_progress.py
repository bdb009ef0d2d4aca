"""The progress of a training on standard error: a bar on a terminal, lines elsewhere."""

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
    METRICS,
    dry_run_lines,
    duration,
    metric_text,
    metrics_text,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from judgekit.train.interfaces.events import (
        Event,
        HeldOutMeasured,
        OnEvent,
        StepFinished,
        TrainingStarted,
    )

__all__ = ["TrainingState", "interruption_message", "print_dry_run", "training_display"]

QUIET_S = 60.0  # at most this long without a line in a log, where steps are slow
LINES = 10  # step lines in a log, at least
WINDOW = 50  # steps over which the throughput is averaged
NAME_WIDTH = 13  # in a plan
COLUMN_WIDTH = 13  # five columns and the step fit 80 characters


@dataclass
class TrainingState:
    """How far a training has come.

    Attributes:
        step: The last finished step; None until the training has started.
        checkpoint_step: The step of the newest checkpoint; 0 for none.
    """

    step: int | None = None
    checkpoint_step: int = 0

    def update(self, event: Event) -> None:
        from judgekit.train.interfaces.events import StepFinished, TrainingStarted, WeightsSaved

        match event:
            case TrainingStarted():
                self.step = self.checkpoint_step = event.step
            case StepFinished():
                self.step = event.step
            case WeightsSaved(final=False):
                self.checkpoint_step = self.step or 0


class Throughput:
    """Rows per second over the last steps, evaluations included; `rows` are those of a step."""

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
def training_display(state: TrainingState, rows: int) -> Iterator[OnEvent]:
    """Gives the callback that displays a training and keeps `state` up to date.

    Args:
        state: Updated with each event.
        rows: Rows in one step, over all processes.
    """
    console = stderr_console()
    if not console.is_terminal:
        yield observed_by(state, LineDisplay(console, rows))
        return
    from rich.live import Live

    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield observed_by(state, LiveDisplay(console, rows, live.update))


def observed_by(state: TrainingState, display: OnEvent) -> OnEvent:
    def on_event(event: Event) -> None:
        state.update(event)
        display(event)

    return on_event


def plan_table(lines: Sequence[tuple[str, str]]) -> Table:
    """A table of names and values."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in lines:
        table.add_row(Text(safe(name)), Text(safe(value)))
    return table


def print_dry_run(
    console: Console, estimate: Mapping[str, Any], counts: Mapping[str, int], steps: int
) -> None:
    """Prints what a training would be, and a warning where memory does not suffice."""
    console.print(plan_table(dry_run_lines(estimate, counts, steps)))
    if not estimate["fits"]:
        advice = estimate["advice"] or "use a smaller --batch-size or shorter rows"
        console.print(Text(safe(f"not enough free memory: {advice}"), style="yellow"))


def announce_start(console: Console, event: TrainingStarted) -> None:
    print_dry_run(console, event.estimate, event.counts, event.steps)
    for note in event.notes:
        console.print(Text(safe(note), style="yellow"), soft_wrap=True)
    if event.step:
        console.print(Text(f"continuing after step {event.step}", style="dim"))


class LineDisplay:
    """Lines for a log file: the plan, each evaluation, and some of the steps."""

    def __init__(self, console: Console, rows: int) -> None:
        self._console, self._throughput = console, Throughput(rows)
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
        throughput = self._throughput.after(event.step, event.steps)
        tenth = max(1, event.steps // LINES)
        if event.step % tenth and time.monotonic() - self._last < QUIET_S:
            return
        left = f", {throughput}" if throughput else ""
        self._say(f"step {event.step} of {event.steps}: {metrics_text(event.row)}{left}")

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        self._console.print(Text(safe(text)), soft_wrap=True)


class LiveDisplay:
    """A bar with the last step's metrics below it; evaluations scroll by above."""

    def __init__(
        self, console: Console, rows: int, update: Callable[[RenderableType], None]
    ) -> None:
        from rich import progress

        self._console, self._throughput, self._update = console, Throughput(rows), update
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
                self._console.print(plan_table([(f"{'prompts':<{NAME_WIDTH}}", event.reason)]))
                self._phase("preparing")
            case ReferenceProgress():
                self._phase("reference log-probabilities", event.done, event.total)
            case StepFinished():
                self._step(event)
            case HeldOutMeasured():
                self._measured(event)
            case AnswersSampled(when="before"):
                self._phase("evaluating")

    def _phase(self, doing: str, done: int = 0, total: int | None = None) -> None:
        count = "" if total is None else f"{done}/{total}"
        self._bar.update(
            self._task, description=doing, completed=done, total=total, count=count, note=""
        )
        self._update(self._bar)

    def _step(self, event: StepFinished) -> None:
        from rich.console import Group

        if event.step == event.steps:
            self._phase("evaluating and saving")
            return
        self._bar.update(
            self._task,
            description="training",
            completed=event.step,
            total=event.steps,
            count=f"{event.step}/{event.steps}",
            note=self._throughput.after(event.step, event.steps),
        )
        self._update(Group(self._bar, Text(f"  {metrics_text(event.row, '  ')}", style="dim")))

    def _measured(self, event: HeldOutMeasured) -> None:
        """Prints a row of a growing table, with its header before the first row."""
        if not self._columns:
            self._columns = [name for name in METRICS if name in event.row]
            head = "".join(f"{METRICS[name]:>{COLUMN_WIDTH}}" for name in self._columns)
            self._console.print(Text(f"held out{head}", style="dim"))
        cells = "".join(
            f"{metric_text(name, event.row[name]):>{COLUMN_WIDTH}}" for name in self._columns
        )
        self._console.print(Text(f"{f'step {event.step}':<8}{cells}"))
        if not event.step:
            self._phase("training")


def interruption_message(state: TrainingState) -> str:
    """The message after Ctrl-C: how to continue the training."""
    if state.checkpoint_step:
        return (
            f"stopped at step {state.step}; the checkpoint of step {state.checkpoint_step} is "
            f"kept: run the same command with --resume to continue"
        )
    return f"stopped at step {state.step}, before the first checkpoint: use --force to start again"
