"""Classifies a single answer: one of a set of classes."""

from __future__ import annotations

from dataclasses import dataclass, field

from judgekit.errors import InputError
from judgekit.judging import JudgeSetup, PromptJudge
from judgekit.judging.templates.head import class_complaint
from judgekit.judging.templates.sections import with_classes

__all__ = ["Classify"]


@dataclass(frozen=True)
class ClassifyOptions:
    """The options of `Classify`."""

    classes: str = field(
        default="",
        metadata={
            "help": "The classes, best first: pass,fail; or with values: good=2,fair=1,poor=0. "
            "Default: the prompt's."
        },
    )


class Classify(PromptJudge):
    """Says of one answer which of a set of classes it is of, such as pass or fail.

    A reply that names no class, two, or one outside the set has no verdict. Repeats are a vote.
    With ``--verdict logits`` each class has a probability, and the most likely one is the verdict.
    """

    arity = frozenset({1})
    prompt = "classify"
    Options = ClassifyOptions

    def __init__(self, setup: JudgeSetup) -> None:
        super().__init__(setup)
        if self.template.head.reads != "class" and not self.options.classes:
            raise InputError(
                f"prompt {self.template.name!r} reads no class; take one whose head says "
                f'reads = "class", or leave --prompt out'
            )
        if self.options.classes:
            classes, values = parse_classes(self.options.classes)
            self.template = with_classes(self.template, classes, values)
            self.classes = classes


def parse_classes(text: str) -> tuple[tuple[str, ...], tuple[tuple[str, float], ...]]:
    """The names of the classes, and their values where they have some.

    Args:
        text: ``pass,fail``, or ``good=2,fair=1,poor=0``.

    Raises:
        InputError: They are fewer than two, cannot be told apart, or not all have a value.
    """
    pairs = [part.partition("=") for part in text.split(",")]
    names = tuple(name.strip() for name, _, _ in pairs)
    if wanted := class_complaint(names):
        raise InputError(f"--classes {text!r}; wanted: {wanted}, as in pass,fail")
    if not any(sign for _, sign, _ in pairs):
        return names, ()
    try:
        values = tuple((name.strip(), float(value)) for name, _, value in pairs)
    except ValueError:
        raise InputError(
            f"--classes {text!r}: each class needs a number where one has it, as in "
            f"good=2,fair=1,poor=0"
        ) from None
    if not all(abs(value) < 1e15 for _, value in values):
        raise InputError(f"--classes {text!r}: values must be finite numbers")
    if len({value for _, value in values}) < len(values):
        raise InputError(f"--classes {text!r}: two classes have one value; give each its own")
    best_first = sorted(values, key=lambda pair: -pair[1])
    return tuple(name for name, _ in best_first), tuple(best_first)
