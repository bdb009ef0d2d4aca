"""The console examples of the documents, and a terminal that runs them.

A fenced block ``console`` holds commands after ``$ `` and what they print. In what is printed

- a line ``…`` stands for any number of lines that were cut, and ``…`` within a line for any text;
- times, dates and the digest at the end of a run's folder differ from run to run: they are masked.

Nothing printed below a command means that nothing is shown, so only its exit code is checked: 0,
unless the next command is ``echo $?``, which shows the code. A fenced block with a title
(``toml title="judgekit.toml"``) is a file that the page's commands find.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["NOT_RUN", "Example", "Terminal", "console_examples", "differs", "titled_files"]

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.M | re.S
)
TITLE = re.compile(r'title="([^"]+)"')
COMMENT = re.compile(r"\s# .*$")
CUT = "…"
NOT_RUN = {"cd", "git", "make", "pip", "python", "pytest", "torchrun", "transformers", "vllm"}
"""Programs that the documents name and the tests leave alone."""

MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?"), "DATE"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "SECONDS"),
    (re.compile(r"-[0-9a-f]{8}\b"), "-DIGEST"),
)


@dataclass(frozen=True)
class Example:
    """One command of a page, with what the page shows below it."""

    place: str
    command: str
    shown: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return shlex.split(COMMENT.sub("", self.command))


def console_examples(page: Path) -> Iterator[Example]:
    """The commands of a page in their order."""
    text = page.read_text(encoding="utf-8")
    for block in FENCE.finditer(text):
        if block["info"].strip() == "console":
            line = text.count("\n", 0, block.start("body")) + 1
            yield from block_examples(block["body"], f"{page.name}:{line}", len(block["indent"]))


def block_examples(body: str, place: str, indent: int) -> Iterator[Example]:
    command: str | None = None
    shown: list[str] = []
    for line in (line[indent:] for line in body.splitlines()):
        if command is not None and command.endswith("\\"):
            command = command[:-1] + line.strip()
        elif line.startswith("$ "):
            if command is not None:
                yield Example(place, command, tuple(shown))
            command, shown = line[2:], []
        else:
            shown.append(line.rstrip())
    if command is None:
        raise ValueError(f"{place}: a console block without a command")
    yield Example(place, command, tuple(shown))


def titled_files(page: Path) -> Mapping[str, str]:
    """The files that a page shows whole, by their names."""
    found = {}
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if title := TITLE.search(block["info"]):
            found[title[1]] = block["body"]
    return found


def differs(shown: Sequence[str], printed: str) -> str:
    """Why what is shown is not what was printed; empty where it is."""
    expected = [masked(line) for line in trimmed(shown)]
    got = [masked(line) for line in trimmed([line.rstrip() for line in printed.splitlines()])]
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == CUT else as_pattern(line) + r"\n" for line in expected
    )
    if re.fullmatch(pattern, "".join(f"{line}\n" for line in got)):
        return ""
    return "shown:\n" + "\n".join(expected) + "\nprinted:\n" + "\n".join(got)


def as_pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split(CUT))


def trimmed(lines: Sequence[str]) -> list[str]:
    """Without empty lines at the ends."""
    text = "\n".join(lines).strip("\n")
    return text.split("\n") if text else []


def masked(line: str) -> str:
    for pattern, word in MASKS:
        line = pattern.sub(word, line)
    return line


@dataclass
class Terminal:
    """Runs a page's commands in the working directory, one after the other, in this process.

    `instead`: texts of a command that stand for something else here, such as a server's address.
    """

    instead: Mapping[str, str] = field(default_factory=dict)
    code: int = 0

    def run(self, example: Example) -> str:
        """What a command prints, standard output and standard error as they come."""
        words = [self.replaced(word) for word in example.words]
        if words[0] == "echo":
            return f"{self.code}\n"
        if words[0] == "export":
            os.environ.update(word.split("=", 1) for word in words[1:])
            return ""
        if words[0] != "judgekit":
            raise ValueError(f"{example.place}: the tests do not know the program {words[0]!r}")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            self.code = exit_code(words[1:])
        return printed.getvalue()

    def replaced(self, word: str) -> str:
        for text, other in self.instead.items():
            word = word.replace(text, other)
        return word


def exit_code(words: Sequence[str]) -> int:
    from judgekit.cli import main

    try:
        main(words)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
