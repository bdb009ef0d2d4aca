"""Verdicts on pairs: LLMBar, JudgeBench, Auto-J, PandaLM, MT-Bench pairs and any set like them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from reproduce_data import LABELS, Data, Known, Row, Table
from reproduce_ledger import Computed, Reason
from reproduce_readings import (
    NOT_KEPT,
    PAIR_WAYS,
    Readings,
    Recorded,
    best_way,
    reply,
    single_ways,
    value_of,
    verdict_of,
)
from reproduce_shares import SIDES, Read, judgement, one_order, shares

from judgekit.stats.outcomes.fold import fold
from judgekit.types import Case, Choice, Judgement, Status, Trial, Verdict

__all__ = ["pairwise"]

CUT = "the source keeps the verdict in a column of its own: put back before its reasons, then read"
NEED_PAIRS = (  # fields
    ("accuracy_avg",),
    ("accuracy_both",),
    ("?*", "accuracy"),
    ("merged_*", "**"),
    ("by_category", "**"),
)
MINUS_ONE = "JudgeBench's pointwise judges score a reply without a score -1, and compare that"
EQUAL = "JudgeBench's reward models give equal scores to the second shown"
UNLABELLED = "the pairs, and so their labels and categories, are in none of the folders"


def pairwise(data: Data, only: str) -> Iterator[Computed]:
    """The section `pairwise`, and for each judge whose replies are kept one of `parser_check`."""
    for table in data.of("judgements"):
        of_judge: defaultdict[str, list[Row]] = defaultdict(list)
        for row in table.rows():
            of_judge[str(row.get("judge") or "")].append(row)
        ids = {row["pair_id"] for rows in of_judge.values() for row in rows}
        pair_set = data.find_set(ids, table.stem)
        for judge, rows in of_judge.items():
            where = pair_set.set if pair_set else ""
            if only in f"pairwise/{table.stem}|{judge}\nparser_check/{judge}@{where}":
                yield from _judge(table, judge, rows, pair_set)


def _judge(table: Table, judge: str, rows: list[Row], pair_set: Known | None) -> Iterator[Computed]:
    readings = Readings(f"{table.stem}|{judge}")
    reads = _read(rows, readings)
    for row, verdict in reads:
        _check_sides(row, verdict, readings)
    final = [one for one in reads if one.row.get("final", True)]
    figures = shares(final, pair_set) | {"file": table.name, "judge": judge}
    if pair_set is not None:
        figures["pairs"] = pair_set.set
    missing = [Reason(("*", "*", *fields), UNLABELLED) for fields in NEED_PAIRS if pair_set is None]
    yield Computed("pairwise", readings.title, judge, figures, readings, missing)
    where = pair_set.set if pair_set else ""
    check = {"rows": len(rows), "reparse_mismatch": len(readings.wrong)}
    yield Computed("parser_check", f"{judge}@{where}", judge, check)


def _read(rows: list[Row], readings: Readings) -> list[Read]:
    """Every row's verdict, from what the source kept of the reply: its text, the texts and scores
    of two answers judged alone, their scores, or nothing but the verdict."""
    if any(_sides(row) for row in rows):
        return _read_alone(rows, readings)
    if all(_scores(row) for row in rows) and not any(row.get("completion") for row in rows):
        readings.how = "scores, the higher wins"
        return [Read(row, _compared(row, readings)) for row in rows]
    reply_rows = [row for row in rows if row.get("completion") is not None]
    recorded = [_recorded(row) for row in reply_rows]
    again = [_put_back(row) for row in reply_rows]
    cut = any(again)  # whatever a format happens to read in the reasons alone
    if cut:
        recorded = [repair or one for repair, one in zip(again, recorded, strict=True)]
    verdicts = readings.read(recorded, PAIR_WAYS)
    if reply_rows and len(reply_rows) < len(rows):
        readings.named[NOT_KEPT] += len(rows) - len(reply_rows)
    if cut:
        readings.named[CUT] += readings.equal
        readings.equal = 0
    of_row = {id(row): verdict for row, verdict in zip(reply_rows, verdicts, strict=True)}
    return [Read(row, of_row.get(id(row)) or verdict_of(row["parsed"])) for row in rows]


def _recorded(row: Row) -> Recorded:
    where = f"{row['pair_id']} {row['order']}"
    came = reply(row["completion"], row.get("finish_reason"))
    return Recorded(where, came, row["parsed"], str(row.get("stage", "")))


def _put_back(row: Row) -> Recorded | None:
    """A reply of PandaLM's form that its source cut into result, reason and reference."""
    result = row.get("recorded_result")
    if result is None:
        return None
    text = f"{result}\n\n### Reason: {row['completion']}\n\n"
    return Recorded(f"{row['pair_id']} {row['order']}", reply(text), row["parsed"])


def _sides(row: Row) -> tuple[str, str] | None:
    """The replies on the first and the second answer shown, where each was judged alone."""
    texts = [row.get(f"raw_judge_{side}") for side in ("first", "second")]
    return (texts[0] or "", texts[1] or "") if any(t is not None for t in texts) else None


def _scores(row: Row) -> tuple[float, float] | None:
    scores = row.get("scores")
    if not isinstance(scores, list) or len(scores) != 2 or None in scores:
        return None
    return float(scores[0]), float(scores[1])


def _read_alone(rows: list[Row], readings: Readings) -> list[Read]:
    """Answers judged one at a time: each reply's score, then the higher."""
    recorded = [
        Recorded(f"{row['pair_id']} {row['order']} {side}", reply(text), score)
        for row in rows
        for side, text, score in zip(
            ("first", "second"), _sides(row) or ("", ""), _scores(row) or (None, None), strict=True
        )
    ]
    best = best_way((r for r in recorded if r.value != -1), single_ways(None))
    if not best.reads:
        readings.give_up(recorded, best)
        return [Read(row, verdict_of(row["parsed"])) for row in rows]
    way = best.way
    readings.how = f"{best} of each answer alone, the higher wins"
    unscored = [one.value == -1 and value_of(way.read(one.reply)) is None for one in recorded]
    readings.named[MINUS_ONE] += sum(unscored)
    scored = [one for one, without in zip(recorded, unscored, strict=True) if not without]
    read = iter(readings.read_all(scored, way))
    verdicts = [verdict_of(None) if without else next(read) for without in unscored]
    both = zip(rows, verdicts[::2], verdicts[1::2], strict=True)
    return [Read(row, _higher(row, first, second, readings)) for row, first, second in both]


def _higher(row: Row, first: Verdict, second: Verdict, readings: Readings) -> Verdict:
    ours = winner_by_scores(first, second)
    if value_of(ours) == row["parsed"]:
        return ours
    marked = [v if v.score is not None else Verdict.scored(-1) for v in (first, second)]
    if None in (first.score, second.score) and first.score is not second.score:
        ours = winner_by_scores(*marked)
    if value_of(ours) != row["parsed"]:
        readings.miss(f"{row['pair_id']} {row['order']}", value_of(ours), row["parsed"])
    return ours


def _compared(row: Row, readings: Readings) -> Verdict:
    first, second = _scores(row) or (0.0, 0.0)
    ours = winner_by_scores(Verdict.scored(first), Verdict.scored(second))
    if value_of(ours) == row["parsed"]:
        readings.equal += 1
    elif first == second and row["parsed"] == "second":
        readings.named[EQUAL] += 1
        return verdict_of(row["parsed"])
    else:
        readings.miss(f"{row['pair_id']} {row['order']}", value_of(ours), row["parsed"])
    return ours


def winner_by_scores(first: Verdict, second: Verdict) -> Verdict:
    """The choice that two answers judged alone come to."""
    case = Case("", (), SIDES)
    answers = enumerate((first, second))
    winner = fold(case, [Judgement(Trial(case, (i,), ("A",)), v) for i, v in answers]).winner
    if winner is None:
        return Verdict.without(Status.UNPARSED, "an answer has no score")
    return Verdict.chose(Choice.TIE if winner == "tie" else list(Choice)[winner])


def _check_sides(row: Row, verdict: Verdict, readings: Readings) -> None:
    """Whether the verdict that the source un-swapped is what fold makes of it."""
    if "verdict" in row and value_of(verdict) == row["parsed"]:
        winner = one_order([judgement(Read(row, verdict))]).winner
        if winner != LABELS.get(row["verdict"]):
            where = f"{row['pair_id']} {row['order']} un-swapped"
            readings.miss(where, None if winner is None else str(winner), row["verdict"])
