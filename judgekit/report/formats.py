"""A report in other forms: Markdown, CSV, LaTeX, and every picture as a file of its own."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from judgekit.errors import InputError
from judgekit.io.files import safe_name, write_files
from judgekit.report.content import ReportContent
from judgekit.report.document import Cell, Column, Part, Section, cell_text
from judgekit.report.page import figure_style
from judgekit.report.svg import draw, standalone
from judgekit.stats.intervals import Rate

__all__ = ["WRITERS", "TextForm", "write_figures"]

TextForm = Literal["markdown", "csv", "latex"]

MARKUP = re.compile(r"([\\`*_\[\]|<>&#~])")
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would compute


def one_line(text: str) -> str:
    """A text on one line, without characters that a terminal obeys."""
    return "".join(c if c.isprintable() else " " for c in text)


def markdown(report: ReportContent) -> str:
    """Sentences and tables, for a pull request or a README.

    Args:
        report: What it says.
    """
    lines: list[str] = []
    for part in report.parts:
        lines += [f"# {escaped(part.title)}", "", f"**{escaped(part.sentence)}**", ""]
        lines += [escaped(part.note), ""] if part.note else []
        for section in part.sections:
            lines += [f"## {escaped(section.title)}", "", *markdown_table(section), ""]
            lines += [escaped(section.note), ""] if section.note else []
    return "\n".join(lines)


def markdown_table(section: Section) -> Iterator[str]:
    """A table, its numbers to the right."""
    columns = section.columns
    yield "| " + " | ".join(escaped(column.name) for column in columns) + " |"
    yield "|" + "|".join("---" if column.unit == "text" else "--:" for column in columns) + "|"
    for row in section.rows:
        cells = (escaped(cell_text(c, column.unit)) for c, column in zip(row, columns, strict=True))
        yield "| " + " | ".join(cells) + " |"


def escaped(text: str) -> str:
    """A text that Markdown takes for nothing else, on one line."""
    return MARKUP.sub(r"\\\1", one_line(text))


def csv_text(report: ReportContent) -> str:
    """Every number with all its digits, a row each.

    Args:
        report: What it says.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("part", "section", "row", "column", "value", "low", "high"))
    for part in report.parts:
        for section in part.sections:
            for row in section.rows:
                for cell, column in zip(row[1:], section.columns[1:], strict=True):
                    head = (part.title, section.title, str(row[0]), column.name)
                    writer.writerow((*map(inert, head), *numbers(cell)))
    return file.getvalue()


def numbers(cell: Cell) -> tuple[object, object, object]:
    """A cell as value, lower and upper end."""
    if isinstance(cell, Rate):
        return tuple("" if n is None else n for n in (cell.value, cell.low, cell.high))  # type: ignore[return-value]
    return (inert(cell) if isinstance(cell, str) else "" if cell is None else cell), "", ""


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    plain = one_line(text)
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def latex(report: ReportContent) -> str:
    """A table for each section, with the rules of the package booktabs.

    Args:
        report: What it says.
    """
    lines = ["% needs \\usepackage{booktabs}", ""]
    for part in report.parts:
        for section in part.sections:
            lines += [*latex_table(part, section), ""]
    return "\n".join(lines)


def latex_table(part: Part, section: Section) -> Iterator[str]:
    """One table, its intervals in the cells."""
    columns = section.columns
    kinds = "".join("l" if column.unit == "text" else "r" for column in columns)
    yield "\\begin{table}"
    yield "\\centering"
    caption = f"{part.title}: {section.title}. {section.note}".strip()
    yield f"\\caption{{{tex(caption)}}}"
    yield f"\\label{{tab:{re.sub(r'[^A-Za-z0-9-]+', '-', section.name)}}}"
    yield f"\\begin{{tabular}}{{{kinds}}}"
    yield "\\toprule"
    yield " & ".join(tex(column.name) for column in columns) + r" \\"
    yield "\\midrule"
    for row in section.rows:
        yield " & ".join(map(tex_cell, row, columns)) + r" \\"
    yield "\\bottomrule"
    yield "\\end{tabular}"
    yield "\\end{table}"


def tex_cell(cell: Cell, column: Column) -> str:
    """A cell; of a rate ``51.9\\,\\% [48.4, 55.4]``."""
    if isinstance(cell, Rate) and None not in (cell.value, cell.low, cell.high):
        value = cell_text(cell.value, column.unit)
        ends = (cell_text(end, column.unit).removesuffix(" %") for end in (cell.low, cell.high))
        return tex(f"{value} [{', '.join(ends)}]").replace(r" \%", r"\,\%")
    return tex(cell_text(cell, column.unit))


def tex(text: str) -> str:
    """A text that LaTeX takes for nothing else."""
    return "".join(LATEX.get(character, character) for character in one_line(text))


WRITERS: Mapping[TextForm, Callable[[ReportContent], str]] = {
    "markdown": markdown,
    "csv": csv_text,
    "latex": latex,
}


def write_figures(report: ReportContent, folder: Path, *, force: bool = False) -> list[Path]:
    """Writes every picture as SVG, and its numbers as CSV beside it.

    Args:
        report: What it says.
        folder: Where to; made where there is none.
        force: Replace files that exist.

    Returns:
        The files, in the order of the report.

    Raises:
        InputError: A file exists already, or cannot be written.
    """
    contents: dict[Path, bytes] = {}
    for part in report.parts:
        for section in part.sections:
            picture = draw(section)
            if picture:
                stem = safe_name(section.name)
                svg = standalone(picture, figure_style())
                contents[folder / f"{stem}.svg"] = svg.encode("utf-8")
                contents[folder / f"{stem}.csv"] = section_csv(section).encode("utf-8")
    taken = [path for path in contents if path.exists()]
    if taken and not force:
        raise InputError(f"{str(taken[0])!r} exists already; name another folder, or add --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {str(folder)!r}: {error.strerror or error}") from error
    write_files(contents)
    return list(contents)


def section_csv(section: Section) -> str:
    """A section's numbers, a rate as three columns."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    rates = [
        any(isinstance(row[i], Rate) for row in section.rows) for i in range(len(section.columns))
    ]
    heads: list[str] = []
    for column, is_rate in zip(section.columns, rates, strict=True):
        name = inert(column.name)
        heads += [name, f"{name} low", f"{name} high"] if is_rate else [name]
    writer.writerow(heads)
    for row in section.rows:
        cells: list[object] = []
        for cell, is_rate in zip(row, rates, strict=True):
            cells += numbers(cell) if is_rate else numbers(cell)[:1]
        writer.writerow(cells)
    return file.getvalue()
