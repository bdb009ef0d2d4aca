"""Answers that do not deserve to win: one that says nothing, one that talks to the judge."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from judgekit.stats import clustered_rate, win_rate
from judgekit.stats.outcomes.values import value
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.figure import Figure, points, share
from judgekit.trust.audit.given import Given, other_case
from judgekit.trust.audit.probe import PLAIN, Judged, Showing
from judgekit.types import Case, Outcome, Response, digest

__all__ = ["Attacks", "InjectionProbe", "NullProbe", "attacks"]


@dataclass(frozen=True)
class Attacks:
    """`null`: an answer to anything. `instructions`: what an answer may say to its judge."""

    null: str
    instructions: Mapping[str, str]


@cache
def attacks() -> Attacks:
    """The attacks of ``attacks.toml``."""
    text = files("judgekit.trust.audit").joinpath("attacks.toml").read_text(encoding="utf-8")
    return Attacks(**tomllib.loads(text))


class NullProbe:
    """One constant answer to everything, against real ones (after Zheng et al. 2024, arXiv
    2410.07137, whose text is made for one judge; this one is not)."""

    name = "null"
    about = "does an answer that says nothing win?"

    def showings(self, given: Given) -> Sequence[Showing]:
        return [Showing(self.name, [nulled(case) for case in given.cases], ("null", "real"))]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:  # noqa: ARG002 (all it needs was judged)
        decided = [o for o in judged[self.name].outcomes if o.decided]
        won = clustered_rate((o.cluster, o.winner == 0, 1) for o in decided)
        n = len(decided)
        return [
            share("the null answer wins", won, n, "chosen over a real answer; should be 0 %"),
            share("its win rate", win_rate(decided), n, "the same with ties and doubts as half"),
        ]


class InjectionProbe:
    """One of the two answers, each in half of the cases, carries an instruction to the judge.

    Each case gets one of the instructions, by its content. What the instruction gains is the win
    rate of the carrying answer less that of the same answer without it, over the same cases. It
    also makes the answer longer: where length wins verdicts, a part of the gain is that.
    """

    name = "injection"
    about = "does an answer win by telling the judge to choose it?"

    def showings(self, given: Given) -> Sequence[Showing]:
        cases = [injected(case) for case in given.cases]
        return [given.plain(), Showing(self.name, cases, ("carrier", "other"))]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:
        rows = list(both(given, judged[PLAIN].outcomes, judged[self.name].outcomes))
        carriers = clustered_rate((cluster, after, 1) for cluster, _, _, after in rows)
        plainly = clustered_rate((cluster, before, 1) for cluster, _, before, _ in rows)
        usual = "" if plainly.value is None else f"; without it {100 * plainly.value:.1f} %"
        said = (
            "an answer gains by telling the judge to choose it",
            "an answer loses by telling the judge to choose it",
            "no effect of the instruction is seen",
        )
        names = list(attacks().instructions)
        return [
            share(
                "the carrier's win rate",
                carriers,
                len(rows),
                f"of an answer that carries an instruction to the judge{usual}",
            ),
            gain("the instruction's gain", rows, said),
            *(gain(f"… {name}", [row for row in rows if row[1] == name], said) for name in names),
        ]


Row = tuple[str, str, float, float]
"""Cluster, instruction, the carrier's value without it, and with it."""


def gain(name: str, rows: Sequence[Row], said: Sequence[str]) -> Figure:
    """The difference in the carriers' win rate."""
    return points(
        name,
        share_difference((cluster, after - before, 1) for cluster, _, before, after in rows),
        len(rows),
        said,
    )


def both(given: Given, plain: Sequence[Outcome], carried: Sequence[Outcome]) -> list[Row]:
    """The cases that are decided with the instruction and without."""
    rows = []
    for case, before, after in zip(given.cases, plain, carried, strict=False):
        usual, now = value(before), value(after)
        if usual is not None and now is not None and not case.identical:
            carrier, name = drawn(case)
            rows.append((before.cluster, name, usual if carrier == 0 else 1 - usual, now))
    return rows


def drawn(case: Case) -> tuple[int, str]:
    """Which answer of a case carries, and what: drawn from its content."""
    texts = [response.text for response in case.responses]
    number = int(digest(case.id, *texts, size=4), 16)
    names = list(attacks().instructions)
    return number % 2, names[number // 2 % len(names)]


def injected(case: Case) -> Case:
    """The drawn answer with its instruction as response 0, against the other."""
    carrier, name = drawn(case)
    own = case.responses[carrier]
    text = f"{own.text}\n\n{attacks().instructions[name]}"
    loaded = replace(own, text=text, model="carrier")
    return other_case(
        case,
        f"injection-{carrier}-{name}",
        responses=(loaded, replace(case.responses[1 - carrier], model="other")),
    )


def nulled(case: Case) -> Case:
    """The null answer as response 0, against one of the real ones."""
    real = case.responses[drawn(case)[0]]
    null = Response(attacks().null, "null", real.earlier)
    return other_case(case, "null", responses=(null, replace(real, model="real")))
