"""The mock API server of the benchmarks, and the answers that are judged through it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["DEFAULT_SERVER", "DIALECT_SERVER", "Mock", "mock_server", "write_answers"]

DEFAULT_SERVER = Path(__file__).resolve().parents[2] / "shared" / "tools" / "mockserver.py"
DIALECT_SERVER = Path(__file__).with_name("dialect_server.py")
WORDS = [
    "river",
    "stone",
    "lamp",
    "orchard",
    "signal",
    "copper",
    "window",
    "harbour",
    "ladder",
    "season",
    "mirror",
    "thread",
]


class Mock:
    """A running mock server."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def api(self) -> str:
        return f"{self.url}/v1"

    def get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(self.url + path, timeout=30) as reply:
            return dict(json.load(reply))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            return dict(json.load(reply))

    def configure(self, **settings: Any) -> None:
        """Sets faults and latency, and zeroes the counters."""
        self.post("/config", settings)
        self.post("/reset", {})


@contextmanager
def mock_server(script: Path) -> Iterator[Mock]:
    """Starts the server on a free port of this machine."""
    if not script.is_file():
        sys.exit(f"no mock server at {script}: name one with --server")
    command = [sys.executable, str(script), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise AssertionError("the server's output is piped")
        try:
            yield Mock(process.stdout.readline().split()[-1].removesuffix("/v1"))
        finally:
            process.terminate()


def write_answers(folder: Path, cases: int, characters: int = 300) -> tuple[Path, Path]:
    """Two files of made-up answers of about so many characters, the same in every run."""
    draw = random.Random(7)
    files = (folder / "a.jsonl", folder / "b.jsonl")
    with files[0].open("w") as a, files[1].open("w") as b:
        for number in range(cases):
            for file in (a, b):
                words = draw.choices(WORDS, k=max(1, characters // 7))
                row = {"id": number, "prompt": f"Question {number}: what is it about?"}
                file.write(json.dumps({**row, "response": " ".join(words)}) + "\n")
    return files
