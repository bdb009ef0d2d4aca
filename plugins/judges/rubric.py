"""Judges a single answer by weighted criteria."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from judgekit.errors import InputError
from judgekit.judging import Ask, JudgeSetup, PromptJudge, parsing
from judgekit.judging.criteria_list import criteria_text, drawn_order, reply_schema
from judgekit.judging.rubric_columns import case_rubric
from judgekit.judging.rubric_files import read_rubric
from judgekit.judging.rubrics import Criterion, Rubric
from judgekit.stats.rubric_scores import missing, rubric_score
from judgekit.types import Call, Case, CriterionVerdict, Reply, Sampling, Status, Trial, Verdict

__all__ = ["RubricJudge"]

VERSION = "1"  # of this code
CRITERIA = "criteria"  # the column that holds the list in the prompt
MOST_NAMED = 3  # criteria that an error names


@dataclass(frozen=True)
class Options:
    """The options of `--judge rubric`."""

    rubric: str = field(
        default="", metadata={"help": "a TOML file of criteria: name, text, weight and scale"}
    )
    rubric_column: str = field(
        default="",
        metadata={"help": "the column that holds each case's own list of criterion and points"},
    )
    structured: bool = field(
        default=False,
        metadata={"help": "ask for JSON by a schema, which the server must enforce"},
    )
    per_criterion: bool = field(
        default=False, metadata={"help": "make a call for each criterion, not one for all"}
    )
    partial: bool = field(
        default=False,
        metadata={"help": "score answers some of whose criteria have no verdict by the others"},
    )


class RubricJudge(PromptJudge):
    """Scores one answer by weighted criteria: Σ wᵢvᵢ / Σ max(wᵢ, 0), each value in 0 to 1.

    One call judges all criteria, each with a reason before its verdict, in an order that is drawn
    for each case from ``--seed``; with `per_criterion` each has a call of its own. A criterion that
    a reply misses, repeats or puts off its scale is `unparsed`, and the answer has no score unless
    `partial`.
    """

    arity = frozenset({1})
    sampling = Sampling(temperature=0.0, max_tokens=4096)
    Options = Options

    def __init__(self, setup: JudgeSetup) -> None:
        """Loads the prompt and the rubric.

        Raises:
            InputError: There is no rubric, or two, or one that cannot be read; or the prompt does
                not show criteria.
        """
        self.options = setup.options
        super().__init__(setup)
        options: Options = self.options
        if bool(options.rubric) == bool(options.rubric_column):
            wrong = "takes one rubric, not two" if options.rubric else "needs a rubric"
            raise InputError(
                f"the judge 'rubric' {wrong}: --rubric FILE, the same criteria for all cases, or "
                f"--rubric-column NAME, each case's own"
            )
        if CRITERIA not in self.template.head.needs:
            raise InputError(
                f"the prompt {self.template.name!r} shows no criteria; say "
                f'needs = ["{CRITERIA}"] in its head, and {{{{ column("{CRITERIA}") }}}} below'
            )
        self.rubric = read_rubric(Path(options.rubric).expanduser()) if options.rubric else None
        self.seed = self.asks_with.seed or 0

    def prompt_name(self) -> str:
        return "rubric-json" if self.options.structured else "rubric"

    @property
    def identity(self) -> tuple[str, ...]:
        rubric = "" if self.rubric is None else self.rubric.digest
        return (*super().identity, VERSION, rubric, str(self.seed))

    @property
    def columns_needed(self) -> tuple[str, ...]:
        """The columns of the prompt but for the list of criteria, and the rubric's."""
        shown = [name for name in super().columns_needed if name != CRITERIA]
        column = self.options.rubric_column
        return tuple(dict.fromkeys([*shown, *([column] if column else [])]))

    def check(self, cases: Sequence[Case]) -> None:
        """Refuses cases that the prompt cannot show, or whose own rubric is none.

        Raises:
            InputError: It cannot judge them.
        """
        super().check(cases)
        for case in cases:
            self.rubric_of(case)

    def rubric_of(self, case: Case) -> Rubric:
        """The rubric by which a case is judged.

        Raises:
            InputError: The case's column holds none; names the case and what is wrong.
        """
        return self.rubric or case_rubric(case, self.options.rubric_column)

    def extra_calls(self, case: Case) -> int:
        """The calls beyond the first, where each criterion has one of its own."""
        return len(self.rubric_of(case)) - 1 if self.options.per_criterion else 0

    def most_calls(self, trial: Trial) -> int:
        return (1 + self.setup.reask) * (1 + self.extra_calls(trial.case))

    def call(self, trial: Trial, *, reference: str | None = None) -> Call:
        """The call about all criteria, or about the first of them with `per_criterion`."""
        return self.call_about(self.batches(trial.case)[0], trial, reference=reference)

    def batches(self, case: Case) -> list[tuple[Criterion, ...]]:
        """The criteria of each call on a case, in the order shown."""
        criteria = self.rubric_of(case).criteria
        if self.options.per_criterion:
            return [(criterion,) for criterion in criteria]
        return [drawn_order(criteria, self.seed, case.id)]

    def call_about(
        self, criteria: Sequence[Criterion], trial: Trial, *, reference: str | None = None
    ) -> Call:
        """The call about some criteria of a trial, in this order."""
        columns = {**dict(trial.case.columns), CRITERIA: criteria_text(criteria)}
        case = replace(trial.case, columns=tuple(sorted(columns.items())))
        call = super().call(replace(trial, case=case), reference=reference)
        call = replace(call, trial=trial)
        if not self.options.structured:
            return call
        enforced = (*call.sampling.extra, ("response_format", reply_schema(criteria)))
        return replace(call, sampling=replace(call.sampling, extra=enforced))

    def read(
        self, reply: Reply, criteria: Sequence[Criterion], trial: Trial
    ) -> tuple[CriterionVerdict, ...]:
        """What a reply says of the criteria of its call, in their order."""
        case, response = trial.case, trial.shown[0]
        shown = [response.text, *response.earlier, *(message.text for message in case.prompt)]
        return parsing.read_criteria(
            reply, criteria, structured=self.options.structured, shown=shown
        )

    def parse(self, reply: Reply, trial: Trial) -> Verdict:
        """The verdict of the reply to a call about all criteria."""
        read = self.read(reply, self.batches(trial.case)[0], trial)
        return self.verdict_of(read, trial.case, reply.text)

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        batches = self.batches(trial.case)
        replies = [await self.ask_about(criteria, trial, ask) for criteria in batches]
        read = [criterion for _, criteria in replies for criterion in criteria]
        if self.options.per_criterion:
            read = [replace(criterion, place=None) for criterion in read]
        return self.verdict_of(read, trial.case, "\n".join(text for text, _ in replies))

    async def ask_about(
        self, criteria: Sequence[Criterion], trial: Trial, ask: Ask
    ) -> tuple[str, tuple[CriterionVerdict, ...]]:
        """Asks about some criteria, again with a reminder while one of them is unparsed.

        Returns:
            The text of the last reply, and what it says of each criterion.
        """
        call = self.call_about(criteria, trial)
        for attempts_left in range(self.setup.reask, -1, -1):
            reply = await ask(call)
            read = self.read(reply, criteria, trial)
            if not attempts_left or all(c.status is not Status.UNPARSED for c in read):
                break
            call = self.reminded(call, reply)
        return reply.text, read

    def verdict_of(self, read: Sequence[CriterionVerdict], case: Case, text: str) -> Verdict:
        """The verdict from what was said of each criterion.

        Its reasoning is the replies' text only where a criterion has no verdict: otherwise the
        reasons stand in the criteria.
        """
        places = {c.name: place for place, c in enumerate(self.rubric_of(case).criteria)}
        criteria = tuple(sorted(read, key=lambda criterion: places[criterion.name]))
        score = rubric_score(criteria, partial=self.options.partial)
        lacking = missing(criteria)
        reasoning = text.strip() if lacking else ""
        if score is not None:
            return Verdict(Status.VALID, score=score, reasoning=reasoning, criteria=criteria)
        statuses = {criterion.status for criterion in lacking}
        status = statuses.pop() if len(statuses) == 1 else Status.UNPARSED
        error = lacking_text(lacking, len(criteria))
        return Verdict(status, reasoning=reasoning, error=error, criteria=criteria)


def lacking_text(lacking: Sequence[CriterionVerdict], criteria: int) -> str:
    """``2 of 8 criteria without a verdict: tone (missing in the reply), depth (…)``."""
    named = ", ".join(f"{c.name} ({c.error})" for c in lacking[:MOST_NAMED])
    more = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
    return f"{len(lacking)} of {criteria} criteria without a verdict: {named}{more}"
