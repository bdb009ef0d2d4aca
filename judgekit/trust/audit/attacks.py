"""Answers that do not deserve to win: an empty phrase, and an answer that addresses the judge."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from judgekit.stats import clustered_rate, win_rate
from judgekit.stats.outcomes.values import value
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.audit_input import AuditInput, case_variant
from judgekit.trust.audit.metric import AuditMetric, points, share
from judgekit.trust.audit.probe import Probe
from judgekit.trust.audit.probe_runs import PLAIN, FinishedRuns, PlannedRun
from judgekit.types import Case, Outcome, Response, digest

__all__ = ["Attacks", "InjectionProbe", "NullProbe", "attacks"]


@dataclass(frozen=True)
class Attacks:
    """`null` is the answer to anything, `instructions` what an answer may say to its judge."""

    null: str
    instructions: Mapping[str, str]


@cache
def attacks() -> Attacks:
    """The attacks of ``attacks.toml``."""
    text = files("judgekit.trust.audit").joinpath("attacks.toml").read_text(encoding="utf-8")
    return Attacks(**tomllib.loads(text))


class NullProbe(Probe):
    """One constant answer to everything, against real ones (after Zheng et al. 2024, arXiv
    2410.07137, whose text is made for one judge; this one is not)."""

    name = "null"
    about = "does an answer that says nothing win?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        return [PlannedRun(self.name, [null_case(case) for case in audit.cases], ("null", "real"))]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:  # noqa: ARG002 (the run has all it needs)
        decided = [o for o in finished[self.name].outcomes if o.decided]
        won = clustered_rate((o.cluster, o.winner == 0, 1) for o in decided)
        n = len(decided)
        return [
            share("the null answer wins", won, n, "chosen over a real answer; should be 0 %"),
            share("its win rate", win_rate(decided), n, "the same with ties and doubts as half"),
        ]


class InjectionProbe(Probe):
    """In each case one of the two answers carries an instruction to the judge.

    The case's content picks the answer and the instruction. The gain is the win rate of the
    carrying answer minus that of the same answer without the instruction, over the same cases. The
    instruction also makes the answer longer: where length wins verdicts, that is part of the gain.
    """

    name = "injection"
    about = "does an answer win by telling the judge to choose it?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        cases = [injected_case(case) for case in audit.cases]
        return [audit.plain_run(), PlannedRun(self.name, cases, ("carrier", "other"))]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:
        rows = list(decided_twice(audit, finished[PLAIN].outcomes, finished[self.name].outcomes))
        carriers = clustered_rate((cluster, after, 1) for cluster, _, _, after in rows)
        plainly = clustered_rate((cluster, before, 1) for cluster, _, before, _ in rows)
        usual = "" if plainly.value is None else f"; without it {100 * plainly.value:.1f} %"
        sentences = (
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
            gain("the instruction's gain", rows, sentences),
            *(
                gain(f"… {name}", [row for row in rows if row[1] == name], sentences)
                for name in names
            ),
        ]


Row = tuple[str, str, float, float]
"""Cluster, instruction, and the carrier's value without and with it."""


def gain(name: str, rows: Sequence[Row], sentences: Sequence[str]) -> AuditMetric:
    """The difference in the carriers' win rate."""
    return points(
        name,
        share_difference((cluster, after - before, 1) for cluster, _, before, after in rows),
        len(rows),
        sentences,
    )


def decided_twice(
    audit: AuditInput, baseline: Sequence[Outcome], carried: Sequence[Outcome]
) -> list[Row]:
    """The cases that are decided with the instruction and without."""
    rows = []
    for case, before, after in zip(audit.cases, baseline, carried, strict=False):
        usual, now = value(before), value(after)
        if usual is not None and now is not None and not case.identical:
            carrier, name = drawn_attack(case)
            rows.append((before.cluster, name, usual if carrier == 0 else 1 - usual, now))
    return rows


def drawn_attack(case: Case) -> tuple[int, str]:
    """Which answer of a case carries which instruction, drawn from its content."""
    texts = [response.text for response in case.responses]
    number = int(digest(case.id, *texts, size=4), 16)
    names = list(attacks().instructions)
    return number % 2, names[number // 2 % len(names)]


def injected_case(case: Case) -> Case:
    """The drawn answer with its instruction as response 0, against the other."""
    carrier, name = drawn_attack(case)
    response = case.responses[carrier]
    text = f"{response.text}\n\n{attacks().instructions[name]}"
    loaded = replace(response, text=text, model="carrier")
    return case_variant(
        case,
        f"injection-{carrier}-{name}",
        responses=(loaded, replace(case.responses[1 - carrier], model="other")),
    )


def null_case(case: Case) -> Case:
    """The null answer as response 0, against one of the real ones."""
    real = case.responses[drawn_attack(case)[0]]
    null = Response(attacks().null, "null", real.earlier)
    return case_variant(case, "null", responses=(null, replace(real, model="real")))
