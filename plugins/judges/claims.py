"""Judges of single answers by the claims that they make, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from judgekit.errors import InputError
from judgekit.judging import Ask, JudgeSetup, PromptJudge, parsing
from judgekit.judging.rubrics import Criterion, levels
from judgekit.judging.templates import Template
from judgekit.stats.rubric_scores import missing, rubric_score
from judgekit.types import (
    Call,
    Case,
    CriterionVerdict,
    Message,
    Reply,
    Sampling,
    Status,
    Trial,
    Verdict,
)

__all__ = ["AnswerRelevance", "ClaimsJudge", "Faithfulness"]

VERSION = "1"  # of this code
CLAIMS = "claims"  # the column that holds the claims in the prompt, and the prompt that draws them


class ClaimsJudge(PromptJudge):
    """Draws the claims from an answer, then judges all of them in one call.

    Attributes:
        words: What may be said of a claim, from the worst; only the last one counts.
    """

    arity = frozenset({1})
    sampling = Sampling(temperature=0.0, max_tokens=4096)
    words: ClassVar[tuple[str, ...]]

    def __init__(self, setup: JudgeSetup) -> None:
        """Loads the prompts.

        Raises:
            InputError: A prompt cannot be loaded, or does not show claims.
        """
        super().__init__(setup)
        self.drawing = setup.prompts.load(CLAIMS)
        self.scale = levels({word: float(place) for place, word in enumerate(self.words)})

    def check_prompt(self) -> None:
        """Refuses a prompt that shows the answer, which could plead for itself, or no claims.

        Raises:
            InputError: It does.
        """
        head = self.template.head
        if head.shows != "question" or CLAIMS not in head.needs:
            raise InputError(
                f'the prompt {self.template.name!r} shows no claims; say shows = "question" and '
                f'needs = ["{CLAIMS}"] in its head, and {{{{ column("{CLAIMS}") }}}} below'
            )

    @property
    def identity(self) -> tuple[str, ...]:
        return (*super().identity, self.drawing.digest, VERSION)

    @property
    def columns_needed(self) -> tuple[str, ...]:
        """The columns of the prompt but for the claims."""
        return tuple(name for name in super().columns_needed if name != CLAIMS)

    def extra_calls(self, case: Case) -> int:  # noqa: ARG002 (the same for all)
        """1, which draws the claims."""
        return 1

    def most_calls(self, trial: Trial) -> int:  # noqa: ARG002 (the same for all)
        return 2 * (1 + self.setup.reask)

    def call(self, trial: Trial, *, reference: str | None = None) -> Call:
        """The call about the answer as if it were a claim, for estimates."""
        return self.call_about((trial.shown[0].text,), trial, reference=reference)

    def call_about(
        self, claims: Sequence[str], trial: Trial, *, reference: str | None = None
    ) -> Call:
        """The call about some claims of a trial's answer."""
        columns = {**dict(trial.case.columns), CLAIMS: tuple(claims)}
        case = replace(trial.case, columns=tuple(sorted(columns.items())))
        messages, prefill = self.template.render(replace(trial, case=case), reference=reference)
        return Call(messages, self.asks_with, prefill=prefill, trial=trial)

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        if not trial.shown[0].text.strip():
            return Verdict.without(Status.NOT_APPLICABLE, "the answer is empty")
        claims = await self.draw_claims(trial, ask)
        if isinstance(claims, Verdict):
            return claims
        if not claims:
            return Verdict.without(Status.NOT_APPLICABLE, "the answer makes no claims")
        call = self.call_about(claims, trial)
        for attempts_left in range(self.setup.reask, -1, -1):
            reply = await ask(call)
            criteria = self.read_claims(reply, claims, trial)
            if not attempts_left or all(c.status is not Status.UNPARSED for c in criteria):
                break
            call = reminded(call, reply, self.template)
        return verdict_of(criteria, reply.text)

    async def draw_claims(self, trial: Trial, ask: Ask) -> tuple[str, ...] | Verdict:
        """The claims of the answer, drawn once for all repeats; a verdict without a list."""
        messages, prefill = self.drawing.render(trial)
        call = Call(messages, self.asks_with, prefill=prefill, trial=trial)
        for attempts_left in range(self.setup.reask, -1, -1):
            reply = await ask(call, shared=True)
            claims = parsing.claim_list(reply)
            unread = isinstance(claims, Verdict) and claims.status is Status.UNPARSED
            if not attempts_left or not unread:
                break
            call = reminded(call, reply, self.drawing)
        return claims

    def read_claims(
        self, reply: Reply, claims: Sequence[str], trial: Trial
    ) -> tuple[CriterionVerdict, ...]:
        """What a reply says of each claim; the word stands before the reason."""
        criteria = [
            Criterion(claim, claim, scale=self.scale, key=f"claim {number}")
            for number, claim in enumerate(claims, 1)
        ]
        shown = [trial.shown[0].text, *(message.text for message in trial.case.prompt)]
        for _, column in trial.case.columns:
            shown += [column] if isinstance(column, str) else column
        words = {value: word for word, value in self.scale.verdicts}
        return tuple(
            read
            if read.value is None
            else replace(
                read,
                value=float(read.value == 1),
                reason=": ".join(filter(None, (words[read.value], read.reason))),
            )
            for read in parsing.read_criteria(reply, criteria, shown=shown)
        )


class Faithfulness(ClaimsJudge):
    """How far an answer rests on its context: the share of its claims that the context supports.

    The claims are drawn from the answer, once for all repeats. Each is then held against the column
    ``context``, a text or a list of passages: supported, contradicted or not found. An answer
    without claims is `not_applicable`.
    """

    prompt = "faithfulness"
    words = ("contradicted", "not found", "supported")


class AnswerRelevance(ClaimsJudge):
    """How far an answer keeps to the question: the share of its claims that bear on it.

    The claims are those of `faithfulness`, so both judges draw them once. Whether they are true,
    and whether something is missing, is not judged. An answer without claims is `not_applicable`.
    """

    prompt = "answer-relevance"
    words = ("irrelevant", "relevant")


def reminded(call: Call, reply: Reply, template: Template) -> Call:
    """The call again, after a reply that could not be read, with the prompt's reminder."""
    again = (Message("assistant", reply.text), Message("user", template.reminder))
    return replace(call, messages=call.messages + again, prefill="")


def verdict_of(claims: Sequence[CriterionVerdict], text: str) -> Verdict:
    """The share of the claims that count; none where one of them has no verdict."""
    lacking = missing(claims)
    score = rubric_score(claims)
    if score is not None:
        return Verdict(Status.VALID, score=score, criteria=tuple(claims))
    statuses = {claim.status for claim in lacking}
    return Verdict(
        statuses.pop() if len(statuses) == 1 else Status.UNPARSED,
        reasoning=text.strip(),
        error=f"{len(lacking)} of {len(claims)} claims without a verdict: {lacking[0].error}",
        criteria=tuple(claims),
    )
