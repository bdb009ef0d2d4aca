"""The further columns that judges need: named to the readers, and checked before any call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from judgekit import io
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.io.case_columns import lacking
from judgekit.jobs.bindings import USUAL_JUDGES, JudgeFactory
from judgekit.jobs.inputs import JudgeInput
from judgekit.judging import Judge
from judgekit.types import Case, RunKind

__all__ = ["case_needs", "check_columns"]


def case_needs(
    factories: Iterable[JudgeFactory], files: Sequence[io.Input], kind: RunKind | None
) -> io.Needs:
    """What any of a run's judges needs of the rows, before its files are read.

    Args:
        factories: One for each judge.
        files: The run's files; only whether they hold pairs is looked at.
        kind: What the run does with its cases; None goes by the number of models.

    Raises:
        InputError: A judge does not fit the settings, or so many answers; or some judge whole
            conversations and others answers.
        PluginError: A judge's plugin cannot be loaded.
    """
    columns: dict[str, None] = {}
    readers: dict[bool, str] = {}
    for factory in factories:
        s = factory.settings
        expected = expected_kind(files, s, kind)
        name = s.judge or (USUAL_JUDGES[expected] if s.model is not None else None)
        if name is not None:
            responses = {"score": 1, "rank": 2}.get(expected, max(2, len(files)))
            judge = factory.judge(name, responses)
            columns.update(dict.fromkeys(judge.columns_needed))
            if judge.model == "engine":  # others see the conversation as a text
                readers.setdefault(judge.reads_conversations, name)
    if len(readers) > 1:
        raise InputError(
            f"the judge {readers[True]!r} judges whole conversations and {readers[False]!r} "
            f"answers; run each by itself"
        )
    return io.Needs(tuple(columns), conversations=True in readers)


def expected_kind(files: Sequence[io.Input], s: Settings, kind: RunKind | None) -> RunKind:
    """What a run does with its cases, told from the files' layout alone."""
    if kind is not None:
        return kind
    pairs = len(files) > 1 or io.holds_pairs(files[0], columns=s.columns)
    return "compare" if pairs else "score"


def check_columns(judge: Judge, name: str, inputs: JudgeInput, cases: Sequence[Case]) -> None:
    """Refuses cases without a column that the judge needs.

    Args:
        judge: The judge.
        name: The judge's name, for messages.
        inputs: Where the cases come from.
        cases: The cases that the judge is to judge.

    Raises:
        InputError: A case has no value in it; names its row, and the columns that there are.
    """
    for column in judge.columns_needed:
        absent = [case for case in cases if column not in dict(case.columns)]
        if absent:
            first = absent[0]
            where = inputs.lacking.get(first.id, f"case {first.id!r}")
            there = inputs.columns or [held for held, _ in first.columns]
            raise lacking(where, column, f"the judge {name!r}", there, len(absent) - 1)
