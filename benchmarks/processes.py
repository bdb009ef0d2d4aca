"""Runs commands in their own processes and measures the time and memory they use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Finished", "executable", "measure", "run_command"]


@dataclass(frozen=True)
class Finished:
    """A finished process: exit code, wall and CPU seconds, peak resident megabytes, output."""

    code: int
    wall: float
    cpu: float
    peak_mb: float
    output: str
    errors: str


def executable(name: str) -> str:
    """The path of a command installed beside this Python."""
    return str(Path(sys.executable).parent / name)


def run_command(name: str, *words: str, cwd: Path) -> Finished:
    """Runs an installed command; a failure is printed and ends the benchmark."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        process = subprocess.Popen([executable(name), *words], cwd=cwd, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        finished = Finished(
            process.returncode,
            wall,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024,
            out.read(),
            err.read(),
        )
    if finished.code:
        raise SystemExit(f"{name} {' '.join(words)} failed: {finished.errors}")
    return finished


def measure(script: str, *words: str) -> dict[str, Any]:
    """Runs a script of this folder that prints one JSON object."""
    path = Path(__file__).with_name(script)
    process = subprocess.run(
        [sys.executable, str(path), *words], check=True, capture_output=True, text=True
    )
    return dict(json.loads(process.stdout.splitlines()[-1]))
