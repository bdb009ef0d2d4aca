"""Labelled cases to align a judge with: pairs with the better answer, or answers with a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from judgekit import io
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.io.files import safe_name
from judgekit.io.labelled_answers import load_labelled_answers
from judgekit.io.labelled_pairs import keep_labelled
from judgekit.io.needs import NOTHING
from judgekit.io.prompt_digest import prompt_digest
from judgekit.jobs.inputs import JudgeInput, read_input
from judgekit.judging.templates import Head
from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.trust.benchmark import KEPT, read_set
from judgekit.types import Case, Outcome, digest

__all__ = ["AnyLabel", "LabelledCases", "holds_answers", "is_right", "read_labelled", "with_scale"]

AnyLabel = int | float | str
"""The index of the better response or ``"tie"``; of a single answer its score or class."""

MOST_VALUES = 12  # different scores; a balanced accuracy of more says nothing
PAIR_MARKS: Mapping[AnyLabel, tuple[str, str]] = {
    0: ("better", "worse"),
    1: ("worse", "better"),
    "tie": ("tie", "tie"),
}
ANSWERS = ("a",)  # what the model of single answers is called


@dataclass(frozen=True)
class LabelledCases:
    """Cases with people's labels.

    `votes` holds the labels of several people, of cases that have them. `left_out` counts what is
    no case, by reason. `pairs`: whether the cases are pairs; otherwise they are single answers,
    whose labels are scores or classes.
    """

    name: str
    inputs: JudgeInput
    labels: Mapping[str, AnyLabel]
    votes: Mapping[str, tuple[AnyLabel, ...]]
    left_out: Mapping[str, int]
    pairs: bool

    @property
    def cases(self) -> Sequence[Case]:
        """The cases, in the order of their file."""
        return self.inputs.cases

    def key(self, case: Case) -> str:
        """A digest of a labelled case: its prompt, its answers and its label, in either order."""
        label = self.labels[case.id]
        marks = PAIR_MARKS[label] if self.pairs else (str(label),)
        texts = sorted(
            digest(response.text, *response.earlier, mark)
            for response, mark in zip(case.responses, marks, strict=True)
        )
        return digest("judgekit.labelled", prompt_digest(case), *texts)

    def agreement(self) -> Rate:
        """How often two people give one case the same label; empty where no case has two labels."""
        of_case = {case.id: prompt_digest(case) for case in self.cases}
        rows = []
        for name, votes in self.votes.items():
            pairs = list(combinations(votes, 2))
            if name in of_case and pairs:
                equal = sum(one == other for one, other in pairs)
                rows.append((of_case[name], float(equal) / len(pairs), 1.0))
        return clustered_rate(rows)


def read_labelled(
    word: str,
    settings: Settings,
    registry: Registry,
    *,
    limit: int | None,
    needs: io.Needs = NOTHING,
) -> LabelledCases:
    """The labelled cases that an argument names.

    Args:
        word: A labelled set's name, NAME=FILE, or a file of labelled pairs or answers.
        settings: The names of columns.
        registry: The labelled sets of plugins.
        limit: Only the first so many cases.
        needs: What the judge needs of each row.

    Raises:
        InputError: The file cannot be read, or a row cannot be used.
        PluginError: No plugin has a set of this name.
    """
    if holds_answers(word, settings):
        return _answers(Path(word), settings, limit, needs)
    labelled = read_set(word, settings.columns, registry, needs)
    labelled = replace(labelled, cases=labelled.cases[:limit])
    plain = replace(settings, columns={}, limit=None)
    inputs = read_input([keep_labelled(labelled, KEPT)], plain, "compare", needs)
    return LabelledCases(
        labelled.name, inputs, labelled.labels, labelled.votes, dict(labelled.left_out), pairs=True
    )


def holds_answers(word: str, settings: Settings) -> bool:
    """Whether an argument names a file of single answers."""
    path = Path(word)
    return path.is_file() and not io.holds_pairs(path, columns=settings.columns)


def _answers(path: Path, settings: Settings, limit: int | None, needs: io.Needs) -> LabelledCases:
    s = settings
    read = load_labelled_answers(path, columns=s.columns, references=s.references, needs=needs)
    files = [path, *([s.references] if s.references is not None else [])]
    inputs = JudgeInput.of_cases(
        read.cases[:limit], ANSWERS, files=(path,), digests=tuple(map(io.input_digest, files))
    )
    name = safe_name(Path(path.name.removesuffix(".gz")).stem)
    return LabelledCases(name, inputs, read.labels, read.votes, read.left_out, pairs=False)


def with_scale(labelled: LabelledCases, head: Head) -> LabelledCases:
    """Labels of single answers as scores on the judge's own scale, or as its classes.

    Raises:
        InputError: A label is not on the scale, or there are too many different ones.
    """
    if labelled.pairs:
        return labelled
    if head.classes:
        return with_classes(labelled, head.classes)
    grades = dict(head.values)
    low, high = head.scale or (float("-inf"), float("inf"))

    def score(case: str, label: AnyLabel) -> float:
        value = grades.get(label) if isinstance(label, str) else float(label)
        if value is None:
            known = ", ".join(grades) or "numbers"
            raise InputError(f"case {case!r} has the label {label!r}; the judge gives {known}")
        if not low <= value <= high:
            raise InputError(
                f"case {case!r} has the label {label!r}, and the judge's scale runs from {low:g} "
                f"to {high:g}; give labels on this scale"
            )
        return value

    labels = {case: score(case, label) for case, label in labelled.labels.items()}
    values = Counter(labels.values())
    if len(values) > MOST_VALUES:
        raise InputError(
            f"the labels have {len(values)} different values; a judge is aligned with at most "
            f"{MOST_VALUES} (round them to a few levels)"
        )
    votes = {case: tuple(score(case, v) for v in each) for case, each in labelled.votes.items()}
    return replace(labelled, labels=labels, votes=votes)


def with_classes(labelled: LabelledCases, classes: Sequence[str]) -> LabelledCases:
    """Labels of single answers as classes. Raises `InputError` for one that is not in the set."""

    def class_of(case: str, label: AnyLabel) -> str:
        name = label if isinstance(label, str) else f"{label:g}"
        if name not in classes:
            raise InputError(
                f"case {case!r} has the label {name!r}, and the judge's classes are "
                f"{', '.join(classes)}; give labels of this set, or name others with --classes"
            )
        return name

    labels = {case: class_of(case, label) for case, label in labelled.labels.items()}
    votes = {
        case: tuple(class_of(case, vote) for vote in each) for case, each in labelled.votes.items()
    }
    return replace(labelled, labels=labels, votes=votes)


def is_right(outcome: Outcome, label: AnyLabel, values: Sequence[float]) -> bool:
    """Whether a judge's outcome is what people say.

    Of a pair: its winner is the label; an inconsistent case is never right. Of a single answer:
    its class is the label, or its score is nearer to it than to any other of the `values` that
    labels have.
    """
    if isinstance(label, str) and label != "tie":
        return outcome.labels == (label,)
    if len(outcome.scores) == 1:
        score = outcome.scores[0]
        return score is not None and min(values, key=lambda v: (abs(v - score), v)) == label
    return outcome.winner == label
