"""`judgekit report`: runs and other results as one HTML file, as tables, or as figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from judgekit.errors import InputError

if TYPE_CHECKING:
    from judgekit.report import Report
    from judgekit.report.formats import TextForm

__all__ = ["DIFFERS", "report"]

DIFFERS = 6  # the exit code where a report says otherwise than its judgements


Runs = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Folders of runs, benchmarks, audits, drift checks or trained models. "
        "Default: runs/latest."
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="The file to write. Default: report.html.")
]
Redact = Annotated[
    bool,
    typer.Option("--redact", help="Leave out every text and digest of texts, and number the ids."),
]
LimitCases = Annotated[
    int | None,
    typer.Option(
        min=0, help="Show at most N cases of each run, those worth reading first. Default: 20000."
    ),
]
Form = Annotated[
    Literal["html", "markdown", "csv", "latex"],
    typer.Option("--format", help="Form; all but html are printed where no --out is given."),
]
Figures = Annotated[
    Path | None,
    typer.Option(help="Write every picture into this folder, as SVG with its numbers as CSV."),
]
Methods = Annotated[
    bool,
    typer.Option(
        "--methods", help="Print the methods paragraph of a paper, with BibTeX of what was used."
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace files that judgekit would not replace.")
]
Verify = Annotated[
    Path | None,
    typer.Option(
        help="Compute every metric of this report again, and exit with 6 if one differs. RUN is "
        "then a run of the report; by default the cases that it holds are used."
    ),
]
Store = Annotated[
    Path | None,
    typer.Option(help="With --verify: read every verdict again from this store of replies."),
]
Json = Annotated[bool, typer.Option("--json", help="With --verify: print one JSON object.")]


def report(
    runs: Runs = None,
    out: Out = None,
    redact: Redact = False,
    limit_cases: LimitCases = None,
    form: Form = "html",
    figures: Figures = None,
    methods: Methods = False,
    verify: Verify = None,
    store: Store = None,
    as_json: Json = False,
    force: Force = False,
) -> None:
    """Write a report of finished runs: one HTML file with every metric and case."""
    from judgekit.report import Options, build_report

    if verify is not None:
        check_verify(
            {"--out": out, "--redact": redact, "--limit-cases": limit_cases, "--figures": figures}
            | {"--methods": methods, "--format": form if form != "html" else None}
        )
        print_verification(verify, runs or [], store, as_json=as_json)
        return
    if store is not None or as_json:
        flag = "--store" if store is not None else "--json"
        raise InputError(f"{flag} belongs to --verify FILE; add that or leave it out")
    folders = runs or [Path("runs/latest")]
    made = build_report(folders, Options(redact, limit_cases))
    if methods:
        print_methods(made)
    if figures is not None:
        write_pictures(made, figures, folders, force=force)
    if form == "html":
        if out is not None or not (methods or figures):
            target = out or Path("report.html")
            check_out(target, folders)
            print(made.write(target, force=force))
    elif out is None:
        from judgekit.report.formats import WRITERS

        print(WRITERS[form](made), end="")
    else:
        write_text(made, form, out, folders, force=force)


def check_out(target: Path, folders: Sequence[Path]) -> None:
    """Refuses (`InputError`) to write over a file that is read."""
    from judgekit.io.files import keep_inputs

    for folder in folders:
        if folder.is_dir():
            keep_inputs(target, folder.iterdir())


def print_methods(made: Report) -> None:
    """Prints the methods paragraph; refuses results that are no runs."""
    from judgekit.report.methods import methods_text

    if not made.runs:
        raise InputError("--methods describes runs, and none is named; name a run's folder")
    print(methods_text(made), end="")


def write_pictures(made: Report, folder: Path, folders: Sequence[Path], *, force: bool) -> None:
    """Writes the figures, and prints their files."""
    from judgekit.report.formats import write_figures

    if any(folder.exists() and each.exists() and folder.samefile(each) for each in folders):
        raise InputError(f"{str(folder)!r} is read by this command; name another with --figures")
    for path in write_figures(made, folder, force=force):
        print(path)


def write_text(
    made: Report, form: TextForm, out: Path, folders: Sequence[Path], *, force: bool
) -> None:
    """Writes Markdown, CSV or LaTeX into a file that does not exist yet."""
    from judgekit.io.files import make_parents, write_file
    from judgekit.report.formats import WRITERS

    check_out(out, folders)
    if out.exists() and not force:
        raise InputError(f"{str(out)!r} exists already; name another file, or add --force")
    make_parents(out)
    write_file(out, WRITERS[form](made).encode("utf-8"))
    print(out)


def check_verify(others: Mapping[str, object]) -> None:
    """Refuses (`InputError`) flags of writing a report beside `--verify`."""
    for flag, value in others.items():
        if value not in (None, False):
            raise InputError(f"--verify FILE writes no report; leave {flag} out")


def print_verification(
    path: Path, runs: Sequence[Path], store: Path | None, *, as_json: bool
) -> None:
    """Verifies a report, prints what differs, and exits with 6 where something does."""
    from judgekit.cli.render.console import json_text, safe
    from judgekit.report.verify import verify_report

    verification = verify_report(path, runs, store)
    if as_json:
        print(json_text(verification.to_dict()))
    else:
        for one in verification.differences:
            print(safe(f"{one.run}: {one.metric}: {one.reported}, computed {one.computed}"))
        for what in verification.taken:
            print(safe(f"not computed again: {what}"))
        counts = f"{verification.metrics} metrics of {verification.cases} cases computed again"
        read = f", {verification.replies} verdicts read again" if store is not None else ""
        number = len(verification.differences)
        print(f"{counts}{read}: {f'{number} differ' if number else 'all as reported'}")
    if verification.differences:
        raise typer.Exit(DIFFERS)
