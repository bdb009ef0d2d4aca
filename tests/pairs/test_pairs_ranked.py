"""Rankings → preference pairs: the best against the worst, or each against each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from run_folders import metadata
from run_folders import ranking as ranking_summary

from judgekit import runs
from judgekit.errors import InputError
from judgekit.pairs import Pairing, Pairs, Reason, pairs_of_run, preference_pairs
from judgekit.pairs.ranked import pairs_of_ranking
from judgekit.runs import CaseResult, StoredJudgement, StoredRun
from judgekit.stats.outcomes.rank import rank
from judgekit.types import (
    Case,
    Choice,
    Judgement,
    Message,
    Ranking,
    Response,
    Status,
    Trial,
    Verdict,
)

CHOICES = {"F": Choice.FIRST, "S": Choice.SECOND, "T": Choice.TIE}


def case_of(*texts: str) -> Case:
    responses = tuple(Response(text, f"m{i}") for i, text in enumerate(texts))
    return Case("c1", (Message("user", "Why?"),), responses, category="facts", cluster="p1")


def judged(case: Case, said: Mapping[tuple[int, int], str]) -> list[Judgement]:
    """``FS``: what was said of a pair in its order, and swapped."""
    return [
        Judgement(
            Trial(case, order, ("A", "B")),
            Verdict.chose(CHOICES[s]) if s in CHOICES else Verdict.without(Status.UNPARSED),
        )
        for (i, j), both in said.items()
        for order, s in zip(((i, j), (j, i)), both, strict=False)
    ]


def three(said: str) -> Mapping[tuple[int, int], str]:
    return dict(zip([(0, 1), (0, 2), (1, 2)], said.split(), strict=True))


def made(
    case: Case, ranking: Ranking, shown: list[Judgement], pairing: Pairing, **how: bool
) -> Pairs:
    stored = [StoredJudgement("".join(map(str, j.trial.order)), "", j) for j in shown]
    result = CaseResult(case, ranking, tuple(stored), {})
    return preference_pairs(pairs_of_ranking(result, pairing), **how)


def of_three(said: str, pairing: Pairing, *texts: str, **how: bool) -> Pairs:
    case = case_of(*(texts or ("x", "y", "z")))
    shown = judged(case, {p: s for p, s in three(said).items() if s != "-"})
    orders = any(len(s) == 2 for s in three(said).values())
    ranking = rank(case, shown, arity=2, both_orders=orders)
    return made(case, ranking, shown, pairing, **how)


@pytest.mark.parametrize(
    ("said", "texts", "expected"),
    [
        ("FS FS FS", "x y z", ("x", "z", 1.0)),
        ("SF SF FS", "x y z", ("y", "x", 1.0)),  # worst stands before best
        ("TT FS FS", "x y z", ("x", "z", 1.0)),  # of two equally good the first
        ("FS FT FS", "x y z", Reason.INCONSISTENT),  # best and worst, half a tie
        ("FS SF FS", "x y z", Reason.TIE),  # each beats the next
        ("TT TT TT", "x y z", Reason.TIE),
        ("FS FS F?", "x y z", Reason.NO_VERDICT),
        ("FS FS FS", "x y ", Reason.EMPTY),
        ("- - -", "x x x", Reason.IDENTICAL),
        ("F F F", "x y z", Reason.ONE_ORDER),
    ],
)
def test_best_against_worst(
    said: str, texts: str, expected: tuple[str, str, float] | Reason
) -> None:
    found = of_three(said, "best-worst", *texts.split(" "))
    if isinstance(expected, Reason):
        assert (found.pairs, {r for r, n in found.left_out.items() if n}) == ((), {expected})
        return
    [pair] = found.pairs
    assert (pair.chosen, pair.rejected, pair.margin) == expected
    assert (pair.case, pair.cluster, pair.category) == ("c1", "p1", "facts")
    assert pair.judgements == ("01", "10", "02", "20", "12", "21")


def test_the_best_that_lost_to_the_worst_makes_no_pair() -> None:
    case = case_of("w", "x", "y", "z")
    said = {(0, 1): "FS", (0, 2): "FS", (0, 3): "SF", (1, 2): "TT", (1, 3): "FS", (2, 3): "FS"}
    shown = judged(case, said)
    ranking = rank(case, shown, arity=2)
    assert (ranking.ranks, ranking.comparisons[0, 3].winner) == ((1, 2, 2, 4), 1)
    for all_winners in (False, True):
        found = made(case, ranking, shown, "best-worst", all_winners=all_winners)
        assert found.left_out[Reason.INCONSISTENT] == 1


def test_all_pairs_rest_on_their_own_judgements() -> None:
    found = of_three("FS TT S?", "all")
    [pair] = found.pairs
    assert (pair.chosen, pair.rejected, pair.judgements) == ("x", "y", ("01", "10"))
    assert (pair.chosen_model, pair.rejected_model) == ("m0", "m1")
    assert found.left_out[Reason.TIE] == found.left_out[Reason.NO_VERDICT] == 1
    assert sum(found.left_out.values()) + len(found.pairs) == 3


def test_all_pairs_of_the_same_text_are_taken_once() -> None:
    case = case_of("x", "y", "x")
    shown = judged(case, {(0, 1): "SF"})
    found = made(case, rank(case, shown, arity=2), shown, "all")
    [pair] = found.pairs
    assert (pair.chosen_model, pair.rejected_model) == ("m1", "m0")
    assert found.left_out[Reason.IDENTICAL] == 2


def test_margins_of_scores_are_points() -> None:
    case = case_of("x", "y", "z")
    shown = [
        Judgement(Trial(case, (i,), ("A",)), Verdict.scored(s)) for i, s in enumerate((2, 5, 3))
    ]
    ranking = rank(case, shown, arity=1)
    [pair] = made(case, ranking, shown, "best-worst").pairs
    assert (pair.chosen, pair.rejected, pair.margin) == ("y", "x", 3)
    found = made(case, ranking, shown, "all").pairs
    assert [(p.chosen, p.rejected, p.margin) for p in found] == [
        ("y", "x", 3), ("z", "x", 1), ("y", "z", 2),
    ]  # fmt: skip
    assert [p.judgements for p in found] == [("0", "1"), ("0", "2"), ("1", "2")]


# --- from a run's folder ---


def write_run(folder: Path, said: str) -> list[Ranking]:
    case = case_of("x", "y", "z")
    shown = judged(case, three(said))
    ranking = rank(case, shown, arity=2)
    with runs.RunWriter(folder, "identity") as writer:
        writer.add(case, shown, ranking)
        writer.finish(ranking_summary(), metadata("rank"))
    return [ranking]


@pytest.mark.parametrize("said", ["FS FS FS", "TT F? S?", "FF SS TF"])
def test_rankings_are_read_as_they_were_written(tmp_path: Path, said: str) -> None:
    written = write_run(tmp_path / "run", said)
    run = runs.StoredRun.open(tmp_path / "run")
    assert run.kind == "rank"
    assert list(run.rankings()) == written


def test_scores_and_twins_are_read_as_they_were_written(tmp_path: Path) -> None:
    case = case_of("x", "y", "x")
    shown = [Judgement(Trial(case, (i,), ("A",)), Verdict.scored(s)) for i, s in ((0, 1), (1, 2))]
    ranking = rank(case, shown, arity=1)
    with runs.RunWriter(tmp_path / "run", "identity") as writer:
        writer.add(case, shown, ranking)
        writer.finish(ranking_summary(), metadata("rank"))
    assert list(runs.StoredRun.open(tmp_path / "run").rankings()) == [ranking]


def test_a_runs_pairs(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "FS FS TT")
    ids = [row["id"] for row in runs.read_rows(tmp_path / "run" / "judgements.jsonl")]
    [pair] = pairs_of_run(StoredRun(tmp_path / "run")).pairs
    assert (pair.chosen, pair.rejected, pair.judge, pair.model) == (
        "x",
        "y",
        "pairwise",
        "openai/m",
    )
    assert pair.judgements == tuple(ids)
    found = pairs_of_run(StoredRun(tmp_path / "run"), pairing="all")
    assert [p.judgements for p in found.pairs] == [tuple(ids[:2]), tuple(ids[2:4])]
    assert (found.of, found.left_out[Reason.TIE]) == ("comparisons", 1)
    assert len(list(combinations(range(3), 2))) == len(found.pairs) + sum(found.left_out.values())


def test_a_damaged_run_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "FS FS TT")
    rows = (tmp_path / "run" / "judgements.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "run" / "judgements.jsonl").write_bytes(b"".join(rows[1:]))
    with pytest.raises(InputError, match="damaged"):
        pairs_of_run(StoredRun(tmp_path / "run"))
