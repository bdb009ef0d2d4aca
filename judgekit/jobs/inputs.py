"""The input of runs: files that are read and checked once, whatever judges their cases."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgekit import io
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.types import Case, RunKind

__all__ = ["JudgeInput", "read_input"]


@dataclass(frozen=True)
class JudgeInput:
    """Cases to be judged, and where they came from.

    `digests` are of every file that was read, those of prompts and references last. `lacking` has
    the place of each case's row without some needed column, `columns` the names of all columns
    that there are where any is needed.
    """

    kind: RunKind
    files: tuple[io.Input, ...]
    digests: tuple[str, ...]
    cases: Sequence[Case]
    models: tuple[str, ...]
    left_out: Mapping[str, int]
    repaired: int = 0
    remarks: tuple[str, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    @classmethod
    def of_joined(
        cls, joined: io.Joined, files: Sequence[io.Input], digests: Sequence[str], kind: RunKind
    ) -> JudgeInput:
        """From cases that `judgekit.io` has read."""
        return cls(
            kind,
            tuple(files),
            tuple(digests),
            joined.cases,
            joined.models,
            dict(joined.left_out),
            joined.repaired,
            tuple(joined.remarks),
            joined.lacking,
            joined.columns,
        )

    @classmethod
    def of_cases(
        cls,
        cases: Sequence[Case],
        models: Sequence[str],
        *,
        files: Sequence[io.Input],
        digests: Sequence[str],
    ) -> JudgeInput:
        """From cases that are known already: a comparison, or scores where there is one model."""
        kind: RunKind = "compare" if len(models) > 1 else "score"
        return cls(kind, tuple(files), tuple(digests), cases, tuple(models), {})

    @property
    def paths(self) -> list[Path]:
        """The files, without what a script gave as rows."""
        return io.paths_of(self.files)

    def with_cases(self, cases: Sequence[Case]) -> JudgeInput:
        """The same input with some of its cases."""
        return replace(self, cases=cases)

    def derived(self, cases: Sequence[Case], models: Sequence[str], made: str) -> JudgeInput:
        """Cases made from these, which are no longer what the files hold.

        Args:
            cases: The new cases.
            models: What their responses are called.
            made: A digest of how they were made; the run's identity holds it.
        """
        digests = (*self.digests, made)
        return JudgeInput.of_cases(cases, models, files=self.files, digests=digests)


def read_input(
    files: Sequence[io.Input],
    settings: Settings,
    kind: RunKind | None = None,
    needs: io.Needs = io.NOTHING,
) -> JudgeInput:
    """Reads the files of one run: one file of answers or of pairs, or several files of answers.

    Args:
        files: The files, in the order of the models.
        settings: Columns, prompts, references, join and limit.
        kind: What the run is to make of the cases; None compares where there are two models, and
            scores where there is one.
        needs: What is kept of each row beside prompt and answers.

    Returns:
        The cases with the digests of all files.

    Raises:
        InputError: A file cannot be read, the files do not fit together, or they do not hold what
            `kind` needs.
    """
    digests = digests_of(files, settings)
    joined = read_joined(files, settings, needs, rank=kind == "rank")
    joined = replace(joined, cases=joined.cases[: settings.limit])
    by_models: RunKind = "compare" if len(joined.models) > 1 else "score"
    if kind == "compare" and by_models == "score":
        raise InputError(
            f"{str(files[0])!r} holds single answers: name a second one to compare it with, or "
            f"use {command_for('score', files)}"
        )
    if kind == "score" and by_models == "compare":
        raise InputError(f"{str(files[0])!r} holds pairs; use {command_for('compare', files)}")
    return JudgeInput.of_joined(joined, files, digests, kind or by_models)


def command_for(name: str, files: Sequence[io.Input]) -> str:
    """A command on the files as a message shows it; the function where rows were given."""
    if len(io.paths_of(files)) < len(files):
        return f"judgekit.{name}"
    return f"`judgekit {name} {shlex.join(map(str, files))}`"


def read_joined(
    files: Sequence[io.Input], s: Settings, needs: io.Needs, *, rank: bool
) -> io.Joined:
    """The cases of the files, joined."""
    how: dict[str, Any] = {
        "columns": s.columns,
        "prompts": s.prompts,
        "references": s.references,
        "skip_bad_rows": s.skip_bad_rows,
        "needs": needs,
    }
    if len(files) == 1 and io.holds_pairs(files[0], columns=s.columns):
        return io.load_pairs(files[0], **how)
    if len(files) == 1 and rank:
        return io.load_candidates(files[0], **how)
    return io.join([io.load_answers(f, **how) for f in files], how=s.join)


def digests_of(files: Sequence[io.Input], s: Settings) -> tuple[str, ...]:
    """The digests of all files that are read, those of prompts and references last."""
    beside = [f for f in (s.prompts, s.references) if f is not None]
    return tuple(map(digest_of, [*files, *beside]))


def digest_of(file: io.Input) -> str:
    """The digest of a file's bytes, taken when it is read, not at the end of the run."""
    if isinstance(file, Path) and file.exists() and not (file.is_file() or file.is_dir()):
        raise InputError(
            f"{str(file)!r} is a pipe or a device, and inputs are read more than once; "
            f"write it to a file first"
        )
    return io.input_digest(file)
