"""A real OpenAI-compatible server on this machine, judged through the engine `openai`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import write_llama
from places import EXAMPLES

import judgekit
from judgekit.cli import main

for package in ("torch", "transformers", "fastapi", "uvicorn"):
    pytest.importorskip(package)

BASE, TUNED = str(EXAMPLES / "base.jsonl"), str(EXAMPLES / "tuned.jsonl")
SERVE = "from transformers.cli.transformers import main; main()"
START_S = 90.0  # about 5 on an idle machine


@dataclass
class Server:
    """`transformers serve` with one tiny chat model."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def wait(self) -> None:
        """Until it answers; what it logged is shown where it does not."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        why = f"ended with {self.process.poll()}" if self.process.poll() is not None else "silent"
        pytest.fail(f"transformers serve: {why}\n{self.log.read_text(errors='replace')[-4000:]}")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    write_llama(folder / "tiny")
    words = ["serve", "tiny", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    log = folder / "serve.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, *words],
            cwd=folder,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
            stdout=file,
            stderr=file,
        )
    started = Server(process, f"http://127.0.0.1:{port}", log)
    try:
        started.wait()
        yield started
    finally:
        started.stop()


def test_a_server_of_ones_own_judges_and_nothing_is_asked_twice(
    server: Server, tmp_path: Path
) -> None:
    how: dict[str, Any] = {
        "judge": "pairwise",
        "model": "openai/tiny",
        "base_url": f"{server.url}/v1",
        "limit": 3,
        "max_tokens": 12,
        "store": tmp_path / "replies.db",
    }
    first = judgekit.compare(BASE, TUNED, out=tmp_path / "first", **how)
    counts, statuses = first.metadata.counts, first.summary.statuses
    errors = [*first.judgements["error"], server.log.read_text(errors="replace")[-2000:]]
    # The model knows nothing: its replies are noise, and no noise is taken for a verdict.
    assert statuses["unparsed"] + statuses["truncated"] == 6, errors
    assert first.summary.no_verdict == 3
    assert counts.trials == counts.calls == counts.attempts == 6
    assert counts.without_usage == 0
    assert 0 < counts.tokens_out <= 6 * 12
    assert counts.tokens_in > 6 * 100
    again = judgekit.compare(BASE, TUNED, out=tmp_path / "again", **how)
    assert again.metadata.counts.calls_now == 0
    assert again.metadata.counts.calls_from_store == 6
    assert again.judgements.equals(first.judgements)


def test_a_server_that_was_stopped_is_one_clear_line(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.stop()
    words = ["compare", BASE, TUNED, "--judge", "pairwise", "--model", "openai/tiny"]
    words += ["--base-url", f"{server.url}/v1", "--limit", "3", "--retries", "0"]
    words += ["--store", str(tmp_path / "replies.db"), "--out", str(tmp_path / "run")]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    [line] = printed.err.splitlines()
    assert line.startswith(f"judgekit: {server.url}/v1 takes no connection")
    assert "is it running?" in line
    assert not printed.out
    assert not (tmp_path / "run").exists()
