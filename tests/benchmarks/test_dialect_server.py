"""The benchmarks' server of all dialects is understood by the engines that it measures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import pytest
from judgekit.plugins import judgekit_engines
from places import BENCHMARKS

from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Message, Reply, Sampling

sys.path.insert(0, str(BENCHMARKS))
from mockapi import DIALECT_SERVER, mock_server

CALL = Call((Message("system", "You judge."), Message("user", "Which?")), Sampling(max_tokens=9))


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with mock_server(DIALECT_SERVER) as server:
        server.configure(latency="fixed:0.01")
        yield server.api


@pytest.mark.parametrize("engine", ["openai", "anthropic", "gemini"])
def test_each_engine_reads_the_same_reply(api: str, engine: str) -> None:
    async def ask() -> object:
        asking = judgekit_engines()[engine](EngineSetup("mock", base_url=api))
        try:
            [reply] = await asking.answer((CALL,))
        finally:
            await asking.aclose()
        return reply

    reply = asyncio.run(ask())
    assert isinstance(reply, Reply)
    assert reply.text.endswith("\n[[A]]")
    assert reply.usage[:2] == (700, 20)
