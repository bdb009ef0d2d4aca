"""One file that holds several answers to each prompt."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from judgekit.errors import InputError
from judgekit.io.answers import Answer, Answers, load_answers
from judgekit.io.cases import Joined
from judgekit.io.given import Input
from judgekit.io.join import (
    cases_of,
    check_equal,
    check_ids,
    columns_of,
    lacking_columns,
    placed,
    reference_of,
)
from judgekit.io.needs import NOTHING, Needs
from judgekit.types import Case

__all__ = ["load_candidates"]


def load_candidates(
    path: Input,
    *,
    columns: Mapping[str, str] | None = None,
    prompts: Path | None = None,
    references: Path | None = None,
    skip_bad_rows: bool = False,
    needs: Needs = NOTHING,
) -> Joined:
    """Reads a file with several answers to each prompt.

    Rows with the same id answer the same prompt; without ids, or where all ids differ, rows with
    the same prompt do. There is one case per judged turn, in the order in which the prompts first
    appear, and cases may have different numbers of responses. A second equal answer of one model
    to a prompt is a duplicate. A response has the name of its row's model, else that of the file.
    Prompts with one answer are left out and counted.

    Args:
        path: The file.
        columns: As of `load_answers`.
        prompts: As of `load_answers`.
        references: As of `load_answers`.
        skip_bad_rows: As of `load_answers`.
        needs: As of `load_answers`.

    Raises:
        InputError: No prompt has two answers, rows with one id answer different prompts, or as of
            `load_answers`.
    """
    answers = load_answers(
        path,
        columns=columns,
        prompts=prompts,
        references=references,
        skip_bad_rows=skip_bad_rows,
        several=True,
        needs=needs,
    )
    return candidate_cases(answers)


def candidate_cases(answers: Answers) -> Joined:
    """The cases of a file of candidates. Raises `InputError` as `load_candidates`."""
    path = answers.file
    groups = grouped(answers.rows)
    alone = sum(len(rows) == 1 for rows in groups)
    if alone == len(groups):
        way = "name a file per model, or use `judgekit score`"
        raise InputError(f"{path}: no prompt has more than one answer to rank; {way}")
    cases: list[Case] = []
    models: dict[str, None] = {}
    lacking: dict[str, str] = {}
    for rows in groups:
        if len(rows) == 1:
            continue
        files = [answers] * len(rows)
        check_equal(rows, files)
        names = tuple(row.model or answers.model for row in rows)
        models.update(dict.fromkeys(names))
        made = list(cases_of(rows, names, reference_of(rows, files), columns_of(rows, files)))
        cases += placed(made, rows, files)
        lacking |= lacking_columns(made, rows[0], answers)
    check_ids(cases)
    counts = replace(answers.counts, used=len(answers.rows) - alone, left_out=alone)
    unmatched = {f"{path.name}: prompts with one answer": alone} if alone else {}
    return Joined(cases, tuple(models), (counts,), unmatched, lacking, answers.columns)


def grouped(rows: Sequence[Answer]) -> list[list[Answer]]:
    """The rows that answer the same prompt, in the order in which the prompts first appear."""
    by_id: dict[Hashable, list[Answer]] = {}
    by_prompt: dict[Hashable, list[Answer]] = {}
    for row in rows:
        by_id.setdefault(row.id, []).append(row)
        by_prompt.setdefault(row.prompt, []).append(row)
    several = rows[0].id is not None and len(by_id) < len(rows)
    return list((by_id if several else by_prompt).values())
