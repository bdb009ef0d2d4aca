"""What every engine over HTTP does alike, whoever answers: faults, refusals, limits, keys."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from dialects import as_chat, as_provider, key_of
from judgekit.plugins import judgekit_engines

from judgekit.config.endpoints import Endpoint
from judgekit.errors import CallFailure, EngineError, InputError
from judgekit.extension.engine import Engine, EngineSetup
from judgekit.types import Call, Message, Reply, Sampling, Status, Usage

Serve = Callable[[Handler], AbstractAsyncContextManager[str]]
PROVIDERS = ("openai", "anthropic", "gemini")
KEY = "very-secret-key-1"
CALL = Call(
    (Message("system", "You judge."), Message("user", "Which?")),
    Sampling(temperature=0.0, max_tokens=100),
)

pytestmark = pytest.mark.parametrize("provider", PROVIDERS)


def completion(text: str = "[[A]]", reason: str = "stop") -> dict[str, Any]:
    choice = {"message": {"content": text}, "finish_reason": reason}
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


def error(message: str) -> dict[str, Any]:
    return {"error": {"message": message}}


def answering(
    status: int, answer: dict[str, Any], headers: dict[str, str] | None = None
) -> Handler:
    """A server that always answers so, in the dialect in which it is asked."""

    async def handler(request: web.Request) -> web.Response:
        body = as_provider(request.path, status, answer)
        return web.json_response(body, status=status, headers=headers)

    return handler


def made(provider: str, url: str, **setup: Any) -> Engine:
    return judgekit_engines()[provider](EngineSetup("m", base_url=url, **setup))


def ask(
    serve: Serve, provider: str, handler: Handler, asked: Call = CALL, **setup: Any
) -> Reply | CallFailure:
    """What comes of one call to a server of the test's own."""

    async def work(url: str) -> Reply | CallFailure:
        engine = made(provider, url, **setup)
        try:
            async with asyncio.timeout(5):
                [answer] = await engine.answer((asked,))
            return answer
        finally:
            await engine.aclose()

    return served(serve, handler, work)


def served(serve: Serve, handler: Handler, work: Callable[[str], Coroutine[Any, Any, Any]]) -> Any:
    async def serving() -> Any:
        async with serve(handler) as url:
            return await work(url)

    return asyncio.run(serving())


def test_a_reply_with_its_tokens(serve: Serve, provider: str) -> None:
    reply = ask(serve, provider, answering(200, completion()))
    assert isinstance(reply, Reply)
    assert (reply.text, reply.finish, reply.thinking) == ("[[A]]", "stop", "")
    assert reply.usage[:2] == (7, 3)


def test_what_is_asked(serve: Serve, provider: str) -> None:
    bodies: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        bodies.append(as_chat(request.path, await request.json()))
        assert request.headers["User-Agent"].startswith("judgekit/")
        assert request.headers["Content-Type"] == "application/json"
        assert key_of(request.headers) == ""
        return web.json_response(as_provider(request.path, 200, completion()))

    ask(serve, provider, handler)
    [body] = bodies
    assert body["model"] == "m"
    assert body["messages"] == [
        {"role": "system", "content": "You judge."},
        {"role": "user", "content": "Which?"},
    ]


@pytest.mark.parametrize(
    ("status", "message", "headers", "expected"),
    [
        (429, "slow down", {"Retry-After": "7"}, ("http 429", True, 7.0)),
        (429, "Please try again in 2s", {}, ("http 429", True, 2.0)),
        (500, "internal error", {}, ("http 500", True, None)),
        (503, "unavailable", {"Retry-After": "1"}, ("http 503", True, 1.0)),
        (529, "Overloaded", {}, ("http 529", True, None)),
        (400, "something is odd", {}, ("http 400", False, None)),
    ],
)
def test_faults(
    serve: Serve,
    provider: str,
    status: int,
    message: str,
    headers: dict[str, str],
    expected: tuple[str, bool, float | None],
) -> None:
    failed = ask(serve, provider, answering(status, error(message), headers))
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable, failed.after) == expected
    assert failed.status is Status.FAILED
    assert "\n" not in str(failed)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (400, "prompt is too long: 210000 tokens > 200000 maximum", Status.TOO_LONG),
        (
            400,
            "The input token count (2000000) exceeds the maximum number of tokens (1048576).",
            Status.TOO_LONG,
        ),
        (413, "Request exceeds the maximum size", Status.TOO_LONG),
        (400, "Output blocked by content filtering policy", Status.REFUSED),
    ],
)
def test_refusals_of_one_call(
    serve: Serve, provider: str, status: int, message: str, expected: Status
) -> None:
    failed = ask(serve, provider, answering(status, error(message)))
    assert isinstance(failed, CallFailure)
    assert (failed.status, failed.retryable) == (expected, False)


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (401, "invalid key", "rejects the key in LAB_KEY"),
        (400, "API key not valid. Please pass a valid API key.", "rejects the key in LAB_KEY"),
        (400, "Your credit balance is too low to access the API", "no credit left"),
        (404, "model: m", "has no model 'm'"),
        (403, "not for you", "does not allow 'm' with the key in LAB_KEY"),
    ],
)
def test_what_ends_a_run_in_one_line(
    serve: Serve,
    provider: str,
    status: int,
    message: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAB_KEY", KEY)

    async def work(url: str) -> None:
        engine = judgekit_engines()[provider](
            EngineSetup("m", endpoint=Endpoint("lab", url, "LAB_KEY"))
        )
        try:
            await engine.answer((CALL,))
        finally:
            await engine.aclose()

    with pytest.raises(EngineError) as stopped:
        served(serve, answering(status, error(f"{message} {KEY}")), work)
    assert said in str(stopped.value)
    assert KEY not in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_a_key_goes_into_a_header_and_nowhere_else(
    serve: Serve, provider: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("LAB_KEY", KEY)
    keys: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        keys.append(key_of(request.headers))
        assert KEY not in str(request.url)
        assert KEY not in await request.text()
        return web.json_response(as_provider(request.path, 200, completion(f"you sent {KEY}")))

    async def work(url: str) -> str:
        engine = judgekit_engines()[provider](
            EngineSetup("m", endpoint=Endpoint("lab", url, "LAB_KEY"))
        )
        await engine.answer((CALL,))
        await engine.aclose()
        return engine.fingerprint

    fingerprint = served(serve, handler, work)
    assert keys == [f"Bearer {KEY}"]
    assert KEY not in fingerprint
    assert KEY not in caplog.text


@pytest.mark.parametrize("fault", ["reset", "cut", "no json", "no reply", "empty"])
def test_answers_that_are_broken_off(serve: Serve, provider: str, fault: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        data = json.dumps(as_provider(request.path, 200, completion())).encode()
        if fault in ("no json", "no reply", "empty"):
            return web.Response(body={"no json": data[:-9], "no reply": b"{}", "empty": b""}[fault])
        response = web.StreamResponse(headers={"Content-Length": str(len(data))})
        if fault == "cut":
            await response.prepare(request)
            await response.write(data[:20])
        assert request.transport is not None
        request.transport.abort()
        return response

    failed = ask(serve, provider, handler)
    assert isinstance(failed, CallFailure)
    names = {"reset": "connection", "cut": "connection", "no reply": "no choices"}
    assert (failed.name, failed.retryable) == (names.get(fault, "bad json"), True)


def test_a_server_that_hangs_can_be_given_up(serve: Serve, provider: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async def work(url: str) -> None:
        engine = made(provider, url)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await engine.answer((CALL,))
        await engine.aclose()

    served(serve, handler, work)


def test_a_reply_larger_than_its_limit(serve: Serve, provider: str) -> None:
    failed = ask(serve, provider, answering(200, completion("x" * 20_000)), max_reply_mb=0.01)
    assert isinstance(failed, CallFailure)
    assert failed.name == "reply too large"


@pytest.mark.parametrize(
    ("reason", "text", "expected"),
    [
        ("stop", "", ("", "stop")),
        ("length", "half", ("half", "length")),
        ("length", "", ("", "length")),
        ("content_filter", "", ("", "")),
    ],
)
def test_how_replies_end(
    serve: Serve, provider: str, reason: str, text: str, expected: tuple[str, str]
) -> None:
    reply = ask(serve, provider, answering(200, completion(text, reason)))
    assert isinstance(reply, Reply)
    withheld = {"anthropic": "refusal"}.get(provider, "content_filter")
    assert (reply.text, reply.finish) == (expected[0], expected[1] or withheld)


@pytest.mark.parametrize("reason", ["pause_turn", "OTHER", "a new one"])
def test_an_end_that_nobody_knows_is_a_failure_with_its_name(
    serve: Serve, provider: str, reason: str
) -> None:
    failed = ask(serve, provider, answering(200, completion("[[A]]", reason)))
    assert isinstance(failed, CallFailure)
    assert failed.name.startswith("unknown ")
    assert repr(reason) in failed.name
    assert (failed.retryable, failed.status) == (False, Status.FAILED)
    assert failed.billed == Usage.of(7, 3, *failed.billed[2:])


def test_an_error_beside_a_reply_is_an_error(serve: Serve, provider: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        body = as_provider(request.path, 200, completion())
        return web.json_response({**body, "error": {"code": 502, "message": "upstream is gone"}})

    failed = ask(serve, provider, handler)
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable, failed.retries) == ("http 502", True, 4)
    assert failed.billed[:2] == (7, 3)


@pytest.mark.parametrize(
    "message",
    [
        "`temperature` is deprecated for this model.",
        "`temperature` may only be set to 1 when thinking is enabled",
        "Unsupported parameter: 'temperature' is not supported with this model.",
    ],
)
def test_a_refused_temperature_is_left_out_for_the_run(
    serve: Serve, provider: str, message: str
) -> None:
    warm: list[bool] = []

    async def handler(request: web.Request) -> web.Response:
        body = await request.json()
        warm.append("temperature" in {**body, **body.get("generationConfig", {})})
        if warm[-1]:
            said = as_provider(request.path, 400, error(message))
            return web.json_response(said, status=400)
        return web.json_response(as_provider(request.path, 200, completion()))

    async def work(url: str) -> Engine:
        engine = made(provider, url)
        for _ in range(2):
            [reply] = await engine.answer((CALL,))
            assert isinstance(reply, Reply)
        await engine.aclose()
        return engine

    engine = served(serve, handler, work)
    assert warm == [True, False, False]
    assert engine.settled == {"temperature": "left out"}


def test_a_refused_argument_of_the_users_ends_the_run(serve: Serve, provider: str) -> None:
    asked = Call(CALL.messages, Sampling(max_tokens=9, extra=(("effort", "low"),)))
    with pytest.raises(EngineError, match="refuses the model argument 'effort'"):
        ask(serve, provider, answering(400, error("effort: Extra inputs are not allowed")), asked)


def test_a_model_must_be_named(provider: str) -> None:
    with pytest.raises(InputError, match=f"{provider}/MODEL"):
        judgekit_engines()[provider](EngineSetup(""))


def test_an_engine_takes_no_options(provider: str) -> None:
    with pytest.raises(InputError, match=f"{provider} takes no window"):
        judgekit_engines()[provider](EngineSetup("m", options={"window": 1}))
