"""Runs for the tests of reports: judged by the trivial judges, with awkward texts in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from judgekit.api import AnyRun, compare, rank, score

__all__ = ["HOSTILE", "compared", "ranked", "scored", "write_rows"]

HOSTILE = (
    "</script><script>document.title='x'</script>",
    "<!--<script>",
    "a\u2028b\u2029c",
    "<img src=x onerror=document.title='x'>",
    "\x1b[31mred\x1b[0m\x07",
    "\u202egnirts\u2066",
    "{{script}} {{proof}}",
    "x" * 100_000,
)


def write_rows(path: Path, answers: list[str], **more: Any) -> Path:
    """A file of answers to numbered prompts."""
    rows = (
        {
            "id": f"q{n}",
            "prompt": f"Question {n}?",
            "response": answer,
            "category": ("math", "writing")[n % 2],
        }
        | more
        for n, answer in enumerate(answers)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def compared(folder: Path, n: int = 12, *, judge: str = "longer", out: str = "compared") -> AnyRun:
    """Two models, of which the longer or the shorter answer wins by turns."""
    a = write_rows(folder / "a.jsonl", ["long " * (n % 3 + 1) for n in range(n)], model="north")
    b = write_rows(folder / "b.jsonl", ["long " * (n % 2 + 1) for n in range(n)], model="south")
    return compare(a, b, judge=judge, out=folder / out, store=folder / "store.db")  # type: ignore[return-value]


def ranked(folder: Path) -> AnyRun:
    """Three models."""
    files = [
        write_rows(folder / f"r{m}.jsonl", ["w " * (1 + (n * m) % 5) for n in range(8)], model=m_)
        for m, m_ in enumerate(("one", "two", "three"))
    ]
    return rank(*files, judge="longer", out=folder / "ranked", store=folder / "store.db")  # type: ignore[return-value]


def scored(folder: Path) -> AnyRun:
    """One model."""
    a = write_rows(folder / "s.jsonl", ["w " * (1 + n % 4) for n in range(9)], model="one")
    return score(a, judge="longer", out=folder / "scored", store=folder / "store.db")  # type: ignore[return-value]
