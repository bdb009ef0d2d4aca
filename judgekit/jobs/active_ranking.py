"""A ranking of many models from a limited number of games: it learns whom to compare with whom.

A game compares two models' answers to one prompt. There are n(n - 1)/2 possible games a prompt,
most of them between models whose order is clear. `ActiveRanking` plays a number of games in rounds:
the results of the earlier rounds decide which models meet next (`judgekit.stats.active_pairs`).
What is asked depends only on the verdicts, not on which reply came first: the same command asks the
same again, and pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from judgekit.harness.plan import Plan
from judgekit.jobs.adaptive_orders import in_plan_order
from judgekit.jobs.judge_runner import RunTrials
from judgekit.jobs.tasks import RankTask, ScheduleReport
from judgekit.stats.active_pairs import ActivePairs, rate_chosen_games
from judgekit.stats.ratings import Game, Ratings
from judgekit.stats.stopping import shuffled
from judgekit.stats.summaries.ranking import games_of
from judgekit.types import Case, Judgement, Pair, Ranking, StopReason

__all__ = ["ActiveRanking", "Draw"]


class ActiveRanking:
    """A schedule of at most so many games of a plan.

    Args:
        plan: The cases, each of which may be in several games.
        task: What folds the judgements of a case.
        most: The most games to play.
    """

    def __init__(self, plan: Plan, task: RankTask, most: int) -> None:
        self._plan = plan
        self._task = task
        self._most = most
        self._games: list[Game] = []  # the results so far
        self._pairs: dict[str, list[Pair]] = {}  # those played, by case id
        self._judgements: dict[str, list[Judgement]] = {}  # by case id
        self._rankings: list[Ranking] = []  # what was handed on

    def most_trials(self) -> int:
        """The showings of so many games, or of all possible ones where there are fewer."""
        possible = sum(comb(len(case.responses), 2) for case in self._plan.cases)
        showings = self._plan.repeats * (1 + self._plan.both_orders)
        return min(possible, self._most) * showings

    async def run(
        self,
        ask: RunTrials,
        on_outcome: Callable[[Case, Sequence[Judgement], Ranking], StopReason | None],
    ) -> StopReason | None:
        """Plays, then hands on each case that was in a game, in the order of the plan.

        Returns:
            Why the run ended before its games, None at the end.
        """
        draw = Draw(self._plan.cases)
        stop: StopReason | None = None
        left = self._most
        while stop is None and (drawn := draw.round(self._games, left)):
            left -= sum(map(len, drawn.values()))
            stop = await self._play(drawn, ask)
        for case in self._plan.cases:
            if case.id in self._pairs:
                judgements = in_plan_order(self._judgements[case.id])
                ranking = self._task.fold(case, judgements, self._pairs[case.id])
                self._rankings.append(ranking)
                on_outcome(case, judgements, ranking)
        return stop

    async def _play(self, drawn: dict[str, list[Pair]], ask: RunTrials) -> StopReason | None:
        """Plays one round: by case id, which of its responses meet."""

        def collect(case: Case, judgements: Sequence[Judgement]) -> None:
            of_case = self._judgements.setdefault(case.id, [])
            of_case += judgements
            ranking = self._task.fold(case, of_case, drawn[case.id])
            self._games.extend(games_of(ranking, self._task.inconsistent))
            self._pairs.setdefault(case.id, []).extend(drawn[case.id])

        cases = [case for case in self._plan.cases if case.id in drawn]
        # Answers of the same text share a showing, and it may have been in an earlier round.
        new = {case.id: self._new(case, drawn[case.id]) for case in cases}
        asked = [case for case in cases if new[case.id]]
        stop = await ask(replace(self._plan, cases=asked, games=new), collect)
        if stop is None:
            for case in cases:
                if not new[case.id]:
                    collect(case, ())
        return stop

    def _new(self, case: Case, pairs: Sequence[Pair]) -> list[Pair]:
        """The pairs that need a showing which no earlier game had."""
        shown = {texts_of(case, pair) for pair in self._pairs.get(case.id, ())}
        by_texts = {texts_of(case, pair): pair for pair in reversed(pairs)}
        return sorted(p for texts, p in by_texts.items() if len(texts) == 2 and texts not in shown)

    def report(self) -> ScheduleReport:
        """The ratings of all models; those that were in no game stand last, without one."""
        return ScheduleReport(ratings=self._ratings())

    def _ratings(self) -> Ratings:
        rankings = self._rankings
        known = [game for r in rankings for game in games_of(r, self._task.inconsistent)]
        if not known:
            outcomes = [outcome for r in rankings for outcome in r.comparisons.values()]
            lost = sum(not outcome.decided for outcome in outcomes)
            why = f"{lost} without a verdict, {len(outcomes) - lost} inconsistent and left out"
            return Ratings((), None, 0, f"none of {len(outcomes)} games counts ({why})")
        models = dict.fromkeys(r.model for case in self._plan.cases for r in case.responses)
        return rate_chosen_games(known, list(models))


def texts_of(case: Case, pair: Pair) -> frozenset[int]:
    """The different texts of two responses, by the first response that has each."""
    return frozenset(case.originals[i] for i in pair)


class Draw:
    """Draws rounds of games: between which models, and each on a case that is new to the two.

    Two models meet on the prompt on which they have met least, and of several such on the one
    that was in the fewest games. So games spread over as many prompts as there are (a prompt may
    be several cases, the turns of a chat). No model may have two answers in one case.
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
        """Draws the next round.

        Args:
            games: The results of all earlier rounds.
            most: How many games are left.

        Returns:
            By case id, which of its responses meet; empty once all games were played.
        """
        drawn: dict[str, list[Pair]] = {}
        for pair in self._matchups.draw(games, most):
            case = self._case_for(pair)
            at = [r.model for r in case.responses]
            one, other = sorted(at.index(name) for name in pair)
            drawn.setdefault(case.id, []).append((one, other))
        return drawn

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
