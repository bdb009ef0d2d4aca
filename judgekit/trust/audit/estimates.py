"""What an audit would ask and cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.jobs.estimate import Estimate
from judgekit.jobs.text_generation import GenerationEstimate
from judgekit.trust.audit.audit_input import AuditInput
from judgekit.trust.audit.examine import job_of
from judgekit.trust.audit.probe import Probe
from judgekit.trust.audit.probe_runs import PLAIN, Unidentified

__all__ = ["Estimates", "estimates"]


@dataclass(frozen=True)
class Estimates:
    """The estimate of each run of an audit, by name.

    `needed_by` names the probes that need each run, and `reasons` says of the other probes why
    the data cannot tell what they measure.
    """

    runs: Mapping[str, Estimate | GenerationEstimate]
    needed_by: Mapping[str, Sequence[str]]
    reasons: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the runs stand also under their key of the previous release."""
        rows = [
            {"run": name, "showing": name, "probes": list(self.needed_by[name]), **row_of(run)}
            for name, run in self.runs.items()
        ]
        return {"runs": rows, "showings": rows, "unidentified": dict(self.reasons)}


def row_of(run: Estimate | GenerationEstimate) -> dict[str, Any]:
    """An estimate's JSON values; prompts to answer count as cases."""
    if isinstance(run, Estimate):
        return run.as_dict()
    row = run.as_dict()
    return {"cases": row.pop("prompts"), **row, "half_width": None}


def estimates(audit: AuditInput, probes: Sequence[Probe]) -> Estimates:
    """The estimates of all runs; asks nothing.

    Args:
        audit: The judge and the cases, from `prepare_audit`.
        probes: What would be measured.

    Returns:
        The estimates by run, with what cannot be measured and why.
    """
    runs: dict[str, Estimate | GenerationEstimate] = {}
    needed_by: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for probe in probes:
        try:
            needed = dict(estimates_of(probe, audit))
        except Unidentified as reason:
            reasons[probe.name] = str(reason)
            continue
        for name, run in needed.items():
            needed_by.setdefault(name, []).append(probe.name)
            runs.setdefault(name, run)
    return Estimates(runs, needed_by, reasons)


def estimates_of(
    probe: Probe, audit: AuditInput
) -> Iterator[tuple[str, Estimate | GenerationEstimate]]:
    """The estimates of all that one probe needs. Raises `Unidentified` as the probe does."""
    planned_texts = probe.generation(audit)
    if planned_texts is not None:
        yield planned_texts.name, planned_texts.generation.estimate()
    for planned in probe.runs(audit):
        yield planned.name, job_of(audit, planned, Path(PLAIN)).estimate()
