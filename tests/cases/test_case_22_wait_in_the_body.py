"""A wait that is named only in the body is honoured, and a quota per minute is outlasted."""

from __future__ import annotations

import random

import pytest
from judgekit.plugins.engines.http_address import Address
from judgekit.plugins.engines.http_failure import ServerError, failure

from judgekit.config.settings import Settings
from judgekit.errors import CallFailure
from judgekit.harness.limits import RetryPolicy

GEMINI = b"""{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message":
"You exceeded your current quota. Please retry in 39.21s.", "details": [{"@type":
"type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "40s"}]}}"""
AT = Address("http://127.0.0.1/v1", "http://127.0.0.1/v1/x", {})


def refused(body: bytes) -> CallFailure:
    return failure(429, {}, ServerError.read(body), model="m", at=AT, answered=True)


def test_the_wait_of_the_body_is_waited() -> None:
    failed = refused(GEMINI)
    assert failed.after == 40
    pause = RetryPolicy().pause(0, failed)
    assert pause is not None
    assert 40 <= pause < 41


@pytest.mark.parametrize("wait", ["1e9", "-1e9", "NaN", "Infinity", '"1e400s"', "99999999999999"])
def test_a_hostile_wait_is_bounded(wait: str) -> None:
    policy = RetryPolicy()
    for attempt in range(50):
        pause = policy.pause(attempt, refused(b'{"error": {"retry_after": %s}}' % wait.encode()))
        assert pause is None or 0 <= pause <= policy.longest + policy.cap


@pytest.mark.parametrize("seed", range(20))
def test_the_default_outlasts_a_minute_and_ends(seed: int) -> None:
    random.seed(seed)
    policy = RetryPolicy(None, seconds=Settings().retry_seconds)
    assert Settings().retries is None
    waited, attempt = 0.0, 0
    while (pause := policy.pause(attempt, refused(b"{}"), waited)) is not None:
        waited += pause
        attempt += 1
    assert 90 < waited <= policy.seconds + policy.cap
    assert policy.pause(10**6, refused(b"{}"), 0.0) is not None, "time bounds it, not tries"


def test_a_server_that_was_never_reached_is_given_up_sooner() -> None:
    failed = CallFailure("connection", retryable=True)
    assert RetryPolicy().pause(6, failed, 20.0, reached=False) is None
    assert RetryPolicy().pause(6, failed, 20.0, reached=True) is not None
