"""Statistics of classifiers, each beside numbers worked out by hand."""

from __future__ import annotations

from math import asin, sin, sqrt

import pytest

from judgekit.stats.auroc import auroc
from judgekit.stats.calibration import calibration
from judgekit.stats.class_accuracy import class_accuracy
from judgekit.stats.corrected_shares import Correction, corrected_share
from judgekit.stats.homogeneity import error_homogeneity
from judgekit.stats.intervals import Rate, chance_corrected_interval
from judgekit.stats.multiple_tests import holm
from judgekit.stats.rogan_gladen import rogan_gladen_share, youden_index
from judgekit.stats.thresholds import choose_threshold, is_choosing


def labelled(hits: int, misses: int, false: int, passes: int) -> list[tuple[str, str, str]]:
    """Labelled answers: of the class and said so, of it and not, and the reverse."""
    kinds = [("yes", "yes")] * hits + [("no", "yes")] * misses
    kinds += [("yes", "no")] * false + [("no", "no")] * passes
    return [(f"l{i}", says, truth) for i, (says, truth) in enumerate(kinds)]


def judged(yes: int, no: int) -> list[tuple[str, str | None, str | None]]:
    return [(f"u{i}", "yes" if i < yes else "no", None) for i in range(yes + no)]


def test_accuracy_of_two_classes() -> None:
    accuracy = class_accuracy([*labelled(18, 2, 3, 27), ("x", None, "yes")], ("yes", "no"))
    yes, no = accuracy.classes
    assert (accuracy.labelled, accuracy.no_verdict) == (50, 1)
    assert yes.sensitivity.value == no.specificity.value == pytest.approx(18 / 20)
    assert yes.specificity.value == no.sensitivity.value == pytest.approx(27 / 30)
    assert yes.precision.value == pytest.approx(18 / 21)
    assert accuracy.balanced_accuracy.value == pytest.approx(0.9)
    assert accuracy.accuracy.value == pytest.approx(45 / 50)
    by_chance = (20 * 21 + 30 * 29) / 50**2
    assert accuracy.kappa.value == pytest.approx((0.9 - by_chance) / (1 - by_chance))
    assert accuracy.confusion == {"yes": {"yes": 18, "no": 2}, "no": {"yes": 3, "no": 27}}


def test_three_classes_are_one_against_the_rest() -> None:
    rows = [(str(i), says, truth) for i, (says, truth) in enumerate(
        [("a", "a")] * 4 + [("b", "a")] + [("b", "b")] * 3 + [("c", "b")] + [("c", "c")] * 6
    )]  # fmt: skip
    a, b, c = class_accuracy(rows, ("a", "b", "c")).classes
    assert [each.sensitivity.value for each in (a, b, c)] == pytest.approx([4 / 5, 3 / 4, 1.0])
    assert [each.specificity.value for each in (a, b, c)] == pytest.approx([1.0, 10 / 11, 8 / 9])


def test_a_class_without_labels_has_no_balanced_accuracy() -> None:
    accuracy = class_accuracy(labelled(5, 1, 0, 0), ("yes", "no"))
    assert accuracy.balanced_accuracy == Rate()
    assert accuracy.classes[0].youden == Rate()


def test_youden_index_adds_distances_in_squares() -> None:
    index = youden_index(Rate(0.9, 0.8, 0.95), Rate(0.8, 0.65, 0.9))
    assert index.value == pytest.approx(0.7)
    assert index.low == pytest.approx(0.7 - sqrt(0.1**2 + 0.15**2))
    assert index.high == pytest.approx(0.7 + sqrt(0.05**2 + 0.1**2))


def observations(counted: int, total: int, name: str) -> list[tuple[str, float, float]]:
    return [(f"{name}{i}", float(i < counted), 1.0) for i in range(total)]


def test_rogan_gladen_by_hand() -> None:
    """q = 0.4, s = 0.85, t = 0.9: (0.4 - 0.1) / 0.75 = 0.4; the ends solve the quadratic."""
    estimate = rogan_gladen_share(
        observations(85, 100, "p"), observations(90, 100, "n"), observations(400, 1000, "u")
    )
    assert estimate.identified
    assert estimate.share.value == pytest.approx(0.4)

    def distances(share: float, draws: float) -> tuple[float, float]:
        middle = asin(sqrt((share * draws + 0.375) / (draws + 0.75)))
        half = 1.959963984540054 / (2 * sqrt(draws))
        return share - sin(middle - half) ** 2, sin(middle + half) ** 2 - share

    (q_low, q_high), (s_low, s_high), (t_low, t_high) = (
        distances(0.4, 999), distances(0.85, 99), distances(0.9, 99)
    )  # fmt: skip
    low, high = estimate.share.low, estimate.share.high
    assert low is not None
    assert high is not None
    below = sqrt(q_low**2 + (low * s_high) ** 2 + ((1 - low) * t_low) ** 2)
    above = sqrt(q_high**2 + (high * s_low) ** 2 + ((1 - high) * t_high) ** 2)
    assert 0.3 - low * 0.75 == pytest.approx(below)
    assert high * 0.75 - 0.3 == pytest.approx(above)


def test_a_judge_that_says_nothing_is_not_identified() -> None:
    estimate = rogan_gladen_share(
        observations(12, 20, "p"), observations(10, 20, "n"), observations(50, 100, "u")
    )
    assert not estimate.identified
    assert estimate.share == Rate()
    assert "not identified" in estimate.reason


def test_without_labels_of_a_class_there_is_no_share() -> None:
    estimate = rogan_gladen_share([], observations(9, 10, "n"), observations(5, 9, "u"))
    assert estimate.share == Rate()
    assert estimate.reason == "there are no labelled answers of the class"


def test_the_prediction_powered_share_is_unbiased() -> None:
    """The judge says yes of 3 of 27 that are not; the labels put its share right."""
    rows = [*judged(440, 560), *labelled(18, 2, 3, 27)]
    share = corrected_share(rows, "yes", method="prediction-powered")
    assert share.by_labels.value == pytest.approx(20 / 50)
    assert share.by_judge.value == pytest.approx(461 / 1050)
    together, varies = 18 - 21 * 20 / 50, 21 - 21**2 / 50
    weight = together / varies / (1 + 50 / 1000)
    assert share.share.value == pytest.approx(0.4 + weight * (0.44 - 21 / 50))
    assert share.narrower is not None
    assert share.narrower > 0.2
    assert share.identified
    assert share.bounds is None


@pytest.mark.parametrize("method", ["prediction-powered", "rogan-gladen"])
def test_the_shares_of_two_classes_mirror_each_other(method: Correction) -> None:
    rows = [*judged(440, 560), *labelled(18, 2, 3, 27)]
    yes, no = (corrected_share(rows, name, method=method).share for name in ("yes", "no"))
    ends = [yes.value, yes.low, yes.high, no.value, no.low, no.high]
    value, low, high, *mirrored = [end for end in ends if end is not None]
    assert mirrored == pytest.approx([1 - value, 1 - high, 1 - low])


def test_answers_without_a_verdict_give_bounds() -> None:
    rows = [*judged(440, 560), *labelled(18, 2, 3, 27), *((f"m{i}", None, None) for i in range(50))]
    share = corrected_share(rows, "yes", method="prediction-powered")
    assert share.bounds is not None
    assert share.share.low is not None
    assert share.share.high is not None
    part = 1050 / 1100
    assert share.bounds.low == pytest.approx(share.share.low * part)
    assert share.bounds.high == pytest.approx(share.share.high * part + 1 - part)


def test_another_sample_corrects_this_one() -> None:
    share = corrected_share(
        judged(400, 600), "yes", method="rogan-gladen", sample=labelled(85, 15, 10, 90)
    )
    assert share.share.value == pytest.approx(0.4)
    assert share.others == 1000


def test_holm() -> None:
    """Holm's own kind of example: 0.01, 0.02 and 0.03 of three, and one that could not be made."""
    assert holm([0.03, None, 0.01, 0.02]) == pytest.approx([0.04, None, 0.03, 0.04])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_auroc_by_hand() -> None:
    """Of 3 x 3 pairs seven are won and one is tied."""
    of_class, others = (0.9, 0.8, 0.4), (0.7, 0.4, 0.1)
    rows = [(f"p{i}", x, True) for i, x in enumerate(of_class)]
    rows += [(f"n{i}", x, False) for i, x in enumerate(others)]
    assert auroc(rows).value == pytest.approx(7.5 / 9)
    assert auroc(rows).low is None  # six prompts
    assert auroc(rows[:3]) == Rate()


def test_auroc_variance_is_that_of_delong() -> None:
    """One prompt each: the jackknife's variance is DeLong's, n/(n - 1) apart in each part."""
    rows = [(f"p{i}", (7 * i % 20) / 20, i % 3 > 0) for i in range(60)]
    high = [x for _, x, truth in rows if truth]
    low = [x for _, x, truth in rows if not truth]
    wins = [sum((x > y) + (x == y) / 2 for y in low) / len(low) for x in high]
    losses = [sum((x > y) + (x == y) / 2 for x in high) / len(high) for y in low]
    area = sum(wins) / len(wins)
    variance = sum((w - area) ** 2 for w in wins) / (len(high) - 1) / len(high)
    variance += sum((w - area) ** 2 for w in losses) / (len(low) - 1) / len(low)
    rate = auroc(rows)
    assert rate.value == pytest.approx(area)
    assert rate.low is not None
    assert rate.high is not None
    assert rate.high - rate.low == pytest.approx(2 * 2.001 * sqrt(variance), rel=0.08)


def test_auroc_of_prompts_with_answers_of_both_kinds() -> None:
    """Left out with all its answers, a prompt takes its pairs with it."""
    rows = [(f"p{i // 2}", float(i % 7), i % 2 == 0) for i in range(40)]
    rate = auroc(rows)
    high = [(c, x) for c, x, truth in rows if truth]
    low = [(c, x) for c, x, truth in rows if not truth]

    def area(without: str) -> float:
        pairs = [(x > y) + (x == y) / 2 for c, x in high for d, y in low if without not in (c, d)]
        return sum(pairs) / len(pairs)

    clusters = sorted({c for c, _, _ in rows})
    by_hand = chance_corrected_interval(rate.value, [area(c) for c in clusters], 1.0)
    assert by_hand.low is not None
    assert (rate.low, rate.high) == pytest.approx((by_hand.low, by_hand.high))


def test_brier_score_and_reliability() -> None:
    rows = [("1", 0.95, True), ("2", 0.92, False), ("3", 0.1, False), ("4", 1.0, True)]
    calibrated = calibration(rows)
    assert calibrated.brier.value == pytest.approx((0.05**2 + 0.92**2 + 0.1**2) / 4)
    assert calibrated.brier_of_share == pytest.approx(0.25)
    low, high = calibrated.reliability
    assert (low.low, low.high, low.count) == (0.1, 0.2, 1)
    assert (high.count, high.share.value) == (3, pytest.approx(2 / 3))
    assert high.probability == pytest.approx((0.95 + 0.92 + 1.0) / 3)


def halves(size: int) -> tuple[list[str], list[str]]:
    names = [f"p{i}" for i in range(8 * size)]
    choosing = [name for name in names if is_choosing(name)][:size]
    return choosing, [name for name in names if not is_choosing(name)][:size]


def test_a_threshold_is_chosen_on_one_half_and_reported_on_the_other() -> None:
    choosing, reporting = halves(4)
    first = zip(choosing, (0.9, 0.8, 0.6, 0.4), (True, False, True, False), strict=True)
    second = zip(reporting, (0.7, 0.65, 0.61, 0.1), (True, False, True, True), strict=True)
    rows = [*first, *second]
    threshold = choose_threshold(rows, "precision", 0.6)
    assert threshold.value == 0.6  # two of three
    assert threshold.precision.value == pytest.approx(2 / 3)
    assert threshold.recall.value == pytest.approx(2 / 3)
    assert (threshold.chosen_on, threshold.reported_on) == (4, 4)
    assert choose_threshold(rows, "precision", 0.9).value == 0.9
    assert choose_threshold(rows, "recall", 0.5).value == 0.9
    assert choose_threshold(rows, "recall", 1.0).value == 0.6


def test_a_precision_out_of_reach_is_told() -> None:
    choosing, reporting = halves(2)
    rows = [(choosing[0], 0.9, False), (choosing[1], 0.1, True), (reporting[0], 0.5, True)]
    threshold = choose_threshold(rows, "precision", 0.9)
    assert threshold.value is None
    assert "no threshold reaches" in threshold.reason
    assert threshold.recall == Rate()


def test_models_on_which_the_judge_errs_alike_and_otherwise() -> None:
    alike = [(m, "yes", "yes" if i % 5 else "no") for m in "ab" for i in range(40)]
    assert not error_homogeneity(alike).differ
    apart = alike[:40] + [("b", "yes", "yes" if i % 2 else "no") for i in range(40)]
    test = error_homogeneity(apart)
    assert test.differ
    assert (test.models, test.labelled) == (2, 80)
    assert test.p_value is not None
    assert test.p_value < 0.01
    assert error_homogeneity([("a", "yes", "no")]).p_value is None
