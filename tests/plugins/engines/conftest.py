"""A clean environment, the mock API as a process, and a server of one's own on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

Serve = Callable[[Handler], AbstractAsyncContextManager[str]]
SETTINGS = ("OPENAI_", "AZURE_OPENAI_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own keys and proxies are not the tests' business."""
    for name in os.environ:
        if name.upper().startswith(SETTINGS):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def mock_url(shared: Path) -> Iterator[str]:
    """The base URL of the mock API, which knows its own verdicts and counts its calls."""
    server = shared / "tools" / "mockserver.py"
    if not server.is_file():
        pytest.skip("the mock API beside the checkout (../shared/tools) is absent")
    command = [sys.executable, str(server), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture
def serve() -> Serve:
    """`async with serve(handler) as base_url`: a server that answers every POST by `handler`."""

    @asynccontextmanager
    async def serving(handler: Handler) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()

    return serving
