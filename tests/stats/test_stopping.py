"""When to stop: for which reason, after which case, and that a prefix is a random sample."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.stats import win_rate
from judgekit.stats.stopping import Stopping, shuffled
from judgekit.types import Case, Outcome, Response, StopKind


def outcome(cluster: str, winner: Any, *, decided: bool = True) -> Outcome:
    return Outcome(f"c {cluster}", cluster, winner, decided, None, None, None, (), {})


def case(name: str, cluster: str = "") -> Case:
    return Case(name, (), (Response("x", "a"), Response("y", "b")), cluster=cluster)


def watch(outcomes: Iterable[Outcome], **how: Any) -> Stopping:
    given = list(outcomes)
    watcher = Stopping([o.cluster for o in given], **how)
    for o in given:
        if watcher.reason:
            break
        watcher.add(o)
    return watcher


@pytest.mark.parametrize(
    ("winner", "reason"), [(0, "above one half"), (1, "below one half")], ids=str
)
def test_a_clear_winner_stops_at_the_fewest_prompts(winner: int, reason: str) -> None:
    watcher = watch((outcome(str(i), winner) for i in range(100)), until=0.0, fewest=30)
    assert watcher.cases == watcher.prompts == 30
    assert watcher.reason is not None
    assert watcher.reason.kind is StopKind.DECIDED
    assert watcher.reason.text.startswith("decided: after 30 prompts")
    assert watcher.reason.text.endswith(reason)
    assert watcher.interval.value == 1 - winner


def test_narrow_enough() -> None:
    draw = random.Random(0)
    outcomes = [outcome(str(i), draw.choice([0, 1, "tie", "tie"])) for i in range(3000)]
    watcher = watch(outcomes, until=0.05)
    assert watcher.interval.low is not None
    assert watcher.interval.high is not None
    assert watcher.interval.low < 0.5 < watcher.interval.high
    assert (watcher.interval.high - watcher.interval.low) / 2 <= 0.05
    assert watcher.reason is not None
    assert watcher.reason.kind is StopKind.PRECISE
    assert watcher.reason.text.startswith("narrow enough")
    assert "±5" in watcher.reason.text
    assert watcher.cases < len(outcomes)
    assert watch(outcomes, until=0.0).reason is None


@pytest.mark.parametrize("inconsistent", ["half", "drop"])
def test_values_are_those_of_the_win_rate(inconsistent: Any) -> None:
    draw = random.Random(3)
    outcomes = [outcome(str(i), draw.choice([0, 1, "tie", None, None])) for i in range(80)]
    outcomes += [outcome(f"lost {i}", None, decided=False) for i in range(5)]
    watcher = watch(outcomes, until=0.0, inconsistent=inconsistent)
    assert watcher.cases == 85
    rate = win_rate(outcomes, inconsistent)
    assert watcher.interval.value == pytest.approx(rate.value)
    assert watcher.prompts == sum(
        o.decided and (o.winner is not None or inconsistent == "half") for o in outcomes
    )


def test_a_prompt_counts_when_its_last_case_is_in() -> None:
    clusters = ["p", "p", "q", "q", "r"]
    watcher = Stopping(clusters, until=0.1)
    seen = []
    for cluster, winner in zip(clusters, [0, 1, 0, None, 1], strict=True):
        watcher.add(outcome(cluster, winner))
        seen.append((watcher.prompts, watcher.interval.value))
    assert seen == [(0, None), (1, 0.5), (1, 0.5), (2, 0.625), (3, pytest.approx(1.25 / 3))]


def test_values_that_contradict_each_other_decide_nothing() -> None:
    """A file in an order of its own: a long run of wins, then only losses."""
    outcomes = [outcome(str(i), 0 if i < 400 else 1) for i in range(2000)]
    watcher = watch(outcomes, until=0.0, fewest=1500)
    assert watcher.interval.low == watcher.interval.high
    assert watcher.reason is None


def test_stopped_at_a_sign_it_is_rarely_wrong() -> None:
    """Equal models: at most 5 % of runs, watched after every prompt, find a winner."""
    draw = random.Random(5)
    found = sum(
        watch((outcome(str(i), draw.choice([0, 1])) for i in range(200)), until=0.0).reason
        is not None
        for _ in range(200)
    )
    assert found / 200 <= 0.06


def test_what_it_refuses() -> None:
    with pytest.raises(ValueError, match="not side by side"):
        Stopping(["p", "q", "p"], until=0.1)
    with pytest.raises(ValueError, match=r"not 0\.7"):
        Stopping(["p"], until=0.7)
    watcher = Stopping(["p"], until=0.1, fewest=1)
    with pytest.raises(ValueError, match="not case 1 of the plan"):
        watcher.add(outcome("q", 0))
    watcher.add(outcome("p", 0))
    with pytest.raises(ValueError, match="not case 2 of the plan"):
        watcher.add(outcome("p", 0))
    stopped = watch((outcome(str(i), 0) for i in range(40)), until=0.0)
    with pytest.raises(ValueError, match="after the end: decided"):
        stopped.add(outcome("20", 0))


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers()), unique=True), st.integers(), st.randoms()
)
def test_the_order_depends_on_names_and_seed_alone(
    named: list[tuple[int, int]], seed: int, shuffle: random.Random
) -> None:
    cases = [case(f"{cluster} {n}", str(cluster)) for cluster, n in named]
    drawn = shuffled(cases, seed)
    clusters = [c.cluster for c in drawn]
    Stopping(clusters, until=0.1)  # the cases of a prompt are side by side
    assert sorted(c.id for c in drawn) == sorted(c.id for c in cases)
    shuffle.shuffle(cases)
    again = [c.cluster for c in shuffled(cases, seed)]
    assert again == clusters


def test_a_prefix_is_a_random_sample() -> None:
    """Of a file sorted by difficulty, the first 200 of 2 000 prompts hold each half equally."""
    cases = [case(str(i)) for i in range(2000)]
    hard = [sum(int(c.id) < 1000 for c in shuffled(cases, seed)[:200]) for seed in range(20)]
    assert 90 < sum(hard) / len(hard) < 110
    assert len(set(hard)) > 5
