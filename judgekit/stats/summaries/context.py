"""What every summary says of its run beside the metrics: what was planned, and why it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from html import escape
from typing import Any, ClassVar, Self

from judgekit.stats.intervals import Rate
from judgekit.stats.metric import metric
from judgekit.stats.plain import decode, encode
from judgekit.types import RunKind, StopKind, StopReason

__all__ = ["RunContext", "read_stop", "stop_reason"]

OLDER_STOPS = {"decided:": StopKind.DECIDED, "narrow enough:": StopKind.PRECISE}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunContext:
    """The part of a summary that its run supplies; the metrics alone do without it."""

    SCHEMA: ClassVar[str]
    KIND: ClassVar[RunKind]
    BRIEF: ClassVar[tuple[str, ...]] = ()
    """The metrics that stand in its `repr`."""

    heading: str = field(default="", metadata=metric("a remark of the judge on its results"))
    cases_planned: int | None = field(
        default=None, metadata=metric("the cases that the run was to judge", unit="cases")
    )
    stop: StopReason | None = field(
        default=None,
        metadata=metric(
            "why the run ended before its last case: `kind` (budget, decided or precise) and "
            "`text`; null where it did not. `stopped` is the text alone"
        ),
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
        document = {"schema": self.SCHEMA, **encode(self)}
        if "position" in document:
            rates: dict[str, dict[str, float | None]] = document["position"]
            document["position"] = {name: rate.pop("value") for name, rate in rates.items()}
            document["position_intervals"] = rates
        of_run = {entry.name: document.pop(entry.name) for entry in fields(RunContext)}
        return document | of_run | {"stopped": self.stopped}

    def __repr__(self) -> str:
        shown = (_shown(name, getattr(self, name)) for name in self.BRIEF)
        brief = ", ".join(f"{name}: {text}" for pairs in shown for name, text in pairs)
        return f"<{type(self).__name__} {brief}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>"
            for entry in sorted(fields(self), key=lambda entry: entry in fields(RunContext))
            for name, text in _shown(entry.name, getattr(self, entry.name))
        )
        return f"<table>{rows}</table>"

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The summary that `to_dict` made `plain` from, in this release or the one before.

        Raises:
            KeyError, TypeError, ValueError: `plain` is no such summary.
        """
        data = dict(plain) | {"stop": encode(read_stop(plain))}
        if "position_intervals" in plain:
            intervals = plain["position_intervals"]
            data["position"] = {
                name: {"value": value, **intervals[name]}
                for name, value in plain["position"].items()
            }
        return decode(cls, data)


def _shown(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A metric as a notebook shows it: names, counts and rates; nothing of what is nested."""
    if isinstance(value, Rate):
        ends = (value.value, value.low, value.high)
        texts = [f"{end:.3f}" for end in ends if end is not None]
        if len(texts) == len(ends):
            yield name, f"{texts[0]} ({texts[1]} to {texts[2]})"
        elif texts:
            yield name, texts[0]
    elif isinstance(value, str | int) and value != "":
        yield name, str(value)


def read_stop(payload: Mapping[str, Any]) -> StopReason | None:
    """Why a run ended early, from its ``run.json`` or ``summary.json``.

    Older runs have the text alone.
    """
    stop = payload.get("stop")
    return stop_reason(payload.get("stopped") or "") if stop is None else decode(StopReason, stop)


def stop_reason(text: str) -> StopReason | None:
    """The reason behind a text of an older run, which tells its kind by how it begins."""
    if not text:
        return None
    kinds = (kind for begins, kind in OLDER_STOPS.items() if text.startswith(begins))
    return StopReason(next(kinds, StopKind.BUDGET), text)
