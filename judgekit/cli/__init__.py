"""The command line: parse, call one library function, show. One file per command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from judgekit.cli.output import guarded_output, print_uncaught
from judgekit.errors import JudgekitError
from judgekit.redaction import redact_message

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs a command.

    Exit codes: 0 done, 2 something to put right, 3 ran without any verdict, 4 the output could not
    be written, 130 stopped by Ctrl-C.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    sys.excepthook = print_uncaught
    try:
        with guarded_output():
            run(words or ["--help"])
    except JudgekitError as error:
        refuse(str(error))
    except KeyboardInterrupt:  # while nothing was under way yet
        sys.exit(130)


def run(words: Sequence[str]) -> NoReturn:
    import typer

    from judgekit.cli.app import build_app

    # What a wrong flag, value or command raises; typer gives it no public name of its own.
    usage_error: type[typer.BadParameter] = typer.BadParameter.__mro__[1]
    try:
        code = build_app()(args=words, prog_name="judgekit", standalone_mode=False)
    except usage_error as error:
        refuse(" ".join(error.format_message().split()))
    except typer.Abort:
        sys.exit(130)
    sys.exit(code)


def refuse(why: str) -> NoReturn:
    from judgekit.cli.render.console import safe

    print(f"judgekit: {safe(redact_message(why))}", file=sys.stderr)
    sys.exit(2)
