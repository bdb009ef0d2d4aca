"""Rows out of every format, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.io import Row, input_digest, read_rows
from judgekit.io.names import is_known

ROWS = [{"id": 1, "text": "ä"}, {"id": 2, "text": "b\nc"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
ARRAY = json.dumps(ROWS, indent=1, ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "data", "unit"),
    [
        ("plain.jsonl", LINES.encode(), "line"),
        ("bom.jsonl", b"\xef\xbb\xbf" + LINES.encode(), "line"),
        ("utf16.jsonl", LINES.encode("utf-16"), "line"),
        ("utf16be.jsonl", b"\xfe\xff" + LINES.encode("utf-16-be"), "line"),
        ("crlf.jsonl", LINES.replace("\n", "\r\n").encode(), "line"),
        ("cut.jsonl", LINES.rstrip("\n").encode(), "line"),
        ("zipped", gzip.compress(LINES.encode(), mtime=0), "line"),
        ("zipped_bom.gz", gzip.compress(b"\xef\xbb\xbf" + LINES.encode(), mtime=0), "line"),
        ("array.json", ARRAY.encode(), "element"),
        ("array.jsonl", b"\xef\xbb\xbf \n" + ARRAY.encode(), "element"),
        ("array.json.gz", gzip.compress(ARRAY.encode("utf-16"), mtime=0), "element"),
    ],
)
def test_json_in_every_dress_reads_the_same(
    tmp_path: Path, name: str, data: bytes, unit: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert [(row.line, row.data, row.unit) for row in read_rows(path)] == [
        (1, ROWS[0], unit),
        (2, ROWS[1], unit),
    ]


def test_blank_lines_count_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\n \t\r\n{"a": 1}\n\n{"a": 2}\n')
    assert [row.line for row in read_rows(path)] == [3, 5]


def test_only_newlines_end_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    text = "a\u2028b\u2029c\x85d\x0be\x0cf"
    path.write_text(json.dumps({"a": text}, ensure_ascii=False) + "\n", encoding="utf-8")
    assert [row.data for row in read_rows(path)] == [{"a": text}]


@pytest.mark.parametrize("layout", ["%s\n", "[%s]"])
def test_lone_surrogates_are_replaced_and_told(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(layout % '{"k\\udc00": ["x \\ud83d y", "\\ud83d\\ude00", 1, null]}')
    assert read_rows(path) == [
        Row(
            1,
            {"k\ufffd": ["x \ufffd y", "😀", 1, None]},
            "line" if layout == "%s\n" else "element",
            repaired=True,
        )
    ]


def test_what_is_not_strict_json_is_read_where_its_meaning_is_plain(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": "tab\there", "n": NaN, "i": -Infinity}\n')
    (row,) = read_rows(path)
    assert row.data["a"] == "tab\there"
    assert row.data["i"] == float("-inf")
    assert not row.repaired


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.jsonl", b"", "empty.jsonl: no rows"),
        ("blank.jsonl", b"\n \n", "blank.jsonl: no rows"),
        ("array.json", b"[]", "array.json: no rows"),
        ("empty.csv", b"", "empty.csv: no rows"),
        ("header.csv", b"a,b\n", "header.csv: no rows"),
        ("cut.jsonl", b'{"a": 1}\n{"a": ', "cut.jsonl, line 2: not JSON"),
        ("latin.jsonl", b'{"a": 1}\n{"a": "\xe9"}\n', "line 2: the byte 0xe9 is not UTF-8"),
        ("latin.json", b'[\n{"a": "\xe9"}]', "latin.json, line 2: the byte 0xe9 is not UTF-8"),
        ("latin.csv", b'a\n"x\n\xe9"\n', "latin.csv, line 3: the byte 0xe9 is not UTF-8"),
        ("cut.utf16", "{}\n{".encode("utf-16") + b"\x00", "line 2: not UTF-16"),
        ("list.jsonl", b"[1]\n[2]\n", "list.jsonl, line 1: [1] is not an object"),
        ("text.jsonl", b'"text"\n', "line 1: 'text' is not an object"),
        ("null.json", b'[{"a": 1}, null]', "null.json, element 2: null is not an object"),
        ("cut.json", b'[{"a": 1},\n{"a"', "cut.json, line 2: not JSON"),
        ("deep.jsonl", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        ("digits.jsonl", b'{"a": ' + b"1" * 5000 + b"}", "digits.jsonl, line 1"),
        ("short.csv", b"a,b\n1,2\n3\n", "short.csv, line 3: the fields are 1, but 2 in the header"),
        ("twice.csv", b"a,b,a\n1,2,3\n", "twice.csv, line 1: two columns named 'a'"),
        ("quote.csv", b'a,b\n1,"x"y\n', "quote.csv, line 2: not CSV"),
        ("open.csv", b'a,b\n1,2\n3,"x\n', "open.csv, line 3: not CSV"),
        ("cut.gz", gzip.compress(LINES.encode(), mtime=0)[:-12], "cut.gz: damaged gzip data"),
        ("bad.gz", b"\x1f\x8bnot gzip at all", "bad.gz: damaged gzip data"),
        ("bad.parquet", b"PAR1 and nothing", "bad.parquet, row 1: not readable as Parquet"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError) as refused:
        read_rows(path)
    message = str(refused.value)
    assert said in message
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < len(str(path)) + 220


def test_a_missing_file_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*absent\.jsonl: No such file"):
        read_rows(tmp_path / "absent.jsonl")
    with pytest.raises(InputError, match=r": it is a folder; name a file of rows"):
        read_rows(tmp_path)


def test_csv_rows_bear_the_line_they_begin_on(tmp_path: Path) -> None:
    path = tmp_path / "a.CSV"
    long = "x" * 200_000  # above the csv module's default limit
    path.write_text(f'\ufeffid,text\r\n1,"two\nlines, ""quoted"""\r\n\r\n2,{long}\r\n', newline="")
    assert [(row.line, row.data) for row in read_rows(path)] == [
        (2, {"id": "1", "text": 'two\nlines, "quoted"'}),
        (5, {"id": "2", "text": long}),
    ]


def test_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs the extra 'parquet'")
    from pyarrow import parquet

    rows = [{"id": 1, "prompt": ["a", "b"], "x": None}, {"id": 2, "prompt": ["c"], "x": "ä"}]
    path = tmp_path / "rows"  # known by its first bytes
    parquet.write_table(arrow.Table.from_pylist(rows), path)
    assert read_rows(path) == [Row(1, rows[0], "row"), Row(2, rows[1], "row")]


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path; from judgekit.io import read_rows\n"
        "read_rows(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert "needs pyarrow; run pip install -e '.[parquet]' in" in done.stderr.splitlines()[-1]


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"abc")
    assert input_digest(path) == hashlib.blake2b(b"abc", digest_size=16).hexdigest()
    with pytest.raises(InputError, match="cannot read"):
        input_digest(tmp_path / "absent")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), JSON, min_size=1), min_size=1), st.booleans())
def test_whatever_json_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], ascii_only: bool
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    rows = [{name: row[name] for name in row if not is_known(name)} for row in rows]
    rows = [row | {"nor": "empty"} for row in rows]
    dumped = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    path.write_text("\n".join(dumped), encoding="utf-8")
    read = [row.data for row in read_rows(path)]
    assert [json.dumps(row, ensure_ascii=ascii_only) for row in read] == dumped


@given(st.binary(max_size=200), st.sampled_from(["a.jsonl", "a.csv"]))
def test_no_bytes_end_in_anything_but_rows_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("bytes") / name
    path.write_bytes(data)
    said = "some rows"
    try:
        assert read_rows(path)
    except InputError as refused:
        said = str(refused)
    assert len(said.splitlines()) == 1
