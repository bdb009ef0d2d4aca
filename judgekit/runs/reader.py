"""A run's folder read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import orjson

from judgekit.errors import InputError
from judgekit.runs.schema import SCHEMA
from judgekit.types import Case, Message, Outcome, Position, Ranking, Response

__all__ = [
    "holds_rankings",
    "read_cases",
    "read_json",
    "read_outcomes",
    "read_rankings",
    "read_rows",
    "resolve",
]


def resolve(path: Path) -> Path:
    """The run's folder that a path means: itself, or what a ``latest`` file names."""
    if path.is_file() and path.name == "latest":
        path = path.parent / path.read_text(encoding="utf-8").strip()
    if not (path / "run.json").is_file():
        raise InputError(
            f"no run in {str(path)!r}: it has no run.json; `judgekit compare` prints the folder "
            f"of each run"
        )
    return path


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a run's folder."""
    try:
        data = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {error}") from error
    if not isinstance(data, dict):
        raise InputError(f"{str(path)!r} holds no JSON object")
    return data


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of one of the folder's JSONL files."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                row = orjson.loads(line)
                if row.get("schema") != SCHEMA:
                    raise InputError(
                        f"{path}, line {number}: schema {row.get('schema')!r}, this judgekit "
                        f"reads {SCHEMA}; judge again (replies come from the store)"
                    )
                yield row
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {error}; judge again") from error


def read_cases(folder: Path) -> Iterator[Case]:
    """The cases of a run, in order."""
    for row in read_rows(folder / "cases.jsonl"):
        yield Case(
            id=row["id"],
            prompt=tuple(
                Message(m["role"], m["content"], m.get("tool_calls", "")) for m in row["prompt"]
            ),
            responses=tuple(
                Response(r["text"], r["model"], tuple(r.get("earlier", ())))
                for r in row["responses"]
            ),
            reference=row.get("reference"),
            category=row.get("category"),
            cluster=row["cluster"],
            earlier_references=tuple(row.get("earlier_references", ())),
        )


def read_outcomes(folder: Path) -> Iterator[tuple[Outcome, tuple[str, ...]]]:
    """The outcomes of a run, in order, each with its judgements' ids."""
    for row in read_rows(folder / "outcomes.jsonl"):
        winner: int | Literal["tie"] | None = row["winner"]
        yield (
            Outcome(
                case=row["case"],
                cluster=row["cluster"],
                winner=winner,
                decided=row["decided"],
                position=None if row["position"] is None else Position(row["position"]),
                mean=row["mean"],
                margin=row["margin"],
                scores=tuple(row["scores"]),
                statuses=row["statuses"],
                first=row["first"],
                second=row["second"],
                identical=row["identical"],
                category=row["category"],
            ),
            tuple(row["judgements"]),
        )


def holds_rankings(folder: Path) -> bool:
    """Whether the run ranked its cases: `read_rankings` reads it, not `read_outcomes`."""
    decides: Mapping[str, Any] = read_json(folder / "run.json").get("decides", {})
    return bool(decides.get("task") == "rank")


def read_rankings(folder: Path) -> Iterator[tuple[Ranking, tuple[str, ...]]]:
    """The rankings of a run, in order, each with its judgements' ids."""
    for row in read_rows(folder / "outcomes.jsonl"):
        yield (
            Ranking(
                case=row["case"],
                cluster=row["cluster"],
                models=tuple(row["models"]),
                ranks=tuple(row["ranks"]),
                scores=tuple(row["scores"]),
                scale=row["scale"],
                complete=row["complete"],
                beats=tuple(map(tuple, row["beats"])),
                comparisons={
                    (c["of"][0], c["of"][1]): compared(row, c) for c in row["comparisons"]
                },
                originals=tuple(row["originals"]),
                statuses=row["statuses"],
                category=row["category"],
            ),
            tuple(row["judgements"]),
        )


def compared(row: Mapping[str, Any], comparison: Mapping[str, Any]) -> Outcome:
    """The outcome of two responses, from a ranking's row and its own."""
    of, winner = comparison["of"], comparison["winner"]
    scored = row["scale"] == "points" and not comparison["identical"]
    return Outcome(
        case=row["case"],
        cluster=row["cluster"],
        winner=of.index(winner) if isinstance(winner, int) else winner,
        decided=comparison["decided"],
        position=None if comparison["position"] is None else Position(comparison["position"]),
        mean=comparison["mean"],
        margin=comparison["margin"],
        scores=tuple(row["scores"][i] for i in of) if scored else (),
        statuses=comparison["statuses"],
        first=comparison["first"],
        second=comparison["second"],
        identical=comparison["identical"],
        category=row["category"],
    )
