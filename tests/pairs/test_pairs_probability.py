"""The judge's probability on its way from verdicts to pairs, and from files back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judgekit.errors import InputError
from judgekit.pairs import PreferencePair, preference_pairs, read_pairs, write_pairs
from judgekit.pairs.judged_pair import JudgedPair, mean_probability
from judgekit.pairs.ranked import Pairing, pairs_of_ranking
from judgekit.runs import CaseResult, StoredJudgement
from judgekit.stats.outcomes.fold import fold
from judgekit.stats.outcomes.rank import rank
from judgekit.types import Case, Choice, Judgement, Message, Response, Status, Trial, Verdict


def case_of(*texts: str) -> Case:
    responses = tuple(Response(text, f"m{i}") for i, text in enumerate(texts))
    return Case("c1", (Message("user", "Why?"),), responses, cluster="p1")


def verdict(probability: float | None) -> Verdict:
    """Of the first shown; None: without a probability."""
    choice = Choice.FIRST if probability is None or probability > 0.5 else Choice.SECOND
    return Verdict.chose(choice, probability=probability)


def shown(case: Case, order: tuple[int, int], probability: float | None) -> Judgement:
    return Judgement(Trial(case, order, ("A", "B")), verdict(probability))


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([((0, 1), 0.9), ((1, 0), 0.3)], 0.8),
        ([((0, 1), 0.9)], 0.9),
        ([((0, 1), 0.9), ((1, 0), None)], None),
        ([], None),
    ],
)
def test_the_mean_over_both_orders(
    verdicts: list[tuple[tuple[int, int], float | None]], expected: float | None
) -> None:
    case = case_of("x", "y")
    judgements = [shown(case, order, p) for order, p in verdicts]
    unparsed = Judgement(Trial(case, (0, 1), ("A", "B")), Verdict.without(Status.UNPARSED))
    found = mean_probability([*judgements, unparsed])
    assert found == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(("first", "chosen"), [(0.9, "x"), (0.1, "y")])
def test_it_is_of_the_chosen_answer(first: float, chosen: str) -> None:
    case = case_of("x", "y")
    judgements = [shown(case, (0, 1), first), shown(case, (1, 0), 1 - first)]
    judged = JudgedPair(case, fold(case, judgements), (), mean_probability(judgements))
    [pair] = preference_pairs([judged]).pairs
    assert pair.chosen == chosen
    assert pair.probability == pytest.approx(0.9)


@pytest.mark.parametrize(("pairing", "expected"), [("best-worst", [0.8]), ("all", [0.7, 0.8, 0.6])])
def test_of_a_ranking_it_is_that_of_the_two(pairing: Pairing, expected: list[float]) -> None:
    case = case_of("x", "y", "z")
    given = {(0, 1): 0.7, (0, 2): 0.8, (1, 2): 0.6}
    judgements = [
        shown(case, order, p)
        for (i, j), first in given.items()
        for order, p in (((i, j), first), ((j, i), 1 - first))
    ]
    ranking = rank(case, judgements, arity=2, merge="mean")
    stored = tuple(StoredJudgement(str(i), "", j) for i, j in enumerate(judgements))
    result = CaseResult(case, ranking, stored, {})
    pairs = preference_pairs(pairs_of_ranking(result, pairing)).pairs
    assert [pair.probability for pair in pairs] == [pytest.approx(p) for p in expected]


def pair(case: str, probability: float | None) -> PreferencePair:
    prompt = (Message("user", "Why?"),)
    return PreferencePair(prompt, "x", "y", "a", "b", 1.0, case, "p1", probability=probability)


def test_the_column_is_there_where_a_judge_gave_one(tmp_path: Path) -> None:
    write_pairs([pair("c1", None), pair("c2", None)], tmp_path / "without.jsonl")
    assert "probability" not in (tmp_path / "without.jsonl").read_text("utf-8")
    pairs = [pair("c1", None), pair("c2", 0.75), pair("c3", 1.0)]
    write_pairs(pairs, tmp_path / "with.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "with.jsonl").read_text("utf-8").splitlines()]
    # A column that began with nulls would have no type.
    assert [(row["case"], row["probability"]) for row in rows] == [
        ("c2", 0.75), ("c3", 1.0), ("c1", None),
    ]  # fmt: skip
    assert sorted(read_pairs(tmp_path / "with.jsonl"), key=lambda p: p.case) == pairs


@pytest.mark.parametrize("value", [1.5, -0.1, "0.5", True])
def test_what_is_no_probability_is_refused(tmp_path: Path, value: object) -> None:
    row = {"prompt": "?", "chosen": "x", "rejected": "y", "probability": value}
    (tmp_path / "p.jsonl").write_text(json.dumps(row))
    with pytest.raises(InputError, match=r"line 1: .*the probability is"):
        read_pairs(tmp_path / "p.jsonl")
