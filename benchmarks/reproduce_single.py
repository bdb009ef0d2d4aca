"""Scores of single answers: MT-Bench, Auto-J, Prometheus' repeats, LLMBar's rating judges."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from reproduce_data import LABELS, Data, Row
from reproduce_ledger import Computed
from reproduce_readings import Readings, Recorded, best_way, reply, single_ways, verdict_of

from judgekit.stats import clustered_mean, clustered_rate, summarise_scores
from judgekit.stats.outcomes.fold import fold
from judgekit.stats.outcomes.values import MaybeLabel
from judgekit.types import Case, Judgement, Outcome, Response, Trial, Verdict

__all__ = ["single"]

APART = "Prometheus keeps the scores in a column of their own: its feedbacks are reasons alone"


def single(data: Data, only: str) -> Iterator[Computed]:
    for table in (*data.of("scores"), *data.of("repeats"), *data.of("ratings")):
        if only not in f"single/{table.name}":
            continue
        readings = Readings(table.stem)
        rows = list(table.rows())
        if table.kind == "scores":
            figures = _scored(rows, readings)
        elif table.kind == "repeats":
            figures = _repeated(rows, readings)
        else:
            figures = _rated(rows, readings)
        yield Computed("single", table.name, table.stem, figures, readings)


def _scale(rows: Sequence[Row]) -> tuple[float, float] | None:
    scale = rows[0].get("scale")
    return (scale[0], scale[1]) if isinstance(scale, list) and len(scale) == 2 else None


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _feedbacks(
    recorded: Sequence[Recorded], rows: Sequence[Row], readings: Readings
) -> list[Verdict]:
    """Every feedback's score; as recorded where feedbacks hold none, which is where no format
    reads them and half of them at least name no number whatever."""
    ways = single_ways(_scale(rows))
    without = sum(not any(map(str.isdigit, one.reply.text)) for one in recorded)
    if 2 * without < len(recorded) or best_way(recorded, ways).reads:
        return readings.read(recorded, ways)
    readings.how = "no verdict in these texts"
    readings.named[APART] += len(recorded)
    return [verdict_of(one.value) for one in recorded]


def _outcome(name: str, verdicts: Sequence[Verdict]) -> Outcome:
    """One answer's, from its repeats."""
    case = Case(name, (), (Response("", "a"),))
    trials = (Trial(case, (0,), ("A",), repeat) for repeat in range(len(verdicts)))
    return fold(case, [Judgement(t, v) for t, v in zip(trials, verdicts, strict=True)])


def _mean(outcomes: Sequence[Outcome]) -> float | None:
    return summarise_scores(outcomes, a="a", judge="", model=None).mean_score.value


def _scored(rows: Sequence[Row], readings: Readings) -> dict[str, Any]:
    recorded = [
        Recorded(
            str(row["id"]),
            reply(row["completion"], row.get("finish_reason")),
            _number(row["score"]),
        )
        for row in rows
    ]
    verdicts = readings.read(recorded, single_ways(_scale(rows)))
    outcomes = [_outcome(str(i), [verdict]) for i, verdict in enumerate(verdicts)]
    both = list(zip(rows, outcomes, strict=True))
    return {
        "rows": len(rows),
        **_table(both),
        "by_model": {name: _table(group) for name, group in _by("model", both).items()},
        "by_judge": {name: _table(group) for name, group in _by("judge", both).items()},
    }


def _by(
    column: str, rows: Iterable[tuple[Row, Outcome]]
) -> Mapping[str, list[tuple[Row, Outcome]]]:
    groups: defaultdict[str, list[tuple[Row, Outcome]]] = defaultdict(list)
    for row, outcome in rows:
        groups[str(row.get(column))].append((row, outcome))
    return groups


def _table(rows: Sequence[tuple[Row, Outcome]]) -> dict[str, Any]:
    outcomes = [outcome for _, outcome in rows]
    summary = summarise_scores(outcomes, a="a", judge="", model=None)
    scores = [o.scores[0] for o in outcomes if o.scores[0] is not None]
    keys = Counter((row.get("question_id"), row.get("turn")) for row, _ in rows)
    table: dict[str, Any] = {
        "rows": summary.cases,
        "n": summary.scored,
        "null": summary.no_verdict,
        "mean": summary.mean_score.value,
        "duplicate_keys": sum(n > 1 for n in keys.values()),
        "distribution": {str(score): n for score, n in Counter(scores).items()},
    }
    for turn, group in _by("turn", rows).items():
        table[f"mean_turn{turn}"] = _mean([outcome for _, outcome in group])
    return table


def _repeated(rows: Sequence[Row], readings: Readings) -> dict[str, Any]:
    recorded = [
        Recorded(f"{row['id']} repeat {repeat}", reply(text), _number(score))
        for row in rows
        for repeat, (text, score) in enumerate(zip(row["feedbacks"], row["scores"], strict=True))
    ]
    verdicts = iter(_feedbacks(recorded, rows, readings))
    both = []
    gaps = []
    for i, row in enumerate(rows):
        repeats = [next(verdicts) for _ in row["scores"]]
        both.append((row, _outcome(str(i), repeats)))
        scores = [verdict.score for verdict in repeats if verdict.score is not None]
        gaps += [(str(i), abs(x - y), 1) for x, y in combinations(scores, 2)]
    alike = Counter(cluster for cluster, gap, _ in gaps if not gap)
    return {
        "rows": len(rows),
        "mean": _mean([outcome for _, outcome in both]),
        "by_model": {
            name: {
                "rows": len(group),
                "n": sum(o.statuses.get("valid", 0) for _, o in group),
                "mean": _mean([outcome for _, outcome in group]),
            }
            for name, group in _by("model", both).items()
        },
        "rows_all_three_equal": sum(n == 3 for n in alike.values()),
        "mean_abs_diff_between_repeats": clustered_mean(gaps).value,
    }


def _rated(rows: Sequence[Row], readings: Readings) -> dict[str, Any]:
    """Both answers of a pair scored alone. No score is recorded but its text, so what is compared
    are the winners that the source recorded in either order."""
    pairs: defaultdict[str, list[tuple[Row, Outcome]]] = defaultdict(list)
    recorded = [
        Recorded(f"{row['pair_id']} {side}", reply(text), _python_int(text))
        for row in rows
        for side, text in zip("AB", row["scores_raw"], strict=True)
    ]
    verdicts = readings.read(recorded, single_ways(_scale(rows)))
    for row, *both in zip(rows, verdicts[::2], verdicts[1::2], strict=True):
        case = Case(row["pair_id"], (), (Response("", "a"), Response("", "b")))
        judgements = [Judgement(Trial(case, (i,), ("A",)), v) for i, v in enumerate(both)]
        outcome = fold(case, judgements)
        pairs[str(row.get("judge"))].append((row, outcome))
        theirs = "/".join(str(row.get(f"recorded_winner_{order}")) for order in ("AB", "BA"))
        if "None" not in theirs and theirs != _winners(outcome):
            readings.miss(row["pair_id"], _winners(outcome), theirs)
    return {judge: _pairs(group) for judge, group in pairs.items()}


def _python_int(text: str | None) -> float | None:
    """LLMBar's own reading."""
    try:
        return float(int(text or ""))
    except ValueError:
        return None


def _winners(outcome: Outcome) -> str:
    """What LLMBar records in the two orders: of equal scores the second shown wins, and where one
    is missing the first shown."""
    won: dict[MaybeLabel, str] = {0: "1/1", 1: "2/2", "tie": "2/1", None: "1/2"}
    return won[outcome.winner]


def _pairs(rows: Sequence[tuple[Row, Outcome]]) -> dict[str, Any]:
    right = [o.winner == LABELS.get(row["label"]) and o.decided for row, o in rows]
    split = [not o.decided or o.winner == "tie" for _, o in rows]
    credit = clustered_rate(
        (o.case, 1 if won else 0.5 if half else 0, 1)
        for (_, o), won, half in zip(rows, right, split, strict=True)
    )
    return {
        "pairs": len(rows),
        "unparsable_pairs": sum(not o.decided for _, o in rows),
        "equal": sum(o.winner == "tie" for _, o in rows),
        "correct": sum(right),
        "accuracy_half_credit": None if credit.value is None else 100 * credit.value,
    }
