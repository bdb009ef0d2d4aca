"""A finished run without any verdict: whether it is one, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from judgekit.runs.reader import StoredRun
from judgekit.stats.summaries.sentence import unjudged
from judgekit.types import Status

__all__ = ["Failure", "commonest_failure", "why_no_verdict"]

ERROR = 200  # characters of an error that are shown


@dataclass(frozen=True, slots=True)
class Failure:
    """The commonest way in which trials got no verdict: `count` of all `trials`.

    `status` is in words, `error` the first such trial's, on one line and cut; it may be empty.
    """

    status: str
    error: str
    count: int
    trials: int

    def __str__(self) -> str:
        are = "is" if self.count == 1 else "are"
        of = f"{self.count} of {self.trials} trial{'s' * (self.trials != 1)} {are} {self.status}"
        return f"{of} ({self.error})" if self.error else of


def why_no_verdict(run: StoredRun) -> str:
    """Why not one case of a run has a verdict, in one line.

    Args:
        run: A finished run, of any kind.

    Returns:
        Empty where a case has a verdict, or none could have: no cases, or only answers that are
        the same text.

    Raises:
        InputError: The run's folder is damaged.
    """
    asked = False
    for outcome in run.comparisons():
        if not outcome.identical:
            if outcome.decided:
                return ""
            asked = True
    summary = run.summary
    cut_short = summary.stop is not None and summary.stop.cut_short
    if not asked and not cut_short:
        return ""
    if (failure := commonest_failure(run)) is not None:
        return f"no verdict came out: {failure}"
    if asked or summary.stop is None:
        return f"no verdict came out: none of the {summary.cases} cases has one"
    planned = summary.cases_planned or 0
    return unjudged(planned - summary.cases, planned, summary.stop.text)


def commonest_failure(run: StoredRun) -> Failure | None:
    """The commonest failure of a run's trials; None where all have a verdict.

    An error's text before its first colon says what went wrong, and the rest says where: a line
    of a recording, or a text. So only the former distinguishes failures.

    Args:
        run: A finished run, of any kind.

    Raises:
        InputError: The run's folder is damaged.
    """
    failures: Counter[tuple[str, str]] = Counter()
    errors: dict[tuple[str, str], str] = {}
    trials = 0
    for judgement in run.judgements():
        trials += 1
        verdict = judgement.verdict
        if verdict.status is Status.VALID:
            continue
        error = " ".join(verdict.error.split())
        kind = (verdict.status.replace("_", " "), error.partition(":")[0])
        failures[kind] += 1
        errors.setdefault(kind, error[:ERROR])
    if not failures:
        return None
    [(kind, count)] = failures.most_common(1)
    return Failure(kind[0], errors[kind], count, trials)
