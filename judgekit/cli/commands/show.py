"""`judgekit show`: a run's cases side by side in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from judgekit.errors import InputError
from judgekit.types import Case, Outcome, Position, Ranking, Status

__all__ = ["show"]

AT_ONCE = 10  # cases where no limit is given
WINNERS = {"a": 0, "b": 1, "tie": "tie"}
DISAGREEING = (Position.FIRST, Position.SECOND, Position.HALF_TIE)


def show(
    run: Annotated[Path, typer.Argument(help="The run's folder.")] = Path("runs/latest"),
    disagree: Annotated[
        bool, typer.Option("--disagree", help="Cases whose two orders disagree.")
    ] = False,
    category: Annotated[str | None, typer.Option(help="Cases of this category.")] = None,
    case: Annotated[str | None, typer.Option(help="The case with this id.")] = None,
    winner: Annotated[
        Literal["a", "b", "tie"] | None, typer.Option(help="Cases that ended so.")
    ] = None,
    status: Annotated[
        Status | None, typer.Option(help="Cases with a trial of this status.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help=f"At most N cases; 0: all. By default {AT_ONCE}, --json all."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Do not shorten long texts.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show cases with their answers side by side, and what the judge said in each order."""
    from judgekit import runs

    folder = runs.resolve(run)
    wanted = Wanted(disagree, category, case, winner, status)
    most = limit or (AT_ONCE if limit is None and not as_json else sys.maxsize)
    shown: list[JudgedCase] = []
    matched = 0
    for judged in judged_cases(folder):
        if wanted.takes(judged):
            matched += 1
            if matched <= most:
                shown.append(judged)
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text(report(folder, matched, shown)))
        return
    print_cases(folder, shown, full=full, header=wanted == Wanted())
    if not matched:
        print(wanted.nothing(folder), file=sys.stderr)
    elif matched > len(shown):
        print(f"{len(shown)} of {matched} cases; --limit 0 shows all", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """A case with its outcome and its rows of ``judgements.jsonl``."""

    case: Case
    outcome: Outcome | Ranking
    judgements: list[dict[str, Any]]

    def check(self, ids: Sequence[str]) -> None:
        """ValueError unless the three belong together."""
        if self.outcome.case != self.case.id or [row["id"] for row in self.judgements] != [*ids]:
            raise ValueError(f"the case {self.case.id!r} lacks its own outcome or judgements")


def judged_cases(folder: Path) -> Iterator[JudgedCase]:
    """The run's cases in order. Raises `InputError` where its files do not fit together."""
    from judgekit import runs

    rows = runs.read_rows(folder / "judgements.jsonl")
    outcomes: Iterator[tuple[Outcome | Ranking, Sequence[str]]] = runs.read_outcomes(folder)
    if runs.holds_rankings(folder):
        outcomes = runs.read_rankings(folder)
    try:
        for case, (outcome, ids) in zip(runs.read_cases(folder), outcomes, strict=True):
            judged = JudgedCase(case, outcome, list(islice(rows, len(ids))))
            judged.check(ids)
            yield judged
    except ValueError as error:
        raise InputError(f"the run {str(folder)!r} is damaged ({error}); judge again") from error


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases to show; all where nothing is said."""

    disagree: bool = False
    category: str | None = None
    case: str | None = None
    winner: Literal["a", "b", "tie"] | None = None
    status: Status | None = None

    def takes(self, judged: JudgedCase) -> bool:
        outcome = judged.outcome
        if self.disagree and not disagrees(outcome):
            return False
        if self.category is not None and judged.case.category != self.category:
            return False
        if self.case is not None and judged.case.id != self.case:
            return False
        if self.winner is not None and won(outcome) != WINNERS[self.winner]:
            return False
        return self.status is None or outcome.statuses.get(self.status, 0) > 0

    def nothing(self, folder: Path) -> str:
        """What to say where no case is taken; an `InputError` where a name is not in the run."""
        from judgekit import runs
        from judgekit.naming import closest, unknown

        if self.case is not None:
            ids = [case.id for case in runs.read_cases(folder)]
            if self.case not in ids:
                near = closest(self.case, ids)
                meant = f"did you mean {near!r}?" if near else f"its first is {ids[:1]!r}"
                raise InputError(f"no case {self.case!r} in {str(folder)!r}; {meant}")
        if self.category is not None:
            known = {c.category for c in runs.read_cases(folder) if c.category is not None}
            if self.category not in known:
                raise InputError(unknown("category", self.category, known))
        return "no case is like that"


def disagrees(outcome: Outcome | Ranking) -> bool:
    """Whether two orders disagree; an average may have named a winner all the same."""
    compared = outcome.comparisons.values() if isinstance(outcome, Ranking) else (outcome,)
    return any(two.position in DISAGREEING for two in compared)


def won(outcome: Outcome | Ranking) -> int | str | None:
    """The winner of a comparison."""
    if isinstance(outcome, Ranking):
        raise InputError("--winner asks for the winner of two, and this run ranks; leave it out")
    return outcome.winner


def report(folder: Path, matched: int, shown: Sequence[JudgedCase]) -> dict[str, Any]:
    """`--json`: the summary, and the rows of the run's files case by case."""
    from judgekit import runs

    return {
        "run": str(folder),
        "summary": runs.read_json(folder / "summary.json"),
        "matched": matched,
        "cases": [
            {
                "case": runs.case_row(j.case),
                "outcome": runs.outcome_row(j.outcome, [row["id"] for row in j.judgements]),
                "judgements": j.judgements,
            }
            for j in shown
        ],
    }


def print_cases(folder: Path, shown: Sequence[JudgedCase], *, full: bool, header: bool) -> None:
    """The run's summary, where `header` says so, and its cases."""
    from rich.text import Text

    from judgekit import runs
    from judgekit.cli.render import ranking, tables
    from judgekit.cli.render.case import print_case
    from judgekit.cli.render.console import safe, stdout_console

    console = stdout_console()
    if header:
        summary = runs.read_json(folder / "summary.json")
        ranked = "win_rates" in summary
        (ranking if ranked else tables).print_summary(console, summary)
        console.print(Text(safe(summary["sentence"]), style="bold"))
        console.print()
    for j in shown:
        if isinstance(j.outcome, Ranking):
            ranking.print_ranked(console, j.case, j.outcome, j.judgements, full=full)
        else:
            print_case(console, j.case, j.outcome, j.judgements, full=full)
