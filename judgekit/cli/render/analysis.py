"""A comparison's further metrics, and ratings over several runs, for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import rate_text, score_text
from judgekit.cli.render.ratings import ratings_note, ratings_table
from judgekit.runs.analysis import Analysis, LabelComparison
from judgekit.stats.ratings import Ratings

__all__ = ["print_analysis", "print_ratings"]

APPROXIMATE = 80  # below so many prompts the power may miss 80 % by up to three points

Line = tuple[str, str, str]
"""A metric's name, its value, and a remark."""


def print_analysis(analysis: Analysis) -> None:
    """A comparison's further metrics, a line each; where there is none, why."""
    console = stdout_console()
    console.print(Text(safe(f"{analysis.a} against {analysis.b}"), style="bold"))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for name, value, remark in analysis_lines(analysis):
        table.add_row(*(Text(safe(cell)) for cell in (name, value, remark)))
    console.print(table)


def analysis_lines(analysis: Analysis) -> Iterator[Line]:
    """What a comparison shows beside its summary."""
    length = analysis.length
    yield "length-controlled win rate", rate_text(length.rate), length.reason
    if length.unequal:
        remark = f"of {length.unequal} cases of unequal length; ties half"
        yield "the longer answer wins", rate_text(length.longer_wins), remark
    if length.mean_difference is not None:
        yield "mean difference in length", f"{length.mean_difference:+.0f} characters", ""
    if length.effect.value is not None:
        yield "effect of length", score_text(length.effect), "log-odds per standard deviation"
    for difference, prompts in (analysis.prompts_needed or {}).items():
        name = f"prompts needed to detect {100 * (0.5 + difference):.0f} % (power 80 %)"
        about = "about " * (prompts < APPROXIMATE)
        yield name, f"{about}{prompts}", f"here: {analysis.prompts}"
    if analysis.labelled is not None:
        yield from label_lines(analysis.labelled)


def label_lines(labelled: LabelComparison) -> Iterator[Line]:
    """What people's labels show of the judge and of its win rate."""
    agreement, powered = labelled.agreement, labelled.prediction_powered
    cases = f"{agreement.cases} cases"
    yield "percent agreement with labels", rate_text(agreement.equal), cases
    yield "… without ties", rate_text(agreement.without_ties), f"{agreement.decisive} cases"
    yield "Cohen's kappa", score_text(agreement.kappa), ""
    yield "win rate by labels alone", rate_text(powered.by_labels), f"{powered.labelled} cases"
    remark = powered.reason or narrower(powered.narrower)
    yield "prediction-powered win rate", rate_text(powered.rate), remark
    if agreement.undecided:
        yield "labelled, without a verdict", str(agreement.undecided), "cases"
    if labelled.learned:
        yield "left out: used to align the judge", str(labelled.learned), "labelled cases"
    if labelled.unknown:
        yield "labels of other cases", str(labelled.unknown), ""


def narrower(by: float | None) -> str:
    """How much the judge narrows the interval of the labels alone."""
    return "" if by is None else f"interval {100 * by:.0f} % narrower than the labels' own"


def print_ratings(ratings: Ratings) -> None:
    """Models by rating, best first."""
    console = stdout_console()
    if ratings.reason:
        console.print(Text(safe(f"no ratings: {ratings.reason}"), style="bold"))
    console.print(ratings_table(ratings.models, console.width))
    if ratings.models:
        console.print(Text(ratings_note(ratings), style="dim"))
