"""Item analysis: which criteria of a rubric work."""

from __future__ import annotations

import pytest

from judgekit.stats.item_analysis import ItemMetrics, JudgedAnswer, analyse_items, correlation
from judgekit.types import CriterionMean

WEIGHTS = {"true": 3.0, "whole": 2.0, "padded": -1.0}


def judged(
    *rows: tuple[float | None, ...], labels: dict[str, float] | None = None
) -> list[JudgedAnswer]:
    return [
        JudgedAnswer(
            f"q{n}",
            tuple(
                CriterionMean(name, value, weight)
                for (name, weight), value in zip(WEIGHTS.items(), row, strict=True)
            ),
            labels or {},
        )
        for n, row in enumerate(rows)
    ]


def by_name(answers: list[JudgedAnswer]) -> dict[str, ItemMetrics]:
    return {item.name: item for item in analyse_items(answers)}


def test_discrimination_is_the_correlation_with_the_score_by_the_rest() -> None:
    items = by_name(judged((1, 1, 0), (1, 0, 0), (0, 0, 1), (0, 1, 1)))
    # true: points 3, 3, 0, 0; the rest (2 whole - padded) / 2 is 1, 0, -0.5, 0.5.
    assert items["true"].discrimination == pytest.approx(
        correlation([(3, 1), (3, 0), (0, -0.5), (0, 0.5)])
    )
    # padded, a fault: points 0, 0, -1, -1; the rest 1, 0.6, 0, 0.4.
    assert items["padded"].discrimination == pytest.approx(
        correlation([(0, 1), (0, 0.6), (-1, 0), (-1, 0.4)])
    )


def test_the_most_redundant_criterion_is_the_one_that_correlates_most_either_way() -> None:
    items = by_name(judged((1, 1, 0), (1, 0, 0), (0, 0, 1), (0, 1, 1)))
    assert (items["true"].redundant_with, items["true"].redundancy) == ("padded", -1.0)
    assert items["whole"].redundancy == 0.0


def test_the_result_without_a_criterion_is_the_mean_of_the_rest() -> None:
    items = by_name(judged((1, 1, 0), (1, 0, 0), (0, 0, 1), (0, 1, 1)))
    assert items["true"].mean_without.value == pytest.approx((1 + 0 - 0.5 + 0.5) / 4)
    assert items["padded"].mean_without.value == pytest.approx((1 + 0.6 + 0 + 0.4) / 4)


def test_what_is_unread_is_counted_and_not_guessed() -> None:
    items = by_name(judged((1, None, 0), (1, 0, 0), (0, 0, 1), (0, 1, 1)))
    assert items["whole"].unread.value == 0.25
    assert items["whole"].met.value == pytest.approx(1 / 3)
    # Without it the score is known for all four answers; without another one for three.
    assert items["whole"].mean_without.value == pytest.approx((1 + 1 - 1 / 3 - 1 / 3) / 4)
    assert items["true"].mean_without.value == pytest.approx((0 - 0.5 + 0.5) / 3)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_criterion_that_all_or_none_meet_has_no_correlation(value: float) -> None:
    items = by_name(judged((value, 1, 0), (value, 0, 0), (value, 0, 1)))
    assert items["true"].discrimination is None
    assert items["true"].redundant_with is None
    assert items["whole"].redundant_with == "padded"


def test_a_rubric_without_its_only_positive_criterion_has_no_score() -> None:
    answers = [
        JudgedAnswer(f"q{n}", (CriterionMean("good", 1.0, 1.0), CriterionMean("bad", 0.0, -1.0)))
        for n in range(3)
    ]
    assert by_name(answers)["good"].mean_without.value is None


def test_a_criterion_of_one_answer_alone_is_left_out() -> None:
    [one, *others] = judged((1, 1, 0), (1, 0, 0), (0, 0, 1))
    alone = JudgedAnswer("q0", (*one.criteria, CriterionMean("rare", 1.0)))
    assert "rare" not in by_name([alone, *others])


def test_agreement_is_with_labels_of_met_or_not_met_by_the_side_of_one_half() -> None:
    answers = judged((2 / 3, 1, 0), (1 / 3, 0, 0), (0.5, 0, 1), labels={"true": 1.0})
    agreement = by_name(answers)["true"].agreement
    assert agreement is not None
    assert agreement.labelled == 3
    assert agreement.equal.value == pytest.approx(1 / 3)  # one half is neither
    assert agreement.bias.value == pytest.approx(0.5 - 1)


def test_agreement_is_with_labels_between_by_the_value() -> None:
    answers = judged((0.75, 1, 0), (0.5, 0, 0), (0.75, 0, 1), labels={"true": 0.75})
    agreement = by_name(answers)["true"].agreement
    assert agreement is not None
    assert agreement.equal.value == pytest.approx(2 / 3)
    assert by_name(answers)["whole"].agreement is None


@pytest.mark.parametrize(
    ("pairs", "r"),
    [
        ([(0, 0), (1, 1)], None),
        ([(0, 0), (1, 0), (2, 0)], None),
        ([(0, 1), (1, 3), (2, 5)], 1.0),
        ([(0, 5), (1, 3), (2, 1)], -1.0),
        ([(0, 0), (1, 1), (2, 0)], 0.0),
    ],
)
def test_correlation(pairs: list[tuple[float, float]], r: float | None) -> None:
    assert correlation(pairs) == r
