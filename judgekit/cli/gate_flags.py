"""The gate of a command: `--fail-if` and `--junit`, checked before a run and applied after it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from judgekit.errors import InputError
from judgekit.io.files import keep_inputs, write_file
from judgekit.runs.failures import why_no_verdict
from judgekit.trust import gate

if TYPE_CHECKING:
    from judgekit.api import AnyRun
    from judgekit.trust.junit import Check, Suite

__all__ = ["FAILED", "FailIf", "Gate", "Junit", "as_rows"]

FAILED = 1  # the exit code where a condition is met

FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        help="Exit with 1 if a metric of summary.json meets this: 'win_rate_a.low < 0.5'. "
        "Repeatable.",
        rich_help_panel="Gate",
    ),
]
Junit = Annotated[
    Path | None,
    typer.Option(
        "--junit",
        help="Write the conditions and their results as JUnit XML.",
        rich_help_panel="Gate",
    ),
]


@dataclass(frozen=True)
class Gate:
    """Conditions under which a command fails, and where their results are written."""

    conditions: tuple[gate.Condition, ...] = ()
    file: Path | None = None

    @classmethod
    def of(cls, fail_if: Sequence[str] | None, file: Path | None, *, against: bool = False) -> Gate:
        """A gate from its flags.

        Args:
            fail_if: The conditions' texts.
            file: Where the results are written.
            against: Whether a comparison with a baseline is checked as well.

        Raises:
            InputError: A condition cannot be read, or the file cannot be written.
        """
        conditions = tuple(gate.parse_condition(text) for text in fail_if or ())
        if file is not None:
            if not conditions and not against:
                raise InputError("--junit writes the results of --fail-if; add a condition")
            if file.is_dir() or not os.access(file.parent, os.W_OK | os.X_OK):
                raise InputError(f"cannot write {str(file)!r}; name a file in an existing folder")
        return cls(conditions, file)

    def check_known(self, summary: Mapping[str, Any]) -> None:
        """Raises `InputError` for a metric that a summary of this kind does not have."""
        self.results(summary)

    def check_inputs(self, files: Iterable[Path]) -> None:
        """Raises `InputError` where the JUnit file would replace a file that is read."""
        if self.file is not None:
            keep_inputs(self.file, files, flag="--junit")

    def results(self, summary: Mapping[str, Any]) -> list[gate.ConditionResult]:
        """The result of each condition."""
        return gate.check_conditions([condition.text for condition in self.conditions], summary)

    def suite(self, run: AnyRun, more: Sequence[Check] = ()) -> Suite:
        """The results of the conditions in a finished run, or why it has no verdict.

        Args:
            run: The run.
            more: Results of other checks of it.
        """
        from judgekit.trust.junit import Suite

        ranked = run.kind == "rank"
        name = run.folder.name if ranked else " against ".join(run.metadata.models)
        error = why_no_verdict(run.stored)
        results = [*self.results(run.summary.to_dict()), *more]
        return Suite(name, results, run.metadata.seconds, error)

    def write(self, suites: Sequence[Suite]) -> None:
        """Writes the JUnit file, if one is named."""
        if self.file is not None:
            from judgekit.trust.junit import junit_xml

            write_file(self.file, junit_xml(suites).encode())


def as_rows(suite: Suite) -> list[dict[str, Any]]:
    """The results of the conditions for JSON."""
    return [
        {"condition": result.name, "value": result.value, "failed": result.failed}
        for result in suite.results
        if isinstance(result, gate.ConditionResult)
    ]
