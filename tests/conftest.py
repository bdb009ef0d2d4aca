"""Fixtures for tests in more than one folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from commands import Cli, Said, Start
from places import SHARED
from servers import JudgeServer, MockApi, judge_server, mock_api

from judgekit.redaction import forget_secrets

PROVIDERS = ("OPENAI_", "AZURE_OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_")
SETTINGS = (*PROVIDERS, "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
JUDGEKIT = Path(sys.executable).with_name("judgekit")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real evaluation data beside the checkout."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the real data beside the checkout (../shared/data) is absent")
    return SHARED


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket to another machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        local = self.family == socket.AF_UNIX or (
            isinstance(address, tuple) and str(address[0]).startswith(("127.", "::1", "localhost"))
        )
        if not local:
            pytest.fail(f"a test opened a connection to {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests() -> Iterator[None]:
    yield
    forget_secrets()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes the machine's keys, proxies and configuration from the environment."""
    for name in os.environ:
        if name.upper().startswith((*SETTINGS, "JUDGEKIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", os.devnull)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch on one thread while a module's tests run: the networks are small."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def own_server() -> Iterator[JudgeServer]:
    with judge_server() as server:
        yield server


@pytest.fixture
def server(own_server: JudgeServer) -> JudgeServer:
    """A judge behind an OpenAI-compatible API, with its counters at zero."""
    own_server.reset()
    return own_server


@pytest.fixture(scope="session")
def mock_process(shared: Path) -> Iterator[MockApi]:
    script = shared / "tools" / "mockserver.py"
    if not script.is_file():
        pytest.skip("the mock API beside the checkout (../shared/tools) is absent")
    with mock_api(script) as running:
        yield running


@pytest.fixture
def mock(mock_process: MockApi) -> MockApi:
    """The mock API without faults, with its counters at zero."""
    mock_process.reset()
    return mock_process


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(here: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """`cli("compare", "a.jsonl", ...)`: the command line in this process, in the folder `here`."""
    from judgekit.cli import main

    def run(*words: object) -> Said:
        capsys.readouterr()
        code: object = 0
        try:
            main([str(word) for word in words])
        except SystemExit as ended:
            code = ended.code or 0
        assert isinstance(code, int)
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def start(here: Path) -> Iterator[Start]:
    """`start("compare", ...)`: the installed command as a process, killed with the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [JUDGEKIT, *map(str, words)],
            cwd=here,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Where the tests run in the background of a script, Ctrl-C is ignored, and a child
            # would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def command(start: Start) -> Cli:
    """`command("compare", ...)`: the installed command, run until it ends."""

    def run(*words: object, env: Mapping[str, str] | None = None) -> Said:
        process = start(*words, env=env)
        out, err = process.communicate(timeout=60)
        return Said(process.returncode, out, err)

    return run
