"""How biased a judge is, measured on the user's own answers.

Each probe makes cases of the given ones, has them judged like any others (through the harness and
its reply store, into a folder of their own), and reads figures from what came out. A figure has an
interval, clustered by prompt, and a sentence; what the data cannot tell has a reason instead.
"""

from judgekit.trust.audit.examine import Audit, Estimates, Finding, estimates, examine
from judgekit.trust.audit.figure import Figure
from judgekit.trust.audit.given import Given, Wanted, make_given
from judgekit.trust.audit.probe import Judged, Probe, Showing, Unidentified
from judgekit.trust.audit.probes import PROBES, chosen_probes

__all__ = [
    "PROBES",
    "Audit",
    "Estimates",
    "Figure",
    "Finding",
    "Given",
    "Judged",
    "Probe",
    "Showing",
    "Unidentified",
    "Wanted",
    "chosen_probes",
    "estimates",
    "examine",
    "make_given",
]
