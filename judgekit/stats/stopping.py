"""When a comparison may stop: its win rate is known well enough, or who is better is decided.

The interval is looked at after every prompt, so it is the one that holds at all of them
(`judgekit.stats.confidence_sequence`). It needs prompts in an order drawn at random, which
`shuffled` gives, and outcomes in the order of the plan: what stops a run is then a prefix of the
plan, whichever reply came first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import fsum

from judgekit.stats.confidence_sequence import ConfidenceSequence
from judgekit.stats.intervals import Rate
from judgekit.stats.outcomes.values import Inconsistent, counted
from judgekit.types import Case, Outcome, StopKind, StopReason, digest

__all__ = ["FEWEST", "Stopping", "shuffled"]

FEWEST = 20  # prompts before a run may stop: fewer would not convince anybody


class Stopping:
    """Watches a comparison, one outcome at a time in the order of the plan.

    `clusters` names the plan's cases' prompts in that order, the cases of one prompt side by side.
    A prompt counts once its last case is in, with the mean over its decided cases of a's value as
    `win_rate` counts it; one without any does not count. So `interval` is of the win rate in which
    every prompt weighs the same, which is `win_rate`'s where each has as many cases.
    """

    def __init__(
        self,
        clusters: Sequence[str],
        *,
        until: float,
        inconsistent: Inconsistent = "half",
        fewest: int = FEWEST,
    ) -> None:
        """`until`: half the interval's width that is narrow enough, in 0 to 0.5; 0 leaves only
        the sign to stop at. ValueError: another width, or a prompt's cases are apart."""
        if not 0 <= until <= 0.5:
            raise ValueError(f"half an interval's width is in 0 to 0.5, not {until!r}")
        self._ends = _ends(clusters)
        self._clusters = clusters
        self._until = until
        self._inconsistent = inconsistent
        self._fewest = fewest
        self._sequence = ConfidenceSequence()
        self._values: list[float] = []  # of the prompt under way
        self.cases = 0
        """How many outcomes were taken: the length of the plan's prefix that `interval` is of."""
        self.interval = Rate()
        """a's win rate so far, with an interval that holds at every moment."""
        self.reason: StopReason | None = None
        """Why to stop; None while there is no reason."""

    @property
    def prompts(self) -> int:
        """How many prompts have counted."""
        return self._sequence.count

    def add(self, outcome: Outcome) -> StopReason | None:
        """Takes the next case's outcome; returns the `reason` to stop, where there is one now.

        ValueError: it is not the next case's, or there is a `reason` to stop already: an interval
        of more cases than the prefix would not be what was stopped at.
        """
        if self.reason:
            raise ValueError(f"case {outcome.case!r} comes after the end: {self.reason.text}")
        if self.cases == len(self._clusters) or outcome.cluster != self._clusters[self.cases]:
            raise ValueError(f"case {outcome.case!r} is not case {self.cases + 1} of the plan")
        self.cases += 1
        if (value := counted(outcome, self._inconsistent)) is not None:
            self._values.append(value)
        if self.cases in self._ends and self._values:
            self._sequence.add(fsum(self._values) / len(self._values))
            self._values.clear()
            self.interval = self._sequence.interval
            if self.prompts >= self._fewest:
                self.reason = self._why(self.interval)
        return self.reason

    def _why(self, rate: Rate) -> StopReason | None:
        if rate.value is None or rate.low is None or rate.high is None:
            return None
        if rate.low == rate.high:  # no mean fits what came early and late: nothing is known
            return None
        said = (
            f"after {self.prompts} prompts a's win rate is {100 * rate.value:.1f} % (95 % interval "
            f"at every moment {100 * rate.low:.1f} to {100 * rate.high:.1f})"
        )
        if rate.low > 0.5 or rate.high < 0.5:
            side = "above" if rate.low > 0.5 else "below"
            return StopReason(StopKind.DECIDED, f"decided: {said}, {side} one half")
        if (rate.high - rate.low) / 2 <= self._until:
            text = f"narrow enough: {said}, within ±{100 * self._until:g}"
            return StopReason(StopKind.PRECISE, text)
        return None


def _ends(clusters: Sequence[str]) -> frozenset[int]:
    """After how many cases a prompt is over."""
    following = (*clusters[1:], None)
    ends = [
        i
        for i, (own, next_) in enumerate(zip(clusters, following, strict=False), 1)
        if own != next_
    ]
    parts = Counter(clusters[end - 1] for end in ends)
    if apart := [cluster for cluster, n in parts.items() if n > 1]:
        raise ValueError(f"the cases of prompt {apart[0]!r} are not side by side in the plan")
    return frozenset(ends)


def shuffled(cases: Iterable[Case], seed: int = 0) -> list[Case]:
    """The cases with prompts in an order drawn from `seed` and the prompts' names alone.

    So the first n prompts are a random sample of all, the same in every run, whatever the order of
    the file. Cases of one prompt stand side by side, in the order given.
    """
    of_cluster: dict[str, list[Case]] = {}
    for case in cases:
        of_cluster.setdefault(case.cluster or case.id, []).append(case)
    drawn = sorted(of_cluster, key=lambda cluster: digest("shuffled", str(seed), cluster))
    return [case for cluster in drawn for case in of_cluster[cluster]]
