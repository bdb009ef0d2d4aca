"""A report as one HTML file: no library, no request, and nothing in it that a text could start.

The metrics are written here, every text escaped; the cases are data that ``page.js`` shows as
text. A content security policy allows this very script and style, by their digests, and nothing
else: not a request, not an image, not a handler in an attribute.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from judgekit.errors import InputError
from judgekit.report.cases import PackedCases
from judgekit.report.content import ReportContent
from judgekit.report.document import Cell, Column, Part, Section, cell_text
from judgekit.report.svg import draw, xml_text

__all__ = ["MARK", "check_target", "figure_style", "frame", "page", "part_html", "section_html"]

MARK = '<meta name="generator" content="judgekit report">'
HOLE = re.compile(r"\{\{(\w+)\}\}")
HEAD = 4096  # bytes in which a report names itself
FRAME_HEIGHT = 760


def page(report: ReportContent) -> bytes:
    """A report as HTML, the same bytes for the same report.

    Args:
        report: What it says.
    """
    style, script = figure_style() + part_of_page("page.css"), part_of_page("page.js")
    holes = {
        "script_hash": source_of(script),
        "style_hash": source_of(style),
        "title": xml_text(report.title),
        "style": style,
        "script": script,
        "parts": "\n".join(map(part_html, report.parts)),
        "footer": xml_text(footer(report)),
        "proof": json_text(report.proof),
        "data": "\n".join(data_blocks(report.cases)),
    }
    return filled(part_of_page("page.html"), holes).encode("utf-8")


def filled(template: str, holes: Mapping[str, str]) -> str:
    """The template with its holes filled, once: what fills one is not searched for others."""
    return HOLE.sub(lambda match: holes[match[1]], template)


@cache
def part_of_page(name: str) -> str:
    """A file beside this module, its lines ending as on every machine."""
    text = files("judgekit.report").joinpath(name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def figure_style() -> str:
    """The style of pictures, for the page and for a picture of its own."""
    return part_of_page("figure.css")


def source_of(text: str) -> str:
    """A script or style as the security policy names it."""
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def json_text(plain: object) -> str:
    """JSON in ASCII that no HTML parser takes for an end of its element, or a comment."""
    return json.dumps(plain, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e")


def data_blocks(cases: tuple[PackedCases, ...]) -> Iterator[str]:
    """Index and chunks of each run."""
    for number, packed in enumerate(cases):
        named = [(f"index-{number}", packed.index)]
        named += [(f"chunk-{number}-{i}", chunk) for i, chunk in enumerate(packed.chunks)]
        for name, data in named:
            yield f'<script type="application/octet-stream" id="{name}">{data}</script>'


def footer(report: ReportContent) -> str:
    """What made the report, and how to verify it."""
    proof = report.proof
    beside = " RUN" if proof["redacted"] or proof["limit_cases"] is not None else ""
    redacted = " Texts are left out." if proof["redacted"] else ""
    verify = f"judgekit report{beside} --verify FILE"
    return f"Made by judgekit {proof['judgekit']}.{redacted} To verify it: {verify}"


def part_html(part: Part) -> str:
    """What the report says of one run or result."""
    note = f'<p class="note">{xml_text(part.note)}</p>' if part.note else ""
    sections = "\n".join(map(section_html, part.sections))
    return (
        f'<div class="part"><h1>{xml_text(part.title)}</h1>\n'
        f'<p class="sentence">{xml_text(part.sentence)}</p>{note}\n'
        f'<div class="sections">\n{sections}\n</div></div>'
    )


def section_html(section: Section) -> str:
    """A section: its picture, its numbers, and what to know of them."""
    note = f'<p class="note">{xml_text(section.note)}</p>' if section.note else ""
    return (
        f'<section class="card" id="s-{xml_text(section.name)}"><h3>{xml_text(section.title)}</h3>'
        f"{draw(section)}{table_html(section)}{note}</section>"
    )


def table_html(section: Section) -> str:
    """A section's numbers."""
    head = "".join(
        f'<th scope="col"{numeric(column, number)}>{xml_text(column.name)}</th>'
        for number, column in enumerate(section.columns)
    )
    rows = "".join(
        "<tr>" + "".join(map(cell_html, row, section.columns, range(len(row)))) + "</tr>"
        for row in section.rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>'
        f"</table></div>"
    )


def numeric(column: Column, number: int) -> str:
    """The class of a column of numbers, which stand to the right."""
    return ' class="n"' if number and column.unit != "text" else ""


def cell_html(cell: Cell, column: Column, number: int) -> str:
    """A cell of a table."""
    return f"<td{numeric(column, number)}>{xml_text(cell_text(cell, column.unit))}</td>"


def frame(html: bytes) -> str:
    """A report inside a notebook: a frame that runs its own script and can reach nothing else."""
    content = escape(html.decode("utf-8"), quote=True)
    return (
        f'<iframe sandbox="allow-scripts" srcdoc="{content}" width="100%" '
        f'height="{FRAME_HEIGHT}" frameborder="0" title="judgekit report"></iframe>'
    )


def check_target(path: Path, *, force: bool) -> None:
    """Refuses (`InputError`) to replace a file that is no report.

    Args:
        path: The file to write.
        force: Replaces it whatever it is.
    """
    if force or not path.exists():
        return
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    if path.is_file() and MARK.encode() not in head:
        raise InputError(
            f"{str(path)!r} is no report, and would be replaced; name another file with -o, or "
            f"add --force"
        )
