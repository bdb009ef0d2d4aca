"""The engine over HTTP: against the mock API, and against servers with a mind of their own."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import urllib.request
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from judgekit.plugins.engines.http_engine import HttpEngine
from judgekit.plugins.engines.openai import engine
from servers import MockApi

from judgekit.config.endpoints import Endpoint
from judgekit.errors import CallFailure, EngineError, InputError
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Message, Reply, Sampling, Status

Serve = Callable[[Handler], AbstractAsyncContextManager[str]]
QUESTION = "Which is better? End with [[A]], [[B]] or [[C]]."


def call(number: int = 0, **rest: Any) -> Call:
    messages = (Message("system", "You judge."), Message("user", f"{QUESTION} {number}"))
    return Call(messages, rest.pop("sampling", Sampling(temperature=0.0, max_tokens=200)), **rest)


def run(
    setup: EngineSetup, work: Callable[[HttpEngine], Coroutine[Any, Any, Any]]
) -> tuple[HttpEngine, Any]:
    async def whole() -> tuple[HttpEngine, Any]:
        made = engine(setup)
        try:
            return made, await work(made)
        finally:
            await made.aclose()

    return asyncio.run(whole())


async def one(made: HttpEngine, asked: Call) -> Reply | CallFailure:
    (answer,) = await made.answer((asked,))
    return answer


async def against(serve: Serve, handler: Handler, asked: Call) -> Reply | CallFailure:
    """What comes of one call to a server of the test's own."""
    async with serve(handler) as url:
        made = engine(EngineSetup("m", base_url=url))
        try:
            return await one(made, asked)
        finally:
            await made.aclose()


def completion(content: Any = "[[A]]", **message: Any) -> web.Response:
    choice = {"message": {"content": content, **message}, "finish_reason": "stop"}
    return web.json_response({"choices": [choice]})


def control(mock_url: str, path: str, data: Any = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    with urllib.request.urlopen(mock_url.removesuffix("/v1") + path, body) as response:
        return json.load(response)


@pytest.fixture
def mock(mock_process: MockApi) -> Any:
    """The mock's base URL, its faults off and its counters at zero."""
    mock_process.reset()  # an earlier test may have left faults
    yield mock_process.base_url
    mock_process.reset()


def test_the_mocks_own_verdicts_come_back(mock: str) -> None:
    calls = [call(number) for number in range(200)]

    async def ask(made: HttpEngine) -> list[Reply | CallFailure]:
        return await asyncio.gather(*(one(made, c) for c in calls))

    made, replies = run(EngineSetup("mock", base_url=mock), ask)
    for asked, reply in zip(calls, replies, strict=True):
        messages = [{"role": m.role, "content": m.content} for m in asked.messages]
        expected = control(mock, "/v1/expected", {"model": "mock", "messages": messages})
        assert (reply.text, reply.finish) == (expected["content"], "stop")
        assert reply.tokens_in > 0
        assert reply.tokens_out > 0
    assert made.settled == {}
    assert control(mock, "/stats")["requests"] == 200


def test_connections_are_kept(mock: str) -> None:
    before = control(mock, "/stats")["connections"]

    async def ask(made: HttpEngine) -> None:
        for number in range(10):
            await one(made, call(number))

    run(EngineSetup("mock", base_url=mock), ask)
    assert control(mock, "/stats")["connections"] - before == 2  # one, and this question's own


def test_label_probabilities(mock: str) -> None:
    question = (Message("user", "Best Model Identifier: m or M?"),)
    asked = Call(question, Sampling(max_tokens=1), labels=("m", "M"))
    made, reply = run(EngineSetup("mock", base_url=mock), lambda made: one(made, asked))
    assert (made.window, made.stored) == (1, True)
    assert max(reply.label_logprobs, key=reply.label_logprobs.__getitem__) == reply.text
    assert sum(map(math.exp, reply.label_logprobs.values())) == pytest.approx(1)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("p_429", ("http 429", True, 1.0)),
        ("p_500", ("http 500", True, None)),
        ("p_503", ("http 503", True, None)),
        ("p_reset", ("connection", True, None)),
        ("p_cut", ("connection", True, None)),
        ("p_badjson", ("bad json", True, None)),
    ],
)
def test_injected_failures(mock: str, fault: str, expected: tuple[str, bool, float | None]) -> None:
    control(mock, "/config", {fault: 1.0})
    _, failed = run(EngineSetup("mock", base_url=mock), lambda made: one(made, call()))
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable, failed.after) == expected
    assert failed.status is Status.FAILED
    assert "\n" not in str(failed)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("p_empty", Reply("")),
        ("p_null", Reply("I can't help with that.", "refusal")),
        ("p_trunc", None),
        ("p_nousage", None),
    ],
)
def test_injected_contents(mock: str, fault: str, expected: Reply | None) -> None:
    control(mock, "/config", {fault: 1.0})
    _, reply = run(EngineSetup("mock", base_url=mock), lambda made: one(made, call()))
    assert isinstance(reply, Reply)
    if expected is not None:
        assert (reply.text, reply.finish) == (expected.text, expected.finish)
    assert (reply.finish == "length") == (fault == "p_trunc")
    assert (reply.tokens_in is None) == (fault == "p_nousage")


def test_a_hanging_call_can_be_given_up(mock: str) -> None:
    control(mock, "/config", {"p_hang": 1.0})

    async def ask(made: HttpEngine) -> Reply | CallFailure:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await one(made, call())
        control(mock, "/config", {"p_hang": 0.0})
        return await one(made, call())

    _, reply = run(EngineSetup("mock", base_url=mock), ask)
    assert isinstance(reply, Reply)


def test_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    setup = EngineSetup("m", base_url=f"http://127.0.0.1:{port}/v1?token=0123456789")
    _, failed = run(setup, lambda made: one(made, call()))
    assert (failed.name, failed.retryable) == ("connection", True)
    assert f"127.0.0.1:{port}/v1" in str(failed)
    assert "0123456789" not in str(failed)


def test_the_fingerprint_tells_places_and_models_apart_and_no_secret() -> None:
    def fingerprint(url: str, model: str = "m") -> str:
        return engine(EngineSetup(model, base_url=url)).fingerprint

    base = fingerprint("http://localhost:80/v1")
    assert fingerprint("http://LOCALHOST/v1/?token=0123456789") == base
    others = {fingerprint("http://localhost/v1", "n"), fingerprint("http://localhost:8/v1")}
    assert len(others | {base}) == 3


def test_a_model_must_be_named() -> None:
    with pytest.raises(InputError, match="openai/MODEL"):
        engine(EngineSetup(""))


def test_a_named_key_is_sent_and_never_shown(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", "very-secret-key-1")
    monkeypatch.setenv("OPENAI_API_KEY", "another-secret-key")
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        said = {"message": f"you sent {request.headers.get('Authorization')}"}
        return web.json_response({"error": said}, status=401)

    async def work() -> None:
        async with serve(handler) as url:
            for endpoint in (Endpoint("lab", url, "LAB_KEY"), Endpoint("lab", url)):
                made = engine(EngineSetup("m", endpoint=endpoint))
                assert "secret" not in made.fingerprint
                with pytest.raises(EngineError) as stopped:
                    await one(made, call())
                assert "secret" not in str(stopped.value)
                await made.aclose()

    asyncio.run(work())
    assert seen == ["Bearer very-secret-key-1", None]


def test_redirects_are_not_followed(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect("http://127.0.0.1:9/stolen?x=1")

    with pytest.raises(EngineError, match=r"'http://127\.0\.0\.1:9/stolen'"):
        asyncio.run(against(serve, handler, call()))


def test_through_the_environments_proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(str(request.url))
        return completion()

    async def work() -> Reply | CallFailure:
        async with serve(handler) as proxy:
            monkeypatch.setenv("http_proxy", proxy.removesuffix("/v1"))
            far = Endpoint("far", "http://judge.invalid/v1")
            made = engine(EngineSetup("m", endpoint=far))
            try:
                return await one(made, call())
            finally:
                await made.aclose()

    assert asyncio.run(work()) == Reply("[[A]]")
    assert seen == ["http://judge.invalid/v1/chat/completions"]


def reasoning_server(bodies: list[dict[str, Any]]) -> Handler:
    """Refuses what reasoning models refuse, one thing at a time."""

    async def handler(request: web.Request) -> web.Response:
        body = await request.json()
        bodies.append(body)
        await asyncio.sleep(0.01)
        for name in ("max_tokens", "temperature", "logprobs"):
            if name in body:
                said = {
                    "message": f"Unsupported parameter: '{name}' is not supported with this model.",
                    "param": name,
                    "code": "unsupported_parameter",
                }
                return web.json_response({"error": said}, status=400)
        if body["messages"][0]["role"] == "system":
            return web.json_response({"error": "System role not supported"}, status=400)
        return completion("", reasoning_content="hm")

    return handler


LABELS_ALONE = call(
    sampling=Sampling(max_tokens=1), labels=("A", "B", "C"), prefill="[[", generate=False
)


@pytest.mark.parametrize("goes_on", [True, False])
def test_labels_alone(serve: Serve, goes_on: bool) -> None:
    """Servers that go on after the prefill, and one that does not know how to be told to."""
    bodies: list[dict[str, Any]] = []

    async def handler(request: web.Request) -> web.Response:
        body = await request.json()
        bodies.append(body)
        if "continue_final_message" in body and not goes_on:
            said = "Unrecognized request argument supplied: continue_final_message"
            return web.json_response({"error": {"message": said}}, status=400)
        top = [{"token": "B", "logprob": -0.2}, {"token": "A", "logprob": -2.0}]
        token = {"token": "Well", "logprob": -9.0, "top_logprobs": top}
        choice = {
            "message": {"content": "Well"},
            "finish_reason": "length",
            "logprobs": {"content": [token]},
        }
        return web.json_response({"choices": [choice]})

    expected = Reply("", label_logprobs={"B": -0.2, "A": -2.0})
    assert asyncio.run(against(serve, handler, LABELS_ALONE)) == expected
    last = bodies[-1]
    assert (last["max_tokens"], last["top_logprobs"]) == (1, 20)
    assert last["messages"][-1] == {"role": "assistant", "content": "[["}
    assert last.get("continue_final_message", False) is goes_on


def test_labels_alone_from_a_model_that_gives_none(serve: Serve) -> None:
    with pytest.raises(EngineError, match="no log-probabilities for 'm'"):
        asyncio.run(against(serve, reasoning_server([]), LABELS_ALONE))


def test_refusals_are_settled_once_for_the_run(serve: Serve) -> None:
    bodies: list[dict[str, Any]] = []
    calls = [call(number, labels=("A", "B")) for number in range(20)]

    async def work() -> HttpEngine:
        async with serve(reasoning_server(bodies)) as url:
            made = engine(EngineSetup("m", base_url=url))
            first = await asyncio.gather(*(one(made, c) for c in calls))
            assert first == [Reply("", thinking="hm")] * 20
            bodies.clear()
            assert await one(made, calls[0]) == Reply("", thinking="hm")
            await made.aclose()
            return made

    made = asyncio.run(work())
    assert made.settled == {
        "max_tokens": "max_completion_tokens",
        "temperature": "left out",
        "logprobs": "left out",
        "top_logprobs": "left out",
        "system": "in the user message",
    }
    (settled,) = bodies
    assert settled == {
        "model": "m",
        "messages": [{"role": "user", "content": f"You judge.\n\n{QUESTION} 0"}],
        "max_completion_tokens": 200,
    }


def test_a_server_that_refuses_everything_is_asked_a_few_times(serve: Serve) -> None:
    asked = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        names = " ".join(await request.json())
        return web.json_response({"error": f"unsupported: {names} system"}, status=400)

    full = Sampling(0.0, 9, 0.5, 1, ("x",))
    failed = asyncio.run(against(serve, handler, call(sampling=full, labels=("A",))))
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable) == ("http 400", False)
    assert asked <= 9


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"message": "…", "code": "context_length_exceeded"}, ("too long", Status.TOO_LONG)),
        (400, {"message": "…", "code": "content_filter"}, ("content filter", Status.REFUSED)),
        (400, {"message": "bad request"}, ("http 400", Status.FAILED)),
    ],
)
def test_refusals_of_one_call(
    serve: Serve, status: int, error: Any, expected: tuple[str, Status]
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"error": error}, status=status)

    failed = asyncio.run(against(serve, handler, call()))
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.status) == expected
    assert not failed.retryable


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"null", ("no choices", True)),
        (b"{}", ("no choices", True)),
        (b'{"choices": []}', ("no choices", True)),
        (b'{"error": {"message": "upstream", "code": 502}}', ("http 502", True)),
        (b'{"error": {"message": "odd", "code": 400}}', ("http 400", False)),
        (b'{"message": "odd"}', ("error in a reply", True)),
        (b'{"promptFeedback": {"blockReason": "SAFETY"}}', ("content filter", False)),
        (b"data: {}\n\n", ("bad json", True)),
        (b"", ("bad json", True)),
        (b"\xff\xfe", ("bad json", True)),
        (
            b'{"choices": [{"message": {"content": "x"}, "finish_reason": "error"}]}',
            ("generation error", True),
        ),
    ],
)
def test_successes_that_are_none(serve: Serve, body: bytes, expected: tuple[str, bool]) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    failed = asyncio.run(against(serve, handler, call()))
    assert isinstance(failed, CallFailure)
    assert (failed.name, failed.retryable) == expected


@pytest.mark.parametrize(
    ("error", "retries"),
    [({"code": 502}, 4), ({"message": "upstream is gone"}, 4), ({"code": 429}, None)],
)
def test_what_may_be_paid_for_is_asked_again_a_few_times(
    serve: Serve, error: Any, retries: int | None
) -> None:
    async def handler(request: web.Request) -> web.Response:
        choice = {"message": {"content": "half"}, "error": error}
        return web.json_response({"choices": [choice]})

    failed = asyncio.run(against(serve, handler, call()))
    assert isinstance(failed, CallFailure)
    assert (failed.retryable, failed.retries) == (True, retries)


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "Could not validate credentials"},
        {"base_resp": {"status_code": 1004, "status_msg": "login fail"}, "choices": None},
        {"error": {"code": 401, "message": "no"}, "choices": [{"message": {"content": "x"}}]},
        {"error": "Invalid API key"},
    ],
)
def test_an_authentication_error_in_a_success(serve: Serve, body: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response(body)

    with pytest.raises(EngineError, match="wants a key"):
        asyncio.run(against(serve, handler, call()))


def test_a_gateways_flicker_does_not_end_a_run(serve: Serve) -> None:
    answers = iter([completion(), web.json_response({"error": "Forbidden"}, status=403)])

    async def handler(request: web.Request) -> web.Response:
        return next(answers)

    async def work() -> tuple[Any, Any]:
        async with serve(handler) as url:
            made = engine(EngineSetup("m", base_url=url))
            try:
                return await one(made, call(1)), await one(made, call(2))
            finally:
                await made.aclose()

    first, second = asyncio.run(work())
    assert first == Reply("[[A]]")
    assert isinstance(second, CallFailure)
    assert second.name == "http 403"


def test_what_is_sent(serve: Serve) -> None:
    seen: list[tuple[str, dict[str, str], Any]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.path_qs, dict(request.headers), json.loads(await request.read())))
        response = completion()
        response.set_cookie("tracked", "yes")
        return response

    async def work() -> None:
        odd = Call((Message("user", "half \ud83d and é"),), Sampling(seed=1))
        async with serve(handler) as url:
            made = engine(EngineSetup("m", base_url=f"{url}?v=1"))
            assert await made.answer((odd, odd)) == [Reply("[[A]]")] * 2
            await made.aclose()

    asyncio.run(work())
    assert len(seen) == 2
    for path, headers, body in seen:
        assert path == "/v1/chat/completions?v=1"
        assert headers["Content-Type"] == "application/json"
        assert headers["User-Agent"].startswith("judgekit/")
        assert not {"Cookie", "Authorization"} & set(headers)
        assert body["messages"] == [{"role": "user", "content": "half \ufffd and é"}]
        assert body["seed"] == 1
