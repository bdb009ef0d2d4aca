"""How often a judge is right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judgekit.stats.accuracy import Known, LabelledOutcome, accuracy, compare_accuracy
from judgekit.types import Outcome, Position

BLANK = Outcome(
    case="",
    cluster="",
    winner=None,
    decided=True,
    position=Position.CONSISTENT,
    mean=None,
    margin=None,
    scores=(),
    statuses={"valid": 2},
)
UNDECIDED = replace(
    BLANK, decided=False, position=Position.ERROR, statuses={"valid": 1, "unparsed": 1}
)


def graded(
    name: str,
    winner: Known | None,
    label: Known,
    *,
    orders: tuple[Known | None, Known | None] | None = None,
    group: str = "",
    outcome: Outcome = BLANK,
    reversed_names: bool = False,
) -> LabelledOutcome:
    own = replace(outcome, case=name, cluster=name, winner=winner)
    both = orders and (replace(own, winner=orders[0]), replace(own, winner=orders[1]))
    return LabelledOutcome(own, label, group or name, both or None, reversed_names)


CASES = [
    graded("right", 0, 0, orders=(0, 0)),
    graded("wrong", 1, 0, orders=(1, 1)),
    graded("tie found", "tie", "tie", orders=("tie", "tie")),
    graded("tie claimed", "tie", 1, orders=("tie", "tie")),
    graded("tie missed", 0, "tie", orders=(0, 0)),
    graded("first always", None, 0, orders=(0, 1)),
    graded("first always, a tie", None, "tie", orders=(0, 1)),
    graded("undecided", None, 1, orders=(None, 1), outcome=UNDECIDED),
]


def test_right_is_the_label_and_nothing_else() -> None:
    found = accuracy(CASES)
    assert (found.cases, found.questions, found.right) == (8, 8, 2)
    assert (found.inconsistent, found.undecided, found.ties) == (2, 1, 2)
    assert found.accuracy.value == 2 / 8
    assert found.accuracy_ab.value == 3 / 8
    assert found.accuracy_ba.value == 3 / 8
    assert found.statuses["unparsed"] == 1
    assert found.position.error.value == 1 / 8


def test_agreement_reads_an_inconsistent_case_as_a_tie() -> None:
    found = accuracy(CASES).agreement
    assert (found.cases, found.undecided) == (7, 1)
    assert found.equal.value == 3 / 7
    assert found.decisive == 2  # neither says tie: right, wrong
    assert found.without_ties.value == 1 / 2


def test_no_orders_no_figures_of_them() -> None:
    found = accuracy([graded("x", 0, 0), graded("y", 1, 0)])
    assert found.accuracy.value == 1 / 2
    assert found.accuracy_ab.value is None
    assert found.accuracy_ba.value is None


def test_a_question_is_right_where_all_its_pairs_are() -> None:
    won = [graded(f"x{n}", 0, 0, group="x", orders=(0, 0)) for n in range(3)]
    lost = [graded(f"y{n}", min(n, 1), 0, group="y", orders=(0, min(n, 1))) for n in range(3)]
    found = accuracy(won + lost)
    assert (found.cases, found.questions, found.right) == (6, 2, 1)
    assert found.accuracy.value == 1 / 2
    assert found.accuracy_ab.value == 1
    assert found.accuracy_ba.value == 1 / 2
    assert found.agreement.equal.value == 4 / 6


def test_kappa_goes_by_the_names_of_the_models() -> None:
    """A judge that is right half the time, on models of which the same always wins."""
    sides = [False, True] * 10
    rows = [
        graded(f"c{n}", int(turned) if n % 4 < 2 else 1 - int(turned), int(turned))
        for n, turned in enumerate(sides)
    ]
    as_filed = accuracy(rows).agreement.kappa.value
    by_name = accuracy(
        [replace(g, reversed_names=turned) for g, turned in zip(rows, sides, strict=True)]
    )
    assert as_filed == pytest.approx(0)
    assert by_name.agreement.kappa.value == pytest.approx(0)
    assert by_name.agreement.equal.value == 1 / 2
    both = [replace(g, reversed_names=True) for g in rows]
    assert accuracy(both).agreement.kappa == accuracy(rows).agreement.kappa


def test_kappa_depends_on_who_is_called_a_unless_names_are_sorted() -> None:
    outcomes = [(0, 0, False), (1, 1, True), (0, 0, True), (1, 0, False), (0, 1, True)] * 4
    plain = [graded(f"c{n}", w, label) for n, (w, label, _) in enumerate(outcomes)]
    named = [
        replace(g, reversed_names=turned) for g, (_, _, turned) in zip(plain, outcomes, strict=True)
    ]
    kappas = [accuracy(rows).agreement.kappa.value for rows in (plain, named)]
    assert kappas[0] == pytest.approx(1 / 6)
    assert kappas[1] == pytest.approx(2 / 7)


def test_two_judges_on_the_same_questions() -> None:
    ours = [graded(f"c{n}", 0, 0) for n in range(20)]
    theirs = [graded(f"c{n}", int(n < 10), 0) for n in range(20)]
    test = compare_accuracy(ours, theirs[:-1])
    assert test.cases == 19
    assert test.difference.value == 10 / 19
    assert test.p_value == pytest.approx(2 / 2**10)


def test_nothing_gives_nothing() -> None:
    found = accuracy([])
    assert (found.cases, found.accuracy.value, found.agreement.kappa.value) == (0, None, None)
