"""Recorded judgements as contests between two sides, with the verdicts of either order.

The folder's layout: `judgements/*.jsonl.gz` with `pair_id`, `judge`, `order`, `parsed`,
`judgements/alpaca2/*.jsonl.gz` with `preference`, and `pairs/*.jsonl[.gz]` with labels.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgekit.stats.outcomes.fold import fold
from judgekit.types import (
    Case,
    Choice,
    Judgement,
    Outcome,
    Response,
    Status,
    Trial,
    Verdict,
    digest,
)

__all__ = [
    "FEWEST",
    "Contest",
    "Pair",
    "Seen",
    "contests",
    "files",
    "pairs",
    "preferences",
    "rows",
    "stem",
]

Row = Mapping[str, Any]
SHOWN = {"first": Choice.FIRST, "second": Choice.SECOND, "tie": Choice.TIE}
NAMES = ("A", "B")
FEWEST = 40  # prompts, below which a set says too little


@dataclass(frozen=True)
class Pair:
    """A row of `pairs/`: `prompt` names its first user turn, `models` are a's and b's."""

    prompt: str
    label: str | None
    models: tuple[str, str] | None
    judged: str | None = None  # by the row's own recorded judge, both orders merged


@dataclass(frozen=True)
class Seen:
    """One case: `verdicts[i]` with response i shown first, and the outcomes they give.

    `alone[i]` is the outcome of `verdicts[i]` alone, `both` that of both. If only one order was
    recorded, the other's verdict is None.
    """

    verdicts: tuple[Verdict | None, Verdict | None]
    alone: tuple[Outcome | None, Outcome | None]
    both: Outcome

    @property
    def swapped(self) -> Seen:
        """The same case with the sides' names exchanged; texts and verdicts stay."""
        first, second = self.alone
        alone = (second and _mirrored(second), first and _mirrored(first))
        return Seen((self.verdicts[1], self.verdicts[0]), alone, _mirrored(self.both))


@dataclass(frozen=True)
class Contest:
    """Two sides over many prompts, each with its cases; `what` describes the sides."""

    name: str
    what: str
    prompts: tuple[tuple[Seen, ...], ...]
    calls_a_case: int

    def swapped(self) -> Contest:
        """The same contest with the sides' names exchanged."""
        prompts = tuple(tuple(case.swapped for case in prompt) for prompt in self.prompts)
        return replace(self, prompts=prompts)


def rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open() as file:
        for line in file:
            yield json.loads(line)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl*"))


def stem(path: Path) -> str:
    return path.name.split(".jsonl")[0]


def pairs(folder: Path) -> dict[str, Pair]:
    """The labelled pairs by id."""
    of_id = {}
    for path in files(folder / "pairs"):
        for row in rows(path):
            meta = row.get("meta") or {}
            models = (meta["model_a"], meta["model_b"]) if "model_a" in meta else None
            prompt = row["prompt"]
            first = prompt if isinstance(prompt, str) else json.dumps(prompt[0], sort_keys=True)
            name = digest(first, size=8)
            of_id[row["id"]] = Pair(name, row["label"], models, meta.get("gpt4_pair"))
    return of_id


def contests(folder: Path) -> Iterator[Contest]:
    """One contest for each judge that was recorded in both orders.

    If all pairs are of the same two models, these are the sides. Otherwise a and b are
    arbitrary, so the sides are the answer that the label prefers and the other answer. The win
    rate is then the judge's accuracy; pairs without a label or labelled a tie are left out.
    """
    pairs_by_id = pairs(folder)
    for path in files(folder / "judgements"):
        of_judge: defaultdict[str, dict[str, dict[str, Row]]] = defaultdict(dict)
        for row in rows(path):
            if row.get("final", True) and row["pair_id"] in pairs_by_id:
                of_judge[row["judge"]].setdefault(row["pair_id"], {})[row["order"]] = row
        for judge, of_pair in of_judge.items():
            twice = {pair: both for pair, both in of_pair.items() if len(both) == 2}
            contest = _contest(f"{stem(path)} {judge}", pairs_by_id, twice) if twice else None
            if contest and len(contest.prompts) >= FEWEST:
                yield contest


def _contest(
    name: str, pairs_by_id: Mapping[str, Pair], recorded: Mapping[str, Mapping[str, Row]]
) -> Contest:
    models = {pairs_by_id[pair].models for pair in recorded}
    same = models.pop() if len(models) == 1 else None
    of_prompt: defaultdict[str, list[Seen]] = defaultdict(list)
    for pair, both in recorded.items():
        label = "A" if same else pairs_by_id[pair].label
        if label in NAMES:
            shown = [both["AB"]["parsed"], both["BA"]["parsed"]]  # a first, b first
            verdicts = [_verdict(word) for word in (shown if label == "A" else shown[::-1])]
            of_prompt[pairs_by_id[pair].prompt].append(_seen(pair, verdicts[0], verdicts[1]))
    what = f"{same[0]} against {same[1]}" if same else "the labelled answer against the other"
    return Contest(name, what, tuple(map(tuple, of_prompt.values())), 2)


def preferences(folder: Path) -> Iterator[Contest]:
    """AlpacaEval 2's contests of two models; each prompt was shown in one order."""
    for path in files(folder / "judgements" / "alpaca2"):
        cases = []
        models = ("", "")
        for row in rows(path):
            if row["preference"] is None:
                continue
            models = (row["model"], row["baseline"])
            p = row["preference"] - 1 if row["preference"] else 0.5
            choice = Choice.TIE if p == 0.5 else Choice.FIRST if p > 0.5 else Choice.SECOND
            # Which was shown first is not known for sure, and one order has no other to compare.
            cases.append((_seen(row["id"], Verdict.chose(choice, probability=p), None),))
        if models[0] != models[1]:
            yield Contest(f"alpaca2 {models[0]}", " against ".join(models), tuple(cases), 1)


def _mirrored(outcome: Outcome) -> Outcome:
    """With responses 0 and 1 exchanged; of the figures, those that a win rate is counted from."""
    winner = outcome.winner
    return replace(outcome, winner=1 - winner if isinstance(winner, int) else winner)


def _verdict(word: str | None) -> Verdict:
    return Verdict.without(Status.UNPARSED) if word is None else Verdict.chose(SHOWN[word])


def _seen(name: str, first: Verdict, second: Verdict | None) -> Seen:
    case = Case(name, (), (Response("a", "a"), Response("b", "b")))
    shown = [Judgement(Trial(case, (0, 1), NAMES), first)]
    if second is None:
        alone = fold(case, shown, both_orders=False)
        return Seen((first, None), (alone, None), alone)
    shown.append(Judgement(Trial(case, (1, 0), NAMES), second))
    one, other = (fold(case, [judgement], both_orders=False) for judgement in shown)
    return Seen((first, second), (one, other), fold(case, shown))
