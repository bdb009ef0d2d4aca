"""Of many models only so many games: a ranking that learns whom to show against whom.

A game is two models' answers to one prompt. All of them are n(n - 1)/2 a prompt, most between
models whose order is plain. `ActiveRanking` plays a number of them in rounds: what the earlier ones
say decides between whom the next are (`judgekit.stats.active_pairs`). What is asked depends on the
verdicts alone, not on which reply came first, so the same command asks for the same again and pays
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from judgekit.harness.plan import Plan
from judgekit.harness.trials import OnCase
from judgekit.jobs.adaptive_orders import in_plan_order
from judgekit.jobs.judge_runner import RunTrials
from judgekit.stats.active_pairs import ActivePairs, prior_of
from judgekit.stats.bradley_terry import Game, ModelRating, Ratings, ratings
from judgekit.stats.outcomes.values import Inconsistent
from judgekit.stats.stopping import shuffled
from judgekit.stats.summaries.ranking import games_of
from judgekit.types import Case, Judgement, Pair, Ranking, StopReason

__all__ = ["ActiveRanking", "Draw"]

Fold = Callable[[Case, Sequence[Judgement], Sequence[Pair]], Ranking]
"""A case's ranking from the judgements of these pairs."""


class ActiveRanking:
    """At most so many games of a plan. `of_case` holds those that were played, by case id."""

    def __init__(self, plan: Plan, most: int, inconsistent: Inconsistent) -> None:
        self._plan = plan
        self._most = most
        self._inconsistent = inconsistent
        self.of_case: dict[str, list[Pair]] = {}

    async def run(self, ask: RunTrials, on_case: OnCase, fold: Fold) -> StopReason | None:
        """Plays; `on_case` then gets each case that was in a game, in the order of the plan.

        Returns why the run ended before its games, None at the end.
        """
        draw = Draw(self._plan.cases)
        known: list[Game] = []
        told: dict[str, list[Judgement]] = {}
        stopped: StopReason | None = None
        left = self._most
        while not stopped and (drawn := draw.round(known, left)):
            left -= sum(map(len, drawn.values()))

            def collect(
                case: Case, judgements: Sequence[Judgement], drawn: dict[str, list[Pair]] = drawn
            ) -> None:
                own = told.setdefault(case.id, [])
                own += judgements
                known.extend(games_of(fold(case, own, drawn[case.id]), self._inconsistent))
                self.of_case.setdefault(case.id, []).extend(drawn[case.id])

            cases = [case for case in self._plan.cases if case.id in drawn]
            # Answers of the same text share a showing, and it may have been in an earlier round.
            new = {case.id: self._new(case, drawn[case.id]) for case in cases}
            asked = [case for case in cases if new[case.id]]
            stopped = await ask(replace(self._plan, cases=asked, games=new), collect)
            for case in cases if not stopped else ():
                if not new[case.id]:
                    collect(case, ())
        for case in self._plan.cases:
            if case.id in self.of_case:
                on_case(case, in_plan_order(told[case.id]))
        return stopped

    def _new(self, case: Case, pairs: Sequence[Pair]) -> list[Pair]:
        """Those of the pairs that need a showing which no earlier game had."""
        shown = {texts_of(case, pair) for pair in self.of_case.get(case.id, ())}
        found = {texts_of(case, pair): pair for pair in reversed(pairs)}
        return sorted(p for texts, p in found.items() if len(texts) == 2 and texts not in shown)

    def ratings(self, rankings: Iterable[Ranking]) -> Ratings:
        """Of all models, those that were in no game last, without one.

        A few made-up games give a rating also to those that never lost (`prior_of`).
        """
        models = dict.fromkeys(r.model for case in self._plan.cases for r in case.responses)
        rankings = list(rankings)
        known = [game for r in rankings for game in games_of(r, self._inconsistent)]
        if not known:
            outcomes = [outcome for r in rankings for outcome in r.comparisons.values()]
            lost = sum(not outcome.decided for outcome in outcomes)
            why = f"{lost} without a verdict, {len(outcomes) - lost} inconsistent and left out"
            return Ratings((), None, 0, f"none of {len(outcomes)} games counts ({why})")
        found = ratings(known, prior=prior_of(len(models)))
        rated = {model.model for model in found.models}
        missing = (
            ModelRating(m, None, None, None, None, None, 0, 0.0) for m in models if m not in rated
        )
        return replace(found, models=(*found.models, *missing))


def texts_of(case: Case, pair: Pair) -> frozenset[int]:
    """What a judge is shown of the two: one where they are the same text."""
    return frozenset(case.originals[i] for i in pair)


class Draw:
    """Draws rounds of games: between which models, and each on a case that is new to the two.

    Of those the prompt is taken on which the two met least, then that which was in the fewest
    games, so that they spread over as many prompts as there are (a prompt may be several cases, the
    turns of a chat). No model may have two answers in one case.
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = shuffled(cases)  # equals are taken in an order drawn from their names
        names = list(dict.fromkeys(r.model for case in cases for r in case.responses))
        self._models = {name: i for i, name in enumerate(names)}
        self._answered = np.zeros((len(cases), len(names)), dtype=bool)
        clusters: dict[str, int] = {}
        of_case = []
        for number, case in enumerate(self._cases):
            of_case.append(clusters.setdefault(case.cluster or case.id, len(clusters)))
            self._answered[number, [self._models[r.model] for r in case.responses]] = True
        self._cluster = np.array(of_case, dtype=np.int64)
        self._in_games = np.zeros(len(clusters), dtype=np.int64)
        self._new: dict[tuple[str, str], NDArray[np.bool_]] = {}
        self._met: dict[tuple[str, str], NDArray[np.int64]] = {}
        both = self._answered.T.astype(np.int64) @ self._answered
        possible = {(names[i], names[j]): both[i, j] for i, j in combinations(range(len(names)), 2)}
        self._matchups = ActivePairs(names, possible)

    def round(self, games: Sequence[Game], most: int) -> dict[str, list[Pair]]:
        """The next one: by case, which of its responses; empty once all were played.

        `games`: what came of all earlier rounds.
        """
        found: dict[str, list[Pair]] = {}
        for pair in self._matchups.draw(games, most):
            case = self._case_for(pair)
            at = [r.model for r in case.responses]
            one, other = sorted(at.index(name) for name in pair)
            found.setdefault(case.id, []).append((one, other))
        return found

    def _case_for(self, pair: tuple[str, str]) -> Case:
        if pair not in self._new:
            a, b = (self._models[name] for name in pair)
            self._new[pair] = self._answered[:, a] & self._answered[:, b]
            self._met[pair] = np.zeros(len(self._in_games), dtype=np.int64)
        new = np.flatnonzero(self._new[pair])
        clusters = self._cluster[new]
        first = np.lexsort((self._in_games[clusters], self._met[pair][clusters]))[0]
        number, cluster = int(new[first]), int(clusters[first])
        self._new[pair][number] = False
        self._met[pair][cluster] += 1
        self._in_games[cluster] += 1
        return self._cases[number]
