"""The probes there are, by name, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.trust.audit.agreement import JudgesProbe, RepeatsProbe
from judgekit.trust.audit.attacks import InjectionProbe, NullProbe
from judgekit.trust.audit.family import FamilyProbe
from judgekit.trust.audit.guided import ReferenceProbe
from judgekit.trust.audit.position import NameProbe, PositionProbe
from judgekit.trust.audit.probe import Probe
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
    """The probes named, apart by commas, in the usual order; all where none is."""
    names = list(PROBES) if text is None else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in PROBES:
            raise InputError(unknown("probe named", name, PROBES))
    return [probe for name, probe in PROBES.items() if name in names]
