"""Case 19: a format that is not read is named, with the way out; Arrow is read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl
from commands import Cli
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.io import input_digest, load_answers, read_rows, scan
from judgekit.train.data.rows_reader import read_pair_rows, read_text_rows

ROWS = [{"id": 1, "prompt": "p", "response": "r"}, {"id": 2, "prompt": "q", "response": "s"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def zipped(name: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, b"<x/>")
    return held.getvalue()


def tarred() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.jsonl"))
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (
            "a.xlsx",
            zipped("xl/workbook.xml"),
            "OpenDocument workbook, which judgekit does",
        ),
        ("a.csv", zipped("[Content_Types].xml"), "workbook, which judgekit does not read; save it"),
        ("a.ods", zipped("mimetype"), "workbook"),
        ("a.jsonl.zip", zipped("a.jsonl"), "it is a zip archive"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more", "another Office file"),
        (
            "a.jsonl.bz2",
            bz2.compress(LINES),
            "packed with bzip2, which judgekit does not",
        ),
        ("a.jsonl.zst", b"\x28\xb5\x2f\xfd$\x05)\x00\x00hello", "packed with zstd"),
        ("a.csv.xz", lzma.compress(LINES), "packed with xz"),
        ("a.tar", tarred(), "it is a tar archive"),
        ("a.tgz", gzip.compress(tarred(), mtime=0), "it is a tar archive"),
        ("a.pkl", pickle.dumps(ROWS), "it is a Python pickle"),
        ("a.pdf", b"%PDF-1.7 ...", "it is a PDF document"),
        ("a.jsonl", b"<!DOCTYPE html>\n<html>", "it is a web page"),
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\noid", "pointer of Git LFS"),
        ("a.csv", "id,prompt".encode("utf-16-le"), "UTF-16 without a byte order mark"),
        ("a.csv", "id,prompt".encode("utf-32"), "text in UTF-32"),
        ("a.json", b'{\n "data": [\n  {"prompt": "p"}]}', "its rows under 'data'; write them one"),
        ("a.json", b'{"version": 1, "data": [{"prompt": "p"}]}', "its rows under 'data'"),
        ("a.json", b'{"rows": [{"x": "p"}]}', "jq -c '.[\"rows\"][]'"),
        (
            "a.json",
            b'{\n "prompt": "p",\n "response": "r"\n}',
            "one JSON object over several",
        ),
        (
            "a.json",
            b'{\n"id": 1\n}\n{\n"id": 2\n}',
            "JSON objects over several lines each",
        ),
        ("a.arrow", b"\xff\xff\xff\xff\x10\0\0\0", "not readable as Arrow"),
        ("a.arrow", b"ARROW1\0\0" + bytes(40), "not readable as Arrow"),
    ],
)
def test_a_format_is_named_with_the_way_out(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    if "Arrow" in said:
        pytest.importorskip("pyarrow", reason="Arrow needs the extra 'parquet'")
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError) as refused:
        read_rows(path)
    message = str(refused.value)
    assert message.startswith(str(path))
    assert said in message
    assert len(message.splitlines()) == 1


def test_a_database_is_named(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.jsonl")
    connection.execute("CREATE TABLE rows (prompt)")
    connection.close()
    with pytest.raises(InputError, match="it is an SQLite database"):
        read_rows(tmp_path / "a.jsonl")


def test_a_row_with_a_list_of_objects_is_a_row(tmp_path: Path) -> None:
    rows = [{"prompt": "p", "votes": [{"model": "m"}]}, {"prompt": "q", "votes": []}]
    assert [row.data for row in read_rows(write_jsonl(tmp_path / "a.jsonl", rows))] == rows


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A data set of two splits, as `save_to_disk` writes it; one of them in two files."""
    datasets: Any = pytest.importorskip("datasets", reason="needs the package datasets")
    split = datasets.Dataset.from_list(ROWS)
    folder = tmp_path / "saved"
    both = datasets.DatasetDict({"train": split, "test": split.select([1])})
    both.save_to_disk(folder, num_shards={"train": 2, "test": 1})
    return folder


def test_folders_of_save_to_disk(saved: Path, tmp_path: Path) -> None:
    assert [(row.line, row.data) for row in read_rows(saved / "train")] == [
        (1, ROWS[0]),
        (2, ROWS[1]),
    ]
    with pytest.raises(InputError, match=r"several splits; name one of them: .*train, .*test"):
        read_rows(saved)
    assert [row.responses for row in load_answers(saved / "test").rows] == [("s",)]
    assert input_digest(saved / "train") != input_digest(saved / "test")
    (file,) = (saved / "test").glob("*.arrow")
    assert [row.data for row in read_rows(file)] == [ROWS[1]]


def test_trainings_read_them_too(saved: Path) -> None:
    assert [row.answer for row in read_text_rows(saved / "train").rows] == ["r", "s"]
    assert [row.answer for row in read_text_rows(f"{saved}:test").rows] == ["s"]


def test_a_run_on_a_folder(saved: Path, cli: Cli) -> None:
    said = cli(
        "score",
        saved / "train",
        "--judge",
        "additive",
        "--model",
        "openai/m",
        "--dry-run",
        "--json",
    )
    assert said.json["cases"] == 2


def test_an_arrow_file_of_the_file_format(tmp_path: Path) -> None:
    arrow: Any = pytest.importorskip("pyarrow", reason="Arrow needs the extra 'parquet'")
    from pyarrow import feather

    feather.write_feather(arrow.Table.from_pylist(ROWS), tmp_path / "a.feather")
    assert [row.data for row in read_rows(tmp_path / "a.feather")] == ROWS


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "it is a folder; name a file of rows, or a folder that save_to_disk"),
        ({"state.json": "{"}, "not JSON; save the data set again"),
        ({"state.json": "[]"}, "names no data files"),
        ({"state.json": '{"_data_files": [{"filename": "../x.arrow"}]}'}, "names no data files"),
        ({"state.json": '{"_data_files": [{"filename": "x.arrow"}]}'}, "cannot read .*x.arrow"),
        ({"dataset_dict.json": '{"splits": ["a"]}'}, "it is a folder"),
    ],
)
def test_other_folders_are_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said) as refused:
        read_rows(tmp_path)
    assert len(str(refused.value).splitlines()) == 1


def test_arrow_without_pyarrow_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "a.arrow").write_bytes(b"ARROW1\0\0")
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path; from judgekit.io import read_rows\n"
        "read_rows(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a.arrow")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "reading Arrow needs pyarrow; run pip install" in done.stderr.splitlines()[-1]


MARKS = [b"", b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff", b"PK\x03\x04", b"BZh9", b"\x1f\x8b",
         b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"{", b'{"a":', b"[", b"sep=;\n", b"a;b\r",
         b'{\n"prompt": "p"}', b"id,prompt\n", b"\x80\x04", b"<html"]  # fmt: skip
NAMES = ["a.jsonl", "a.csv", "a.tsv", "a.txt", "a.json", "a.parquet", "a.arrow"]


@given(st.sampled_from(MARKS), st.binary(max_size=120), st.sampled_from(NAMES))
def test_no_bytes_end_in_anything_but_rows_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, mark: bytes, data: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("bytes") / name
    path.write_bytes(mark + data)
    for read in (read_rows, load_answers, read_pair_rows, lambda path: list(scan(path))):
        said = "some rows"
        try:
            read(path)
        except InputError as refused:
            said = str(refused)
        assert len(said.splitlines()) == 1
