"""The types of the fixtures `cli`, `start` and `command`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Cli", "Said", "Start"]


@dataclass(frozen=True)
class Said:
    """A command's output and exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON object on standard output of a command that succeeded."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The line of a refused command, without its ``judgekit: ``."""
        assert self.code == 2, self.err
        assert self.out == ""
        [line] = self.err.splitlines()
        assert line.startswith("judgekit: ")
        return line.removeprefix("judgekit: ")


Cli = Callable[..., Said]
Start = Callable[..., subprocess.Popen[str]]
