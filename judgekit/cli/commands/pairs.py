"""`judgekit pairs`: a run's trusted verdicts as a dataset for preference training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from judgekit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from judgekit.pairs import Pairs, PreferencePair

__all__ = ["pairs"]


def pairs(
    run: Annotated[Path, typer.Argument(help="The run's folder.")] = Path("runs/latest"),
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write: NAME.jsonl.")] = Path(
        "pairs.jsonl"
    ),
    format_: Annotated[
        Literal["conversational", "standard"],
        typer.Option("--format", help="Output format: chat messages or plain text."),
    ] = "conversational",
    min_margin: Annotated[
        float, typer.Option(help="Least margin of a pair: 0 to 1 for choices, points for scores.")
    ] = 0.0,
    all_winners: Annotated[
        bool,
        typer.Option(
            "--all-winners",
            help="Include winners shown in one order, or averaged over orders that disagree.",
        ),
    ] = False,
    pairing: Annotated[
        Literal["best-worst", "all"],
        typer.Option(help="For rankings: the best against the worst, or all pairs of answers."),
    ] = "best-worst",
    test_share: Annotated[
        float | None,
        typer.Option(
            help="Write NAME.train.jsonl and NAME.test.jsonl, with about this share in test."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the preference pairs of a run: its consistent winners, in TRL's formats."""
    from judgekit.io.files import keep_inputs
    from judgekit.pairs import pairs_of_run, write_parts
    from judgekit.runs import StoredRun

    stored = StoredRun.open(run)
    selection = pairs_of_run(
        stored, min_margin=min_margin, all_winners=all_winners, pairing=pairing
    )
    if not selection.pairs:
        why = ", ".join(f"{n} {words(reason)}" for reason, n in selection.left_out.items() if n)
        raise InputError(f"no case of {str(run)!r} makes a pair ({why or 'it has no cases'})")
    parts = parts_of(selection, out, test_share)
    for path in parts:
        keep_inputs(path, stored.folder.iterdir())
    write_parts(parts, format_, force=force)
    show(report(stored.folder, selection, parts, format_) if as_json else None, selection, parts)


def show(
    as_json: Mapping[str, Any] | None,
    selection: Pairs,
    parts: Mapping[Path, Sequence[PreferencePair]],
) -> None:
    """Prints the report as JSON, if there is one; else the files, and counts beside them."""
    if as_json is not None:
        from judgekit.cli.render.console import json_text

        print(json_text(as_json))
        return
    explain(selection, parts)
    for path in parts:
        print(path)


def parts_of(
    selection: Pairs, out: Path, test_share: float | None
) -> Mapping[Path, Sequence[PreferencePair]]:
    """The pairs of each file."""
    from judgekit.pairs import split

    if test_share is None:
        return {out: selection.pairs}
    named = {
        out.with_name(f"{out.stem}.{part}{out.suffix}"): pairs
        for part, pairs in zip(("train", "test"), split(selection.pairs, test_share), strict=True)
    }
    for path, pairs in named.items():
        if not pairs:
            raise InputError(
                f"--test-share {test_share!r} leaves {path.name!r} without any of "
                f"{len(selection.pairs)} pairs; choose another share, or leave it out"
            )
    return named


def report(
    folder: Path, selection: Pairs, parts: Mapping[Path, Sequence[PreferencePair]], format_: str
) -> dict[str, Any]:
    """`--json`: cases (or comparisons) = pairs + the sum of left_out.

    The reason ``no_verdict`` stands also as ``undecided``, its name in the release before, which
    is not part of the sum.
    """
    from judgekit.pairs import Reason

    left_out = {reason.value: n for reason, n in selection.left_out.items()}
    return {
        "run": str(folder),
        "format": format_,
        selection.of: len(selection.pairs) + sum(selection.left_out.values()),
        "pairs": len(selection.pairs),
        "left_out": left_out | {"undecided": left_out[Reason.NO_VERDICT]},
        "files": {str(path): len(pairs) for path, pairs in parts.items()},
    }


def explain(selection: Pairs, parts: Mapping[Path, Sequence[PreferencePair]]) -> None:
    """Prints what was written, and the cases left out by reason."""
    from rich.table import Table
    from rich.text import Text

    from judgekit.cli.render.console import safe, stderr_console

    console = stderr_console()
    for path, pairs in parts.items():
        console.print(Text(safe(f"{len(pairs)} pairs to {path}")), soft_wrap=True)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    for reason, n in selection.left_out.items():
        if n:
            table.add_row(f"left out: {words(reason)}", str(n))
    if table.row_count:
        console.print(table)


def words(reason: str) -> str:
    """A reason's name in words."""
    return reason.replace("_", " ")
