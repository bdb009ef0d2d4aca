"""MT-Bench: people's votes and GPT-4's verdicts on the same answers, and how far they agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from reproduce_data import Data, Row
from reproduce_ledger import Computed

from judgekit.stats import Rate, clustered_rate
from judgekit.stats.agreement import Agreement, agreement, cohen_kappa, krippendorff_alpha
from judgekit.stats.outcomes.values import MaybeLabel

__all__ = ["votes"]

INCONSISTENT = "tie (inconsistent)"
WINNERS: Mapping[str, MaybeLabel] = {"model_a": 0, "model_b": 1, "tie": "tie", INCONSISTENT: "tie"}


class Group(NamedTuple):
    """What was judged: a question, a turn and two models, their names sorted."""

    question: int
    turn: int
    models: tuple[str, str]


class Vote(NamedTuple):
    """One rater's label, 0 for the first of the sorted names."""

    rater: str
    label: MaybeLabel


class Records(NamedTuple):
    """The labels with the models' names sorted, and whether the judge's file has them otherwise."""

    votes: Mapping[Group, Sequence[Vote]]
    verdicts: Mapping[Group, MaybeLabel]
    turned: Mapping[Group, bool]
    inconsistent: Collection[Group]


Rows = list[tuple[str, MaybeLabel, MaybeLabel]]


def votes(data: Data, only: str) -> Iterator[Computed]:
    """The section as a whole: the file of one judge is held against that of many."""
    if only not in "mt_bench_agreement":
        return
    tables = [list(table.rows()) for table in data.of("votes")]
    many = [row for rows in tables if len({r["judge"] for r in rows}) > 1 for row in rows]
    one = [row for rows in tables if len({r["judge"] for r in rows}) == 1 for row in rows]
    if many and one:
        yield Computed("mt_bench_agreement", "", "", _figures(many, one))


def _group(row: Row) -> tuple[Group, bool]:
    names = (row["model_a"], row["model_b"])
    models = (min(names), max(names))
    return Group(row["question_id"], row["turn"], models), names != models


def _label(row: Row, turned: bool) -> MaybeLabel:
    label = WINNERS[row["winner"]]
    return 1 - label if turned and isinstance(label, int) else label


def _figures(many: Sequence[Row], one: Sequence[Row]) -> dict[str, Any]:
    of_group: defaultdict[Group, list[Vote]] = defaultdict(list)
    for row in many:
        group, turned = _group(row)
        of_group[group].append(Vote(row["judge"], _label(row, turned)))
    judged = {_group(row)[0]: row for row in one}
    records = Records(
        of_group,
        {group: _label(row, _group(row)[1]) for group, row in judged.items()},
        {group: _group(row)[1] for group, row in judged.items()},
        {group for group, row in judged.items() if row["winner"] == INCONSISTENT},
    )
    flipped = [
        _group(row)[1] != records.turned[_group(row)[0]] for row in many if _group(row)[0] in judged
    ]
    figures: dict[str, Any] = {
        "n_votes": len(many),
        "n_gpt4": len(one),
        "n_groups_voted": len(of_group),
        "groups_without_gpt4": sum(group not in judged for group in of_group),
        "inconsistent": len(records.inconsistent),
        "inconsistent_share": len(records.inconsistent) / len(one),
        "flipped_model_order_votes": sum(flipped),
        "majority_vs_gpt4": _majority(records, sort=False),
        "majority_vs_gpt4_model_names_sorted": _majority(records, sort=True),
    }
    turns = sorted({group.turn for group in of_group})
    for turn in (*turns, None):
        ballots = {g: v for g, v in of_group.items() if turn in (None, g.turn)}
        figures[f"turn{turn}" if turn else "turn_all"] = _by_votes(ballots, records)
        for kind in ("expert", "author"):
            of_kind = {g: [x for x in v if x.rater.startswith(kind)] for g, v in ballots.items()}
            figures[f"{kind}_votes_turn{turn}"] = _setups(agreement(_with_judge(of_kind, records)))
    figures["published_by_judgelab_report"] = _report(records, figures)
    return figures


def _cluster(group: Group) -> str:
    return str(group.question)


def _with_judge(ballots: Mapping[Group, Sequence[Vote]], records: Records) -> Rows:
    return [
        (_cluster(group), vote.label, records.verdicts[group])
        for group, cast in ballots.items()
        if group in records.verdicts
        for vote in cast
    ]


def _by_votes(ballots: Mapping[Group, Sequence[Vote]], records: Records) -> dict[str, Any]:
    people = agreement(
        (_cluster(group), x.label, y.label)
        for group, cast in ballots.items()
        for x, y in combinations(cast, 2)
    )
    judge = agreement(_with_judge(ballots, records))
    return {
        "gpt4_vs_human_S1": _share(judge.equal, judge.cases),
        "gpt4_vs_human_S2_no_ties": _share(judge.without_ties, judge.decisive),
        "human_vs_human_S1": _share(people.equal, people.cases),
        "human_vs_human_S2": _share(people.without_ties, people.decisive),
    }


def _share(rate: Rate, n: int) -> dict[str, Any]:
    return {"agree": round((rate.value or 0) * n), "n": n, "share": rate.value}


def _setups(result: Agreement) -> dict[str, Any]:
    return {
        "S1_n": result.cases,
        "S1_agree": result.equal.value,
        "S2_n": result.decisive,
        "S2_agree": result.without_ties.value,
    }


def _plurality(cast: Iterable[Vote]) -> tuple[MaybeLabel, bool]:
    """The label of most votes, and whether two have as many: then it is a tie."""
    most = Counter(vote.label for vote in cast).most_common(2)
    tied = len(most) == 2 and most[0][1] == most[1][1]
    return ("tie" if tied else most[0][0]), tied


def _majority(records: Records, *, sort: bool) -> dict[str, Any]:
    """The plurality of the votes against the judge. Kappa depends on which model is called a: by
    sorted names, or as the judge's file has them."""
    rows: list[tuple[Group, MaybeLabel, MaybeLabel]] = []
    tied = 0
    for group, cast in records.votes.items():
        if group in records.verdicts:
            label, even = _plurality(cast)
            tied += even
            turned = records.turned[group] and not sort
            rows.append((group, _turn(label, turned), _turn(records.verdicts[group], turned)))
    figures = _agreed(rows)
    figures["tied_groups"] = tied
    for turn in sorted({group.turn for group, _, _ in rows}):
        figures[f"turn{turn}"] = _agreed([row for row in rows if row[0].turn == turn])
    return figures


def _turn(label: MaybeLabel, turned: bool) -> MaybeLabel:
    return 1 - label if turned and isinstance(label, int) else label


def _agreed(rows: Sequence[tuple[Group, MaybeLabel, MaybeLabel]]) -> dict[str, Any]:
    labels = [(_cluster(group), x, y) for group, x, y in rows]
    result = agreement(labels)
    decisive = cohen_kappa((c, x, y) for c, x, y in labels if "tie" not in (x, y))
    return {
        "n": result.cases,
        "agreement": result.equal.value,
        "kappa": result.kappa.value,
        "kappa_ci_low": result.kappa.low,
        "kappa_ci_high": result.kappa.high,
        "n_no_ties": result.decisive,
        "agreement_no_ties": result.without_ties.value,
        "kappa_no_ties": decisive.value,
        "kappa_no_ties_ci_low": decisive.low,
        "kappa_no_ties_ci_high": decisive.high,
    }


def _report(records: Records, figures: Mapping[str, Any]) -> dict[str, Any]:
    """What the report of the snapshot gives, by its own names; its kappas are by sorted names."""
    ours = figures["majority_vs_gpt4_model_names_sorted"]
    many = {g: cast for g, cast in records.votes.items() if len(cast) > 1}
    alpha = krippendorff_alpha(
        (_cluster(group), [vote.label for vote in cast]) for group, cast in many.items()
    )
    return {
        "n_comparisons": ours["n"],
        "n_gpt4_verdicts": figures["n_gpt4"],
        "n_human_votes": figures["n_votes"],
        "n_human_multi_rated": len(many),
        "human_krippendorff_alpha": alpha.value,
        # Over the answers that people voted on, which are not all that were judged.
        "position_inconsistency_rate": clustered_rate(
            (_cluster(group), group in records.inconsistent, 1) for group in records.votes
        ).value,
        "with_ties": _kappas(ours, ""),
        "ties_excluded": _kappas(ours, "_no_ties"),
        "by_turn": {
            name.removeprefix("turn"): _kappas(table, "")
            for name, table in ours.items()
            if name.startswith("turn")
        },
    }


def _kappas(ours: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    return {
        "n": ours[f"n{suffix}"],
        "raw_agreement": ours[f"agreement{suffix}"],
        "cohen_kappa": ours[f"kappa{suffix}"],
        "kappa_ci_low": ours[f"kappa{suffix}_ci_low"],
        "kappa_ci_high": ours[f"kappa{suffix}_ci_high"],
    }
