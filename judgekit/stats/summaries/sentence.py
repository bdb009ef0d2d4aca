"""The sentence of a comparison's summary, and of a summary of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, log10

from judgekit.stats.intervals import Z95, Rate
from judgekit.stats.power import FEW
from judgekit.stats.summaries.classes import ClassShare
from judgekit.stats.summaries.comparison import Summary
from judgekit.stats.summaries.scores import ScoreSummary
from judgekit.stats.win_rate import Bounds
from judgekit.types import Status

__all__ = ["comparison_sentence", "score_sentence", "unjudged"]

Z80 = 0.8416212335729143  # the normal distribution's 80 % quantile
REACH = 100_000  # more prompts than this are not named: nobody will judge them
NOTHING_DECIDES = "no number of prompts in reach would decide it"
MANY_WITHOUT_VERDICT = 0.05
LOW_CONSISTENCY = 0.6


def comparison_sentence(summary: Summary) -> str:
    """Who is better, or how many more prompts would decide it; then what to beware of."""
    missing = _missing(summary.cases, summary.no_verdict, summary.statuses)
    if missing and _turns(summary.stated_win_rate_a, summary.bounds_a):
        missing += ", enough of them to turn the result"
    warnings = (missing, _inconsistency(summary))
    return "; ".join(filter(None, (_result(summary), *warnings)))


def score_sentence(summary: ScoreSummary) -> str:
    """The mean score and how many answers it rests on; then what to beware of."""
    mean = summary.mean_score
    if summary.classes is not None:
        result = _classes(summary, summary.classes)
    elif mean.value is None:
        result = f"no score: none of the {summary.cases} answers of {summary.a} has one"
    else:
        result = f"{summary.a} scores {mean.value:.2f} on average"
        if mean.low is not None and mean.high is not None:
            result += f" (95 % interval {mean.low:.2f} to {mean.high:.2f})"
        result += f" over {summary.scored} answer{'s' * (summary.scored != 1)}"
    missing = _missing(summary.cases, summary.no_verdict, summary.statuses)
    return "; ".join(filter(None, (result, missing)))


def _classes(summary: ScoreSummary, classes: Sequence[ClassShare]) -> str:
    """The share of each class, and how many answers they rest on."""
    if not summary.scored:
        return f"no class: none of the {summary.cases} answers of {summary.a} has one"
    shares = ", ".join(
        f"{c.name} {100 * (c.share.value or 0.0):.1f} % "
        f"(95 % interval {100 * (c.share.low or 0.0):.1f} to {100 * (c.share.high or 0.0):.1f})"
        for c in classes
    )
    return f"{summary.a}: {shares}, of {summary.scored} answer{'s' * (summary.scored != 1)}"


def unjudged(remaining: int, planned: int, stopped: str) -> str:
    """Of a run that a limit ended before it judged a case: how many are left, and why."""
    cases = f"{remaining} of {planned} case{'s' * (planned != 1)}"
    return f"no case was judged: the run stopped with {cases} left, since {stopped}"


def _result(summary: Summary) -> str:
    a, b, rate = summary.a, summary.b, summary.stated_win_rate_a
    if not summary.cases:
        return "nothing to compare: no case was judged"
    if summary.identical == summary.cases:
        where = "the one case" if summary.cases == 1 else f"all {summary.cases} cases"
        return f"{a} and {b} gave the same answer in {where}"
    if rate.value is None or rate.low is None or rate.high is None:
        one = summary.cases == 1
        none = "the one case does not count" if one else f"none of the {summary.cases} cases counts"
        return f"no result: {none} for {a} or {b}"
    if rate.low > 0.5:
        return f"{a} is better: it wins {_percent(rate, summary)}"
    mirrored = Rate(1 - rate.value, 1 - rate.high, 1 - rate.low)
    if rate.high < 0.5:
        return f"{b} is better: it wins {_percent(mirrored, summary)}"
    decides = _what_would_decide(rate, summary)
    if rate.value == 0.5:
        return f"inconclusive: {a} and {b} are level at {_percent(rate, summary)}; {decides}"
    ahead, its = (a, rate) if rate.value > 0.5 else (b, mirrored)
    return f"inconclusive: {ahead} is ahead with {_percent(its, summary)}; {decides}"


def _what_would_decide(rate: Rate, summary: Summary) -> str:
    """How many prompts beyond these find this difference at 5 % with a power of 80 %.

    The ordinary half-width is about 1.96 standard errors and shrinks with the root of the prompts;
    2.8 = 1.96 + 0.84 of them must fit into the difference. Where they do already, and only the
    wider anytime-valid interval reaches over one half, that must shrink to the difference. Of
    those to come as many will have no verdict as of those asked.
    """
    prompts = summary.prompts or 0
    if min(prompts, summary.effective_prompts or prompts) < FEW:
        return "too few prompts to decide it"
    gap = abs((rate.value or 0.0) - 0.5)
    if not gap:
        return NOTHING_DECIDES
    shrinks = (1 + Z80 / Z95) * _half_width(summary.win_rate_a) / gap
    if shrinks <= 1:
        shrinks = _half_width(rate) / gap
    more = max(1.0, (summary.prompts_asked or 0) * (shrinks**2 - 1))
    if more > REACH:
        return NOTHING_DECIDES
    digits = floor(log10(more)) - 1  # two that count
    rounded = round(more, -digits) if digits > 0 else round(more)
    return f"about {rounded:.0f} more prompt{'s' * (rounded != 1)} would decide it"


def _half_width(rate: Rate) -> float:
    return ((rate.high or 0.0) - (rate.low or 0.0)) / 2


def _percent(rate: Rate, summary: Summary) -> str:
    """The rate, of which cases it is, and what counts half in it."""
    value, low, high = (100 * (v or 0.0) for v in (rate.value, rate.low, rate.high))
    interval = f"(95 % interval {low:.1f} to {high:.1f})"
    split = summary.inconsistent
    if not split or summary.inconsistent_as is None:
        return f"{value:.1f} %, ties counting half {interval}"
    if summary.inconsistent_as == "drop":
        others = summary.wins_a + summary.wins_b + summary.ties
        of = f"of the {others} consistent case{'s' * (others != 1)} of {summary.cases}"
        return f"{value:.1f} % {of}, ties counting half {interval}"
    cases = f"{split} inconsistent case{'s' * (split != 1)}"
    half = f"ties and {cases}" if summary.ties else cases
    return f"{value:.1f} %, {half} counting half {interval}"


def _inconsistency(summary: Summary) -> str:
    """Warns where most cases are inconsistent, or the judge contradicts itself otherwise; and
    where inconsistent cases could turn the result."""
    split, judged = summary.inconsistent, summary.cases - summary.no_verdict
    if 2 * split > judged:
        return (
            f"most cases are inconsistent: only {judged - split} of {judged} with a verdict have "
            f"the same winner in both orders"
        )
    turn = ""
    if _turns(summary.stated_win_rate_a, summary.inconsistent_bounds_a):
        which = "the inconsistent case" if split == 1 else f"the {split} inconsistent cases"
        turn = f"{which} could turn the result"
    return "; ".join(filter(None, (turn, _contradicts(summary))))


def _missing(cases: int, no_verdict: int, statuses: Mapping[str, int]) -> str:
    """How many cases have no verdict, and why; empty where they are few."""
    if no_verdict <= MANY_WITHOUT_VERDICT * cases:
        return ""
    why = [
        f"{n} {status.replace('_', ' ')}"
        for status, n in sorted(statuses.items(), key=lambda item: -item[1])
        if n and status != Status.VALID
    ]
    return f"{100 * no_verdict / cases:.0f} % of the cases have no verdict: {', '.join(why)}"


def _turns(rate: Rate, bounds: Bounds | None) -> bool:
    """Whether a result stands that the cases without a clear verdict could turn around."""
    if bounds is None or bounds.low is None or bounds.high is None:
        return False
    if rate.low is None or rate.high is None:
        return False
    return not rate.low <= 0.5 <= rate.high and bounds.low <= 0.5 <= bounds.high


def _contradicts(summary: Summary) -> str:
    """Warns of a judge that contradicts itself, over the cases where both orders are valid."""
    consistent, error = summary.position.consistent.value, summary.position.error.value
    if consistent is None or error is None or error == 1:
        return ""
    share = consistent / (1 - error)
    if share >= LOW_CONSISTENCY:
        return ""
    return f"of the cases with two valid orders, only {100 * share:.0f} % have one verdict"
