"""A run's folder read back: the one typed reader of everything that works on finished runs.

>>> run = StoredRun.open(Path("runs/latest"))
>>> run.kind, run.summary.cases, run.metadata.counts.calls
>>> for result in run.case_results(): ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Self

import orjson

from judgekit.errors import InputError
from judgekit.runs.contents import content_of
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.schema import (
    SCHEMA,
    Row,
    read_case,
    read_judgement,
    read_outcome,
    read_ranking,
)
from judgekit.stats.outcomes.values import MaybeLabel
from judgekit.stats.summaries.document import AnySummary, read_summary
from judgekit.types import Case, Judgement, Outcome, Ranking, RunKind

__all__ = [
    "CaseResult",
    "StoredJudgement",
    "StoredRun",
    "read_json",
    "read_rows",
    "resolve",
]


@dataclass(frozen=True, slots=True)
class StoredJudgement:
    """A judgement as a run holds it: its id, and which judge it is of.

    `judge` is empty where the run has one judge.
    """

    id: str
    judge: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case of a run with its outcome and its judgements, in the order of the run.

    `outcome` is a `Ranking` in a run of the kind ``rank``. `votes`: the label of each juror, by
    its name in the run; empty where the run has one judge.
    """

    case: Case
    outcome: Outcome | Ranking
    stored: tuple[StoredJudgement, ...]
    votes: Mapping[str, MaybeLabel]

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """The judgements alone."""
        return tuple(stored.judgement for stored in self.stored)

    @property
    def judgement_ids(self) -> tuple[str, ...]:
        """The judgements' ids."""
        return tuple(stored.id for stored in self.stored)


class StoredRun:
    """A finished run, read from its folder when asked.

    Everything here raises `InputError`, with the file's name, where the folder is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """The run's folder, which holds a ``run.json``."""
        self._verified: set[str] = set()

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The run in a folder.

        Args:
            path: The run's folder, or ``latest`` beside it.

        Returns:
            The run; its files are read when asked.

        Raises:
            InputError: The folder holds no run.
        """
        return cls(resolve(Path(path)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.folder)!r})"

    @cached_property
    def metadata(self) -> RunMetadata:
        """``run.json``: settings, versions, digests, times and counts."""
        plain = read_json(self.folder / "run.json")
        with self._intact("run.json"):
            return RunMetadata.from_dict(plain)

    @property
    def kind(self) -> RunKind:
        """Whether the run compared, scored or ranked."""
        return self.metadata.kind

    @cached_property
    def summary(self) -> AnySummary:
        """``summary.json``: counts, rates with their intervals, position, statuses."""
        with self._intact("summary.json"):
            return read_summary(self._summary_document, self.kind)

    @cached_property
    def sentence(self) -> str:
        """What the summary means, as the run was written."""
        with self._intact("summary.json"):
            return str(self._summary_document["sentence"])

    @cached_property
    def _summary_document(self) -> dict[str, Any]:
        self._verify("summary.json")
        return read_json(self.folder / "summary.json")

    def _rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of a file, once it is known to hold what was written."""
        self._verify(name)
        return read_rows(self.folder / name)

    def verify(self) -> None:
        """Refuses (`InputError`) a run whose files no longer hold what was written."""
        for name in ("summary.json", "cases.jsonl", "judgements.jsonl", "outcomes.jsonl"):
            self._verify(name)

    def _verify(self, name: str) -> None:
        """Refuses (`InputError`) a file that no longer holds what was written to it.

        Runs of older versions do not say what that was: there the summary's number of cases counts.
        """
        if name in self._verified:
            return
        expected = self.metadata.contents.get(name)
        if expected is None and name not in ("cases.jsonl", "outcomes.jsonl"):
            return
        try:
            actual = content_of(self.folder / name)
        except OSError as error:
            raise self._damaged(f"{name}: {error.strerror or error}") from error
        rows = self.summary.cases if expected is None else expected.rows
        if name.endswith(".jsonl") and actual.rows != rows:
            raise self._damaged(f"{name} holds {actual.rows} rows, and {rows} were written")
        if expected is not None and actual != expected:
            raise self._damaged(f"{name} holds other bytes than were written")
        self._verified.add(name)

    def cases(self) -> Iterator[Case]:
        """The cases, in the order of the run."""
        for row in self._rows("cases.jsonl"):
            with self._intact("cases.jsonl"):
                case = read_case(row)
            yield case

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of a comparison or a scoring, in the order of the cases.

        Raises:
            InputError: The run ranked; it has `rankings`.
        """
        for _, outcome in self._folded():
            if not isinstance(outcome, Outcome):
                raise InputError(f"{str(self.folder)!r} is a ranking; it has no single outcomes")
            yield outcome

    def rankings(self) -> Iterator[Ranking]:
        """The rankings of a run of the kind ``rank``, in the order of the cases.

        Raises:
            InputError: The run did not rank; it has `outcomes`.
        """
        for _, outcome in self._folded():
            if not isinstance(outcome, Ranking):
                raise InputError(f"{str(self.folder)!r} holds no rankings")
            yield outcome

    def comparisons(self) -> Iterator[Outcome]:
        """The outcomes, or in a ranking those of every two answers that were compared."""
        for _, outcome in self._folded():
            if isinstance(outcome, Ranking):
                yield from outcome.comparisons.values()
            else:
                yield outcome

    def judgements(self) -> Iterator[Judgement]:
        """All judgements, case by case."""
        for result in self.case_results():
            yield from result.judgements

    def case_outcomes(self) -> Iterator[tuple[Case, Outcome | Ranking]]:
        """Each judged case with its outcome; the judgements are not read."""
        for case, _, outcome in self._joined():
            yield case, outcome

    def case_results(self) -> Iterator[CaseResult]:
        """Each judged case with its outcome and its judgements, in the order of the run.

        Raises:
            InputError: The files do not belong together.
        """
        rows = self._rows("judgements.jsonl")
        for case, row, outcome in self._joined():
            with self._intact("judgements.jsonl"):
                ids = tuple(row["judgements"])
                stored = tuple(
                    StoredJudgement(data["id"], data.get("judge", ""), read_judgement(case, data))
                    for data in islice(rows, len(ids))
                )
            if tuple(judgement.id for judgement in stored) != ids:
                raise self._damaged(f"the case {case.id!r} lacks its own judgements")
            yield CaseResult(case, outcome, stored, row.get("votes", {}))

    def _joined(self) -> Iterator[tuple[Case, Row, Outcome | Ranking]]:
        """The cases, each with its row of ``outcomes.jsonl`` and what that holds."""
        for case, folded in zip_longest(self.cases(), self._folded()):
            if case is None or folded is None:
                raise self._damaged("cases.jsonl and outcomes.jsonl are not of the same cases")
            row, outcome = folded
            if outcome.case != case.id:
                raise self._damaged(f"the case {case.id!r} lacks its own outcome")
            yield case, row, outcome

    def _folded(self) -> Iterator[tuple[Row, Outcome | Ranking]]:
        """The rows of ``outcomes.jsonl``, each with what it holds."""
        read = read_ranking if self.kind == "rank" else read_outcome
        for row in self._rows("outcomes.jsonl"):
            with self._intact("outcomes.jsonl"):
                outcome = read(row)
            yield row, outcome

    @contextmanager
    def _intact(self, name: str) -> Iterator[None]:
        """Turns what a damaged file raises into one line that names it."""
        try:
            yield
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise self._damaged(f"{name}: {error!r}") from error

    def _damaged(self, why: str) -> InputError:
        return InputError(
            f"the run {str(self.folder)!r} is damaged ({why}); judge again, replies come from the "
            f"store"
        )


def resolve(path: Path) -> Path:
    """The run's folder that a path means: itself, or what a ``latest`` file names.

    Raises:
        InputError: There is no run.
    """
    if path.is_file() and path.name == "latest":
        path = path.parent / path.read_text(encoding="utf-8").strip()
    if not (path / "run.json").is_file():
        raise InputError(
            f"no run in {str(path)!r}: it has no run.json; `judgekit compare` prints the folder "
            f"of each run"
        )
    return path


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a run's folder.

    Raises:
        InputError: It cannot be read.
    """
    try:
        data = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {error}") from error
    if not isinstance(data, dict):
        raise InputError(f"{str(path)!r} holds no JSON object")
    return data


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of one of the folder's JSONL files.

    Raises:
        InputError: It cannot be read, or another release wrote it in another form.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                row = orjson.loads(line)
                if not isinstance(row, dict):
                    raise InputError(f"{path}, line {number} holds no JSON object; judge again")
                if row.get("schema") != SCHEMA:
                    raise InputError(
                        f"{path}, line {number}: schema {row.get('schema')!r}, this judgekit "
                        f"reads {SCHEMA}; judge again (replies come from the store)"
                    )
                yield row
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {error}; judge again") from error
