"""What each refusal means: for the call, for the run, and for who has to act."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judgekit.plugins.engines.http_address import Address
from judgekit.plugins.engines.http_failure import ServerError, failure

from judgekit.errors import CallFailure, EngineError
from judgekit.types import Status

KEY = "abcd-secret-1234"
AT = Address("https://api.example/v1", "https://api.example/v1/x", {}, "LAB_KEY", (KEY,))


def refused(
    status: int,
    error: Any,
    *,
    headers: dict[str, str] | None = None,
    answered: bool = False,
    at: Address = AT,
) -> CallFailure:
    body = error if isinstance(error, bytes) else json.dumps({"error": error}).encode()
    said = ServerError.read(body, at.secrets)
    return failure(status, headers or {}, said, model="m", at=at, answered=answered)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "…", "code": "context_length_exceeded"}),
        (400, {"message": "This model's maximum context length is 4096 tokens."}),
        (400, {"message": "the request exceeds the available context size", "type": "x"}),
        (422, {"message": "`inputs` must have less than 10: too many tokens"}),
        (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}),
        (400, {"message": "string too long", "code": "string_above_max_length"}),
        (413, b"<html><body>Request Entity Too Large</body></html>"),
    ],
)
def test_too_long(status: int, error: Any) -> None:
    failed = refused(status, error)
    assert (failed.status, failed.name, failed.retryable) == (Status.TOO_LONG, "too long", False)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "…", "code": "content_filter"}),
        (400, {"message": "…", "code": "content_policy_violation"}),
        (400, {"message": "…", "innererror": {"code": "ResponsibleAIPolicyViolation"}}),
        (400, {"message": "triggering Azure OpenAI's content management policy."}),
        (403, {"message": "Your input was flagged", "code": 403}),
        (400, {"message": "…", "code": "invalid_prompt"}),
    ],
)
def test_filtered(status: int, error: Any) -> None:
    failed = refused(status, error)
    assert (failed.status, failed.name) == (Status.REFUSED, "content filter")
    assert not failed.retryable


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, {"message": "Incorrect API key provided"}, "rejects the key in LAB_KEY"),
        (402, {"message": "Insufficient Balance"}, "no credit"),
        (429, {"message": "quota", "code": "insufficient_quota"}, "no credit"),
        (429, {"message": "quota", "type": "insufficient_quota"}, "no credit"),
        (403, {"message": "Forbidden"}, "does not allow 'm' with the key in LAB_KEY"),
        (403, {"message": "Country not supported"}, "does not serve this account"),
        (404, {"message": "The model `m` does not exist"}, "has no model 'm'"),
        (404, b"404 page not found", "mostly ends in /v1"),
        (400, {"message": "…", "code": "model_not_found"}, "after the slash of --model"),
        (405, b"", "check the base URL"),
        (307, b"", "sends calls on to"),
    ],
)
def test_no_call_can_be_answered(status: int, error: Any, says: str) -> None:
    with pytest.raises(EngineError, match=says) as stopped:
        refused(status, error)
    assert "\n" not in str(stopped.value)


def test_a_server_that_wants_a_key() -> None:
    at = Address("http://localhost/v1", "http://localhost/v1/x", {})
    with pytest.raises(EngineError, match=r"wants a key.*key_env"):
        refused(401, {"message": "no"}, at=at)


@pytest.mark.parametrize("status", [403, 404, 405])
def test_after_an_answer_one_refusal_is_one_calls(status: int) -> None:
    failed = refused(status, {"message": "no"}, answered=True)
    assert (failed.name, failed.retryable) == (f"http {status}", False)


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (410, False), (422, False)]
    + [(status, True) for status in (408, 409, 425, 429, 500, 502, 503, 504, 529)],
)
def test_whether_asking_again_may_help(status: int, retryable: bool) -> None:
    failed = refused(status, {"message": "boom"}, headers={"Retry-After": "2"})
    assert (failed.name, failed.status) == (f"http {status}", Status.FAILED)
    assert (failed.retryable, failed.after) == (retryable, 2.0 if retryable else None)
    assert "boom" in str(failed)


def test_a_full_rate_is_no_lack_of_credit() -> None:
    assert refused(429, {"message": "Rate limit", "code": "rate_limit_exceeded"}).retryable


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "one\\ntwo"}}', "one two"),
        (b'{"error": "plain"}', "plain"),
        (b'{"message": "vllm", "type": "BadRequestError", "code": 400}', "vllm"),
        (b'[{"error": {"message": "google", "status": "INVALID_ARGUMENT"}}]', "google"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b'{"detail": [{"loc": ["body", "x"], "msg": "bad"}]}', "x: bad"),
        (b"<html><style>p {}</style><h1>502</h1> Bad\n Gateway</html>", "502 Bad Gateway"),
        (b"", ""),
        (b"null", "null"),
        (b"[]", "[]"),
        (b'{"error": {}}', '{"error": {}}'),
        (f"key {KEY} is wrong".encode(), "key [key] is wrong"),
        (b"sk-proj-abc***wxyz is wrong", "[key] is wrong"),
        (b'{"error": {"message": "half \\ud83d"}}', "half \ufffd"),
    ],
)
def test_error_bodies(body: bytes, message: str) -> None:
    assert ServerError.read(body, (KEY,)).message == message


def test_a_long_message_is_cut() -> None:
    message = ServerError.read(b"x" * 10_000).message
    assert len(message) == 240
    assert message.endswith("…")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["413", 429, 40303, "flagged content", "body", 5])
)
NAMES = (
    "error", "errors", "message", "code", "type", "status", "param", "detail", "loc", "msg",
    "metadata", "raw", "innererror", "base_resp", "title", "x",
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
        | st.fixed_dictionaries({"detail": st.lists(st.fixed_dictionaries({"loc": inner}))})
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([200, 307, 400, 401, 403, 413, 422, 429, 500]), st.booleans())
def test_any_json_is_one_line(value: Any, status: int, answered: bool) -> None:
    said = ServerError.read(json.dumps(value).encode(), (KEY,))
    assert "\n" not in said.message
    try:
        failed: Exception = failure(status, {}, said, model="m", at=AT, answered=answered)
    except EngineError as stopped:
        failed = stopped
    assert "\n" not in str(failed)


@given(st.binary(max_size=60))
def test_any_body_is_one_line(body: bytes) -> None:
    assert "\n" not in ServerError.read(body).message


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 900 + b"]" * 900,
        b'{"error":' * 900 + b"1" + b"}" * 900,
        b'{"detail": [{"loc": %s1%s}]}' % (b"[" * 900, b"]" * 900),
        b'{"code": ' + b"9" * 4000 + b"}",
    ],
)
def test_bodies_without_end(body: bytes) -> None:
    assert len(ServerError.read(body).message) <= 240


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        ({"detail": [{"loc": 5, "msg": "bad", "type": "missing"}]}, "5: bad", "5"),
        ({"detail": [{"loc": ["body", "messages", 0], "msg": "bad"}]}, "messages.0: bad", None),
        ({"detail": [{"loc": None, "msg": "bad"}]}, "bad", None),
        ({"detail": [{"msg": "bad"}]}, "bad", None),
        ({"detail": [7, "x", None]}, '{"detail": [7, "x", null]}', None),
        ({"detail": {"message": "deep", "code": "c"}}, "deep", None),
        ({"detail": {"error": {"message": "deeper"}}}, "deeper", None),
        ({"error": {"message": {"detail": "inside"}}}, "inside", None),
        ({"errors": [{"message": "first"}, {"message": "second"}]}, "first", None),
        ({"message": "outer", "errors": [{"message": "inner"}]}, "outer", None),
        ({"error": "plain", "code": "permission-denied"}, "plain", None),
        ({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, "login fail", None),
        (
            {"error": {"message": "Provider returned error", "metadata": {"raw": "too long"}}},
            "Provider returned error: too long",
            None,
        ),
    ],
)
def test_shapes_of_errors(body: Any, message: str, param: str | None) -> None:
    said = ServerError.read(json.dumps(body).encode())
    assert said.message == message
    assert param is None or said.param == param


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"code": 429}}, 429),
        ({"error": {"code": "401"}}, 401),
        ({"error": {"code": 40303, "message": "x"}}, 403),
        ({"error": {"status": "UNAUTHENTICATED"}}, 401),
        ({"error": {"type": "overloaded_error"}}, 503),
        ({"error": {"code": 0}}, None),
        ({"error": {"code": True}}, None),
        ({"error": {"code": 1e300}}, None),
        ({"error": "text"}, None),
    ],
)
def test_the_status_that_a_body_names(body: Any, status: int | None) -> None:
    assert ServerError.of(body).status == status


def test_an_error_without_a_status_is_asked_again() -> None:
    failed = refused(200, {"message": "upstream is gone"})
    assert (failed.name, failed.retryable) == ("error in a reply", True)
