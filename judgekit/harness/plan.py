"""Cases → trials: which responses of a case a judge is shown, and in which orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from judgekit.types import Case, Pair, Trial, digest

__all__ = ["Plan", "choose_arity"]

Shown = Literal["both", "one", "other"]


@dataclass(frozen=True)
class Plan:
    """Every trial of a run, in a fixed order.

    Of responses with the same text only the first is shown.

    Attributes:
        cases: The cases, in the order in which they are judged.
        arity: How many responses are shown at a time; 1 shows each by itself.
        names: The names under which responses are shown, by position.
        repeats: How often each order is shown.
        orders: With `arity` 2, ``both`` shows each pair twice, swapped; ``one`` once, in an order
            drawn from the case's content, so that it is the same in every run; ``other`` once, in
            the opposite order.
        games: With `arity` 2, the pairs to show by the case's id; None shows all pairs.
    """

    cases: Sequence[Case]
    arity: int
    names: tuple[str, ...]
    repeats: int = 1
    orders: Shown = "both"
    games: Mapping[str, Collection[Pair]] | None = None

    @property
    def both_orders(self) -> bool:
        """Whether each pair is shown in both orders."""
        return self.arity > 1 and self.orders == "both"

    def orders_of(self, case: Case) -> tuple[tuple[int, ...], ...]:
        """The orders in which this case's responses are shown."""
        different = sorted(set(case.originals))
        if self.arity == 1:
            return tuple((i,) for i in different)
        if self.games is None:
            pairs = list(combinations(different, 2))
        else:
            first = case.originals
            chosen = {tuple(sorted((first[i], first[j]))) for i, j in self.games[case.id]}
            pairs = sorted((i, j) for i, j in chosen if i != j)
        if self.orders == "both":
            return tuple(order for i, j in pairs for order in ((i, j), (j, i)))
        drawn = (self._drawn(case, i, j) for i, j in pairs)
        return tuple(order[::-1] if self.orders == "other" else order for order in drawn)

    def _drawn(self, case: Case, i: int, j: int) -> tuple[int, int]:
        texts = (case.responses[i].text, case.responses[j].text)
        return (j, i) if int(digest(case.id, *texts, size=1), 16) % 2 else (i, j)

    def trials(self, case: Case) -> tuple[Trial, ...]:
        """The case's trials; none where all its responses have the same text, which is a tie."""
        if len(case.responses) > 1 and case.identical:
            return ()
        return tuple(
            Trial(case, order, self.names[: len(order)], repeat)
            for repeat in range(self.repeats)
            for order in self.orders_of(case)
        )

    def count(self) -> int:
        """The number of trials."""
        return sum(len(self.trials(case)) for case in self.cases)


def choose_arity(judge_arity: Collection[int], responses: int) -> int | None:
    """How many responses to show at a time.

    Args:
        judge_arity: The numbers of responses that the judge accepts.
        responses: How many responses a case has.

    Returns:
        All of them if the judge accepts that, else 1; None if it accepts neither.
    """
    for arity in (responses, 1):
        if arity in judge_arity:
            return arity
    return None
