"""Tables as CSV with all their digits, and as Markdown."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.table import Table

from judgekit.cli.render.export import csv_text
from judgekit.cli.render.markdown import MarkdownConsole, markdown_lines

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_values_are_complete() -> None:
    rate = {"value": 1 / 3, "low": None, "high": -0.1}
    text = csv_text([{"run": "a,b", "rate": rate, "names": ["é", 1]}, {"run": "c", "more": True}])
    first, second = read(text)
    assert first == {
        "run": "a,b",
        "rate.value": repr(1 / 3),
        "rate.low": "",
        "rate.high": "-0.1",
        "names": '["é", 1]',
        "more": "",
    }
    assert (second["run"], second["rate.value"], second["more"]) == ("c", "", "true")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_a_text_is_no_formula(text: str) -> None:
    [row] = read(csv_text([{"model": text, text: 1}]))
    assert row["model"] == f"'{text}"
    assert [name[0] for name in row] == ["m", "'"]


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first text loads Unicode's tables
@given(st.lists(st.dictionaries(st.text(min_size=1), VALUES, min_size=1), min_size=1))
def test_any_rows_are_read_back_as_a_table(rows: list[dict[str, object]]) -> None:
    names, *found = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert len(names) == len({name for row in rows for name in row})
    found = [row or [""] for row in found]  # one empty cell is an empty line
    assert len(found) == len(rows)
    assert {len(row) for row in found} == {len(names)}


def test_markdown_keeps_lines_and_cells_apart(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table()
    table.add_column("model")
    table.add_column("95 %", justify="right")
    table.add_row("a|b", "1\n2")
    table.add_row("<x> _y_", "3")
    assert list(markdown_lines(table)) == [
        "| model | 95 % |",
        "| --- | ---: |",
        "| a\\|b | 1<br>2 |",
        "| &lt;x> \\_y\\_ | 3 |",
    ]
    MarkdownConsole(width=1000).print(table, "it *wins*")
    assert capsys.readouterr().out.endswith("| 3 |\n\nit \\*wins\\*\n\n")
