"""A gate against a baseline: has a model become worse than it was, on the same prompts?

>>> compare_with_baseline("runs/new", "runs/released", margin=0.02).verdict

Both runs are of one judge, and every prompt that both have is compared with itself. The difference
is a pass above the margin, a fail below it, and inconclusive where the interval holds the margin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import fsum
from pathlib import Path
from typing import Any, Literal

from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.runs.diff import changes
from judgekit.runs.match import cases_with_outcomes
from judgekit.runs.reader import StoredRun
from judgekit.stats import ScoreSummary
from judgekit.stats.intervals import Rate
from judgekit.stats.margin import MarginVerdict, margin_test
from judgekit.stats.outcomes.values import Inconsistent, counted
from judgekit.stats.plain import encode
from judgekit.trust.junit import CheckState
from judgekit.types import Case, Outcome, digest, message_parts

__all__ = ["BaselineComparison", "compare_with_baseline"]

YARDSTICK = (
    *("judge", "engine", "judge_identity", "prompt_digest", "options", "sampling"),
    *("arity", "merge", "inconsistent", "tie_margin"),
)
"""What decides a verdict apart from the answers; equal in runs whose values are comparable."""

ValueOf = Callable[[Outcome], float | None]
"""A metric's value in one case; None where it has none."""


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """How a run's metric differs from that of its baseline, on the prompts of both.

    `difference` is the run's mean less the baseline's. `prompts` counts the prompts of both with a
    value in both, `no_value` those without, `added` those of the run alone, `missing` those of the
    baseline alone, and `other_opponent` those whose second answer differs, so that their win rates
    are not comparable. `failed`: the verdict is a fail, or inconclusive where that is to fail.
    """

    run: str
    baseline: str
    metric: str
    margin: float
    verdict: MarginVerdict
    difference: Rate
    value: float | None
    value_before: float | None
    prompts: int
    prompts_to_settle: int | None
    no_value: int
    added: int
    missing: int
    other_opponent: int
    failed: bool

    @property
    def name(self) -> str:
        """The metric, the baseline and the margin."""
        return f"{self.metric} against {self.baseline}, margin {self.margin:g}"

    @property
    def state(self) -> CheckState:
        """``skipped`` where it is inconclusive and does not fail."""
        if self.failed:
            return "failed"
        return "passed" if self.verdict == "pass" else "skipped"

    @property
    def message(self) -> str:
        """One line: verdict, difference, interval, and which prompts were compared."""
        word = {"pass": "passed", "fail": "failed"}.get(self.verdict, "inconclusive")
        counts = [f"{self.prompts} common prompt{'s' * (self.prompts != 1)}"]
        more = {
            "without a value": self.no_value,
            "with another opponent": self.other_opponent,
            "added": self.added,
            "missing": self.missing,
        }
        counts += [f"{n} {what}" for what, n in more.items() if n]
        return f"{word}: {self.name}: {_interval(self.difference)}; {', '.join(counts)}" + (
            f"; {self._settling}" if self.verdict == "inconclusive" else ""
        )

    @property
    def _settling(self) -> str:
        if self.prompts_to_settle is not None:
            return f"about {self.prompts_to_settle} prompts would settle it"
        return "more prompts are needed to say how many would settle it"

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON has it."""
        plain: dict[str, Any] = encode(self)
        return plain


def compare_with_baseline(
    run: str | Path,
    baseline: str | Path,
    *,
    margin: float,
    metric: str | None = None,
    inconclusive: Literal["pass", "fail"] = "pass",
) -> BaselineComparison:
    """Whether a run's metric has fallen below its baseline's by more than a margin.

    Args:
        run: The run's folder.
        baseline: The folder of the earlier run, by the same judge with the same settings.
        margin: How far the metric may fall, in its own units, at least 0.
        metric: A metric of the run with a value in each case, by default ``win_rate_a`` of
            comparisons and ``mean_score`` of scores; ``criteria.NAME`` is of a rubric, and
            ``share.NAME`` that of a class.
        inconclusive: What an interval that holds the margin counts as: ``pass`` or ``fail``.

    Returns:
        The difference on the prompts of both, and the verdict.

    Raises:
        InputError: A folder holds no such run, the runs are not by one judge, or they have no
            prompt in common.
    """
    if not 0 <= margin < float("inf"):
        raise InputError(f"the margin is how far a metric may fall, from 0 up, not {margin!r}")
    after, before = StoredRun.open(run), StoredRun.open(baseline)
    check_comparable(after, before)
    name, value_of = chosen_metric(after, metric)
    matches = match_prompts(after, before, value_of)
    test = margin_test(matches.rows, margin, shares=name.startswith(SHARES))
    return BaselineComparison(
        run=str(after.folder),
        baseline=str(before.folder),
        metric=name,
        margin=margin,
        verdict=test.verdict,
        difference=test.difference,
        value=mean([row[1] for row in matches.rows]),
        value_before=mean([row[2] for row in matches.rows]),
        prompts=len(matches.rows),
        prompts_to_settle=test.prompts_to_settle,
        no_value=matches.no_value,
        added=matches.added,
        missing=matches.missing,
        other_opponent=matches.other_opponent,
        failed=test.verdict == "fail" or (test.verdict, inconclusive) == ("inconclusive", "fail"),
    )


@dataclass(frozen=True, slots=True)
class PromptKey:
    """A prompt by its digest, and by that of the second answer where two are compared."""

    prompt: str
    opponent: str = ""


@dataclass(frozen=True, slots=True)
class PromptValues:
    """The values of one prompt's cases that have one, and the prompt's cluster."""

    cluster: str
    values: list[float]


def check_comparable(run: StoredRun, baseline: StoredRun) -> None:
    """Refuses (`InputError`) two runs whose values are not of one judge and one kind."""
    for each in (run, baseline):
        each.verify()
        if each.kind == "rank":
            raise InputError(
                f"{str(each.folder)!r} is a ranking; a gate against a baseline takes comparisons "
                f"or scores"
            )
    if run.kind != baseline.kind:
        raise InputError(
            f"{str(run.folder)!r} is of the kind {run.kind!r} and its baseline "
            f"{str(baseline.folder)!r} of {baseline.kind!r}; make both with one command"
        )
    settings = [
        {name: value for name, value in each.metadata.decides.items() if name in YARDSTICK}
        for each in (baseline, run)
    ]
    if differing := changes(*settings):
        names = ", ".join(change.name for change in differing)
        raise InputError(
            f"the baseline {str(baseline.folder)!r} was judged otherwise ({names}); judge its "
            f"answers again as those of {str(run.folder)!r} (replies of the same calls are reused)"
        )


def chosen_metric(run: StoredRun, name: str | None) -> tuple[str, ValueOf]:
    """The metric's name and its value in a case; `InputError` for one that has no such value."""
    metrics = case_metrics(run)
    if name is None:
        name = next(iter(metrics))
    if name not in metrics:
        raise InputError(f"--metric: {unknown('metric of a case', name, metrics)}")
    return name, metrics[name]


SHARE_OF = "share."  # of a class, among single answers
CRITERIA = "criteria."  # of a rubric, before the criterion's name
SHARES = ("win_rate_a", "win_rate_mean_a", SHARE_OF, CRITERIA)  # how names begin of shares


def of_class(name: str, outcome: Outcome) -> float | None:
    """1 where the judge says the class of a single answer, 0 where another, None where none."""
    label = next(iter(outcome.labels), None)
    return None if label is None else float(label == name)


def case_metrics(run: StoredRun) -> Mapping[str, ValueOf]:
    """The metrics of a run that are means over its cases, the usual one first."""
    summary = run.summary
    if isinstance(summary, ScoreSummary):
        mean: dict[str, ValueOf] = {"mean_score": lambda outcome: outcome.scores[0]}
        mean |= criterion_metrics(run)
        shares = {f"{SHARE_OF}{c.name}": partial(of_class, c.name) for c in summary.classes or ()}
        return mean | shares if summary.mean_score.value is not None else shares | mean
    inconsistent: Inconsistent = run.metadata.inconsistent
    metrics: dict[str, ValueOf] = {
        "win_rate_a": lambda outcome: counted(outcome, inconsistent),
        "win_rate_mean_a": lambda outcome: outcome.mean,
    }
    if run.metadata.decides.get("arity") == 1:
        metrics["mean_score_a"] = lambda outcome: outcome.scores[0] if outcome.scores else None
    return metrics | criterion_metrics(run)


def criterion_metrics(run: StoredRun) -> dict[str, ValueOf]:
    """How well each criterion of a rubric is met by the run's answers, of a comparison by a's."""
    names = dict.fromkeys(
        criterion.name
        for outcome in run.outcomes()
        for criterion in (outcome.criteria[0] if outcome.criteria else ())
    )
    return {f"{CRITERIA}{name}": partial(of_criterion, name) for name in names}


def of_criterion(name: str, outcome: Outcome) -> float | None:
    """How far one criterion is met in a case, or not met where its weight is negative.

    More is better of either, as a gate assumes. None where it has no value.
    """
    for criterion in outcome.criteria[0] if outcome.criteria else ():
        if criterion.name == name and criterion.value is not None:
            return 1 - criterion.value if criterion.weight < 0 else criterion.value
    return None


@dataclass(frozen=True, slots=True)
class PromptMatches:
    """The prompts of two runs side by side; the counts are those of `BaselineComparison`.

    `rows`: of each prompt with a value in both, its cluster, its value, and that of the baseline.
    """

    rows: list[tuple[str, float, float]]
    no_value: int
    added: int
    missing: int
    other_opponent: int


def match_prompts(run: StoredRun, baseline: StoredRun, value_of: ValueOf) -> PromptMatches:
    """The prompts that a run has in common with its baseline.

    Raises:
        InputError: There are none.
    """
    pairs = run.kind == "compare"
    new, old = (values_by_prompt(each, value_of, pairs=pairs) for each in (run, baseline))
    common = [key for key in new if key in old]
    if not common:
        raise InputError(
            f"{str(run.folder)!r} and its baseline {str(baseline.folder)!r} have no prompt in "
            f"common{' with the same second answer' * pairs}; judge answers to the same prompts"
        )
    rows = [
        (new[key].cluster, now, before)
        for key in common
        if (now := mean(new[key].values)) is not None
        and (before := mean(old[key].values)) is not None
    ]
    prompts, earlier = ({key.prompt for key in keys} for keys in (new, old))
    return PromptMatches(
        rows=rows,
        no_value=len(common) - len(rows),
        added=len(prompts - earlier),
        missing=len(earlier - prompts),
        other_opponent=len((prompts & earlier) - {key.prompt for key in common}),
    )


def values_by_prompt(
    run: StoredRun, value_of: ValueOf, *, pairs: bool
) -> dict[PromptKey, PromptValues]:
    """A run's values by prompt; `pairs`: and by the second answer."""
    prompts: dict[PromptKey, PromptValues] = {}
    for case, outcome in cases_with_outcomes(run):
        key = PromptKey(prompt_digest(case), opponent_digest(case) if pairs else "")
        entry = prompts.setdefault(key, PromptValues(outcome.cluster, []))
        if (value := value_of(outcome)) is not None:
            entry.values.append(value)
    return prompts


def prompt_digest(case: Case) -> str:
    """The prompt's digest, the same in every run."""
    return digest(*(part for message in message_parts(case.prompt) for part in message))


def opponent_digest(case: Case) -> str:
    """The digest of the second answer, and of those before it."""
    opponent = case.responses[-1]
    return digest(opponent.text, *opponent.earlier)


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of no values."""
    return fsum(values) / len(values) if values else None


def _interval(difference: Rate) -> str:
    if difference.value is None:
        return "no prompt has a value in both"
    if difference.low is None or difference.high is None:
        return f"difference {difference.value:+.4g}, too few prompts for an interval"
    ends = f"95 % {difference.low:+.4g} to {difference.high:+.4g}"
    return f"difference {difference.value:+.4g} ({ends})"
