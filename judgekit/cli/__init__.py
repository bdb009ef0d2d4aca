"""The command line: parse, call one library function, show. One file per command."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from judgekit.cli.format_flag import own_format
from judgekit.cli.output import guarded_output
from judgekit.cli.remarks import remarks_shown
from judgekit.errors import JudgekitError
from judgekit.redaction import redact_message

__all__ = ["main"]

INTERRUPTED = 130
COMPLETION = "_JUDGEKIT_COMPLETE"  # what a shell sets to ask for completions, or for its script
BUG = 70  # the exit code of an error of judgekit's own: EX_SOFTWARE of sysexits.h


def main(argv: Sequence[str] | None = None) -> None:
    """Runs a command.

    Exit codes: 0 done, 2 something to put right, 3 ran without any verdict, 4 the output could not
    be written, 6 a report says otherwise than its judgements, 70 an error of judgekit's own, 130
    stopped by Ctrl-C.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if argv is None:  # the process is ours
        handle_interrupts()
    try:
        with guarded_output(), remarks_shown(), own_format():
            run(words or ["--help"])
    except JudgekitError as error:
        show_traceback(error)
        refuse(str(error))
    except KeyboardInterrupt:  # while nothing was under way yet
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 (the last border: a fault of ours is a line, too)
        report_bug(error)


def handle_interrupts() -> None:
    """Makes a second Ctrl-C end the process at once: cleaning up may take long, and what is stored
    is on the disk."""
    interrupts = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += 1
        if interrupts > 1:
            if sys.stderr.isatty():
                os.write(2, b"\x1b[?25h\n")  # the cursor, which a progress bar hides
            os._exit(INTERRUPTED)
        signal.default_int_handler(number, frame)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)


def run(words: Sequence[str]) -> NoReturn:
    import typer

    from judgekit.cli.app import build_app

    # What a wrong flag, value or command raises; typer gives it no public name of its own.
    if COMPLETION in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    usage_error: type[typer.BadParameter] = typer.BadParameter.__mro__[1]
    try:
        code = build_app()(args=words, prog_name="judgekit", standalone_mode=False)
    except usage_error as error:
        from judgekit.cli.usage_errors import usage_message

        refuse(usage_message(error))
    except typer.Abort:
        sys.exit(130)
    sys.exit(code)


def show_traceback(error: Exception) -> None:
    """Shows the traceback where `--debug` asked for it."""
    import logging

    logging.getLogger(__name__).debug("refused", exc_info=error)


def report_bug(error: Exception) -> NoReturn:
    """Ends the command after an error that judgekit should not have raised."""
    from judgekit.cli.render.console import safe
    from judgekit.tracebacks import raised_at

    show_traceback(error)
    message = redact_message(" ".join(str(error).split()))
    what = f"{type(error).__name__}: {message}".rstrip(": ")
    print(
        f"judgekit: internal error: {safe(what)} ({raised_at(error)}); please report it with the "
        f"traceback that `judgekit --debug …` shows",
        file=sys.stderr,
    )
    sys.exit(BUG)


def refuse(why: str) -> NoReturn:
    from judgekit.cli.render.console import safe

    print(f"judgekit: {safe(redact_message(why))}", file=sys.stderr)
    sys.exit(2)
