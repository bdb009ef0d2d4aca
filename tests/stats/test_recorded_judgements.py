"""Real judges' recorded verdicts fold to the figures computed from them by other code."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from judgekit.stats import summarise
from judgekit.stats.outcomes.fold import fold
from judgekit.types import (
    Case,
    Choice,
    Judgement,
    Outcome,
    Position,
    Response,
    Status,
    Trial,
    Verdict,
)

PHI3 = ("mtbench_phi3_gpt-4|gpt-4/pair-v2", "mtbench_phi3_gpt-4|gpt-4/pair-math-v1")
FIELDS = {
    Position.CONSISTENT: "consistent",
    Position.FIRST: "biased_first",
    Position.SECOND: "biased_second",
    Position.HALF_TIE: "tie_vs_decisive",
    Position.ERROR: "any_null",
}
ORDERS = {"AB": (0, 1), "BA": (1, 0)}


def outcomes_of(rows: list[dict[str, Any]]) -> list[Outcome]:
    """The recorded rows of one judge (shown positions as its source read them), folded."""
    of_case: dict[str, list[Judgement]] = defaultdict(list)
    for row in rows:
        case = Case(row["pair_id"], (), (Response("", "a"), Response("", "b")))
        parsed = row["parsed"]
        said = Verdict.chose(Choice(parsed)) if parsed else Verdict.without(Status.UNPARSED)
        of_case[case.id].append(Judgement(Trial(case, ORDERS[row["order"]], ("A", "B")), said))
    return [fold(own[0].trial.case, own) for own in of_case.values()]


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, Any]:
    text = (shared / "data/expected.json").read_text(encoding="utf-8")
    return {key: e for key, e in json.loads(text)["pairwise"].items() if e.get("n_both_orders")}


@pytest.fixture(scope="module")
def recorded(shared: Path, expected: dict[str, Any]) -> dict[str, list[Outcome]]:
    """Outcomes by entry of expected.json, of every judge with one row per pair and order."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name in sorted({key.partition("|")[0] for key in expected}):
        with gzip.open(shared / f"data/judgements/{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if row.get("final", True):
                    rows[f"{name}|{row['judge']}"].append(row)
    single = {
        key: own
        for key, own in rows.items()
        if key in expected and len({(r["pair_id"], r["order"]) for r in own}) == len(own)
    }
    return {key: outcomes_of(own) for key, own in single.items()}


def figures(outcomes: list[Outcome]) -> dict[str, float]:
    made = summarise(outcomes, a="a", b="b", judge="j", model=None)
    shares = {p: getattr(made.position, p.value).value for p in Position}
    assert all(share is not None for share in shares.values())
    assert made.position.first_share.value is not None
    return {
        **{FIELDS[p]: made.cases * share for p, share in shares.items()},
        "parse_errors": made.statuses["unparsed"],
        "first_share": 100 * made.position.first_share.value,
    }


def test_every_recorded_judge(recorded: dict[str, list[Outcome]], expected: dict[str, Any]) -> None:
    assert len(recorded) >= 43
    for key, outcomes in recorded.items():
        entry = expected[key]
        assert entry["n_both_orders"] == entry["n_pairs"] == len(outcomes), key
        found = figures(outcomes)
        assert found == pytest.approx({name: entry[name] for name in found}), key


def test_phi3_as_one_run(recorded: dict[str, list[Outcome]], expected: dict[str, Any]) -> None:
    """Two prompts of one judge, by category, make one run of 75 pairs."""
    found = figures([o for key in PHI3 for o in recorded[key]])
    entries = [expected[key] for key in PHI3]
    added = {name: sum(e[name] for e in entries) for name in found if name != "first_share"}
    first, second = (sum(e[o][p] for e in entries for o in ORDERS) for p in ("first", "second"))
    assert found == pytest.approx({**added, "first_share": 100 * first / (first + second)})
    assert added["any_null"] == 2
