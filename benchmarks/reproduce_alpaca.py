"""AlpacaEval 2: preferences between a model and the baseline, and the published leaderboard."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from glob import escape
from math import inf, isclose
from typing import Any, NamedTuple

from reproduce_data import Data, Row, Table
from reproduce_ledger import Computed, Reason
from reproduce_readings import Readings, reply, verdict_of
from reproduce_rules import RULES

from judgekit.judging.parsing import read
from judgekit.judging.templates import Head
from judgekit.stats import clustered_mean, counts, positions, win_rate, win_rate_mean
from judgekit.stats.intervals import standard_error
from judgekit.stats.outcomes.fold import fold
from judgekit.types import Case, Choice, Judgement, Outcome, Reply, Response, Status, Trial, Verdict

__all__ = ["alpaca"]

NAMES = ("m", "M")  # of the answers in the order shown
TOKEN = Head("pair", "token", tie=None)
RANKED = Head("pair", "ranked", tie=None)
ORDERS = {"model": (0, 1), "baseline": (1, 0)}  # by whose answer is shown first
PARTS = ("computed", "published", "reproduces")
TOLERANCE = 1e-6
OTHER_WORD = (
    "AlpacaEval takes the probabilities of m and M also where the reply is another word; we do not"
)
NO_ANSWERS = "the model's answers are in none of the folders"
UNFOUNDED = "what was published does not follow from these rows by the other computation either"
NO_ORDER = "the source did not keep which answer was shown first"


class Judged(NamedTuple):
    """A row with its outcome: response 0 is the model, 1 the baseline."""

    row: Row
    outcome: Outcome


def alpaca(data: Data, only: str) -> Iterator[Computed]:
    for table in data.of("preferences"):
        rows = list(table.rows())
        model = str(rows[0]["model"])
        key = f"cot:{model}" if any(_ranking(row) for row in rows) else model
        if only in f"alpaca/{key}":
            yield _computed(data, table, key, rows)


def _computed(data: Data, table: Table, key: str, rows: Sequence[Row]) -> Computed:
    readings = Readings(f"{table.stem} ({rows[0].get('judge')})")
    judged = [_judged(row, readings) for row in rows]
    readings.how = readings.how or "no reply is kept, only its preference"
    figures = _figures(judged, str(rows[0]["model"]), data)
    figures["file"] = table.name
    figures["computed"]["logprob_preference_mismatch"] = len(readings.wrong)
    expected = data.expected.get("alpaca", {}).get(key, {})
    figures["reproduces"] = _reproduces(figures["computed"], expected.get("published") or {})
    missing = [
        Reason(("alpaca", "*", "published", escape(name)), UNFOUNDED, within=inf)
        for name, equal in (expected.get("reproduces") or {}).items()
        if equal is False
    ]
    if "avg_length" not in figures["computed"]:
        missing += [Reason(("alpaca", "*", part, "avg_length"), NO_ANSWERS) for part in PARTS]
    return Computed("alpaca", key, table.name, figures, readings, missing)


def _judged(row: Row, readings: Readings) -> Judged:
    shown = row.get("shown_first")
    case = Case(str(row["id"]), (), (Response("", row["model"]), Response("", "baseline")))
    trial = Trial(case, ORDERS.get(str(shown), (0, 1)), NAMES)
    record = _recorded(row, trial.order)
    output = _again(row)
    verdict = record
    if output is not None and shown is None:
        _unordered(row, output, record, readings)
    elif output is not None:
        verdict = _settled(row, output, record, readings)
    judgement = Judgement(trial, verdict)
    return Judged(row, fold(case, [judgement], merge="mean", both_orders=False))


def _recorded(row: Row, order: tuple[int, ...]) -> Verdict:
    """The recorded preference (1 the baseline, 2 the model) as a verdict in positions; 0 is a
    draw, and null no verdict."""
    preference = row["preference"]
    if preference is None:
        return Verdict.without(Status.UNPARSED, "no preference")
    share = 0.5 if preference == 0 else preference - 1
    first = share if order == (0, 1) else 1 - share
    choice = Choice.TIE if first == 0.5 else Choice.FIRST if first > 0.5 else Choice.SECOND
    return Verdict.chose(choice, probability=first)


def _ranking(row: Row) -> bool:
    completion = row.get("raw_completion")
    return isinstance(completion, dict) and "ordered_models" in completion


def _again(row: Row) -> Reply | None:
    """The reply as it came: one token and its alternatives, or a call's arguments."""
    completion = row.get("raw_completion")
    if completion is None:
        return None
    if not isinstance(completion, dict):
        return reply(str(completion))
    if _ranking(row):
        return reply(json.dumps(completion))
    top = completion.get("top_logprobs") or ()
    logprobs = {token["token"]: token["logprob"] for token in top}
    text, reason = completion.get("text"), completion.get("finish_reason")
    return replace(reply(text, reason), label_logprobs=logprobs)


def _settled(row: Row, came: Reply, record: Verdict, readings: Readings) -> Verdict:
    head = _head(row, readings)
    ours = read(came, head, NAMES)
    if _same(ours, record):
        readings.equal += 1
        return ours
    unspoken = read(replace(came, text=""), head, NAMES)
    if ours.choice is None and _same(unspoken, record):
        readings.named[OTHER_WORD] += 1
        return unspoken
    for rule in RULES.get(head.reads, ()):
        by_rule = verdict_of(rule.read(came.text.strip()))
        if ours.choice is None and _same(by_rule, record):
            readings.named[rule.words] += 1
            return by_rule
    readings.miss(str(row["id"]), _share(ours), _share(record))
    return ours


def _head(row: Row, readings: Readings) -> Head:
    head = RANKED if _ranking(row) else TOKEN
    readings.how = f"{head.reads} (m, M)"
    return head


def _unordered(row: Row, came: Reply, record: Verdict, readings: Readings) -> None:
    """A reply that speaks for either answer, as it is not known which was shown first: it must
    say what was recorded in one of the two orders."""
    ours = read(came, _head(row, readings), NAMES)
    share = _share(ours)
    turned = None if share is None else Verdict.chose(Choice.TIE, probability=1 - share)
    if _same(ours, record) or (turned is not None and _same(turned, record)):
        readings.named[NO_ORDER] += 1
    else:
        readings.miss(str(row["id"]), share, _share(record), came.text)


def _same(ours: Verdict, record: Verdict) -> bool:
    x, y = _share(ours), _share(record)
    return x is y if x is None or y is None else abs(x - y) <= TOLERANCE


def _share(verdict: Verdict) -> float | None:
    """The probability of the first shown; of a choice without one, 1 or 0."""
    if verdict.choice is None or verdict.probability is not None:
        return verdict.probability
    return {Choice.FIRST: 1.0, Choice.TIE: 0.5, Choice.SECOND: 0.0}[verdict.choice]


def _figures(judged: Sequence[Judged], model: str, data: Data) -> dict[str, Any]:
    outcomes = [one.outcome for one in judged]
    n = counts(outcomes)
    shown = [one for one in judged if one.row.get("shown_first") in ORDERS]
    rate = win_rate_mean(outcomes).value
    error = standard_error((o.cluster, o.mean, 1) for o in outcomes if o.mean is not None)
    lengths = data.lengths()
    sizes = lengths.get(model, ())
    figures: dict[str, Any] = {
        "n_rows": len(judged),
        "n_total": n.cases - n.no_verdict,
        "win_rate": _percent(rate),
        "standard_error": 100 * error,
        "n_wins": n.wins_a,
        "n_wins_base": n.wins_b,
        "n_draws": n.ties,
        "discrete_win_rate": _percent(win_rate(outcomes).value),
        "rows_with_logprobs": sum(_has_logprobs(one.row) for one in judged),
        "shown_first": dict(Counter(str(one.row.get("shown_first")) for one in judged)),
        "pct_first_shown_wins": _percent(
            positions([one.outcome for one in shown]).first_share.value
        ),
    }
    for side in ORDERS:
        where = [one.outcome for one in shown if one.row["shown_first"] == side]
        figures[f"win_rate_when_{side}_first"] = _percent(win_rate_mean(where).value)
    if sizes:
        figures["avg_length"] = clustered_mean((str(i), x, 1) for i, x in enumerate(sizes)).value
    published = dict(figures)
    if sizes:  # an answer that is missing counts as an empty one there
        instructions = max(len(every) for every in lengths.values())
        published["avg_length"] = sum(sizes) / instructions
    return {"computed": figures, "published": published}


def _reproduces(figures: Mapping[str, Any], published: Mapping[str, Any]) -> dict[str, bool]:
    """Which of the published figures our own ones equal; a length as a whole number."""
    return {
        name: int(ours) == int(published[name])
        if name == "avg_length"
        else isclose(ours, published[name], rel_tol=0, abs_tol=TOLERANCE)
        for name, ours in figures.items()
        if isinstance(published.get(name), int | float) and isinstance(ours, int | float)
    }


def _has_logprobs(row: Row) -> bool:
    completion = row.get("raw_completion")
    return isinstance(completion, dict) and bool(completion.get("top_logprobs"))


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
