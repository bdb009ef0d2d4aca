"""Files of answers for the tests, and readers of a run's files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["DECIDED", "kept_replies", "read_jsonl", "stable_files", "write_answers", "write_jsonl"]

DECIDED = ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json")
"""The files of a run that are a pure function of its inputs and the reply store."""


def write_jsonl(path: Path, rows: Iterable[Any]) -> Path:
    """Writes rows as JSONL."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_answers(path: Path, texts: Sequence[str], **columns: Any) -> Path:
    """Writes one answer per prompt under the usual column names; the model is named as the file."""
    return write_jsonl(
        path,
        (
            {"id": f"q{n}", "prompt": f"Question {n}?", "response": text, "model": path.stem}
            | columns
            for n, text in enumerate(texts)
        ),
    )


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Reads the rows of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def stable_files(folder: Path) -> dict[str, bytes]:
    """The contents of a run's files, except `run.json`."""
    return {name: (folder / name).read_bytes() for name in DECIDED}


def kept_replies(store: Path) -> int:
    """The number of replies in a store, read without judgekit."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(store)) as connection:
        return int(connection.execute("SELECT count(*) FROM replies").fetchone()[0])
