"""What every summary says of its run beside the metrics: what was planned, and why it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

from judgekit.stats.metric import metric
from judgekit.stats.plain import decode, encode
from judgekit.types import RunKind, StopKind, StopReason

__all__ = ["RunContext", "read_stop", "stop_reason"]

OLDER_STOPS = {"decided:": StopKind.DECIDED, "narrow enough:": StopKind.PRECISE}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The part of a summary that its run supplies; the metrics alone do without it."""

    SCHEMA: ClassVar[str]
    KIND: ClassVar[RunKind]

    heading: str = field(default="", metadata=metric("a remark of the judge on its results"))
    cases_planned: int | None = field(
        default=None, metadata=metric("the cases that the run was to judge", unit="cases")
    )
    stop: StopReason | None = field(
        default=None,
        metadata=metric("why the run ended before its last case: kind and text; null where not"),
    )
    left_out: Mapping[str, int] = field(
        default_factory=dict,
        metadata=metric("rows of the files that are in no case, by reason", unit="rows"),
    )
    repaired: int = field(
        default=0, metadata=metric("texts whose broken characters were replaced", unit="texts")
    )

    @property
    def stopped(self) -> str:
        """Why the run ended before its last case, in words; empty where it did not."""
        return "" if self.stop is None else self.stop.text

    def to_dict(self) -> dict[str, Any]:
        """What ``summary.json`` holds, but for the sentence: dicts, lists, numbers and texts.

        ``position`` holds the shares alone, ``position_intervals`` their intervals. Keys of an
        older release stand beside the new ones.
        """
        plain = {"schema": self.SCHEMA, **encode(self)}
        if "position" in plain:
            rates: dict[str, dict[str, float | None]] = plain["position"]
            plain["position"] = {name: rate.pop("value") for name, rate in rates.items()}
            plain["position_intervals"] = rates
        of_run = {own.name: plain.pop(own.name) for own in fields(RunContext)}
        return plain | of_run | {"stopped": self.stopped}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The summary that `to_dict` made `plain` from, in this release or the one before.

        Raises:
            KeyError, TypeError, ValueError: `plain` is no such summary.
        """
        found = dict(plain) | {"stop": encode(read_stop(plain))}
        if "position_intervals" in plain:
            intervals = plain["position_intervals"]
            found["position"] = {
                name: {"value": value, **intervals[name]}
                for name, value in plain["position"].items()
            }
        return decode(cls, found)


def read_stop(plain: Mapping[str, Any]) -> StopReason | None:
    """Why a run ended early, from its ``run.json`` or ``summary.json``.

    Older runs have the text alone.
    """
    stop = plain.get("stop")
    return stop_reason(plain.get("stopped") or "") if stop is None else decode(StopReason, stop)


def stop_reason(text: str) -> StopReason | None:
    """The reason behind a text of an older run, which tells its kind by how it begins."""
    if not text:
        return None
    kinds = (kind for begins, kind in OLDER_STOPS.items() if text.startswith(begins))
    return StopReason(next(kinds, StopKind.BUDGET), text)
