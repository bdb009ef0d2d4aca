"""``audit.json``: what an audit found, as dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

from judgekit.runs.reports import read_report
from judgekit.stats.intervals import Rate
from judgekit.stats.plain import decode, encode

__all__ = ["AuditMetric", "AuditReport", "Finding", "MetricKind"]

FILE = "audit.json"
SCHEMA = "judgekit.audit/1"

MetricKind = Literal["share", "points", "number"]
"""In 0 to 1; a difference of two shares, in -1 to 1; or on a scale of its own."""


@dataclass(frozen=True, slots=True)
class AuditMetric:
    """One measured metric over `cases` cases, with its 95 % interval, clustered by prompt.

    `sentence` says what it means. `reason` says why it has no value; it is empty where it has one.
    """

    name: str
    rate: Rate
    kind: MetricKind
    cases: int
    sentence: str
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON values, the interval beside the value."""
        plain: dict[str, Any] = encode(self)
        return {"name": plain.pop("name"), **plain.pop("rate"), **plain}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The metric that `to_dict` made `plain` from.

        Args:
            plain: The JSON values.

        Returns:
            The metric.
        """
        return decode(cls, {**plain, "rate": {f.name: plain[f.name] for f in fields(Rate)}})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found, or the `reason` why the data cannot tell.

    `about` is the question that the probe answers. `runs` names the folders within the audit's
    that the metrics were read from. `stopped` says why one of these runs ended early.
    """

    probe: str
    about: str
    metrics: tuple[AuditMetric, ...] = ()
    runs: tuple[str, ...] = ()
    stopped: str = ""
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the metrics stand also under their key of the previous release."""
        metrics = [metric.to_dict() for metric in self.metrics]
        return {
            "probe": self.probe,
            "about": self.about,
            "metrics": metrics,
            "figures": metrics,
            "runs": list(self.runs),
            "stopped": self.stopped,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The finding that `to_dict` made `plain` from, in this release or the one before.

        Args:
            plain: The JSON values.

        Returns:
            The finding.
        """
        metrics = plain["metrics"] if "metrics" in plain else plain["figures"]
        return cls(
            plain["probe"],
            plain["about"],
            tuple(map(AuditMetric.from_dict, metrics)),
            tuple(plain["runs"]),
            plain["stopped"],
            plain["reason"],
        )


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All findings on one judge.

    `model` is the model that the judge asks, `models` are those whose answers were judged, in
    `cases` cases of `prompts` prompts. `left_out` counts the rows that are in no case, by reason.
    """

    judge: str
    model: str | None
    models: tuple[str, ...]
    cases: int
    prompts: int
    findings: tuple[Finding, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether no probe found a value."""
        metrics = [metric for finding in self.findings for metric in finding.metrics]
        return all(metric.rate.value is None for metric in metrics)

    def to_dict(self) -> dict[str, Any]:
        """What ``audit.json`` holds."""
        return {
            "schema": SCHEMA,
            "judge": self.judge,
            "model": self.model,
            "models": list(self.models),
            "cases": self.cases,
            "prompts": self.prompts,
            "findings": [finding.to_dict() for finding in self.findings],
            **({"left_out": dict(self.left_out)} if self.left_out else {}),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The report that `to_dict` made `plain` from, in this release or the one before.

        Args:
            plain: The JSON values.

        Returns:
            The report.

        Raises:
            KeyError, TypeError, ValueError: `plain` holds no audit.
        """
        return cls(
            plain["judge"],
            plain["model"],
            tuple(plain["models"]),
            plain["cases"],
            plain["prompts"],
            tuple(map(Finding.from_dict, plain["findings"])),
            dict(plain.get("left_out", {})),
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The report in an audit's folder.

        Args:
            folder: The folder that holds ``audit.json``.

        Returns:
            The report.

        Raises:
            InputError: The folder holds no audit, or a damaged one.
        """
        return read_report(folder / FILE, SCHEMA, cls.from_dict)
