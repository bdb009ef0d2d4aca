"""Whether a report says what its judgements say: every metric is computed again.

>>> verify_report(Path("report.html")).differences
()

Without a run beside it, a report is computed again from the cases that it holds; a redacted one,
or one that shows some cases only, needs its run. With the reply store, every verdict is read again
from the reply that was paid for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from math import isclose
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.jobs.identity import RULES
from judgekit.report.build import assemble
from judgekit.report.content import RunContent
from judgekit.report.page import page, part_html, section_html
from judgekit.report.reading import ReportFile, read_report_file
from judgekit.report.recompute import Recomputed, recompute
from judgekit.report.replies import read_again
from judgekit.runs.reader import StoredRun
from judgekit.stats.plain import encode
from judgekit.stats.summaries.document import AnySummary, sentence

__all__ = ["MetricDifference", "Verification", "verify_report"]

CARD = re.compile(r'<section class="card" id="s-([^"]+)">.*?</section>', re.DOTALL)
CONTEXT = ("schema", "heading", "cases_planned", "stop", "stopped", "left_out", "repaired")
"""What of a summary only its run knows: the input files and the clock, not the judgements."""


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """Something that a report says otherwise than its judgements.

    `metric` is a path in ``summary.json``, or names a case, a digest or a part of the page.
    """

    run: str
    metric: str
    reported: Any
    computed: Any


@dataclass(frozen=True, slots=True)
class Verification:
    """What was computed again, and what differs.

    `metrics`, `cases` and `replies` count what was computed or read again. `taken` names metrics
    that could not be computed from judgements, and were taken as recorded.
    """

    differences: tuple[MetricDifference, ...]
    metrics: int
    cases: int
    replies: int
    taken: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The verification as JSON has it."""
        plain: dict[str, Any] = encode(self)
        return {"verified": not self.differences, **plain}


@dataclass
class Findings:
    """What a verification has found so far."""

    differences: list[MetricDifference]
    taken: list[str]
    metrics: int = 0
    cases: int = 0
    replies: int = 0

    def differs(self, run: str, metric: str, reported: Any, computed: Any) -> None:
        """Notes a difference."""
        self.differences.append(MetricDifference(run, metric, reported, computed))


def verify_report(path: Path, runs: Sequence[Path] = (), store: Path | None = None) -> Verification:
    """Computes a report's metrics again, and compares.

    Args:
        path: The report, as HTML.
        runs: The folders of its runs, in its order; none takes the cases that it holds.
        store: The reply store of the runs, to read every verdict again.

    Returns:
        What differs, and what was computed.

    Raises:
        InputError: The file is no report, or lacks what is needed to compute it again.
    """
    file = read_report_file(path)
    sources = sources_of(file, runs)
    findings = Findings([], [])
    rebuilt = [
        verify_run(file, number, source, store, findings) for number, source in enumerate(sources)
    ]
    if file.proof["judgekit"] == version("judgekit"):
        verify_page(file, rebuilt, findings)
    else:
        findings.taken.append(f"the page, which judgekit {file.proof['judgekit']} wrote")
    if file.proof["others"]:
        findings.taken.append(f"{file.proof['others']} results that are no runs")
    return Verification(
        tuple(findings.differences),
        findings.metrics,
        findings.cases,
        findings.replies,
        tuple(findings.taken),
    )


def sources_of(file: ReportFile, runs: Sequence[Path]) -> list[RunContent]:
    """What each run of a report is computed from: its folder, or the report itself."""
    if runs:
        if len(runs) != file.runs:
            raise InputError(
                f"the report {str(file.path)!r} is of {file.runs} runs, and {len(runs)} are named; "
                f"name all of them in its order"
            )
        return [RunContent.of(StoredRun.open(run)) for run in runs]
    for number in range(file.runs):
        if not file.is_complete(number):
            raise InputError(
                f"the report {str(file.path)!r} does not hold every case with its texts; name its "
                f"run beside it: judgekit report RUN --verify {file.path}"
            )
    return [file.run(number) for number in range(file.runs)]


def verify_run(
    file: ReportFile, number: int, source: RunContent, store: Path | None, findings: Findings
) -> RunContent:
    """Compares one run; returns it as it is computed again."""
    held = file.run(number)
    name = held.name or f"run {number + 1}"
    for metric, reported, computed in digests(file, number, source):
        if reported != computed:
            findings.differs(name, metric, reported, computed)
    content = source
    if store is not None:
        reread = read_again(source, store)
        content = replace(source, results=lambda: iter(reread.results))
        findings.replies += reread.read
        for what in reread.changed:
            findings.differs(name, what, "as recorded", "read again")
        if reread.without_reply:
            findings.taken.append(f"{reread.without_reply} verdicts of {name} without a reply")
    try:
        again = recompute(content)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{name} does not say by which rules it was made ({error!r}), as runs of older "
            f"versions; judge again (replies come from the store)"
        ) from error
    compare_metrics(name, held, again, findings)
    findings.taken += [f"{metric} of {name}" for metric in again.taken]
    findings.cases += again.summary.cases
    older = is_older(held)
    return replace(
        content,
        name=held.name,
        summary=held.summary if older else again.summary,
        sentence=held.sentence if older else sentence(again.summary),
    )


def is_older(run: RunContent) -> bool:
    """Whether a version made the run whose summaries lack metrics of today."""
    return int(run.metadata.decides.get("rules", 0)) < RULES


def digests(file: ReportFile, number: int, source: RunContent) -> Iterator[tuple[str, Any, Any]]:
    """What names the run's files: as the report has it, and as the run has it now."""
    held = file.proof["runs"][number]
    metadata = file.run(number).metadata
    yield "the digest of the cases in the report", held["rows"], file.rows_digest(number)
    if file.proof["redacted"]:
        return
    yield "identity", metadata.identity, source.metadata.identity
    for name in sorted({*metadata.contents, *source.metadata.contents}):
        yield (
            f"the digest of {name}",
            encode(metadata.contents.get(name)),
            encode(source.metadata.contents.get(name)),
        )


def compare_metrics(name: str, held: RunContent, again: Recomputed, findings: Findings) -> None:
    """Names each metric, and each case's outcome, that is another."""
    for case in again.outcomes:
        findings.differs(name, f"the outcome of case {case!r}", "as recorded", "folded again")
    older = is_older(held)
    reported, computed = (dict(flat(metrics_of(s))) for s in (held.summary, again.summary))
    for metric in dict.fromkeys([*reported, *computed]):
        one, other = reported.get(metric), computed.get(metric)
        if older and one is None:
            continue  # that version did not have it
        findings.metrics += 1
        if not equal(one, other):
            findings.differs(name, metric, one, other)
    if older:
        findings.taken.append(f"the sentence of {name}, which an older version wrote")
    elif held.sentence != sentence(again.summary):
        findings.differs(name, "sentence", held.sentence, sentence(again.summary))


def metrics_of(summary: AnySummary) -> dict[str, Any]:
    """What ``summary.json`` holds of the judgements."""
    return {k: v for k, v in summary.to_dict().items() if k not in CONTEXT}


def flat(held: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its path; numbers of list elements stand in it."""
    if isinstance(held, dict):
        for key, part in held.items():
            yield from flat(part, f"{path}.{key}" if path else str(key))
    elif isinstance(held, list):
        for number, part in enumerate(held):
            yield from flat(part, f"{path}.{number}")
    else:
        yield path, held


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same; numbers but for rounding."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) if numbers else bool(one == other)


def verify_page(file: ReportFile, runs: Sequence[RunContent], findings: Findings) -> None:
    """Compares the page with the one that the computed runs make."""
    if any(not f.metric.startswith("section") for f in findings.differences):
        compare_sections(file, runs, findings)
        return
    if file.proof["others"]:
        compare_sections(file, runs, findings)
        return
    if page(assemble(runs, (), file.options)) != file.html:
        before = len(findings.differences)
        compare_sections(file, runs, findings)
        if len(findings.differences) == before:
            findings.differs("page", "the page's other bytes", "as they are", "as written")


def compare_sections(file: ReportFile, runs: Sequence[RunContent], findings: Findings) -> None:
    """Names each section of the page, and each heading, that is another."""
    text = file.html.decode("utf-8")
    shown = {match[1]: match[0] for match in CARD.finditer(text)}
    report = assemble(runs, (), file.options, others=file.proof["others"])
    for part in report.parts:
        if part_html(part) in text:
            continue
        before = len(findings.differences)
        for section in part.sections:
            if shown.get(section.name) != section_html(section):
                findings.differs("page", f"section {section.name}", "as shown", "as computed")
        if len(findings.differences) == before:
            findings.differs("page", f"the head of {part.title}", "as shown", "as computed")
