"""How far a judge can be trusted: benchmarks, audits, alignment, drift checks and gates.

Everything here is imported when it is first used, so that importing `judgekit.trust` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judgekit.runs.align_report import AlignReport, CandidateResult, JudgeMetrics
    from judgekit.runs.audit_report import AuditMetric, AuditReport, Finding
    from judgekit.runs.bench_report import BenchReport, JudgeComparison, JudgeResult, SetResult
    from judgekit.runs.drift_report import DriftReport
    from judgekit.trust.alignment.align import align, align_judge
    from judgekit.trust.alignment.prepare import Alignment, AlignOptions, prepare_align
    from judgekit.trust.audit.audit_input import AuditInput, AuditOptions, prepare_audit
    from judgekit.trust.audit.estimates import Estimates, estimates
    from judgekit.trust.audit.examine import Audit, examine
    from judgekit.trust.audit.probe import Probe
    from judgekit.trust.audit.probes import PROBES, chosen_probes
    from judgekit.trust.baseline import BaselineComparison, compare_with_baseline
    from judgekit.trust.benchmark import TRIVIAL, BenchEntry, Benchmark, prepare_bench
    from judgekit.trust.drift import DriftCheck, prepare_drift, read_drift
    from judgekit.trust.gate import (
        Condition,
        ConditionResult,
        check_conditions,
        parse_condition,
    )
    from judgekit.trust.junit import Check, Suite, junit_xml

__all__ = [
    "PROBES",
    "TRIVIAL",
    "AlignOptions",
    "AlignReport",
    "Alignment",
    "Audit",
    "AuditInput",
    "AuditMetric",
    "AuditOptions",
    "AuditReport",
    "BaselineComparison",
    "BenchEntry",
    "BenchReport",
    "Benchmark",
    "CandidateResult",
    "Check",
    "Condition",
    "ConditionResult",
    "DriftCheck",
    "DriftReport",
    "Estimates",
    "Finding",
    "JudgeComparison",
    "JudgeMetrics",
    "JudgeResult",
    "Probe",
    "SetResult",
    "Suite",
    "align",
    "align_judge",
    "check_conditions",
    "chosen_probes",
    "compare_with_baseline",
    "estimates",
    "examine",
    "junit_xml",
    "parse_condition",
    "prepare_align",
    "prepare_audit",
    "prepare_bench",
    "prepare_drift",
    "read_drift",
]

MODULES = {
    "judgekit.runs.align_report": ("AlignReport", "CandidateResult", "JudgeMetrics"),
    "judgekit.trust.alignment": (
        *("AlignOptions", "Alignment", "align", "align_judge", "prepare_align"),
    ),
    "judgekit.runs.audit_report": ("AuditMetric", "AuditReport", "Finding"),
    "judgekit.runs.bench_report": ("BenchReport", "JudgeComparison", "JudgeResult", "SetResult"),
    "judgekit.runs.drift_report": ("DriftReport",),
    "judgekit.trust.audit": (
        *("PROBES", "Audit", "AuditInput", "AuditOptions", "Estimates", "Probe"),
        *("chosen_probes", "estimates", "examine", "prepare_audit"),
    ),
    "judgekit.trust.benchmark": ("TRIVIAL", "BenchEntry", "Benchmark", "prepare_bench"),
    "judgekit.trust.drift": ("DriftCheck", "prepare_drift", "read_drift"),
    "judgekit.trust.baseline": ("BaselineComparison", "compare_with_baseline"),
    "judgekit.trust.gate": (
        *("Condition", "ConditionResult", "check_conditions", "parse_condition"),
    ),
    "judgekit.trust.junit": ("Check", "Suite", "junit_xml"),
}
ORIGINS = {name: module for module, names in MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in ORIGINS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(ORIGINS[name]), name)


def __dir__() -> list[str]:
    return [*__all__]
