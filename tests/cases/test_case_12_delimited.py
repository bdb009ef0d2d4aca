"""Case 12: delimited text as spreadsheets write it is read, and how is told in one line."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import pytest
from answers import write_jsonl
from commands import Cli
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.io import Row, load_answers, read_rows, scan
from judgekit.train.data.rows_reader import read_pair_rows

TEXT = "Seven; it is prime, \u00fc."
ROW = {"id": "q1", "prompt": "Name a prime.", "response": TEXT, "reference": "7"}
UTF16 = "read as a table: in UTF-16"


def table(delimiter: str, *, end: str = "\r\n", head: str = "", space: str = "") -> str:
    def quoted(text: str) -> str:
        return f'"{text}"' if delimiter in text else text

    joint = delimiter + space
    return head + joint.join(ROW) + end + joint.join(map(quoted, ROW.values())) + end


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.csv", table(","), ""),
        ("a.csv", table(";"), "fields separated by ';'"),
        ("a.csv", table("\t"), "fields separated by tabs"),
        ("a.csv", table("|"), "fields separated by '|'"),
        ("a.tsv", table("\t", end="\n"), ""),
        ("a.tab", table("\t"), ""),
        ("a.tsv", table(","), "fields separated by ','"),
        ("a.txt", table("\t"), "fields separated by tabs"),
        ("a.csv", table(";", head="sep=;\r\n"), "fields separated by ';'"),
        ("a.csv", table("^", head='"sep=^"\r\n'), "fields separated by '^'"),
        ("a.csv", table("\t", head="SEP=\t\r\n"), "fields separated by tabs"),
        ("a.csv", table(",", head="sep=,\n"), ""),
        ("a.csv", table(",", end="\r"), "(old Mac)"),
        ("a.csv", table(";", end="\r"), "separated by ';', lines ended by a carriage return alone"),
        ("a.csv", table(",", space=" "), "a space after each separator dropped"),
        ("a.csv", table(";", space=" "), "';', a space after each separator dropped"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gzip"])
def test_what_spreadsheets_write(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, data: str, told: str, encoding: str
) -> None:
    path = tmp_path / name
    text = gzip.compress(data.encode(), mtime=0) if encoding == "gzip" else data.encode(encoding)
    path.write_bytes(text)
    assert [row.data for row in read_rows(path)] == [ROW]
    lines = [record.getMessage() for record in caplog.records]
    expected = [f"{path}: read as a table: "] if told or encoding == "utf-16" else []
    assert [line[: len(expected[0])] for line in lines] == expected
    for line in lines:
        assert told in line
        assert (UTF16 in line) == (encoding == "utf-16")


@pytest.mark.parametrize(
    "header",
    [
        "ID;Prompt;Response",
        " id ; PROMPT; response ",
        "Question ID;Question;Output",
    ],
)
def test_headers_match_in_any_case_and_spacing(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n1;p;r\n")
    (answer,) = load_answers(tmp_path / "a.csv").rows
    assert (answer.id, answer.prompt[0].content, answer.responses) == ("1", "p", ("r",))


def test_names_of_columns_of_json_match_as_well(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "p.jsonl", [{"Prompt": "p", "Chosen": "c", "REJECTED": "r"}])
    (pair,) = read_pair_rows(tmp_path / "p.jsonl").rows
    assert (pair.prompt, pair.chosen, pair.rejected) == ("p", "c", "r")
    write_jsonl(tmp_path / "b.jsonl", [{"Prompt": "p", "Response A": "x", "response-b": "y"}])
    assert read_rows(tmp_path / "b.jsonl")[0].data.keys() == {"prompt", "response_a", "response_b"}


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ({"prompt": "p", "Question": "q"}, {"prompt", "Question"}),  # the exact name is meant
        ({"Prompt": "p", "PROMPT": "q"}, {"Prompt", "PROMPT"}),  # nobody knows which
        ({"My Notes": "n", "Id": 1}, {"My Notes", "id"}),
    ],
)
def test_a_spelling_never_hides_a_column(
    tmp_path: Path, row: dict[str, object], names: set[str]
) -> None:
    write_jsonl(tmp_path / "a.jsonl", [row])
    assert read_rows(tmp_path / "a.jsonl")[0].data.keys() == names


def test_columns_may_be_named_as_the_file_has_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Task;Prompt;Answer Text\n1;p;r\n")
    for prompt, asked in (("Prompt", "p"), ("prompt", "p"), ("Task", "1")):
        columns = {"response": "Answer Text", "prompt": prompt}
        (row,) = load_answers(tmp_path / "a.csv", columns=columns).rows
        assert (row.prompt[0].content, row.responses) == (asked, ("r",))


def test_lines_are_counted_whatever_ends_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'sep=;\rid;text\r1;"two\rlines"\r2;b\r3\r')
    found = list(scan(tmp_path / "a.csv"))
    assert [row.line for row in found] == [3, 5, 6]
    assert isinstance(found[0], Row)
    assert found[0].data == {"id": "1", "text": "two\rlines"}
    (tmp_path / "b.csv").write_bytes(b"id;text\r1;a\r2;\xe9\r")
    with pytest.raises(InputError, match="line 3: the byte 0xe9"):
        read_rows(tmp_path / "b.csv")


def test_lines_of_json_may_end_so_as_well(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"prompt": "p"}\r{"prompt": "q"}\r')
    assert [(row.line, row.data["prompt"]) for row in read_rows(tmp_path / "a.jsonl")] == [
        (1, "p"),
        (2, "q"),
    ]
    assert "a.jsonl: read as lines ended by a carriage return alone (old Mac)" in caplog.text


def test_the_way_of_reading_is_told_once(cli: Cli, here: Path) -> None:
    (here / "a.csv").write_text(table(";"))
    said = cli("score", "a.csv", "--judge", "overlap", "--json")
    assert said.code == 0
    assert said.err.count("a.csv: read as a table: fields separated by ';'") == 1
    assert not logging.getLogger("judgekit").handlers


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_whatever_cells_hold_they_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    cells: list[tuple[str, str]],
    delimiter: str,
    end: str,
) -> None:
    path = tmp_path_factory.mktemp("cells") / "a.csv"

    def line(fields: tuple[str, ...]) -> str:
        return delimiter.join('"' + field.replace('"', '""') + '"' for field in fields) + end

    text = line(("prompt", "response")) + "".join(map(line, cells))
    path.write_bytes(text.encode())
    full = [row for row in cells if any(cell.strip() for cell in row)]
    found = [row for row in scan(path) if isinstance(row, Row)]
    assert [(row.data["prompt"], row.data["response"]) for row in found] == full
