"""The command line: parse, call one library function, show. One file per command."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from judgekit.errors import JudgekitError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs a command. Exit codes: 0 done, 2 something to put right, 130 stopped by Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    from judgekit.cli.app import build_app

    try:
        build_app(words)(args=words, prog_name="judgekit")
    except JudgekitError as error:
        print(f"judgekit: {error}", file=sys.stderr)
        sys.exit(2)
