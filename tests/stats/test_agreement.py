"""Agreement: against published figures, recorded votes, and by how often its interval holds."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.stats.agreement import agreement, cohen_kappa, krippendorff_alpha
from judgekit.stats.outcomes.values import MaybeLabel

Row = tuple[str, MaybeLabel, MaybeLabel]

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section D: four observers, twelve
# units; the published values are .743 (nominal), .815 (ordinal), .849 (interval).
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_as_published(level: str, alpha: float) -> None:
    columns = zip(*(line.split() for line in OBSERVERS), strict=True)
    units = [(str(i), [None if v == "." else int(v) for v in c]) for i, c in enumerate(columns)]
    assert krippendorff_alpha(units, level).value == pytest.approx(alpha, abs=5e-4)  # type: ignore[arg-type]


def test_kappa_of_a_textbook_table() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: (0.7 - 0.5) / (1 - 0.5)."""
    table: dict[tuple[MaybeLabel, MaybeLabel], int] = {
        (0, 0): 20,
        (0, 1): 5,
        (1, 0): 10,
        (1, 1): 15,
    }
    labels = [pair for pair, n in table.items() for _ in range(n)]
    found = cohen_kappa((str(i), x, y) for i, (x, y) in enumerate(labels))
    assert found.value == pytest.approx(0.4)
    assert found.low is not None
    assert found.high is not None
    # Fleiss, Cohen & Everitt 1969 give a standard error of 0.1263 for this table.
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * 0.1263, rel=0.08)


@pytest.mark.parametrize("rows", [[], [("p", 0, 0)], [("p", "tie", "tie"), ("q", "tie", "tie")]])
def test_one_label_is_nothing_to_agree_on(rows: list[Row]) -> None:
    assert agreement(rows).kappa.value is None
    assert krippendorff_alpha((c, (x, y)) for c, x, y in rows).value is None


def test_undecided_and_ties_stand_apart() -> None:
    rows: list[Row] = [("p", 0, 0), ("q", 0, "tie"), ("r", "tie", "tie"), ("s", None, 1)]
    found = agreement(rows)
    assert (found.cases, found.undecided, found.decisive) == (3, 1, 1)
    assert found.equal.value == pytest.approx(2 / 3)
    assert found.without_ties.value == 1


def test_numbers_are_needed_above_labels() -> None:
    with pytest.raises(ValueError, match="'tie' is no number"):
        krippendorff_alpha([("p", (0, "tie"))], "ordinal")


LABELS = st.sampled_from([0, 1, "tie"])


@given(st.lists(st.tuples(LABELS, LABELS), min_size=2))
def test_both_figures_take_raters_in_any_order(pairs: list[tuple[MaybeLabel, MaybeLabel]]) -> None:
    there = [(str(i), x, y) for i, (x, y) in enumerate(pairs)]
    back = [(c, y, x) for c, x, y in there]
    assert cohen_kappa(there).value == pytest.approx(cohen_kappa(back).value)
    units = [(c, (x, y)) for c, x, y in there]
    swapped = [(c, (y, x)) for c, x, y in there]
    assert krippendorff_alpha(units).value == pytest.approx(krippendorff_alpha(swapped).value)


@given(st.lists(LABELS, min_size=2))
def test_a_rater_agrees_with_itself(labels: list[MaybeLabel]) -> None:
    found = cohen_kappa((str(i), x, x) for i, x in enumerate(labels)).value
    assert found == (None if len(set(labels)) == 1 else pytest.approx(1))


@pytest.mark.parametrize("prompts", [10, 50])
def test_intervals_of_accurate_raters_stay_inside(prompts: int) -> None:
    """Raters right in 98 %: a t interval's ends left -1 to 1 in most draws. Truth 0.92."""
    draw = random.Random(4)
    held = []
    for _ in range(200):
        rows = []
        for prompt in range(prompts):
            truth = draw.random() < 0.5
            x, y = (truth ^ (draw.random() > 0.98) for _ in range(2))
            rows.append((str(prompt), int(x), int(y)))
        units = [(c, (x, y)) for c, x, y in rows]
        for found in (cohen_kappa(rows), krippendorff_alpha(units)):
            if found.value is None or found.low is None or found.high is None:
                continue
            assert -1 <= found.low <= found.value <= found.high <= 1
            assert found.high - found.low > 0.05
            held.append(found.low <= 0.9216 <= found.high)
    assert len(held) > 380
    assert sum(held) / len(held) >= 0.93


def test_full_agreement_is_as_sure_as_the_prompts_are_many() -> None:
    few, many = (cohen_kappa((str(i), i % 2, i % 2) for i in range(n)) for n in (10, 100))
    assert (few.value, few.high) == (1, 1)
    assert (many.value, many.high) == (1, 1)
    assert few.low is not None
    assert many.low is not None
    assert few.low < 0.4 < 0.9 < many.low


def test_below_ten_prompts_there_is_no_interval() -> None:
    labels = [(0, 0), (1, 1), (0, 1), (1, 0), (1, 1), (0, 0), (1, 1), (0, 0), (0, 0), (1, 1)]
    rows = [(str(i), x, y) for i, (x, y) in enumerate(labels)]
    nine, ten = cohen_kappa(rows[:9]), cohen_kappa(rows)
    assert nine.value is not None
    assert (nine.low, nine.high) == (None, None)
    assert ten.low is not None
    units = [(c, (x, y)) for c, x, y in rows]
    assert krippendorff_alpha(units[:9], "interval").low is None
    assert krippendorff_alpha(units, "interval").low is not None


def test_a_rater_with_one_label_for_all_has_no_interval() -> None:
    """Its kappa is 0 whatever the other says: no prompt tells how far that may be off."""
    for constant in (1, "tie"):
        found = cohen_kappa((str(i), constant, i % 2) for i in range(40))
        assert (found.value, found.low, found.high) == (0, None, None)


def test_kappas_interval_holds_the_truth() -> None:
    """Two raters who see the truth with 80 and 70 %: kappa (0.62 - 0.5) / 0.5 = 0.24."""
    draw = random.Random(5)
    held = 0
    for _ in range(300):
        rows = []
        for prompt in range(100):
            truth = draw.random() < 0.5
            x, y = truth ^ (draw.random() > 0.8), truth ^ (draw.random() > 0.7)
            rows.append((str(prompt), int(x), int(y)))
        found = cohen_kappa(rows)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.24 <= found.high
    assert 0.92 <= held / 300 <= 0.98


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_recorded_votes(shared: Path) -> None:
    """GPT-4's recorded verdicts against people's, with figures computed by other code."""
    folder = shared / "data/mt_bench"
    expected = json.loads((shared / "data/expected.json").read_text("utf-8"))["mt_bench_agreement"]
    label: dict[str, MaybeLabel] = {"model_a": 0, "model_b": 1}
    other: dict[MaybeLabel, MaybeLabel] = {0: 1, 1: 0, "tie": "tie"}
    said = {
        (r["question_id"], r["turn"], r["model_a"], r["model_b"]): label.get(r["winner"], "tie")
        for r in rows_of(folder / "gpt4_pair_verdicts.jsonl")
    }
    rows: list[Row] = []
    for vote in rows_of(folder / "human_votes.jsonl"):
        question, turn, a, b = (vote[k] for k in ("question_id", "turn", "model_a", "model_b"))
        theirs = label.get(vote["winner"], "tie")
        ours = said.get((question, turn, a, b))
        if ours is None:
            ours = other[said[question, turn, b, a]]
        rows.append((str(question), ours, theirs))
    found = agreement(rows)
    all_turns = expected["turn_all"]
    assert (found.cases, found.undecided) == (all_turns["gpt4_vs_human_S1"]["n"], 0)
    assert found.equal.value == pytest.approx(all_turns["gpt4_vs_human_S1"]["share"])
    assert found.decisive == all_turns["gpt4_vs_human_S2_no_ties"]["n"]
    assert found.without_ties.value == pytest.approx(all_turns["gpt4_vs_human_S2_no_ties"]["share"])
