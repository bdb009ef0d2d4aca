"""Classes beside people's labels, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import decimal, number, percent, rate_text, score_text
from judgekit.runs.class_analysis import ClassAnalysis, ModelClasses
from judgekit.stats.class_accuracy import ClassifierAccuracy
from judgekit.stats.corrected_shares import CorrectedShare
from judgekit.stats.homogeneity import Homogeneity
from judgekit.stats.score_accuracy import ScoreAccuracy

__all__ = ["print_classes"]

Line = tuple[str, str, str]
"""A metric's name, its value, and a remark."""


def print_classes(analysis: ClassAnalysis) -> None:
    """Each model with its accuracy and its corrected shares."""
    console = stdout_console()
    for model in analysis.models:
        title = f"{model.model}: {model.labelled} labels, {number(model.answers, 'answer')}"
        console.print(Text(safe(title), style="bold"))
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(style="dim")
        for name, value, remark in model_lines(model):
            table.add_row(*(Text(safe(cell)) for cell in (name, value, remark)))
        console.print(table)
    if analysis.pooled is not None:
        console.print(Text(pool_line(analysis.pooled)))
    if analysis.method is not None:
        console.print(Text(f"{analysis.method}: {analysis.assumes}", style="dim"))
    if analysis.unknown:
        console.print(Text(f"labels of other answers: {analysis.unknown}", style="dim"))


def model_lines(model: ModelClasses) -> Iterator[Line]:
    """What labels show of the judge, and of the shares of one model."""
    if model.accuracy is not None:
        yield from accuracy_lines(model.accuracy)
    for share in model.shares:
        yield from share_lines(share)
    for scores in model.scores:
        yield from score_lines(scores)


def accuracy_lines(accuracy: ClassifierAccuracy) -> Iterator[Line]:
    """Agreement with labels, of the whole and of each class."""
    yield "balanced accuracy", rate_text(accuracy.balanced_accuracy), ""
    yield "accuracy", rate_text(accuracy.accuracy), f"{accuracy.labelled} answers"
    yield "Cohen's kappa", score_text(accuracy.kappa), ""
    if accuracy.no_verdict:
        yield "labelled, without a class", str(accuracy.no_verdict), "answers"
    for each in accuracy.classes:
        yield f"{each.name}: sensitivity", rate_text(each.sensitivity), f"{each.labelled} labels"
        yield f"{each.name}: specificity", rate_text(each.specificity), ""
        yield f"{each.name}: precision", rate_text(each.precision), f"{each.judged} by the judge"


def share_lines(share: CorrectedShare) -> Iterator[Line]:
    """The share of one class by the judge, by labels, and by both."""
    yield f"share of {share.name} by the judge", rate_text(share.by_judge), ""
    yield "… by labels alone", rate_text(share.by_labels), f"{share.labelled} labels"
    remark = share.reason
    if not remark and share.narrower is not None:
        remark = f"interval {100 * share.narrower:.0f} % narrower than the labels' own"
    value = rate_text(share.share)
    if share.share.value is None and not share.identified:
        value = "not identified"
        remark = remark.removeprefix("not identified: ")
    yield "… corrected", value, remark
    if share.bounds is not None:
        ends = f"{percent(share.bounds.low)} to {percent(share.bounds.high)}"
        yield "… if all without a class went one way", ends, "of all answers"


def score_lines(scores: ScoreAccuracy) -> Iterator[Line]:
    """AUROC, calibration and thresholds of one class."""
    yield f"{scores.name}: AUROC", score_text(scores.auroc), f"{scores.labelled} labels"
    if scores.calibration is not None:
        base = f"{decimal(scores.calibration.brier_of_share)} where all have the labels' share"
        yield f"{scores.name}: Brier score", score_text(scores.calibration.brier), base
        for each in scores.calibration.reliability:
            ends = f"  {each.low:.1f} to {each.high:.1f}: {percent(each.probability)} on average"
            yield ends, rate_text(each.share), f"{each.count} labels"
    for each_threshold in scores.thresholds:
        t = each_threshold
        name = f"threshold for a {t.goal} of {t.wanted:g}"
        if t.value is None:
            yield name, "none", t.reason
            continue
        yield name, f"{t.value:.4g}", f"chosen on {t.chosen_on} labels"
        yield "… its precision", rate_text(t.precision), f"on the other {t.reported_on}"
        yield "… its recall", rate_text(t.recall), ""


def pool_line(pooled: Homogeneity) -> str:
    """Whether labels of all models were pooled, and why."""
    if pooled.p_value is None:
        return "labels not pooled: to test whether the judge errs alike, two models need labels"
    test = f"p = {pooled.p_value:.3f}, {pooled.models} models, {pooled.labelled} labels"
    if pooled.differ:
        return f"labels not pooled: the judge errs otherwise on other models ({test})"
    return f"labels pooled: no difference between models in the judge's errors ({test})"
