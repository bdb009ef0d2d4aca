"""The figures of one judge on one set of pairs, by judgekit's fold and statistics.

Published tables merge the two orders of a pair by different rules; each is the product's own
outcome, asked for what the rule asks for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reproduce_data import Known, Row

from judgekit.stats import clustered_rate, positions, statuses
from judgekit.stats.agreement import cohen_kappa
from judgekit.stats.outcomes.fold import fold
from judgekit.stats.outcomes.values import MaybeLabel
from judgekit.types import Case, Judgement, Outcome, Position, Response, Status, Trial, Verdict

__all__ = ["SIDES", "Read", "judgement", "one_order", "shares"]

ORDERS = {"AB": (0, 1), "BA": (1, 0)}
SIDES = (Response("", "a"), Response("", "b"))
FIELDS = {
    Position.CONSISTENT: "consistent",
    Position.FIRST: "biased_first",
    Position.SECOND: "biased_second",
    Position.HALF_TIE: "tie_vs_decisive",
    Position.ERROR: "any_null",
}

Labels = Mapping[str, MaybeLabel]


class Read(NamedTuple):
    """A row with the verdict that is read from it."""

    row: Row
    verdict: Verdict


def judgement(read: Read) -> Judgement:
    case = Case(read.row["pair_id"], (), SIDES)
    return Judgement(Trial(case, ORDERS[read.row["order"]], ("A", "B")), read.verdict)


def one_order(judgements: Sequence[Judgement]) -> Outcome:
    """A pair's outcome by the order shown alone."""
    return fold(judgements[0].trial.case, judgements, both_orders=False)


def shares(reads: Sequence[Read], pair_set: Known | None) -> dict[str, Any]:
    """All figures; those that need labels only where there are labels."""
    labels = pair_set.labels if pair_set is not None else {}
    figures = _figures(reads, labels)
    if pair_set is not None:
        of_category: defaultdict[str | None, list[Read]] = defaultdict(list)
        for one in reads:
            of_category[pair_set.categories.get(one.row["pair_id"])].append(one)
        figures["by_category"] = {
            category: _figures(group, labels) for category, group in of_category.items() if category
        }
    return figures


def _figures(reads: Sequence[Read], labels: Labels) -> dict[str, Any]:
    of_pair: defaultdict[str, dict[str, list[Judgement]]] = defaultdict(dict)
    for read in reads:
        of_pair[read.row["pair_id"]].setdefault(read.row["order"], []).append(judgement(read))
    labelled = any(labels.get(pair) is not None for pair in of_pair)
    figures: dict[str, Any] = {"n_pairs": len(of_pair)}
    for order in ORDERS:
        outcomes = [one_order(orders[order]) for orders in of_pair.values() if order in orders]
        if outcomes:
            figures[order] = _of_order(outcomes, labels if labelled else None)
    tables = [figures[order] for order in ORDERS if order in figures]
    figures["parse_errors"] = sum(table["null"] for table in tables)
    figures["ties"] = sum(table["tie"] for table in tables)
    every = [_both(orders) for orders in of_pair.values()]
    figures["first_share"] = _percent(positions(every).first_share.value)
    if labelled:
        figures["accuracy_avg"] = sum(t["accuracy"] for t in tables) / len(tables)
    both = [orders for orders in of_pair.values() if len(orders) == len(ORDERS)]
    figures["n_both_orders"] = len(both)
    if both:
        figures |= _positions(both)
    if both and labelled:
        figures |= _merged([_both(orders) for orders in both], labels)
    return figures


def _both(orders: Mapping[str, Sequence[Judgement]]) -> Outcome:
    judgements = [j for order in orders.values() for j in order]
    return fold(judgements[0].trial.case, judgements)


def _of_order(outcomes: Sequence[Outcome], labels: Labels | None) -> dict[str, Any]:
    of_status = statuses(outcomes)
    n, valid = sum(of_status.values()), of_status[Status.VALID]
    first, second = sum(o.first for o in outcomes), sum(o.second for o in outcomes)
    table = {
        "n": n,
        "first": first,
        "second": second,
        "tie": valid - first - second,
        "null": n - valid,
    }
    if labels is None:
        return table
    return table | {"accuracy": _right(((o, o.winner) for o in outcomes), labels)}


def _positions(both: Sequence[Mapping[str, Sequence[Judgement]]]) -> dict[str, Any]:
    outcomes = [_both(orders) for orders in both]
    where = [o.position for o in outcomes]
    figures: dict[str, Any] = {name: where.count(p) for p, name in FIELDS.items()}
    rates = positions(outcomes)
    for position, name in FIELDS.items():
        figures[f"pct_{name}"] = _percent(getattr(rates, position.value).value)
    # An order without a verdict is a label of its own here.
    rows = [
        (o.case, str(one_order(orders["AB"]).winner), str(one_order(orders["BA"]).winner))
        for o, orders in zip(outcomes, both, strict=True)
    ]
    equal = clustered_rate((case, ab == ba, 1) for case, ab, ba in rows)
    figures["pct_equal_incl_null"] = _percent(equal.value)
    figures["kappa_between_orders"] = cohen_kappa(rows).value
    return figures


def _merged(outcomes: Sequence[Outcome], labels: Labels) -> dict[str, Any]:
    """Against the labels, by three rules: what fold merges (LLMBar, Auto-J); the same, where the
    rest are ties; and the sum of votes (JudgeBench), which is on which side of one half the mean
    of the valid orders lies."""
    strict = [(o, "tie" if o.winner is None else o.winner) for o in outcomes]
    decided = [(o, winner) for o, winner in strict if winner != "tie"]
    votes = [_vote(o, labels.get(o.case)) for o in outcomes]
    return {
        "accuracy_both": _right(((o, o.winner) for o in outcomes), labels),
        "merged_strict": {
            "accuracy": _right(strict, labels),
            "decided": len(decided),
            "accuracy_when_decided": _right(decided, labels),
        },
        "merged_vote": {
            "correct": votes.count(1),
            "incorrect": votes.count(-1),
            "undecided": votes.count(0),
            "accuracy": _percent(
                clustered_rate(
                    (o.case, vote == 1, 1) for o, vote in zip(outcomes, votes, strict=True)
                ).value
            ),
        },
    }


def _right(winners: Iterable[tuple[Outcome, MaybeLabel]], labels: Labels) -> float | None:
    """How many percent are as labelled; a pair without a winner is not."""
    return _percent(
        clustered_rate(
            (o.case, winner is not None and winner == labels.get(o.case), 1)
            for o, winner in winners
        ).value
    )


def _vote(outcome: Outcome, label: MaybeLabel) -> int:
    """1 where the orders together speak for the label, -1 against it, 0 where for neither."""
    if outcome.mean is None or outcome.mean == 0.5 or label not in (0, 1):
        return 0
    return 1 if (outcome.mean > 0.5) == (label == 0) else -1


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
