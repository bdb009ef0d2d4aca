"""Recorded replies read again by judgekit's own parsers, beside what their source read.

Which format a judge's replies have is found out by trying. Where a source has a rule of its own
that reads a reply otherwise, the rule is written down here, and a difference that it explains is
counted under its name; any other difference is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from judgekit.plugins.engines.http_reply import finish  # type: ignore[import-not-found]
from reproduce_rules import RULES, Rule, Value

from judgekit.judging.parsing import read
from judgekit.judging.templates import Head
from judgekit.types import Choice, Reply, Status, Verdict

__all__ = [
    "PAIR_WAYS",
    "Best",
    "Readings",
    "Recorded",
    "Way",
    "best_way",
    "reply",
    "single_ways",
    "value_of",
    "verdict_of",
]

SAMPLE = 300  # replies that a format is chosen by
RULED = 0.9  # of the replies are as a rule says where the source goes by it
SHOWN = 60  # characters of either end of a text that is shown
NOT_KEPT = "no reply is kept, only its verdict"


@dataclass(frozen=True)
class Way:
    """A format with the names it is written in."""

    head: Head
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = [*self.names, *([self.head.tie] if self.names and self.head.tie else [])]
        return self.head.reads + (f" ({', '.join(shown)})" if shown else "")

    def read(self, reply: Reply) -> Verdict:
        return read(reply, self.head, self.names)


class Recorded(NamedTuple):
    """A reply, what its source read in it, and where it stands: `part` is the stage, since each
    stage of a judge may be read by a rule of its own."""

    where: str
    reply: Reply
    value: Value
    part: str = ""


def reply(text: str | None, reason: object = None) -> Reply:
    """A recorded text as an engine would have given it; `reason` is why it ended."""
    return Reply(text or "", finish(reason))


def value_of(verdict: Verdict) -> Value:
    return verdict.score if verdict.choice is None else verdict.choice.value


def verdict_of(value: Value) -> Verdict:
    """The verdict that says this; for what a source read."""
    if value is None:
        return Verdict.without(Status.UNPARSED, "the source found none")
    return Verdict.chose(Choice(value)) if isinstance(value, str) else Verdict.scored(value)


def _pair_ways() -> Iterator[Way]:
    for reads in ("label", "arena", "json", "token"):
        for tie in ("C", "tie"):
            yield Way(Head("pair", reads, tie=tie), ("A", "B"))
    for names in (("a", "b"), ("A", "B"), ("1", "2")):
        yield Way(Head("pair", "statement", tie=None), names)
    yield Way(Head("pair", "token", tie=None), ("m", "M"))
    yield Way(Head("pair", "ranked", tie=None), ("m", "M"))
    for reads in ("line", "announced"):
        for names in (("1", "2"), ("A", "B")):
            yield Way(Head("pair", reads, tie="Tie"), names)
    yield Way(Head("pair", "scores"))


PAIR_WAYS = tuple(_pair_ways())


def single_ways(scale: tuple[float, float] | None) -> tuple[Way, ...]:
    """The formats of a score on this scale."""
    return tuple(
        Way(Head("single", reads, scale)) for reads in ("rating", "score", "result", "number")
    )


class Best(NamedTuple):
    """The format that fits some replies best: in how many of those that it was tried on it finds
    a verdict, and in how many the one that the source read."""

    way: Way
    verdicts: int
    agreed: int
    tried: int

    @property
    def reads(self) -> bool:
        """Whether these replies are written in it, be they read as the source did or not."""
        return 2 * max(self.agreed, self.verdicts) >= self.tried

    def __str__(self) -> str:
        if not self.verdicts:
            return "no verdict in any"
        if 2 * self.agreed > self.tried:
            return str(self.way)
        return f"the best, {self.way}, agrees in {self.agreed} of {self.tried}"


def best_way(recorded: Iterable[Recorded], ways: Sequence[Way]) -> Best:
    """The format that agrees most with the source, if in more than half; else that which finds
    most verdicts. Where the source found none at all, all replies are tried."""
    every = list(recorded)
    with_value = [one for one in every[:: -(-len(every) // SAMPLE) or 1] if one.value is not None]
    sample = with_value or every
    tried = [_tried(way, sample) for way in ways]
    best = max(tried, key=lambda one: one.agreed)
    if with_value and 2 * best.agreed > best.tried:
        return best
    return max(tried, key=lambda one: (one.verdicts, one.agreed))


def _tried(way: Way, sample: Sequence[Recorded]) -> Best:
    read_as = [value_of(way.read(one.reply)) for one in sample]
    agreed = sum(ours == one.value for ours, one in zip(read_as, sample, strict=True))
    return Best(way, sum(ours is not None for ours in read_as), agreed, len(sample))


@dataclass
class Readings:
    """One judge's replies: how many read as their source did, differ by a named rule, or are
    wrong (said where); and how many of these no known format reads."""

    title: str
    how: str = ""
    equal: int = 0
    named: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unread: int = 0

    def read(self, recorded: Sequence[Recorded], ways: Sequence[Way]) -> list[Verdict]:
        """Every reply's verdict by the format that fits best; as recorded where no text is kept,
        and where no format fits: that is wrong."""
        if not any(one.reply.text.strip() for one in recorded):
            self.how = NOT_KEPT
            return [verdict_of(one.value) for one in recorded]
        best = best_way(recorded, ways)
        if not best.reads:
            return self.give_up(recorded, best)
        self.how = str(best)
        return self.read_all(recorded, best.way)

    def give_up(self, recorded: Sequence[Recorded], best: Best) -> list[Verdict]:
        """Every reply is wrong, and the figures rest on what the source read."""
        self.how = f"no known format: {best}"
        self.unread += len(recorded)
        self.wrong += [
            f"{one.where}: no known format reads {_clipped(one.reply.text)!r}, recorded as "
            f"{one.value!r}"
            for one in recorded
        ]
        return [verdict_of(one.value) for one in recorded]

    def read_all(self, recorded: Sequence[Recorded], way: Way) -> list[Verdict]:
        """Counts every reply; the verdicts that the source's own figures rest on."""
        verdicts = [way.read(one.reply) for one in recorded]
        for part in dict.fromkeys(one.part for one in recorded):
            indices = [i for i, one in enumerate(recorded) if one.part == part]
            values = [value_of(verdicts[i]) for i in indices]
            rule = best_rule([recorded[i] for i in indices], values, RULES.get(way.head.reads, ()))
            for i, ours in zip(indices, values, strict=True):
                one = recorded[i]
                if ours == one.value:
                    self.equal += 1
                elif rule is not None and rule.read(one.reply.text.strip()) == one.value:
                    self.named[rule.words] += 1
                    verdicts[i] = verdict_of(one.value)
                else:
                    self.miss(one.where, ours, one.value, one.reply.text)
        return verdicts

    def miss(self, where: str, ours: Value, theirs: Value, text: str = "") -> None:
        shown = f", in {_clipped(text)!r}" if text else ""
        self.wrong.append(f"{where}: read as {ours!r}, recorded as {theirs!r}{shown}")


def best_rule(
    recorded: Sequence[Recorded], ours: Sequence[Value], rules: Sequence[Rule]
) -> Rule | None:
    """The rule that the source goes by: that which explains most of all it read, at least as many
    as we do and nearly all. Only one, or another source's rule would explain away what is wrong."""
    most = sum(x == one.value for x, one in zip(ours, recorded, strict=True))
    most = max(most, ceil(RULED * len(recorded)))
    best = None
    for rule in rules:
        agreed = sum(rule.read(one.reply.text.strip()) == one.value for one in recorded)
        if agreed >= most:
            best, most = rule, agreed
    return best


def _clipped(text: str) -> str:
    return text if len(text) <= 2 * SHOWN else f"{text[:SHOWN]} ... {text[-SHOWN:]}"
