"""What an alignment tries: examples of people's verdicts, and rules that a model proposes.

Both come from the training part alone. Examples cover the labels and the categories, the judge's
own mistakes first, and a pair is shown in both orders, so that they teach no position. Rules are
proposed from different samples of the mistakes; they are plain text at the end of the instructions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judgekit.errors import InputError
from judgekit.harness.sampling import GenerationTask
from judgekit.judging.templates import Head, Prompts, Template, builtin_dir
from judgekit.judging.templates.examples import Example, fenced_case
from judgekit.judging.templates.head import Shows
from judgekit.judging.templates.sandbox import environment, render
from judgekit.trust.alignment.evaluation import GradedCase
from judgekit.trust.alignment.prompt_text import instructions_of, partial, with_additions
from judgekit.types import Case, Message, Response, Status, Trial, digest

__all__ = [
    "Candidate",
    "check_template",
    "choose_examples",
    "example_candidates",
    "read_rules",
    "revision_tasks",
]

LONGEST = 8_000  # characters of a case that may be an example
MISTAKES = 8  # in one proposal
LONGEST_MISTAKES = 24_000  # characters of all of them
REASONING = 600  # characters of what the judge wrote
MOST_RULES = 4_000  # characters
RULES = re.compile(r"<rules>(.*?)</rules>", re.S | re.I)


@dataclass(frozen=True)
class Candidate:
    """An addition to the judge's prompt: examples, rules or both."""

    name: str
    examples: tuple[Example, ...] = ()
    rules: str = ""

    def text(self, template: Template) -> str:
        """The prompt file with it."""
        return with_additions(template.text, template.head, self.rules, self.examples)

    @property
    def rule_count(self) -> int:
        """How many lines its rules have."""
        return sum(bool(line.strip()) for line in self.rules.splitlines())


def example_candidates(
    graded: Sequence[GradedCase], head: Head, sizes: Sequence[int]
) -> Iterator[Candidate]:
    """A candidate of examples for each number of cases, as far as there are as many.

    Args:
        graded: The training part before the judge as it is.
        head: The head of its prompt. Labels of pairs make no example for a prompt that shows one
            answer.
        sizes: Numbers of cases.
    """
    pairs = bool(graded) and len(graded[0].case.responses) == 2
    if pairs != (head.shows == "pair"):
        return
    chosen = choose_examples(graded, max(sizes, default=0))
    for size in sorted({min(size, len(chosen)) for size in sizes} - {0}):
        examples = [as_example(graded_case, head) for graded_case in chosen[:size]]
        if pairs:
            examples = [shown for one in examples for shown in (one, one.swapped())]
        yield Candidate(f"examples-{len(examples)}", tuple(examples))


def choose_examples(graded: Sequence[GradedCase], most: int) -> list[GradedCase]:
    """Cases for examples, one of a prompt: the labels in turn, mistakes and new categories first.

    A smaller choice begins a larger one.
    """
    left = [g for g in graded if length_of(g.case) <= LONGEST and not is_same(g.case)]
    left.sort(key=lambda g: digest("judgekit.example", g.prompt, g.case.id))
    labels: Counter[object] = Counter()
    categories: Counter[str | None] = Counter()
    chosen: list[GradedCase] = []
    while left and len(chosen) < most:
        graded_case = min(
            left, key=lambda g: (labels[g.label], g.right, categories[g.case.category])
        )  # the first of equals
        chosen.append(graded_case)
        labels[graded_case.label] += 1
        categories[graded_case.case.category] += 1
        left = [g for g in left if g.prompt != graded_case.prompt]
    return chosen


def as_example(graded: GradedCase, head: Head) -> Example:
    """A labelled case as an example; of a grade the label is its name."""
    label = graded.label
    grades = {value: name for name, value in head.values}
    return Example(graded.case, grades.get(label, label) if isinstance(label, float) else label)


def revision_tasks(
    graded: Sequence[GradedCase], template: Template, proposals: int
) -> list[GenerationTask]:
    """What a model is asked to propose rules from: samples of the judge's mistakes.

    Args:
        graded: The training part before the judge as it is.
        template: The judge's prompt.
        proposals: How many samples, each of other mistakes as far as there are enough.
    """
    mistakes = choose_examples([g for g in graded if not g.right], MISTAKES * proposals)
    if not mistakes:
        return []
    ask = Prompts([builtin_dir()]).load("revise")
    tasks: dict[str, GenerationTask] = {}
    for number in range(proposals):
        sample = mistakes[number::proposals] or mistakes
        material = material_of(sample[:MISTAKES], template)
        asked = (Message("user", material),)
        case = Case(f"revision-{number + 1}", asked, (Response("", ""),))
        messages, _ = ask.render(Trial(case, (0,), ("A",)))
        name = digest(material, size=8)  # the same mistakes are asked about once
        tasks.setdefault(name, GenerationTask(Case(case.id, messages, ())))
    return list(tasks.values())


def material_of(mistakes: Sequence[GradedCase], template: Template) -> str:
    """The judge's instructions and some of its mistakes, as text."""
    shown: list[str] = []
    for number, graded_case in enumerate(mistakes, 1):
        text = mistake_text(graded_case, number, template.head)
        if shown and sum(map(len, shown)) + len(text) > LONGEST_MISTAKES:
            break
        shown.append(text)
    values: dict[str, str | float] = {
        "instructions": instructions_of(template.text),
        "count": len(shown),
        "mistakes": "\n\n".join(shown),
    }
    return render(environment().from_string(partial("_material")), values).strip()


def mistake_text(graded_case: GradedCase, number: int, head: Head) -> str:
    """One mistake: the case, what people say, what the judge says."""
    case, names = graded_case.case, ("A", "B")
    shows: Shows = "pair" if len(case.responses) == 2 else "single"
    order = tuple(range(len(case.responses)))
    values: dict[str, str | float] = dict(
        fenced_case(Trial(case, order, names), shows, case.reference or "", head.needs)
    )
    label = str(graded_case.label)
    if shows == "pair":
        label = "tie" if graded_case.label == "tie" else names[int(graded_case.label)]
    values |= {
        "number": number,
        "label": label if shows == "pair" else f"{head.label} {label.removesuffix('.0')}",
        "verdict": verdict_text(graded_case, names),
        "reasoning": reasoning_of(graded_case),
    }
    template = environment().from_string(partial(f"_mistake-{shows}"))
    return render(template, values).strip()


def verdict_text(graded_case: GradedCase, names: Sequence[str]) -> str:
    """What the judge said, in words of a case: by answer, in either order, or by score."""
    outcome = graded_case.outcome
    if not outcome.decided:
        return "no verdict"
    if outcome.labels:
        return str(outcome.labels[0])
    if len(outcome.scores) == 1:
        return f"{outcome.scores[0]:g}"
    if outcome.winner is None:
        return "another answer in each order, so that the order decided"
    return (
        "neither answer is better"
        if outcome.winner == "tie"
        else (f"answer {names[outcome.winner]} is better")
    )


def reasoning_of(graded_case: GradedCase) -> str:
    """The beginning of what the judge wrote when it was shown the answers in their own order."""
    for judgement in graded_case.judgements:
        verdict, order = judgement.verdict, judgement.trial.order
        if order[0] == 0 and verdict.status is Status.VALID and verdict.reasoning.strip():
            text = " ".join(verdict.reasoning.split())
            return text[:REASONING] + "…" * (len(text) > REASONING)
    return ""


def read_rules(reply: str) -> str | None:
    """The rules in a proposal; None where there are none, or too many to be rules."""
    blocks = RULES.findall(reply)
    lines = [line.strip() for line in blocks[-1].splitlines()] if blocks else []
    rules = "\n".join(line for line in lines if line)
    return rules if 0 < len(rules) <= MOST_RULES else None


def is_same(case: Case) -> bool:
    """Whether a pair shows one text twice, which teaches nothing."""
    return len(case.responses) > 1 and case.identical


def length_of(case: Case) -> int:
    """Characters of the prompt and the answers."""
    return sum(len(message.text) for message in case.prompt) + sum(
        len(response.text) for response in case.responses
    )


def check_template(template: Template) -> None:
    """Refuses (`InputError`) a prompt that nothing can be added to."""
    if template.head.conversation:
        raise InputError(
            f"prompt {template.name!r} shows whole conversations, which cannot be aligned; take a "
            f"prompt that shows answers"
        )
    if not template.text:
        raise InputError(
            f"prompt {template.name!r} is in FastChat's format, which has no place for rules and "
            f"examples; write it as a prompt file (docs: guides/prompts)"
        )
