"""`judgekit show`: a run's cases side by side in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from judgekit.errors import InputError
from judgekit.types import Case, Outcome, Position, Ranking, Status

if TYPE_CHECKING:
    from judgekit.runs import CaseResult, StoredRun

__all__ = ["show"]

AT_ONCE = 10  # cases where no limit is given
WINNERS = {"a": 0, "b": 1, "tie": "tie"}
DISAGREEING = (Position.FIRST, Position.SECOND, Position.HALF_TIE)


def show(
    run: Annotated[Path, typer.Argument(help="The run's folder.")] = Path("runs/latest"),
    disagree: Annotated[
        bool, typer.Option("--disagree", help="Only cases whose two orders disagree.")
    ] = False,
    category: Annotated[str | None, typer.Option(help="Only cases of this category.")] = None,
    case: Annotated[str | None, typer.Option(help="Only the case with this id.")] = None,
    winner: Annotated[
        Literal["a", "b", "tie"] | None, typer.Option(help="Only cases with this winner.")
    ] = None,
    status: Annotated[
        Status | None, typer.Option(help="Only cases with a trial of this status.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help=f"At most N cases; 0: all. Default: {AT_ONCE}, with --json all."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Do not shorten long texts.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show cases with their answers side by side, and the judge's verdict in each order."""
    from judgekit.runs import StoredRun

    stored = StoredRun.open(run)
    wanted = Filter(disagree, category, case, winner, status)
    most = limit or (AT_ONCE if limit is None and not as_json else sys.maxsize)
    shown: list[CaseResult] = []
    matching = 0
    for result in stored.case_results():
        if wanted.takes(result.case, result.outcome):
            matching += 1
            if matching <= most:
                shown.append(result)
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text(report(stored, matching, shown)))
        return
    print_cases(stored, shown, full=full, header=wanted == Filter())
    if not matching:
        print(wanted.why_none(stored), file=sys.stderr)
    elif matching > len(shown):
        print(f"{len(shown)} of {matching} cases; --limit 0 shows all", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases to show; all where nothing is given."""

    disagree: bool = False
    category: str | None = None
    case: str | None = None
    winner: Literal["a", "b", "tie"] | None = None
    status: Status | None = None

    def takes(self, case: Case, outcome: Outcome | Ranking) -> bool:
        """Whether a case is to be shown."""
        if self.disagree and not disagrees(outcome):
            return False
        if self.category is not None and case.category != self.category:
            return False
        if self.case is not None and case.id != self.case:
            return False
        if self.winner is not None and winner_of(outcome) != WINNERS[self.winner]:
            return False
        return self.status is None or outcome.statuses.get(self.status, 0) > 0

    def why_none(self, run: StoredRun) -> str:
        """Why no case is shown; an `InputError` where the run does not have what was named."""
        from judgekit.naming import closest, unknown

        if self.case is not None:
            ids = [case.id for case in run.cases()]
            if self.case not in ids:
                near = closest(self.case, ids)
                meant = f"did you mean {near!r}?" if near else f"its first is {ids[:1]!r}"
                raise InputError(f"no case {self.case!r} in {str(run.folder)!r}; {meant}")
        if self.category is not None:
            known = {c.category for c in run.cases() if c.category is not None}
            if self.category not in known:
                raise InputError(unknown("category", self.category, known))
        return "no case is like that"


def disagrees(outcome: Outcome | Ranking) -> bool:
    """Whether two orders disagree; an average may have named a winner all the same."""
    compared = outcome.comparisons.values() if isinstance(outcome, Ranking) else (outcome,)
    return any(two.position in DISAGREEING for two in compared)


def winner_of(outcome: Outcome | Ranking) -> int | str | None:
    """The winner of a comparison."""
    if isinstance(outcome, Ranking):
        raise InputError("--winner asks for the winner of two, and this run ranks; leave it out")
    return outcome.winner


def report(run: StoredRun, matching: int, shown: Sequence[CaseResult]) -> dict[str, Any]:
    """`--json`: the summary, and the rows of the run's files case by case."""
    from judgekit.runs.schema import case_row, judgement_row, outcome_row

    return {
        "run": str(run.folder),
        "summary": {"sentence": run.sentence} | run.summary.to_dict(),
        "matched": matching,
        "cases": [
            {
                "case": case_row(result.case),
                "outcome": outcome_row(result.outcome, result.judgement_ids, result.votes),
                "judgements": [
                    judgement_row(each.id, each.judgement, each.judge) for each in result.stored
                ],
            }
            for result in shown
        ],
    }


def print_cases(run: StoredRun, shown: Sequence[CaseResult], *, full: bool, header: bool) -> None:
    """The run's summary, where `header` says so, and its cases."""
    from rich.text import Text

    from judgekit.cli.render.case import print_case
    from judgekit.cli.render.console import safe, stdout_console
    from judgekit.cli.render.ranking import print_ranked
    from judgekit.cli.render.run import print_summary

    console = stdout_console()
    if header:
        print_summary(console, run.summary)
        console.print(Text(safe(run.sentence), style="bold"))
        console.print()
    for result in shown:
        if isinstance(result.outcome, Ranking):
            print_ranked(console, result.case, result.outcome, result.stored, full=full)
        else:
            print_case(console, result.case, result.outcome, result.stored, full=full)
