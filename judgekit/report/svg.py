"""Sections as SVG by hand: a few KiB each, without scripts, fonts, images or style attributes.

Every text is escaped, and what XML does not allow is replaced. Colours are classes of
``figure.css``, those of Okabe and Ito, which the colour-blind can tell; no picture says by colour
alone what it does not say by a label or a number as well.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil, floor, isfinite, log10

from judgekit.report.document import Cell, Chart, Section, Unit, cell_text
from judgekit.stats.intervals import Rate

__all__ = ["draw", "standalone", "xml_text"]

WIDTH = 460
LABEL = 140  # where the rows' labels end
RIGHT = 82  # room for the numbers
ROW = 28
CHARACTER = 6.8  # approximate width of one at 13 px
LARGEST = 1e30  # larger numbers are not drawn, so that sums and differences stay finite
MOST_MODELS = 40  # of a heat map


def draw(section: Section) -> str:
    """A section's picture.

    Args:
        section: Its table, and how that is drawn.

    Returns:
        An SVG element; empty where there is nothing to draw.
    """
    body, height = DRAWN[section.chart](section)
    if not body:
        return ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 {WIDTH} {height}" '
        f'role="img"><title>{xml_text(section.title)}</title>{"".join(body)}</svg>'
    )


def standalone(picture: str, style: str) -> str:
    """A picture as a file of its own, with its style."""
    head, title, rest = picture.partition("<title>")
    return f"{head}<style>{style}</style>{title}{rest}\n"


def xml_text(value: str) -> str:
    """A text escaped for XML and HTML, without characters that these forbid or that hide others."""
    return html.escape("".join(c if c.isprintable() else "\ufffd" for c in value))


def text(x: float, y: float, value: str, kind: str = "", anchor: str = "start") -> str:
    shown = f' class="{kind}"' if kind else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{shown}{where}>{xml_text(value)}</text>'


def cut(value: str, width: float) -> str:
    """A label that fits so many pixels."""
    most = max(2, int(width / CHARACTER))
    return value if len(value) <= most else value[: most - 1] + "…"


Drawn = tuple[list[str], int]


def nothing(section: Section) -> Drawn:  # noqa: ARG001 (one signature for all charts)
    return [], 0


def intervals(section: Section) -> Drawn:
    """A row for each rate: its interval as a line, its value as a dot, both also as numbers."""
    place = next((i for i, row in enumerate(zip(*section.rows, strict=True)) if rates(row)), None)
    if place is None:
        return [], 0
    rows = [(str(row[0]), row[place]) for row in section.rows]
    unit = section.columns[place].unit
    ends = [e for _, cell in rows for e in ends_of(cell)]
    if not ends:
        return [], 0
    low, high = section.extent or spread(ends, section.middle)
    scale = linear(low, high)
    height = ROW * len(rows) + 40
    out = list(axis(low, high, height - 26, lambda value: tick_text(value, unit)))
    if section.middle is not None and low <= section.middle <= high:
        x = scale(section.middle)
        out.append(f'<path class="middle" d="M{x:.1f} 4V{height - 26}"/>')
    for number, (label, cell) in enumerate(rows):
        y = 8 + ROW * number + ROW / 2
        out.append(text(LABEL - 10, y + 4, cut(label, LABEL - 10), "label", "end"))
        out.append(text(WIDTH - RIGHT + 12, y + 4, value_text(cell, unit), "value"))
        if isinstance(cell, Rate) and (points := ends_of(cell)):
            a, b = (scale(min(max(e, low), high)) for e in (min(points), max(points)))
            if cell.low is not None and cell.high is not None:
                out.append(f'<path class="interval" d="M{a:.1f} {y}H{b:.1f}"/>')
            x = scale(min(max(cell.value or 0.0, low), high))
            out.append(f'<circle class="dot" cx="{x:.1f}" cy="{y}" r="5"/>')
    return out, height


def value_text(cell: Cell, unit: Unit) -> str:
    """A rate's value without its interval, which is drawn, and stands in the table."""
    return cell_text(cell.value if isinstance(cell, Rate) else cell, unit)


def tick_text(value: float, unit: Unit) -> str:
    """A round number below an axis."""
    return f"{round(100 * value, 6):g} %" if unit == "share" else f"{round(value, 9):g}"


def rates(cells: Sequence[Cell]) -> bool:
    return any(isinstance(cell, Rate) for cell in cells)


def ends_of(cell: Cell) -> list[float]:
    """The numbers of a rate that can be drawn; empty without a value."""
    if not isinstance(cell, Rate) or cell.value is None:
        return []
    numbers = (cell.value, cell.low, cell.high)
    return [n for n in numbers if n is not None and isfinite(n) and abs(n) < LARGEST]


def spread(ends: Sequence[float], middle: float | None) -> tuple[float, float]:
    """The ends of an axis that holds all of these, with some room."""
    wanted = [*ends, *([] if middle is None else [middle])]
    low, high = min(wanted), max(wanted)
    room = (high - low) * 0.06 or max(abs(high) * 0.1, 0.5)
    return low - room, high + room


def linear(low: float, high: float) -> Callable[[float], float]:
    width = WIDTH - LABEL - RIGHT
    return lambda value: LABEL + width * (value - low) / (high - low)


def axis(low: float, high: float, bottom: float, written: Callable[[float], str]) -> Iterator[str]:
    """Lines at round numbers, with these below."""
    scale = linear(low, high)
    for tick in ticks(low, high):
        x = scale(tick)
        yield f'<path class="grid" d="M{x:.1f} 4V{bottom}"/>'
        yield text(x, bottom + 17, written(tick), "tick", "middle")


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`."""
    rough = (high - low) / about
    power = 10.0 ** floor(log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    return [i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def counts(section: Section) -> list[tuple[str, float]]:
    """Label and number of each row: its first column, and the first one of counts."""
    place = next(i for i, column in enumerate(section.columns) if column.unit == "count")
    numbers = ((str(row[0]), row[place]) for row in section.rows)
    return [(label, float(n)) for label, n in numbers if isinstance(n, int | float)]


def stack(section: Section) -> Drawn:
    """All counts as parts of one bar, with a legend of labels and numbers."""
    parts = counts(section)
    total = sum(n for _, n in parts)
    if not total:
        return [], 0
    out, x = [], 4.0
    for number, (label, n) in enumerate(parts):
        width = (WIDTH - 8) * n / total
        if n:
            share = f"{label}: {n:g} of {total:g}"
            out.append(
                f'<rect class="part p{number}" x="{x:.1f}" y="6" width="{width:.1f}" height="30">'
                f"<title>{xml_text(share)}</title></rect>"
            )
            if width > 34:
                out.append(text(x + width / 2, 26, f"{n:g}", f"on p{number}", "middle"))
        x += width
    column = 0.0
    y = 58
    for number, (label, n) in enumerate(parts):
        shown = cut(f"{label} {n:g}", WIDTH - 40)
        width = 26 + CHARACTER * len(shown) + 12
        if column + width > WIDTH and column:
            column, y = 0.0, y + 22
        box = f'class="part p{number}" x="{column + 4:.1f}" y="{y - 11}" width="14" height="14"'
        out += [f"<rect {box}/>", text(column + 24, y + 1, shown, "label")]
        column += width
    return out, y + 14


def bars(section: Section) -> Drawn:
    """A bar for each count."""
    parts = counts(section)
    most = max((n for _, n in parts), default=0.0)
    if not most:
        return [], 0
    out = []
    for number, (label, n) in enumerate(parts):
        y = 4 + 24 * number
        width = (WIDTH - LABEL - RIGHT) * n / most
        out.append(text(LABEL - 10, y + 16, cut(label, LABEL - 10), "label", "end"))
        out.append(f'<rect class="bar" x="{LABEL}" y="{y + 3}" width="{width:.1f}" height="17"/>')
        out.append(text(LABEL + width + 8, y + 16, f"{n:g}", "value"))
    return out, 24 * len(parts) + 8


def heat(section: Section) -> Drawn:
    """A matrix of shares: blue above one half, orange below, the more so the further away."""
    columns = [column.name for column in section.columns[1:]][:MOST_MODELS]
    rows = section.rows[:MOST_MODELS]
    if not rows or not columns:
        return [], 0
    side = (WIDTH - LABEL - 4) / len(columns)
    tall = min(max(side * 0.6, 22.0), 40.0)
    top = 30
    out = []
    for j, name in enumerate(columns):
        out.append(text(LABEL + side * (j + 0.5), 20, cut(name, side - 4), "label", "middle"))
    for i, row in enumerate(rows):
        y = top + tall * i
        out.append(text(LABEL - 10, y + tall / 2 + 4, cut(str(row[0]), LABEL - 10), "label", "end"))
        for j, cell in enumerate(row[1 : len(columns) + 1]):
            value = cell.value if isinstance(cell, Rate) else cell
            if isinstance(value, int | float):
                out += heat_cell(LABEL + side * j, y, side, tall, float(value), section)
    return out, ceil(top + tall * len(rows) + 6)


def heat_cell(x: float, y: float, side: float, tall: float, value: float, s: Section) -> list[str]:
    middle = 0.5 if s.middle is None else s.middle
    strength = min(1.0, abs(value - middle) / max(1.0 - middle, 0.01))
    kind = "high" if value >= middle else "low"
    box = (
        f'<rect class="{kind}" x="{x + 1:.1f}" y="{y + 1:.1f}" width="{side - 2:.1f}" '
        f'height="{tall - 2:.1f}" fill-opacity="{0.06 + 0.62 * strength:.2f}"/>'
    )
    written = f"{100 * value:.0f}" if side > 24 else ""
    return [box, text(x + side / 2, y + tall / 2 + 4, written, "cell", "middle")]


def lines(section: Section) -> Drawn:
    """The last column over the first, a line for each value of the second."""
    series: dict[str, list[tuple[float, float]]] = {}
    for row in section.rows:
        x, y = row[0], row[-1]
        if isinstance(x, int | float) and isinstance(y, int | float) and abs(y) < LARGEST:
            series.setdefault(str(row[1]), []).append((float(x), float(y)))
    points = [point for line in series.values() for point in line]
    if len(points) < 2:
        return [], 0
    low, high = spread([y for _, y in points], None)
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    bottom, left = 190, 60
    wide, tall = WIDTH - left - 10, bottom - 10

    def place(x: float, y: float) -> str:
        across = left + wide * (x - first) / ((last - first) or 1.0)
        return f"{across:.1f} {bottom - tall * (y - low) / (high - low):.1f}"

    out = []
    for tick in ticks(low, high):
        y = bottom - tall * (tick - low) / (high - low)
        out.append(f'<path class="grid" d="M{left} {y:.1f}H{WIDTH - 10}"/>')
        out.append(text(left - 8, y + 4, f"{tick:.4g}", "tick", "end"))
    out.append(text(left, bottom + 18, f"{first:g}", "tick"))
    out.append(text(WIDTH - 10, bottom + 18, f"step {last:g}", "tick", "end"))
    for number, (name, line) in enumerate(series.items()):
        path = "L".join(place(x, y) for x, y in sorted(line))
        out.append(f'<path class="line l{number % 2}" d="M{path}"/>')
        out.append(text(left + 130 * number, bottom + 40, f"{'- -' if number else '—'} {name}"))
    return out, bottom + 52


DRAWN: Mapping[Chart, Callable[[Section], Drawn]] = {
    "none": nothing,
    "intervals": intervals,
    "stack": stack,
    "bars": bars,
    "heat": heat,
    "lines": lines,
}
