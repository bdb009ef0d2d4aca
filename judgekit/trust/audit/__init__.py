"""How biased a judge is, measured on the user's own answers.

Each probe makes cases from the given ones and has them judged like any others: through the harness
and its reply store, in a run of their own. From the outcomes it reads its metrics. A metric has a
95 % interval, clustered by prompt, and a sentence; where the data cannot tell, it has a reason.
"""

from judgekit.runs.audit_report import AuditMetric, AuditReport, Finding
from judgekit.trust.audit.audit_input import AuditInput, AuditOptions, prepare_audit
from judgekit.trust.audit.estimates import Estimates, estimates
from judgekit.trust.audit.examine import Audit, examine
from judgekit.trust.audit.probe import PlannedGeneration, Probe
from judgekit.trust.audit.probe_runs import FinishedRun, PlannedRun, Unidentified
from judgekit.trust.audit.probes import PROBES, chosen_probes

__all__ = [
    "PROBES",
    "Audit",
    "AuditInput",
    "AuditMetric",
    "AuditOptions",
    "AuditReport",
    "Estimates",
    "Finding",
    "FinishedRun",
    "PlannedGeneration",
    "PlannedRun",
    "Probe",
    "Unidentified",
    "chosen_probes",
    "estimates",
    "examine",
    "prepare_audit",
]
