"""Judges pairs or single answers against a reference."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.judging import Ask, JudgeSetup, PromptJudge
from judgekit.types import Call, Case, Reply, Status, Trial, Verdict

__all__ = ["Reference"]


class Reference(PromptJudge):
    """Judges answers against a reference answer.

    After Zheng et al. 2023 (MT-Bench, arXiv:2306.05685, reference-guided grading of mathematics and
    reasoning), in our own words. If a case has no reference, the judge model first answers the
    question itself without seeing the answers. It is asked once per case, so that both orders and
    all repeats are measured against the same text. If its answer is unusable (cut off, refused,
    empty), the trial has no verdict.
    """

    arity = frozenset({1, 2})

    def __init__(self, setup: JudgeSetup) -> None:
        super().__init__(setup)
        self.question = setup.prompts.load("answer")

    def prompt_name(self) -> str:
        return "reference-pair" if self.setup.arity == 2 else "reference-single"

    @property
    def identity(self) -> tuple[str, ...]:
        return (*super().identity, self.question.digest)

    def check(self, cases: Sequence[Case]) -> None:
        """Refuses cases that the prompt cannot show.

        Raises:
            InputError: It cannot show them.
        """
        self.template.check_cases(cases, reference_given=True)

    def extra_calls(self, case: Case) -> int:
        """1 for the judge's own answer if the case has no reference, else 0."""
        return int(case.reference is None)

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        reference = trial.case.reference
        if reference is None:
            messages, prefill = self.question.render(trial)
            call = Call(messages, self.asks_with, prefill=prefill, trial=trial)
            reply = await ask(call, shared=True)
            if (unusable := _unusable(reply)) is not None:
                return unusable
            reference = reply.text.strip()
        return await self.converse(self.call(trial, reference=reference), trial, ask)


def _unusable(reply: Reply) -> Verdict | None:
    """Why the judge's own answer cannot serve as a reference; None if it can."""
    if reply.finish == "length":
        return Verdict.without(Status.TRUNCATED, "the judge's own answer was cut")
    if reply.finish in ("refusal", "content_filter"):
        return Verdict.without(Status.REFUSED, "the judge would not answer the question itself")
    if not reply.text.strip():
        return Verdict.without(Status.FAILED, "the judge's own answer is empty")
    return None
