"""What a report says of a benchmark, an audit, a drift check or a trained model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import orjson

from judgekit.errors import InputError
from judgekit.report.document import Cell, Column, Part, Section, Unit
from judgekit.runs.audit_report import AuditReport, Finding
from judgekit.runs.bench_report import BenchReport, JudgeResult, SetResult
from judgekit.runs.drift_report import DriftReport
from judgekit.stats.intervals import Rate

__all__ = ["TRAINED", "is_result", "result_part"]

TRAINED = "metrics.jsonl"
UNITS: Mapping[str, Unit] = {"share": "share", "points": "share", "number": "number"}


def is_result(folder: Path) -> bool:
    """Whether a folder holds one of these, and no run.

    Args:
        folder: The folder.
    """
    return not (folder / "run.json").is_file() and any((folder / n).is_file() for n in PARTS)


def result_part(folder: Path, *, redact: bool) -> Part:
    """What a report says of a folder.

    Args:
        folder: One that `is_result`.
        redact: Leaves out what users wrote: notes, categories and places.

    Raises:
        InputError: Its file is damaged.
    """
    name = next(name for name in PARTS if (folder / name).is_file())
    return PARTS[name](folder, redact)


def bench_part(folder: Path, redact: bool) -> Part:
    """Judges on labelled sets."""
    report = BenchReport.read(folder)
    sections: list[Section] = []
    for result in report.sets:
        sections += set_sections(result, redact=redact)
    names = ", ".join(result.name for result in report.sets)
    return Part("Benchmark", f"judges on {names}", "", tuple(sections))


def set_sections(result: SetResult, *, redact: bool) -> Iterator[Section]:
    """All judges on one set, and each by category."""
    rows: list[tuple[Cell, ...]] = [
        (
            judge.judge + (f" · {judge.model}" if judge.model else ""),
            judge.accuracy.accuracy,
            judge.accuracy.cases,
            judge.accuracy.agreement.kappa,
            judge.accuracy.position.consistent,
            judge.accuracy.position.first_share,
            judge.accuracy.undecided,
            judge.cost_usd,
        )
        for judge in result.judges
    ]
    columns = (
        Column("judge"),
        Column("accuracy", "share"),
        Column("cases", "count"),
        Column("kappa", "number"),
        Column("consistent", "share"),
        Column("first share", "share"),
        Column("no verdict", "count"),
        Column("cost", "dollars"),
    )
    note = f"{result.cases} cases, {result.questions} questions."
    note += "" if redact or not result.note else f" {result.note}"
    yield Section(
        f"bench-{result.name}",
        f"Accuracy on {result.name}",
        columns,
        tuple(rows),
        "intervals",
        note,
        middle=0.5,
        extent=(0.0, 1.0),
    )
    if not redact:
        yield from category_section(result)


def category_section(result: SetResult) -> Iterator[Section]:
    """The accuracy of each judge in each category, where there are several."""
    names = list(dict.fromkeys(name for judge in result.judges for name in judge.by_category))
    if len(names) < 2:
        return
    rows = tuple(
        (judge.judge, *(accuracy_in(judge, name) for name in names)) for judge in result.judges
    )
    yield Section(
        f"bench-{result.name}-categories",
        f"Accuracy on {result.name} by category",
        (Column("judge"), *(Column(name, "share") for name in names)),
        rows,
        "heat",
    )


def accuracy_in(judge: JudgeResult, category: str) -> Rate | None:
    """A judge's accuracy in one category; None where it has no case of it."""
    part = judge.by_category.get(category)
    return None if part is None else part.accuracy


def audit_part(folder: Path, redact: bool) -> Part:  # noqa: ARG001 (it holds no text of a case)
    """What an audit found."""
    report = AuditReport.read(folder)
    judge = report.judge + (f" · {report.model}" if report.model else "")
    sentence = f"{judge} on {report.cases} cases of {report.prompts} prompts"
    sections = tuple(finding_section(finding) for finding in report.findings)
    return Part("Audit", sentence, "", sections)


def finding_section(finding: Finding) -> Section:
    """What one probe found."""
    kinds = {metric.kind for metric in finding.metrics}
    unit: Unit = UNITS[kinds.pop()] if len(kinds) == 1 else "number"
    rows = tuple(
        (m.name.replace("_", " "), m.rate, m.cases, m.sentence or m.reason) for m in finding.metrics
    )
    columns = (
        Column("metric"),
        Column("value", unit),
        Column("cases", "count"),
        Column("what it means"),
    )
    note = " ".join(filter(None, (finding.about, finding.reason, finding.stopped)))
    return Section(
        f"audit-{finding.probe}",
        finding.probe.replace("_", " ").capitalize(),
        columns,
        rows,
        "intervals",
        note,
    )


def drift_part(folder: Path, redact: bool) -> Part:  # noqa: ARG001 (it holds no text of a case)
    """Whether a judge still judges as it did."""
    report = DriftReport.read(folder)
    rows: list[tuple[Cell, ...]] = [
        ("equal outcomes", report.equal_share),
        ("shift of the mean value", report.shift.difference),
        ("shift of the share with a verdict", report.decided_shift.difference),
    ]
    rows += [(name, test.difference) for name, test in report.position_shifts.items()]
    if report.agreement is not None:
        rows.append(("agreement", report.agreement.equal))
    section = Section(
        "drift",
        "Now beside before",
        (Column("metric"), Column("value", "number")),
        tuple(rows),
        "intervals",
        f"{report.cases} cases of both runs, {report.missing_cases} missing.",
        middle=0.0,
    )
    return Part("Drift", report.sentence, "", (section,))


def training_part(folder: Path, redact: bool) -> Part:  # noqa: ARG001 (it holds numbers alone)
    """The curve of a training, as a table of its evaluations."""
    path = folder / TRAINED
    try:
        rows = [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
        steps = [{**row} for row in rows if isinstance(row.get("step"), int | float)]
    except (OSError, orjson.JSONDecodeError, AttributeError, TypeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {error}; train again") from error
    names = [n for n in CURVES if any(isinstance(row.get(n), int | float) for row in steps)]
    sections = tuple(curve_section(name, steps) for name in names)
    return Part("Training", f"{len(steps)} measurements in {folder.name}", "", sections)


CURVES = ("loss", "accuracy", "margin", "kl", "kl_chosen", "kl_rejected")


def curve_section(name: str, steps: list[dict[str, float | bool]]) -> Section:
    """One metric over the steps, of training and of held-out rows."""
    measured = [row for row in steps if isinstance(row.get(name), int | float)]
    rows = tuple(
        (int(row["step"]), "held out" if row.get("heldout") else "training", float(row[name]))
        for row in measured
    )
    columns = Column("step", "count"), Column("rows"), Column(name.replace("_", " "), "number")
    return Section(f"training-{name}", name.replace("_", " ").capitalize(), columns, rows, "lines")


PARTS: Mapping[str, Callable[[Path, bool], Part]] = {
    "bench.json": bench_part,
    "audit.json": audit_part,
    "drift.json": drift_part,
    TRAINED: training_part,
}
