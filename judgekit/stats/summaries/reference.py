"""What each metric of ``summary.json`` means: for `judgekit explain` and the reference page.

Everything here is derived from the fields of the summaries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from judgekit.errors import InputError
from judgekit.naming import closest
from judgekit.stats.intervals import Rate
from judgekit.stats.metric import Metric, metric_of
from judgekit.stats.plain import encode
from judgekit.stats.summaries.comparison import Summary
from judgekit.stats.summaries.ranking import RankingSummary
from judgekit.stats.summaries.scores import ScoreSummary
from judgekit.types import RunKind

__all__ = ["MetricEntry", "explain", "list_metrics", "reference_markdown"]

SUMMARIES = (Summary, ScoreSummary, RankingSummary)
TITLES: dict[RunKind, str] = {
    "compare": "Comparisons (`judgekit compare`)",
    "score": "Scores (`judgekit score`)",
    "rank": "Rankings (`judgekit rank`)",
}
INTERVALS = ("value", "low", "high")


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """One key of ``summary.json`` and what it means.

    `path` joins nested keys with dots; of lists, every element has the keys below them. `former`
    is the path by the keys of an older release, where that differs. `kinds` are the kinds of runs
    whose summary has the key with this meaning. `interval` says that the value has a 95 %
    interval beside it.
    """

    path: str
    metric: Metric
    kinds: tuple[RunKind, ...]
    former: str = ""
    interval: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON has it."""
        metric = self.metric
        return {
            "metric": self.path,
            "definition": metric.definition,
            "unit": metric.unit,
            "denominator": metric.denominator,
            "formula": metric.formula,
            "interval": self.interval,
            "kinds": encode(self.kinds),
            "former": self.former,
        }


def list_metrics(kind: RunKind | None = None) -> list[MetricEntry]:
    """All metrics of summaries, in the order of ``summary.json``.

    Args:
        kind: Only those of this kind of run.

    Returns:
        One entry per key; a key that means the same in several kinds of runs has one entry.
    """
    merged: dict[tuple[str, Metric], MetricEntry] = {}
    for summary in SUMMARIES:
        if kind not in (None, summary.KIND):
            continue
        for entry in _entries(summary, summary.KIND):
            before = merged.get((entry.path, entry.metric))
            kinds = (*(before.kinds if before else ()), summary.KIND)
            key = (entry.path, entry.metric)
            merged[key] = MetricEntry(entry.path, entry.metric, kinds, entry.former, entry.interval)
    return list(merged.values())


def explain(name: str) -> list[MetricEntry]:
    """What a metric means.

    Args:
        name: Its path in ``summary.json``, such as ``win_rate_a``, ``position.first_share`` or
            ``win_rate_a.low``. Keys of an older release and numbers of list elements may be used.

    Returns:
        One entry per meaning: some keys mean different things in different kinds of runs.

    Raises:
        InputError: No summary has such a metric; the closest name is suggested.
    """
    path = ".".join(part for part in name.strip().split(".") if not part.isdecimal())
    path = path.replace("position_intervals.", "position.", 1)
    entries = list_metrics()
    above, _, end = path.rpartition(".")
    for target, interval in ((path, False), (above, True)):
        matches = [
            entry
            for entry in entries
            if target and target in (entry.path, entry.former)
            if not interval or (entry.interval and end in INTERVALS) or _holds_counts(entry)
        ]
        if matches:
            return matches
    near = closest(path, [entry.path for entry in entries])
    suggestion = "" if near is None else f"; did you mean {near!r}?"
    raise InputError(f"no metric {name!r}{suggestion} (`judgekit explain` lists all)")


def reference_markdown() -> str:
    """The reference page of ``summary.json`` as Markdown, without a title."""
    parts = [
        "A rate is `{value, low, high}`: the estimate and its 95 % interval, clustered by prompt. "
        "`schema` names the form of the file, and `sentence` says what the summary means.",
    ]
    for kind, title in TITLES.items():
        rows = [_markdown_row(entry) for entry in list_metrics(kind)]
        head = "| key | meaning | unit | out of | formula |\n| --- | --- | --- | --- | --- |"
        parts.append(f"## {title}\n\n{head}\n" + "\n".join(rows))
    former = [
        f"`{entry.former}` is now `{entry.path}`"
        for entry in list_metrics()
        if entry.metric.formerly
    ]
    parts.append(
        "## Keys of the last release\n\nThese keys stay beside the new ones for one release:\n\n"
        + "\n".join(f"- {line}" for line in dict.fromkeys(former))
    )
    return "\n\n".join(parts) + "\n"


def _markdown_row(entry: MetricEntry) -> str:
    metric = entry.metric
    meaning = metric.definition + (" (with its interval)" if entry.interval else "")
    formula = f"`{metric.formula}`" if metric.formula else ""
    cells = (f"`{entry.path}`", meaning, metric.unit, metric.denominator, formula)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _entries(
    owner: type[Any], kind: RunKind, above: str = "", former_above: str = ""
) -> Iterator[MetricEntry]:
    """The metrics of a dataclass and of those in its fields."""
    hints = get_type_hints(owner)
    for field in _in_order(owner):
        metric = metric_of(field)
        if metric is None:
            continue
        inner = _dataclass_in(hints[field.name])
        path = f"{above}{field.name}"
        former = f"{former_above}{metric.formerly or field.name}"
        interval = inner is Rate
        yield MetricEntry(path, metric, (kind,), former if former != path else "", interval)
        if inner is not None and not interval:
            yield from _entries(inner, kind, f"{path}.", f"{former}.")


def _in_order(owner: type[Any]) -> Sequence[Field[Any]]:
    """The fields as ``summary.json`` has them: what the class declares before what it inherits."""
    declared = owner.__annotations__
    return sorted(fields(owner), key=lambda field: field.name not in declared)


def _dataclass_in(hint: Any) -> type[Any] | None:
    """The dataclass that a field holds, by itself, optional or in a tuple."""
    if isinstance(hint, type) and is_dataclass(hint):
        return hint
    candidates = (_dataclass_in(argument) for argument in get_args(hint))
    return next((candidate for candidate in candidates if candidate is not None), None)


def _holds_counts(entry: MetricEntry) -> bool:
    """Whether a key's value counts by names, such as ``statuses.valid``."""
    return entry.path.rpartition(".")[2] in ("statuses", "left_out")
