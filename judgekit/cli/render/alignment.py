"""An alignment as tables for people; everything here goes to standard output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.columns import Heading, grid
from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import NONE, number, percent, points, price, rate_text, score_text
from judgekit.runs.align_report import AlignReport, CandidateResult, JudgeMetrics
from judgekit.trust.alignment.estimates import AlignEstimate, RunEstimate

__all__ = ["print_alignment", "print_estimate"]


def print_alignment(report: AlignReport, folder: Path) -> None:
    """What was tried, the judge before and after, the result, and where it is."""
    console = stdout_console()
    judge = report.judge + (f" · {report.model}" if report.model else "")
    console.print(Text(safe(f"{judge} aligned with {report.labelled}"), style="bold"))
    if report.candidates:
        rows = [candidate_row(candidate) for candidate in report.candidates]
        headings = [Heading("candidate", numeric=False)]
        headings += [Heading("to pick by: balanced accuracy"), Heading("before"), Heading("")]
        console.print(grid(headings, rows, console.width))
    if report.before is not None and report.after is not None:
        console.print(before_and_after(report, report.before, report.after))
    console.print(Text(safe(report.sentence), style="bold"))
    for remark in report.remarks:
        console.print(Text(safe(remark)))
    for line in outcome_lines(report):
        console.print(Text(safe(line)), soft_wrap=True)
    console.print(Text(safe(costs(report)), style="dim"))
    console.print(Text(safe(str(folder))), soft_wrap=True)


def candidate_row(candidate: CandidateResult) -> list[Text | str]:
    """A candidate with its share on the picking part."""
    fold = "" if candidate.fold is None else f"fold {candidate.fold + 1}: "
    return [
        Text(safe(fold + candidate.name)),
        rate_text(candidate.balanced_accuracy),
        percent(candidate.before.value),
        "picked" if candidate.picked else "",
    ]


def before_and_after(report: AlignReport, before: JudgeMetrics, after: JudgeMetrics) -> Table:
    """The metrics on the test part, of the judge as it was and as it is."""
    what = "each tested without it" if report.cross_fit else "test part"
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(f"{what}, {number(before.prompts, 'prompt')}")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    for name, one, other in metric_rows(before, after, pairs=report.pairs):
        table.add_row(name, one, other)
    return table


def metric_rows(
    before: JudgeMetrics, after: JudgeMetrics, *, pairs: bool
) -> Iterator[tuple[str, str, str]]:
    """Each metric's name and its two values; those that neither judge has are left out."""
    shares = {
        "balanced accuracy": "balanced_accuracy",
        "accuracy": "accuracy",
        "position consistency": "consistent",
        "first share": "first_share",
        "judgements without a verdict": "without_verdict",
    }
    for name, key in shares.items():
        one, other = (getattr(metrics, key) for metrics in (before, after))
        if one.value is not None or other.value is not None:
            yield name, rate_text(one), rate_text(other)
        if key == "first_share" and before.length_effect.value is not None:
            shown = points if pairs else score_text
            yield "effect of length", shown(before.length_effect), shown(after.length_effect)
    yield "tokens per judgement", token_text(before), token_text(after)
    yield "cost per judgement", cost_text(before.cost_usd), cost_text(after.cost_usd)


def token_text(metrics: JudgeMetrics) -> str:
    """The tokens that a judgement takes."""
    if metrics.tokens_in is None or metrics.tokens_out is None:
        return NONE
    return f"{metrics.tokens_in:.0f} in, {metrics.tokens_out:.0f} out"


def cost_text(cost: float | None) -> str:
    """The price of one judgement, with as many digits as it needs."""
    return price(None) if cost is None else f"${cost:.6f}"


def outcome_lines(report: AlignReport) -> Iterator[str]:
    """What was written and how to use it, or how to have it written."""
    if report.unusable_revisions:
        yield f"{number(report.unusable_revisions, 'proposal')} without rules that can be read"
    if report.looks == 1:
        yield "test part used 1 time"
    if report.written:
        yield f"written: {report.written}; judge with --judge {quote(used(report))}"
    elif report.picked is not None and not report.stopped:
        yield "nothing was written; --write-anyway writes the picked candidate"


def used(report: AlignReport) -> str:
    """The written prompt file as `--judge` takes it."""
    return report.written if "/" in report.written else f"./{report.written}"


def costs(report: AlignReport) -> str:
    """What was asked and paid."""
    asked = number(report.calls, "call")
    if report.reused is not None:
        asked += f", {report.reused} reused from the reply store"
    return f"{asked}, {price(report.cost_usd)}"


def print_estimate(estimate: AlignEstimate) -> None:
    """What would be asked: a line for each kind of run, the sum, and what is to be known before."""
    console = stdout_console()
    headings = [Heading("run", numeric=False)]
    headings += map(Heading, ("cases", "calls at most", "tokens in", "tokens out", "cost"))
    rows = [estimate_row(row) for row in (*estimate.runs, estimate.total)]
    console.print(grid(headings, rows, console.width))
    for remark in estimate.remarks:
        console.print(Text(safe(remark)))
    console.print(Text("replies in the store are not asked for again", style="dim"))


def estimate_row(estimate: RunEstimate) -> list[Text | str]:
    """A line of the estimate."""
    tokens = (NONE if n is None else f"~{n}" for n in (estimate.tokens_in, estimate.tokens_out))
    cost = price(estimate.cost_usd, about="~")
    return [Text(estimate.run), str(estimate.cases), str(estimate.calls), *tokens, cost]
