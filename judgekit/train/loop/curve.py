"""The training curve as one self-contained SVG, without scripts, fonts or images."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite, log10
from statistics import fmean
from typing import Any, TypeGuard

__all__ = ["curve_svg"]

Point = tuple[float, float]

WIDTH, HEIGHT = 360, 210  # of a panel, with its title and its axes
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 34, 36  # around the lines
HEAD = 26  # of the whole, where there is a title
POINTS = 90  # of a line; longer ones are averaged, which shows a noisy curve better than sampling
LARGEST = 1e30  # larger values are not drawn, so that sums and differences stay finite
CHARACTER = 6.1  # approximate width of a character at 11 px

# Two colours that differ for colour-blind readers (Okabe and Ito) and in grey.
STYLE = """
rect{fill:#fff}
text{font:11px system-ui,sans-serif;fill:#6e7781}
text.h{font-size:13px;font-weight:600;fill:#24292f}
path{fill:none;stroke:#e4e8ec}
path.half{stroke:#8c959f;stroke-dasharray:2 3}
path.a,path.b{stroke:#0072b2;stroke-width:1.4;stroke-linejoin:round}
path.b{stroke:#c65102;stroke-width:2}
circle.a,text.a{fill:#0072b2}
circle.b,text.b{fill:#c65102}
@media(prefers-color-scheme:dark){
rect{fill:#0d1117}
text{fill:#8b949e}
text.h{fill:#e6edf3}
path{stroke:#2b3138}
path.a{stroke:#58b5ea}
path.b{stroke:#f0a33a}
circle.a,text.a{fill:#58b5ea}
circle.b,text.b{fill:#f0a33a}
}
"""


@dataclass(frozen=True, slots=True)
class Series:
    """A metric over the steps; `style` is the class of its colour."""

    label: str
    style: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Panel:
    """Series on common axes; `bounds` of the vertical axis if they are fixed."""

    title: str
    lines: Sequence[Series]
    bounds: tuple[float, float] | None


# Title, bounds, and the series: metric, whether of held-out rows, label.
TRAIN, HELD_OUT = "training", "held out"
PANELS: Sequence[tuple[str, tuple[float, float] | None, Sequence[tuple[str, bool, str]]]] = (
    ("Loss", None, (("loss", False, TRAIN), ("loss", True, HELD_OUT))),
    ("Reward accuracy", (0.0, 1.0), (("accuracy", False, TRAIN), ("accuracy", True, HELD_OUT))),
    ("Reward margin", None, (("margin", False, TRAIN), ("margin", True, HELD_OUT))),
    ("KL per token", None, (("kl_chosen", True, "chosen"), ("kl_rejected", True, "rejected"))),
    ("KL per token", None, (("kl", True, HELD_OUT),)),  # of one answer a row
)


def curve_svg(rows: Iterable[Mapping[str, Any]], *, title: str = "") -> str:
    """Draws loss, accuracy, margin and KL over the steps.

    There is a panel for each metric in the rows. Values that are not finite numbers are left out,
    and long series are averaged to about 90 points. Colours follow the reader's light or dark
    scheme.

    Args:
        rows: Rows of ``metrics.jsonl``.
        title: A title.

    Returns:
        The SVG, of a few KiB.
    """
    panels = panels_of(list(rows))
    columns = min(2, len(panels)) or 1
    head = HEAD if title else 0
    width, height = WIDTH * columns, head + HEIGHT * (ceil(len(panels) / columns) or 1)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        f"<title>{xml_text(title or 'Training curve')}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="6"/>',
    ]
    if title:
        out.append(f'<text class="h" x="12" y="20">{xml_text(title)}</text>')
    for number, panel in enumerate(panels):
        x, y = WIDTH * (number % columns), head + HEIGHT * (number // columns)
        out += [f'<g transform="translate({x},{y})">', *panel_elements(panel), "</g>"]
    if not panels:
        out.append(f'<text x="12" y="{head + 24}">no metrics</text>')
    return "\n".join([*out, "</svg>", ""])


def panels_of(rows: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """The panels that have data."""
    panels = []
    for title, bounds, wanted in PANELS:
        lines = [
            Series(label, style, downsampled(series_points(rows, name, held)))
            for (name, held, label), style in zip(wanted, "ab", strict=False)
        ]
        lines = [line for line in lines if line.points]
        if lines:
            panels.append(Panel(title, lines, bounds))
    return panels


def series_points(rows: Sequence[Mapping[str, Any]], name: str, held: bool) -> list[Point]:
    """The (step, value) pairs of a metric that are numbers, by step."""
    pairs = [(r.get("step"), r.get(name)) for r in rows if bool(r.get("heldout")) is held]
    return sorted((float(s), float(v)) for s, v in pairs if is_drawable(s) and is_drawable(v))


def is_drawable(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and isfinite(value) and abs(value) < LARGEST


def downsampled(points: Sequence[Point]) -> list[Point]:
    """At most `POINTS` points, each the mean of a section."""
    if len(points) <= POINTS:
        return list(points)
    edges = [i * len(points) // POINTS for i in range(POINTS + 1)]
    sections = [points[begin:end] for begin, end in pairwise(edges)]
    return [(fmean(s for s, _ in part), fmean(v for _, v in part)) for part in sections]


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from below `low` to above `high`.

    An empty or tiny range is widened.
    """
    if high - low < 1e-6 * max(abs(low), abs(high), 1e-6):
        room = max(abs(low), abs(high)) * 0.1 or 1.0
        low, high = low - room, high + room
    rough = (high - low) / about
    power = 10.0 ** floor(log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    return [i * step for i in range(floor(low / step + 1e-9), ceil(high / step - 1e-9) + 1)]


def step_ticks(low: float, high: float) -> list[float]:
    """Round integers between the first and the last step, where the axis ends."""
    return [t for t in ticks(low, high, 5) if low <= t <= high and t == round(t)]


def tick_label(value: float, step: float) -> str:
    """A label such as ``0.25``, with the decimals of the step between ticks."""
    if abs(value) < step * 1e-6:
        return "0"
    if max(abs(value), step) >= 1e5 or step < 1e-4:
        return f"{value:.3g}"
    return f"{value:.{max(0, -floor(log10(step) + 1e-9))}f}"


def panel_elements(panel: Panel) -> list[str]:
    """The elements of a panel."""
    values = [v for line in panel.lines for _, v in line.points]
    steps = [s for line in panel.lines for s, _ in line.points]
    up = ticks(*(panel.bounds or (min(values), max(values))), about=4)
    first, last = min(steps), max(steps)

    def x(step: float) -> float:
        inner = WIDTH - LEFT - RIGHT
        return LEFT + (inner * (step - first) / (last - first) if last > first else inner / 2)

    def y(value: float) -> float:
        inner = HEIGHT - TOP - BOTTOM
        return HEIGHT - BOTTOM - inner * (value - up[0]) / (up[-1] - up[0])

    out = [f'<text class="h" x="12" y="20">{xml_text(panel.title)}</text>', *legend(panel.lines)]
    for value in up:
        out.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}"/>')
        label = tick_label(value, up[1] - up[0])
        out.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{label}</text>')
    if panel.bounds:  # chance level of a share
        out.append(
            f'<path class="half" d="M{LEFT} {y(sum(panel.bounds) / 2):.1f}H{WIDTH - RIGHT}"/>'
        )
    for step in step_ticks(first, last) if last > first else [first]:
        at = f'x="{x(step):.1f}" y="{HEIGHT - BOTTOM + 15}"'
        out.append(f'<text {at} text-anchor="middle">{step:.0f}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    out.append(f'<text x="{middle:.1f}" y="{HEIGHT - 6}" text-anchor="middle">step</text>')
    for line in panel.lines:
        out += series_elements(line, [(x(s), y(v)) for s, v in line.points])
    return out


def legend(lines: Sequence[Series]) -> list[str]:
    """The labels of the series in their colours, at the upper right."""
    out, right = [], float(WIDTH - RIGHT)
    for line in reversed(lines):
        anchor = f'x="{right:.0f}" y="20" text-anchor="end"'
        out.append(f'<text class="{line.style}" {anchor}>{xml_text(line.label)}</text>')
        right -= CHARACTER * len(line.label) + 12
    return out


def series_elements(line: Series, points: Sequence[Point]) -> list[str]:
    """The line of a series, with dots if it is short, so that each evaluation can be seen."""
    path = " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    out = [f'<path class="{line.style}" d="M{path}"/>'] if len(points) > 1 else []
    if len(points) <= 20:
        out += [
            f'<circle class="{line.style}" cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in points
        ]
    return out


def xml_text(value: str) -> str:
    """A text escaped for XML, without characters that XML forbids."""
    kept = "".join(c if c.isprintable() else "\ufffd" for c in value)
    return html.escape(kept)
