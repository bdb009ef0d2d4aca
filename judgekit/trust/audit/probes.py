"""The probes by name, in the order in which a report has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.trust.audit.agreement import JudgesProbe, RepeatsProbe
from judgekit.trust.audit.attacks import InjectionProbe, NullProbe
from judgekit.trust.audit.position import NameProbe, PositionProbe
from judgekit.trust.audit.probe import Probe
from judgekit.trust.audit.reference import ReferenceProbe
from judgekit.trust.audit.self_enhancement import FamilyProbe
from judgekit.trust.audit.verbosity import LengthProbe, VerbosityProbe

__all__ = ["PROBES", "chosen_probes"]

ALL: Sequence[Probe] = (
    PositionProbe(),
    NameProbe(),
    VerbosityProbe(),
    LengthProbe(),
    FamilyProbe(),
    InjectionProbe(),
    NullProbe(),
    RepeatsProbe(),
    JudgesProbe(),
    ReferenceProbe(),
)
PROBES: Mapping[str, Probe] = {probe.name: probe for probe in ALL}


def chosen_probes(text: str | None) -> list[Probe]:
    """The probes of a comma-separated list, in the usual order; None means all.

    Args:
        text: The names.

    Returns:
        The probes.

    Raises:
        InputError: A name is not that of a probe.
    """
    names = list(PROBES) if text is None else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in PROBES:
            raise InputError(unknown("probe named", name, PROBES))
    return [probe for name, probe in PROBES.items() if name in names]
