"""``run.json``: how a run was made, as a dataclass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from judgekit.runs.contents import FileContent
from judgekit.stats.outcomes.values import Inconsistent
from judgekit.stats.plain import decode, encode
from judgekit.stats.summaries.context import read_stop
from judgekit.types import RunKind, StopReason

__all__ = ["PartMetadata", "RunCounts", "RunMetadata", "cost_bound"]

SCHEMA = 1  # of run.json


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a run asked and used, over all the times that its command was started.

    `trials` were planned, `judged` of them have a verdict. `calls` were asked of the engine, in
    `attempts`, `calls_now` of them this time; `tokens_in`, `tokens_out` and `cost_usd` are theirs.
    Calls that failed count, with what they were billed. `calls_from_store` were found in the reply
    store this time: the run's own of earlier times, and `reused` ones that another run has paid
    for, or an older version of judgekit, which did not say who paid. `without_usage` counts replies
    that did not name their tokens, or named impossible ones. `cost_usd` is None where a price is
    unknown, or all tokens are; a lower limit where those of some replies are. Of `tokens_in`,
    `tokens_cached` were read from a provider's cache and `tokens_written` written to one; the price
    of `unpriced` ones of these is not known, and the cost an upper limit. `failures` and `retries`
    are of this time.

    Judges that ask no engine pay for nothing, and of them this time alone is counted; so it is in
    runs of older versions. `calls_now` and `reused` are None there.
    """

    trials: int
    judged: int
    calls: int
    attempts: int
    calls_from_store: int
    tokens_in: int
    tokens_out: int
    without_usage: int
    cost_usd: float | None
    failures: Mapping[str, int] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)
    calls_now: int | None = None
    reused: int | None = None
    tokens_cached: int = 0
    tokens_written: int = 0
    unpriced: int = 0

    @property
    def cost_bound(self) -> str:
        """What stands before the cost where it is not just what was billed."""
        return cost_bound(self.without_usage, self.unpriced)

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """The counts of several judges together."""
        none = cls(0, 0, 0, 0, 0, 0, 0, 0, 0.0, calls_now=0, reused=0)
        each = [none, *parts]
        names = [entry.name for entry in fields(cls)]
        return cls(**{name: total([getattr(p, name) for p in each]) for name in names})


@dataclass(frozen=True, slots=True)
class PartMetadata:
    """One judge of a jury or a route: what decided its verdicts, and what it asked and used."""

    judge: str
    decides: Mapping[str, Any]
    settled: Mapping[str, Any]
    counts: RunCounts


@dataclass(frozen=True, slots=True)
class Decides:
    """What `RunMetadata` reads of all that decided a run."""

    judge: str
    models: tuple[str, ...]
    inputs: tuple[str, ...]
    inconsistent: Inconsistent
    model: str | None = None
    task: str = ""
    games: int | None = None


@dataclass(frozen=True, slots=True)
class RunMetadata:
    """How a run was made: everything that ``run.json`` holds.

    `decides` names all that decides what the run says, and `identity` is its digest. `settled` is
    what the engine chose by itself. `parsers` is the version of the parsers that read the replies,
    1 of runs that do not name it. `contents` is what the other files hold, empty in runs of
    older versions. `parts` are the judges of a jury or a route. `started` and
    `ended` are ISO 8601 in UTC. `learned` has the digests of the labelled prompts that the judge,
    or one of them, was aligned with.
    """

    kind: RunKind
    judgekit: str
    python: str
    files: tuple[str, ...]
    settings: Mapping[str, Any]
    started: str
    ended: str
    seconds: float
    stop: StopReason | None
    counts: RunCounts
    decides: Mapping[str, Any]
    identity: str = ""
    settled: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[PartMetadata, ...] = ()
    parsers: int = 1
    contents: Mapping[str, FileContent] = field(default_factory=dict)
    learned: tuple[str, ...] = ()

    @property
    def stopped(self) -> str:
        """Why the run ended before its last case, in words; empty where it did not."""
        return "" if self.stop is None else self.stop.text

    @property
    def judge(self) -> str:
        """The judge's name."""
        return str(self.decides["judge"])

    @property
    def model(self) -> str | None:
        """The model that judged; None of judges that ask none, and of several judges."""
        model = self.decides.get("model")
        return None if model is None else str(model)

    @property
    def models(self) -> tuple[str, ...]:
        """The models whose answers were judged."""
        return tuple(self.decides["models"])

    @property
    def inputs(self) -> tuple[str, ...]:
        """The digests of the input files."""
        return tuple(self.decides["inputs"])

    @property
    def inconsistent(self) -> Inconsistent:
        """What a case counts for in which the two orders disagree."""
        inconsistent: Inconsistent = self.decides["inconsistent"]
        return inconsistent

    @property
    def task(self) -> str:
        """``rank``, ``jury`` or ``route``; empty of one judge that compares or scores."""
        return str(self.decides.get("task", ""))

    @property
    def games(self) -> int | None:
        """The limit of comparisons of a ranking that chose them; None of other runs."""
        games = self.decides.get("games")
        return None if games is None else int(games)

    def to_dict(self) -> dict[str, Any]:
        """What ``run.json`` holds: dicts, lists, numbers and texts."""
        plain = {
            "schema": SCHEMA,
            "identity": self.identity,
            **encode(self),
            "stopped": self.stopped,
        }
        for name in ("parts", "learned"):
            if not getattr(self, name):
                del plain[name]
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The metadata that `to_dict` made `plain` from, in this release or the one before.

        Args:
            plain: What ``run.json`` holds.

        Returns:
            The metadata; the kind of an older run is derived from what decided it.

        Raises:
            KeyError, TypeError, ValueError: `plain` holds no run's metadata.
        """
        metadata = decode(cls, {"kind": kind_of(plain), **plain, "stop": encode(read_stop(plain))})
        decode(Decides, metadata.decides)
        return metadata


def cost_bound(without_usage: int, unpriced: int) -> str:
    """What stands before a cost: ``at least``, ``at most``, ``about``, or nothing.

    Args:
        without_usage: How many replies did not name their tokens.
        unpriced: How many cached tokens have a price that is not known.
    """
    if without_usage and unpriced:
        return "about "
    return "at least " if without_usage else "at most " if unpriced else ""


def total(values: Sequence[Any]) -> Any:
    """The sum of numbers, or of counts by name; None where one is not known."""
    if None in values:
        return None
    if any(isinstance(value, Mapping) for value in values):
        return dict(sum(map(Counter, values), Counter()))
    return sum(values)


def kind_of(plain: Mapping[str, Any]) -> RunKind:
    """The kind of a run whose ``run.json`` does not name it, as those of an older release."""
    decides = plain["decides"]
    if decides.get("task") == "rank":
        return "rank"
    return "compare" if len(decides["models"]) > 1 else "score"
