"""Summaries of rankings: means per model, and win rates that comparisons would give."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from judgekit import stats
from judgekit.stats import sentence
from judgekit.stats.outcomes.fold import fold
from judgekit.stats.outcomes.rank import of_two, rank
from judgekit.stats.summaries.document import document
from judgekit.types import Case, Choice, Judgement, Ranking, Response, Status, Trial, Verdict

MODELS = ("north", "south", "west")


def case_of(name: str, models: Sequence[str], texts: Sequence[str] | None = None) -> Case:
    shown = texts or [f"{name} {place}" for place in range(len(models))]
    responses = tuple(Response(t, m) for t, m in zip(shown, models, strict=True))
    return Case(name, (), responses, cluster=name[:2])


def judgements(case: Case, chance: random.Random, wrong: float = 0.0) -> list[Judgement]:
    """Both orders of every two responses; by chance no verdict."""
    different = sorted(set(case.originals))
    return [
        Judgement(
            Trial(case, (i, j), ("A", "B")),
            Verdict.without(Status.UNPARSED)
            if chance.random() < wrong
            else Verdict.chose(chance.choice(list(Choice))),
        )
        for i in different
        for j in different
        if i != j
    ]


def summary(rankings: Sequence[Ranking], **settings: Any) -> stats.RankingSummary:
    return stats.summarise_rankings(rankings, judge="j", model="m", **settings)


@pytest.mark.parametrize("inconsistent", ["half", "drop"])
def test_win_rates_are_those_of_comparing_two_files(inconsistent: Any) -> None:
    chance = random.Random(5)
    cases = [case_of(f"q{n}", MODELS) for n in range(30)]
    shown = [judgements(case, chance, wrong=0.05) for case in cases]
    found = summary(
        [rank(c, js, arity=2) for c, js in zip(cases, shown, strict=True)],
        inconsistent=inconsistent,
    )
    assert [m.model for m in found.models] == [*MODELS]
    for i, a in enumerate(MODELS):
        assert found.win_rates[i][i] is None
        for j, b in enumerate(MODELS):
            if i == j:
                continue
            low, high = min(i, j), max(i, j)
            outcomes = [
                fold(
                    of_two(case, (low, high)),
                    [
                        Judgement(
                            Trial(case, (0, 1) if t.order == (low, high) else (1, 0), t.names),
                            js.verdict,
                        )
                        for js in own
                        for t in (js.trial,)
                        if set(t.order) == {i, j}
                    ],
                )
                for case, own in zip(cases, shown, strict=True)
            ]
            compared = stats.win_rate(outcomes, inconsistent)
            rate = found.win_rates[i][j]
            assert rate is not None, (a, b)
            expected = (compared.value, compared.low, compared.high)
            if i > j:
                expected = tuple(1 - (v or 0.0) for v in (expected[0], expected[2], expected[1]))
            assert (rate.value, rate.low, rate.high) == pytest.approx(expected)
    total = sum(found.statuses.values())
    assert total == 30 * 6
    assert found.statuses["unparsed"] == sum(
        j.verdict.status is Status.UNPARSED for js in shown for j in js
    )
    assert found.complete + found.incomplete == found.cases == 30
    assert found.incomplete == sum(
        any(j.verdict.status is Status.UNPARSED for j in js) for js in shown
    )


def scored(case: Case, *scores: float) -> Ranking:
    said = [Judgement(Trial(case, (i,), ("A",)), Verdict.scored(s)) for i, s in enumerate(scores)]
    return rank(case, said, arity=1)


def test_means_per_model_are_clustered_by_prompt() -> None:
    rankings = [
        scored(case_of("p1/1", MODELS), 5, 3, 1),
        scored(case_of("p1/2", MODELS), 5, 3, 4),
        scored(case_of("p2/1", MODELS), 2, 3, 1),
    ]
    found = summary(rankings)
    north, south, west = found.models
    assert [m.mean_rank.value for m in found.models] == pytest.approx([4 / 3, 2, 8 / 3])
    assert [m.mean_score.value for m in found.models] == pytest.approx([4, 3, 2])
    apart = stats.clustered_mean([("p1", 1, 1), ("p1", 1, 1), ("p2", 2, 1)])
    assert north.mean_rank == apart
    assert south.mean_score.low == south.mean_score.high == 3
    assert west.cases == 3
    assert found.scale == "points"
    assert found.position.consistent.value is None


def test_models_may_be_missing_from_cases() -> None:
    rankings = [
        scored(case_of("p1", ("north", "south")), 5, 3),
        scored(case_of("p2", ("west", "south")), 2, 3),
        scored(case_of("p3", ("south", "north")), 2, 3),
    ]
    found = summary(rankings)
    assert [(m.model, m.cases) for m in found.models] == [("north", 2), ("south", 3), ("west", 1)]
    values = [[None if rate is None else rate.value for rate in row] for row in found.win_rates]
    assert values == [[None, 1.0, None], [0.0, None, 1.0], [None, 0.0, None]]


def test_several_answers_of_one_model_have_no_figures_by_model() -> None:
    found = summary([scored(case_of("p1", ("north", "north")), 5, 3)])
    assert (found.models, found.win_rates) == ((), ())
    assert sentence(found) == "2 answers ranked in 1 case"


def test_answers_of_the_same_text_count_once_among_comparisons() -> None:
    case = case_of("p1", MODELS, ["x", "y", "x"])
    both = [
        Judgement(Trial(case, order, ("A", "B")), Verdict.chose(Choice.FIRST))
        for order in ((0, 1), (1, 0))
    ]
    found = summary(
        [rank(case, both, arity=2), rank(case_of("p2", MODELS, ["z"] * 3), [], arity=2)]
    )
    assert (found.comparisons, found.identical, found.responses) == (1, 1, 6)
    assert found.position.first.value == 1
    assert found.statuses["valid"] == 2
    assert [m.mean_rank.value for m in found.models] == [1, 1, 1]


def test_scores_of_two_scales_are_not_averaged() -> None:
    case, other = case_of("p1", ("a", "b")), case_of("p2", ("a", "b"))
    soft = [
        Judgement(Trial(c, order, ("A", "B")), Verdict.chose(Choice.TIE, probability=p))
        for c, p in ((case, 0.5), (other, None))
        for order in ((0, 1), (1, 0))
    ]
    rankings = [
        rank(case, soft[:2], arity=2, merge="mean"),
        rank(other, soft[2:], arity=2, merge="mean"),
    ]
    assert [r.scale for r in rankings] == ["log_odds", "lead"]
    found = summary(rankings)
    assert found.scale is None
    assert found.models[0].mean_score == stats.Rate()
    assert found.models[0].mean_rank.value == 1


def always(*scores: float) -> list[Ranking]:
    return [scored(case_of(f"{n:02}", MODELS), *scores) for n in range(20)]


def mixed() -> list[Ranking]:
    return [
        scored(case_of(f"{n:02}", MODELS), *((3, 2, 1) if n % 2 else (2, 3, 1))) for n in range(21)
    ]


@pytest.mark.parametrize(
    ("rankings", "text"),
    [
        ([], "nothing to rank: there are no cases"),
        (
            always(3, 2, 1),
            "north is best, with a mean rank of 1.00: it wins against each of the others",
        ),
        (
            mixed(),
            "inconclusive: south is ahead with a mean rank of 1.48, but not distinguished "
            "from north",
        ),
    ],
)
def test_sentence(rankings: list[Ranking], text: str) -> None:
    assert sentence(summary(rankings)) == text


def test_the_sentence_says_what_is_not_known() -> None:
    case = case_of("p1", ("a", "b"))
    lost = [
        Judgement(Trial(case, (0, 1), ("A", "B")), Verdict.chose(Choice.FIRST)),
        Judgement(Trial(case, (1, 0), ("A", "B")), Verdict.without(Status.REFUSED)),
    ]
    said = document(summary([rank(case, lost, arity=2)]))
    assert said["schema"] == "judgekit.ranking/1"
    assert said["sentence"] == (
        "no result: no answer has a rank in 1 case; comparisons without a verdict in 1 of 1 case"
    )
    assert said["position"]["error"] == 1
    assert said["position_intervals"]["error"] == {"low": 0.0, "high": 1.0}
