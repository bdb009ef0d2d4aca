"""When a comparison may stop: its win rate is precise enough, or one model is decidedly better.

The interval is read after every prompt, so it must be anytime-valid
(`judgekit.stats.confidence_sequence`). That needs prompts in random order, which `shuffled` gives,
and outcomes in the order of the plan: the run then stops at a prefix of the plan, whichever reply
came first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import fsum

from judgekit.stats.intervals import Rate
from judgekit.stats.outcomes.values import Inconsistent, counted
from judgekit.types import Case, Outcome, StopKind, StopReason, digest

__all__ = ["FEWEST", "Stopping", "shuffled"]

FEWEST = 20  # prompts before a run may stop: fewer would convince nobody


class Stopping:
    """Follows a comparison, one outcome at a time in the order of the plan.

    A prompt counts once its last case has an outcome: with the mean of model a's value over its
    decided cases, as `win_rate` counts them. A prompt without a decided case does not count. So
    `interval` is of the win rate in which each prompt has the same weight; that is `win_rate`'s
    if each prompt has the same number of cases.
    """

    def __init__(
        self,
        clusters: Sequence[str],
        *,
        until: float,
        inconsistent: Inconsistent = "half",
        fewest: int = FEWEST,
        model: str = "a",
    ) -> None:
        """Begins before the first case.

        Args:
            clusters: The prompt of each case of the plan, in order; cases of one prompt stand side
                by side.
            until: Half the width of an interval that is narrow enough, in 0 to 0.5. With 0 a
                comparison stops only when it is decided.
            inconsistent: What a case counts for in which the two orders disagree.
            fewest: The fewest prompts after which to stop.
            model: Model a's name in the reason to stop.

        Raises:
            ValueError: `until` is out of range, or the cases of a prompt are not side by side.
        """
        if not 0 <= until <= 0.5:
            raise ValueError(f"half an interval's width is in 0 to 0.5, not {until!r}")
        self._ends = _ends(clusters)
        self._clusters = clusters
        self._until = until
        self._inconsistent = inconsistent
        self._fewest = fewest
        self._model = model
        from judgekit.stats.confidence_sequence import ConfidenceSequence  # imports numpy

        self._sequence = ConfidenceSequence()
        self._values: list[float] = []  # of the current prompt
        self.cases = 0
        """The number of outcomes so far: the length of the plan's prefix that `interval` is of."""
        self.interval = Rate()
        """Model a's win rate so far, with its anytime-valid interval."""
        self.reason: StopReason | None = None
        """Why to stop; None while there is no reason."""

    @property
    def prompts(self) -> int:
        """The number of prompts that have counted."""
        return self._sequence.count

    def add(self, outcome: Outcome) -> StopReason | None:
        """Takes the next case's outcome.

        Returns:
            The `reason` to stop, None to continue.

        Raises:
            ValueError: The outcome is not the next case's, or there is a `reason` to stop already:
                the interval must be of the prefix at which the run stopped.
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
        if rate.low == rate.high:  # empty: no single mean fits all outcomes
            return None
        state = (
            f"after {self.prompts} prompts the win rate of {self._model} is "
            f"{100 * rate.value:.1f} % (95 % interval "
            f"at every moment {100 * rate.low:.1f} to {100 * rate.high:.1f})"
        )
        if rate.low > 0.5 or rate.high < 0.5:
            side = "above" if rate.low > 0.5 else "below"
            return StopReason(StopKind.DECIDED, f"decided: {state}, {side} one half")
        if (rate.high - rate.low) / 2 <= self._until:
            text = f"narrow enough: {state}, within ±{100 * self._until:g}"
            return StopReason(StopKind.PRECISE, text)
        return None


def _ends(clusters: Sequence[str]) -> frozenset[int]:
    """The numbers of cases after which a prompt is complete."""
    following = (*clusters[1:], None)
    ends = [
        i
        for i, (cluster, after) in enumerate(zip(clusters, following, strict=False), 1)
        if cluster != after
    ]
    parts = Counter(clusters[end - 1] for end in ends)
    if apart := [cluster for cluster, n in parts.items() if n > 1]:
        raise ValueError(f"the cases of prompt {apart[0]!r} are not side by side in the plan")
    return frozenset(ends)


def shuffled(cases: Iterable[Case], seed: int = 0) -> list[Case]:
    """The cases with their prompts in random order.

    The order depends only on `seed` and the prompts' names. So the first n prompts are a random
    sample of all, the same in every run, whatever the order of the file.

    Args:
        cases: The cases.
        seed: Draws another order.

    Returns:
        The cases; those of one prompt stand side by side, in the order given.
    """
    of_cluster: dict[str, list[Case]] = {}
    for case in cases:
        of_cluster.setdefault(case.cluster or case.id, []).append(case)
    order = sorted(of_cluster, key=lambda cluster: digest("shuffled", str(seed), cluster))
    return [case for cluster in order for case in of_cluster[cluster]]
