"""What reaches the terminal: two consoles that print alike, and texts made safe for them.

The texts of models, and the names in files, may hold anything: escape sequences that clear the
screen or retitle the window, characters that reorder a line or hide in it, console markup. They
are printed as ``Text(safe(text))`` only, which shows all of that and acts on none of it.
"""

from __future__ import annotations

import io
import json
import re
import sys
from functools import cache
from typing import Any, TextIO, cast

from rich.console import Console

from judgekit.cli.format_flag import output_format
from judgekit.redaction import redact

__all__ = ["PLAIN_WIDTH", "json_text", "safe", "stderr_console", "stdout_console"]

PLAIN_WIDTH = 1 << 16  # cells of a line that no terminal shows, so that nothing is folded
PADDING = re.compile(r"[ \t]+$", re.MULTILINE)

# Controls but newline and tab; what reorders a line (bidi); what breaks one in some programs only
# (U+2028, U+2029); what cannot be seen (zero widths, tags); lone surrogates, which no terminal can
# be sent. U+200C and U+200D stay: Persian, Indic scripts and emoji are spelt with them.
HIDDEN = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def safe(text: str) -> str:
    """`text` with every character that a terminal would act on, or hide, as one that is seen.

    Controls become their pictures (ESC is ``␛``, NUL ``␀``), the rest their escapes
    (``\\u202e``); newlines and tabs stay. Secrets that this process holds are redacted.
    """
    shown = redact(text)
    if shown.replace("\n", "").isprintable():
        return shown
    return hidden_characters().sub(_visible, shown)


@cache
def hidden_characters() -> re.Pattern[str]:
    """The pattern of what is not shown as it is. Its sets take milliseconds to compile."""
    return re.compile(HIDDEN)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def json_text(value: Any) -> str:
    """One JSON object for standard output: ASCII, so that texts in it cannot act either."""
    return redact(json.dumps(value, indent=2))


def stdout_console() -> Console:
    """For results, in the form that `--format` chose."""
    if output_format() == "markdown":
        from judgekit.cli.render.markdown import WIDE, MarkdownConsole

        return MarkdownConsole(width=WIDE, markup=False, highlight=False, emoji=False)
    return _console(sys.stdout, stderr=False)


def stderr_console() -> Console:
    """For everything else."""
    return _console(sys.stderr, stderr=True)


class _Unpadded:
    """A stream that drops the spaces with which tables fill their lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        """Writes whole lines, as rich does."""
        self._stream.write(PADDING.sub("", text))
        return len(text)

    def flush(self) -> None:
        """Flushes the stream."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Never: a terminal gets its stream itself."""
        return False


def _console(stream: TextIO, *, stderr: bool) -> Console:
    if isinstance(stream, io.TextIOWrapper):
        # A stream that is not UTF-8 gets escapes where it would otherwise end the program.
        stream.reconfigure(errors="backslashreplace")
    plain: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False}
    if stream.isatty():
        return Console(stderr=stderr, **plain)
    return Console(file=cast("TextIO", _Unpadded(stream)), width=PLAIN_WIDTH, **plain)
