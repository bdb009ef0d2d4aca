"""The pause that a server asks for, wherever it says so."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judgekit.plugins.engines.http_failure import ServerError
from judgekit.plugins.engines.http_waits import asked_wait, wait_in_body, wait_in_text


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
        ({"retry-after-ms": "soon", "Retry-After": "1"}, 1.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "Mon, 01 Jan 2024 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 99 Jan 2024 00:00:00 GMT"}, None),
    ],
)
def test_headers(headers: dict[str, str], expected: float | None) -> None:
    assert asked_wait(headers) == expected


def test_a_date_to_come() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    wait = asked_wait({"Retry-After": until})
    assert wait is not None
    assert 50 < wait <= 60


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(text: str) -> None:
    wait = asked_wait({"Retry-After": text, "retry-after-ms": text})
    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "2s"}, 2.0),
        ({"Retry-After": "1m2.5s"}, 62.5),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "0"}, 360.0),
        ({"x-ratelimit-reset-requests": "20ms", "x-ratelimit-remaining-requests": "0"}, 0.02),
        ({"x-ratelimit-reset-requests": "24h", "x-ratelimit-remaining-requests": "812"}, None),
    ],
)
def test_headers_with_units(headers: dict[str, str], expected: float | None) -> None:
    assert asked_wait(headers) == pytest.approx(expected)


def test_a_header_goes_before_the_body_and_that_before_a_reset() -> None:
    reset = {"x-ratelimit-reset-tokens": "9s", "x-ratelimit-remaining-tokens": "0"}
    assert asked_wait(reset, 4.0) == 4.0
    assert asked_wait({**reset, "Retry-After": "1"}, 4.0) == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You exceeded your current quota. Please retry in 40.25s.", 40.25),
        ("retry in 40s", 40.0),
        ("Limit 3, Used 3. Please try again in 20s. Visit https://x.example to learn more.", 20.0),
        ("Please try again in 1m2.5s.", 62.5),
        ("Please try again in 6m0s.", 360.0),
        ("try again in 20ms", 0.02),
        ("Please retry after 30 seconds.", 30.0),
        ("Please retry after 30.", 30.0),
        ("Retry-After: 12", 12.0),
        ("retry after: 7", 7.0),
        ("Please wait 20 seconds before asking again", 20.0),
        ("Please wait for at least 5 minutes", 300.0),
        ("wait 1 minute and 30 seconds", 90.0),
        ("The limit resets in 1h", 3600.0),
        ("Rate limited; the next request is allowed in 15 s", 15.0),
        ("请求过多，请在 40 秒后重试", 40.0),
        ("Try again later.", None),
        ("Rate limit of 60 requests per minute reached", None),
        ("Please retry in 5 of your regions", None),
        ("retry in -5s", None),
        ("You have 3 tries", None),
        ("Retry 3 of 5 failed", None),
    ],
)
def test_in_words(text: str, expected: float | None) -> None:
    assert wait_in_text(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"details": [{"@type": "x/RetryInfo", "retryDelay": "40s"}]}}, 40.0),
        ({"error": {"details": [{"retryDelay": {"seconds": "3", "nanos": 500000000}}]}}, 3.5),
        ([{"error": {"details": [{"retry_delay": "0.5s"}]}}], 0.5),
        ({"retry_after": 40}, 40.0),
        ({"retry_after": "1m2.5s"}, 62.5),
        ({"error": {"metadata": {"retry_after_ms": 250}}}, 0.25),
        ({"error": {"metadata": {"retryAfterSeconds": 8}}}, 8.0),
        ({"retry_after": -3}, 0.0),
        ({"retry_after": 1e9}, 1e9),
        ({"retry_after": True}, None),
        ({"retry_after": [40]}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": float("nan")}, None),
        ({"retry_after": {"seconds": float("inf")}}, None),
        ({"retry_after": 10**5000}, None),
        ("retry_after", None),
        (None, None),
    ],
)
def test_in_a_field(body: Any, expected: float | None) -> None:
    assert wait_in_body(body) == pytest.approx(expected)


def test_a_field_goes_before_words_and_both_are_read_from_any_body() -> None:
    def read(body: Any) -> float | None:
        return ServerError.read(body if isinstance(body, bytes) else json.dumps(body).encode()).wait

    assert read({"error": {"message": "try again in 9s", "retry_after": 4}}) == 4.0
    assert read({"error": {"message": "try again in 9s"}}) == 9.0
    assert read({"error": "try again in 9s"}) == 9.0
    assert read(b"<html><body>Please <b>wait 5 seconds</b></body></html>") == 5.0
    assert read({"detail": f"{'x' * 500} retry in 2s"}) == 2.0


@pytest.mark.parametrize("unit", ["retry ", "in 1", "1 s, ", "wait", '{"retry', "9", " "])
def test_any_text_takes_linear_time(unit: str) -> None:
    began = time.perf_counter()
    wait_in_text(unit * 200_000)
    ServerError.read((unit * 200_000).encode())
    assert time.perf_counter() - began < 2


@given(st.text(max_size=60), st.floats() | st.integers() | st.text(max_size=20))
def test_any_body_names_a_pause_or_none(text: str, value: Any) -> None:
    for wait in (wait_in_text(f"retry in {text}"), wait_in_body({"retry_after": value})):
        assert wait is None or 0 <= wait < float("inf")
