"""A report read back: its proof, and the runs that it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.report.cases import rows_digest, unpack
from judgekit.report.content import Options, RunContent
from judgekit.report.page import MARK
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import CaseResult, StoredJudgement
from judgekit.runs.schema import read_case, read_judgement, read_outcome, read_ranking
from judgekit.stats.summaries.document import read_summary

__all__ = ["PROOF_SCHEMA", "ReportFile", "read_report_file"]

PROOF_SCHEMA = "judgekit.report/1"
BLOCK = re.compile(r'<script type="(application/[a-z-]+)" id="([a-z0-9-]+)">([^<]*)</script>')


@dataclass(frozen=True)
class ReportFile:
    """A report as its file holds it: the page, its proof, and what is packed in it, by name."""

    path: Path
    html: bytes
    proof: dict[str, Any]
    packed: dict[str, str]

    @property
    def options(self) -> Options:
        """What the report leaves out."""
        return Options(bool(self.proof["redacted"]), self.proof["limit_cases"])

    @property
    def runs(self) -> int:
        """How many runs it is of."""
        return len(self.proof["runs"])

    def is_complete(self, number: int) -> bool:
        """Whether it holds every case of a run, with its texts."""
        run = self.proof["runs"][number]
        return not self.proof["redacted"] and run["shown"] == run["cases"]

    def run(self, number: int) -> RunContent:
        """A run as the report holds it. Raises `InputError` where that is damaged."""
        held = self.proof["runs"][number]
        try:
            metadata = RunMetadata.from_dict(held["metadata"])
            summary = read_summary(held["metrics"], metadata.kind)
            return RunContent(
                held["name"],
                metadata,
                summary,
                str(held["sentence"]),
                lambda: self._results(number, ranked=metadata.kind == "rank"),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._damaged(error) from error

    def rows_digest(self, number: int) -> str:
        """The digest of the cases of a run, as they stand in the file."""
        return rows_digest(self._chunks(number))

    def _chunks(self, number: int) -> Iterator[str]:
        chunk = 0
        while (packed := self.packed.get(f"chunk-{number}-{chunk}")) is not None:
            yield packed
            chunk += 1

    def _results(self, number: int, *, ranked: bool) -> Iterator[CaseResult]:
        for row in self._rows(number):
            try:
                yield case_result(row, ranked=ranked)
            except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
                raise self._damaged(error) from error

    def _rows(self, number: int) -> Iterator[dict[str, Any]]:
        """The rows of a run's cases, chunk by chunk."""
        for packed in self._chunks(number):
            try:
                rows = unpack(packed)
            except (ValueError, OSError, EOFError) as error:
                raise self._damaged(error) from error
            yield from rows

    def _damaged(self, error: Exception) -> InputError:
        return InputError(
            f"the report {str(self.path)!r} is damaged ({error!r}); write it again with "
            f"`judgekit report`"
        )


def read_report_file(path: Path) -> ReportFile:
    """A report from its HTML file.

    Args:
        path: The file.

    Returns:
        The report; its cases are unpacked when they are asked for.

    Raises:
        InputError: The file is no report, or one of another release's form.
    """
    try:
        html = path.read_bytes()
        text = html.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {error}; check the path") from error
    blocks = {name: (kind, content) for kind, name, content in BLOCK.findall(text)}
    if MARK not in text or "proof" not in blocks:
        raise InputError(f"{str(path)!r} is no report of `judgekit report`; check the path")
    try:
        proof = json.loads(blocks["proof"][1])
        schema = proof["schema"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"the report {str(path)!r} is damaged: {error!r}") from error
    if schema != PROOF_SCHEMA:
        raise InputError(
            f"the report {str(path)!r} has the schema {schema!r}; this judgekit reads "
            f"{PROOF_SCHEMA!r}: write it again"
        )
    packed = {name: content for name, (kind, content) in blocks.items() if kind.endswith("stream")}
    return ReportFile(path, html, proof, packed)


def case_result(row: dict[str, Any], *, ranked: bool) -> CaseResult:
    """A case of a report, as the run's own reader gives it."""
    case = read_case(row["case"])
    stored = tuple(
        StoredJudgement(data["id"], data.get("judge", ""), read_judgement(case, data))
        for data in row["judgements"]
    )
    outcome = row["outcome"]
    folded = read_ranking(outcome) if ranked else read_outcome(outcome)
    return CaseResult(case, folded, stored, outcome.get("votes", {}))
