"""Cases → trials: which showings of a case the judge is asked about, in a fixed order."""

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
    """Every trial of a run. `arity` responses are shown at a time; 1 shows each by itself.

    With `arity` 2, every two responses of a case are shown, or of each case those that `games`
    names by its id. `orders`: ``both`` shows them twice,
    swapped; ``one`` once, in an order drawn from the case's own content, so that it is the same
    in every run; ``other`` once, the other way round. Of responses that are the same text only the
    first is shown.
    """

    cases: Sequence[Case]
    arity: int
    names: tuple[str, ...]
    repeats: int = 1
    orders: Shown = "both"
    games: Mapping[str, Collection[Pair]] | None = None

    @property
    def both_orders(self) -> bool:
        return self.arity > 1 and self.orders == "both"

    def orders_of(self, case: Case) -> tuple[tuple[int, ...], ...]:
        """The orders in which this case's responses are shown."""
        different = sorted(set(case.originals))
        if self.arity == 1:
            return tuple((i,) for i in different)
        if self.games is None:
            pairs = list(combinations(different, 2))
        else:
            own = case.originals
            asked = {(min(own[i], own[j]), max(own[i], own[j])) for i, j in self.games[case.id]}
            pairs = sorted((i, j) for i, j in asked if i != j)
        if self.orders == "both":
            return tuple(order for i, j in pairs for order in ((i, j), (j, i)))
        drawn = (self._drawn(case, i, j) for i, j in pairs)
        return tuple(order[::-1] if self.orders == "other" else order for order in drawn)

    def _drawn(self, case: Case, i: int, j: int) -> tuple[int, int]:
        texts = (case.responses[i].text, case.responses[j].text)
        return (j, i) if int(digest(case.id, *texts, size=1), 16) % 2 else (i, j)

    def trials(self, case: Case) -> tuple[Trial, ...]:
        """The case's trials; none where its responses are the same text: that is a tie already."""
        if len(case.responses) > 1 and case.identical:
            return ()
        return tuple(
            Trial(case, order, self.names[: len(order)], repeat)
            for repeat in range(self.repeats)
            for order in self.orders_of(case)
        )

    def count(self) -> int:
        """How many trials there are in all."""
        return sum(len(self.trials(case)) for case in self.cases)


def choose_arity(judge_arity: Collection[int], responses: int) -> int | None:
    """How many responses to show at a time: all of them if the judge can, else each by itself."""
    for arity in (responses, 1):
        if arity in judge_arity:
            return arity
    return None
