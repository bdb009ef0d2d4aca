"""The words of judgekit as frozen dataclasses: what passes between the stages.

`case` → `trial` → `verdict` → `judgement` → `outcome`; an engine sees `call` and gives `reply`.
Imports the standard library only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

__all__ = [
    "Call",
    "Case",
    "Choice",
    "Judgement",
    "Message",
    "Orders",
    "Outcome",
    "Pair",
    "Position",
    "Ranking",
    "Reply",
    "Response",
    "RunKind",
    "Sampling",
    "Status",
    "StopKind",
    "StopReason",
    "Trial",
    "Verdict",
    "digest",
]


Orders = Literal["both", "one", "adaptive"]
"""Which orders of a pair are shown."""

Label = int | Literal["tie"]
"""What is known or said of two responses: the index of the better one, or a tie."""

RunKind = Literal["compare", "score", "rank"]
"""What a run does with its cases: the command that makes it."""

Pair = tuple[int, int]
"""Two of a case's responses, the one with the lower index first."""


def digest(*parts: str, size: int = 16) -> str:
    """Hex digest (`size` bytes, BLAKE2b) of texts; the parts' borders count."""
    text = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


class Status(StrEnum):
    """What became of one trial. Only `VALID` carries a choice or a score."""

    VALID = "valid"
    UNPARSED = "unparsed"  # a reply without a verdict
    AMBIGUOUS = "ambiguous"  # a reply with more than one
    TRUNCATED = "truncated"  # cut at the token limit before its verdict
    REFUSED = "refused"  # the model or a content filter would not
    TOO_LONG = "too_long"  # does not fit the judge's context
    FAILED = "failed"  # no reply, or the judge itself broke


class Choice(StrEnum):
    """Which of two shown answers is better, in positions as shown."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


class Position(StrEnum):
    """How the two orders of one case agree; the five shares add up to one."""

    CONSISTENT = "consistent"  # the same response twice, or tie twice
    FIRST = "first"  # the first shown in both orders
    SECOND = "second"  # the second shown in both orders
    HALF_TIE = "half_tie"  # one order a tie, the other not
    ERROR = "error"  # an order without a valid verdict


class StopKind(StrEnum):
    """Why a run ended before its plan."""

    BUDGET = "budget"  # a limit of calls or cost came first
    DECIDED = "decided"  # the interval lies on one side of one half
    PRECISE = "precise"  # the interval is narrow enough


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a run ended before its plan: the kind, and one sentence for people."""

    kind: StopKind
    text: str

    @property
    def cut_short(self) -> bool:
        """Whether a limit ended the run, not a result that is known well enough."""
        return self.kind is StopKind.BUDGET


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `tool_calls` is the JSON text of an assistant's calls."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One model's answer to one prompt.

    `earlier` holds this model's own answers to the earlier user turns of `Case.prompt`, oldest
    first, where each model answered every turn by itself (MT-Bench's second turn).
    """

    text: str
    model: str
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A prompt and the responses to be judged.

    `prompt` is the conversation up to and including the last user message; the models' own
    earlier answers are not in it but in `Response.earlier`. `cluster` names the prompt: cases
    with equal clusters are not independent (the turns of one chat, the same prompt twice), so
    intervals and train/test splits go by it.
    """

    id: str
    prompt: tuple[Message, ...]
    responses: tuple[Response, ...]
    reference: str | None = None
    category: str | None = None
    cluster: str = ""
    earlier_references: tuple[str, ...] = ()

    def conversation(self, index: int) -> tuple[Message, ...]:
        """The prompt as response `index` saw it, its own earlier answers in their places."""
        own = iter(self.responses[index].earlier)
        out: list[Message] = []
        for position, message in enumerate(self.prompt):
            out.append(message)
            if message.role == "user" and position < len(self.prompt) - 1:
                answer = next(own, None)
                if answer is not None:
                    out.append(Message("assistant", answer))
        return tuple(out)

    @property
    def identical(self) -> bool:
        """Whether all responses (and the answers before them) are the same text."""
        first = self.responses[0]
        return all(r.text == first.text and r.earlier == first.earlier for r in self.responses[1:])

    @cached_property
    def originals(self) -> tuple[int, ...]:
        """Per response the index of the first that is the same text: its own where it is that."""
        first: dict[tuple[str, tuple[str, ...]], int] = {}
        return tuple(first.setdefault((r.text, r.earlier), i) for i, r in enumerate(self.responses))

    @property
    def shared_history(self) -> bool:
        """Whether every response answers the very same conversation."""
        return all(r.earlier == self.responses[0].earlier for r in self.responses[1:])


@dataclass(frozen=True)
class Trial:
    """One showing of a case to a judge: `order` holds response indices as shown, `names` the
    names they are shown under, `repeat` counts from 0."""

    case: Case
    order: tuple[int, ...]
    names: tuple[str, ...]
    repeat: int = 0

    @property
    def shown(self) -> tuple[Response, ...]:
        """The responses in the order shown."""
        return tuple(self.case.responses[i] for i in self.order)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge said of one trial, in positions as shown.

    `probability` is that the first shown is better (a tie counting half), in 0 to 1; `score` is
    of a single answer, on the judge's own scale; `error` names why a verdict is not valid.
    """

    status: Status
    choice: Choice | None = None
    score: float | None = None
    probability: float | None = None
    reasoning: str = ""
    error: str = ""

    def __post_init__(self) -> None:
        said = self.choice is not None or self.score is not None
        if (self.status is Status.VALID) != said or (self.probability is not None and not said):
            raise ValueError(f"a verdict has a choice or a score exactly when valid: {self!r}")
        for name in ("score", "probability"):
            value = getattr(self, name)
            if value is not None and type(value) is not float:  # of numpy or torch, or an int
                object.__setattr__(self, name, float(value))

    @classmethod
    def chose(
        cls, choice: Choice, *, probability: float | None = None, reasoning: str = ""
    ) -> Verdict:
        return cls(Status.VALID, choice=choice, probability=probability, reasoning=reasoning)

    @classmethod
    def scored(cls, score: float, *, reasoning: str = "") -> Verdict:
        return cls(Status.VALID, score=score, reasoning=reasoning)

    @classmethod
    def without(cls, status: Status, error: str = "", *, reasoning: str = "") -> Verdict:
        """A verdict that says nothing, and why."""
        return cls(status, error=error, reasoning=reasoning)


@dataclass(frozen=True)
class Sampling:
    """How an engine is to answer. None leaves it to the engine; `extra` is passed as it is."""

    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    extra: tuple[tuple[str, Any], ...] = ()

    @cached_property
    def identity(self) -> str:
        """All of it as one text, the same in every process."""
        # 0 and 0.0 ask for the same, and so do the same extras in another order.
        heat = None if self.temperature is None else float(self.temperature)
        top_p = None if self.top_p is None else float(self.top_p)
        fields = [heat, self.max_tokens, top_p, self.seed, self.stop, dict(self.extra)]
        return json.dumps(fields, sort_keys=True, default=str)


@dataclass(frozen=True)
class Call:
    """One question to an engine.

    `labels`: give these labels' log-probabilities as well, where the verdict stands. `prefill`:
    the beginning of the answer, where the engine can take one. `generate` False: give only the
    labels' log-probabilities, right after the prefill, and no text. `ends`: lines, one of which
    concludes the answer; an engine that can need generate no further. `trial` tells who asks and is
    no part of the call's identity.
    """

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    labels: tuple[str, ...] = ()
    prefill: str = ""
    generate: bool = True
    ends: tuple[str, ...] = ()
    trial: Trial | None = field(default=None, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """Identity of what is asked: equal calls have equal digests, in every process."""
        parts = [self.sampling.identity, self.prefill, str(len(self.labels)), *self.labels]
        if not self.generate:
            parts.append("labels only")
        parts += self.ends
        for m in self.messages:
            parts += (m.role, m.content, m.tool_calls)
        return digest(*parts)


@dataclass(frozen=True, slots=True)
class Reply:
    """An engine's answer, kept for good in the reply store.

    `finish` is why it ended: ``"stop"``, ``"length"`` (cut at the limit), ``"refusal"``,
    ``"content_filter"``. `thinking` is the model's reasoning where the engine tells it apart;
    it never holds a verdict. `label_logprobs`: natural logarithms, where `Call.labels` asked.
    """

    text: str
    finish: str = "stop"
    thinking: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    label_logprobs: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A trial with its verdict and where it came from: the digests of its calls, tokens used."""

    trial: Trial
    verdict: Verdict
    calls: tuple[str, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case after its trials are folded; un-swapped, so in response indices.

    `winner`: a response's index, ``"tie"``, or None (inconsistent or undecided; `decided` tells
    which: False where an order, or a response, has no valid verdict). `position` is None where
    the case was not shown in both orders. `mean`: the mean over valid trials of 1 / 0.5 / 0 (or
    of the probability) that response 0 is better, None without any; `margin`: how clearly it
    won, in 0 to 1 for choices and in points for scores. `scores`: each response's mean score,
    for judges of single answers. `first`/`second`: valid trials that chose by position.
    """

    case: str
    cluster: str
    winner: int | Literal["tie"] | None
    decided: bool
    position: Position | None
    mean: float | None
    margin: float | None
    scores: tuple[float | None, ...]
    statuses: Mapping[str, int]
    first: int = 0
    second: int = 0
    identical: bool = False
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """A case of n responses after its trials are folded, every field in response indices.

    `ranks`: 1 is best, ties share the better rank. `scores`: what the ranks go by, over what is
    known; higher is better, None where nothing is. `scale` is their unit: ``points`` (of a judge of
    single answers), ``log_odds`` or ``lead`` (`judgekit.stats.outcomes.rank`). `beats[i][j]`: the
    probability that i is better than j (ties count half), None where a showing has no valid
    verdict. `complete`: no cell of it is unknown. `comparisons` holds, for i < j, the outcome of i
    (its response 0) against j; a run that chooses its games has some of them. `originals`: as
    `Case.originals`. `statuses` counts trials.
    """

    case: str
    cluster: str
    models: tuple[str, ...]
    ranks: tuple[int | None, ...]
    scores: tuple[float | None, ...]
    scale: Literal["points", "log_odds", "lead"]
    complete: bool
    beats: tuple[tuple[float | None, ...], ...]
    comparisons: Mapping[tuple[int, int], Outcome]
    originals: tuple[int, ...]
    statuses: Mapping[str, int]
    category: str | None = None

    @property
    def identical(self) -> bool:
        """Whether all responses are the same text."""
        return not any(self.originals)

    @property
    def best_first(self) -> tuple[int, ...]:
        """Response indices by rank, equal ranks as they stand, those without a rank last."""
        last = len(self.ranks) + 1
        return tuple(sorted(range(len(self.ranks)), key=lambda i: self.ranks[i] or last))
