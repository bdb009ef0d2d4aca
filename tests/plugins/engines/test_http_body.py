"""Bodies are read within a limit, packed and unpacked; and what kept a server from answering."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from aiohttp import web
from judgekit.plugins.engines.http_body import Unpacker
from judgekit.plugins.engines.openai import engine as openai_engine

from judgekit.errors import CallFailure
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Message, Reply

Handler = Callable[[web.Request], Awaitable[web.Response]]
Serve = Callable[[Handler], AbstractAsyncContextManager[str]]
CALL = Call((Message("user", "hello"),))
LIMIT_MB = 0.5


def completion(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()


def bomb(wbits: int, megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    megabyte = b" " * (1 << 20)
    packed = b"".join(packer.compress(megabyte) for _ in range(megabytes))
    return packed + packer.flush()


async def ask(base_url: str, megabytes: float = LIMIT_MB) -> Reply | CallFailure:
    engine = openai_engine(EngineSetup("m", base_url, max_reply_mb=megabytes))
    try:
        [result] = await engine.answer((CALL,))
    finally:
        await engine.aclose()
    return result


def answering(body: bytes, coding: str = "", status: int = 200) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "gzip, deflate"
        await request.read()
        headers = {"Content-Encoding": coding} if coding else {}
        return web.Response(body=body, status=status, headers=headers)

    return handler


def result_of(serve: Serve, handler: Handler) -> Reply | CallFailure:
    async def go() -> Reply | CallFailure:
        async with serve(handler) as base_url:
            return await ask(base_url)

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b" " * 600_000 + completion("x"), ""),
        (completion("x" * 600_000), ""),
        (bomb(31, 64), "gzip"),
        (bomb(31, 64), "x-gzip"),
        (bomb(15, 64), "deflate"),
        (bomb(-15, 64), "deflate"),
        (gzip.compress(b" " * 300_000, mtime=0) * 2, "gzip"),
    ],
)
def test_65_a_large_body_is_refused(serve: Serve, body: bytes, coding: str) -> None:
    tracemalloc.start()
    failed = result_of(serve, answering(body, coding))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable) == ("reply too large", False)
    assert "more than 0.5 MB" in str(failed)
    assert "--max-reply-mb" in str(failed)
    assert peak < 8e6


@pytest.mark.parametrize(
    ("pack", "coding"),
    [
        (bytes, ""),
        (bytes, "identity"),
        (gzip.compress, "gzip"),
        (gzip.compress, "GZIP"),
        (zlib.compress, "deflate"),
        (lambda data: zlib.compress(data, wbits=-15), "deflate"),
        (lambda data: gzip.compress(data[:9], mtime=0) + gzip.compress(data[9:]), "gzip"),
    ],
)
def test_a_body_within_the_limit_is_read(
    serve: Serve, pack: Callable[[bytes], bytes], coding: str
) -> None:
    reply = result_of(serve, answering(pack(completion("word " * 50_000)), coding))
    assert isinstance(reply, Reply)
    assert reply.text == "word " * 50_000


@pytest.mark.parametrize(
    ("body", "coding", "name", "retryable"),
    [
        (b"\x1f\x8bgarbage", "gzip", "bad coding", True),
        (b"garbage", "deflate", "bad coding", True),
        (gzip.compress(completion("x"), mtime=0)[:40], "gzip", "bad json", True),
        (completion("x"), "foo", "unknown coding", False),
        (completion("x"), "gzip, gzip", "unknown coding", False),
        (completion("x"), "br", "unknown coding", False),
    ],
)
def test_what_cannot_be_unpacked(
    serve: Serve, body: bytes, coding: str, name: str, retryable: bool
) -> None:
    failed = result_of(serve, answering(body, coding))
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable) == (name, retryable)
    assert "\n" not in str(failed)


def test_pieces_of_any_size_unpack_to_the_same() -> None:
    packed = gzip.compress(bytes(range(256)) * 500) + gzip.compress(b"more", mtime=0)
    for size in (1, 2, 3, 7, 1000, len(packed)):
        unpacker = Unpacker("gzip", "x")
        pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
        whole = b"".join(part for piece in pieces for part in unpacker.unpack(piece))
        assert whole == bytes(range(256)) * 500 + b"more"


@pytest.mark.parametrize(
    "body", [b"<" * 3_000_000, b"<script" * 500_000, b'{"error":"' + b"<" * 3_000_000]
)
def test_64_an_error_page_of_any_size_takes_a_moment(serve: Serve, body: bytes) -> None:
    async def go() -> Reply | CallFailure:
        async with serve(answering(body, status=500)) as base_url, asyncio.timeout(5):
            return await ask(base_url)

    failed = asyncio.run(go())
    assert isinstance(failed, CallFailure)
    assert failed.name == "http 500"


async def ask_raw(said: bytes) -> Reply | CallFailure:
    """Asks a server that sends these bytes, whatever it is asked, and closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"hello")
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await ask(f"http://127.0.0.1:{port}/v1")


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        (b"\x00\x01\x02 SSH-2.0-OpenSSH\r\n", "something that is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n", "something that is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n", "broke off|no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", "broke off its answer"),
        (b"", "closed the connection without an answer"),
    ],
)
def test_only_a_refused_connection_asks_whether_it_is_running(said: bytes, tells: str) -> None:
    failed = asyncio.run(ask_raw(said))
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable) == ("connection", True)
    assert "is it running" not in str(failed)
    assert re.search(tells, str(failed)), str(failed)


def test_a_refused_connection_does() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        unused_port = probe.getsockname()[1]
    failed = asyncio.run(ask(f"http://127.0.0.1:{unused_port}/v1"))
    assert str(failed) == f"http://127.0.0.1:{unused_port}/v1 takes no connection; is it running?"


def test_https_to_a_server_without_tls() -> None:
    async def go() -> Reply | CallFailure:
        server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await ask(f"https://localhost:{port}/v1")

    failed = asyncio.run(go())
    assert isinstance(failed, CallFailure)
    assert "is it running" not in str(failed)
