"""What an alignment has come to, in sentences."""

from __future__ import annotations

from judgekit.harness.looks import Look
from judgekit.runs.align_report import AlignReport
from judgekit.stats.intervals import Rate

__all__ = ["alignment_sentence", "consistency_remark"]


def alignment_sentence(report: AlignReport, look: Look | None) -> str:
    """The result in one sentence: the gain, or why none is shown."""
    if report.stopped:
        return f"stopped before the test: {report.stopped}; the same command goes on from here"
    gain = report.gain
    if gain is None or report.before is None or report.after is None:
        return (
            f"no candidate of {len(report.candidates)} was better than the judge as it is on the "
            f"prompts to pick by; the test part stays unseen"
        )
    p = "" if gain.p_value is None else f", one-sided p = {gain.p_value:.2g}"
    start, end = report.before.balanced_accuracy, report.after.balanced_accuracy
    change = (
        f"balanced accuracy {percent(start.value)} before, {percent(end.value)} after: "
        f"{points(gain.gain)}{p}"
    )
    if report.shown:
        return f"{change}: the gain is shown"
    if report.looks > 1:
        again = ", once before with this very judge" if look is not None and look.repeated else ""
        return f"{change}; test part used {report.looks} times{again}: its gain is not shown"
    return f"{change}: no gain is shown"


def consistency_remark(report: AlignReport) -> str:
    """That the aligned judge is less consistent, where it is; otherwise empty."""
    if report.consistency is None or report.before is None or report.after is None:
        return ""
    change = report.consistency.difference
    if change.value is None or change.value >= 0:
        return ""
    sure = "" if report.consistency.told_apart else ", which may be chance"
    start, end = report.before.consistent, report.after.consistent
    return (
        f"it costs consistency: {percent(start.value)} before, {percent(end.value)} after, "
        f"{points(change)}{sure}"
    )


def percent(value: float | None) -> str:
    """A share in percent."""
    return "unknown" if value is None else f"{100 * value:.1f} %"


def points(change: Rate) -> str:
    """A difference of shares in points, with its interval."""
    if change.value is None:
        return "unknown"
    interval = ""
    if change.low is not None and change.high is not None:
        interval = f" ({100 * change.low:+.1f} to {100 * change.high:+.1f})"
    return f"{100 * change.value:+.1f} points{interval}"
