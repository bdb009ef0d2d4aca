"""The gate: which conditions hold, which cannot be asked, and the XML that says so."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from judgekit.errors import InputError
from judgekit.trust import Suite, check_conditions, junit_xml, parse_condition

SUMMARY: dict[str, Any] = {
    "cases": 80,
    "win_rate_a": {"value": 0.6, "low": 0.48, "high": 0.71},
    "win_rate_mean_a": {"value": None, "low": None, "high": None},
    "position": {"error": 0.02},
    "mean_score_a": None,
    "sentence": "…",
}


@pytest.mark.parametrize(
    ("condition", "failed"),
    [
        ("win_rate_a.low < 0.5", True),
        ("win_rate_a.low<0.4", False),
        ("win_rate_a < 0.5", False),
        ("win_rate_a >= .6", True),
        ("cases != 80", False),
        ("cases == 80", True),
        ("position.error > 5e-2", False),
        ("win_rate_mean_a.low < 0.5", True),
        ("mean_score_a.low < 3", True),
    ],
)
def test_conditions(condition: str, *, failed: bool) -> None:
    [found] = check_conditions([condition], SUMMARY)
    assert found.failed is failed
    assert found.message.startswith("failed" if failed else "passed")


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        ("position.error > 0.05", "passed: position.error is 0.02 (fails if > 0.05)"),
        ("cases==80", "failed: cases is 80 (fails if == 80)"),
        ("mean_score_a.low < 3", "failed: mean_score_a.low has no value (fails if < 3)"),
    ],
)
def test_a_line_says_what_is_and_when_it_would_fail(condition: str, line: str) -> None:
    assert [result.message for result in check_conditions([condition], SUMMARY)] == [line]


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ("win_rate_a.low", "is not a condition"),
        ("win_rate_a.low < nan", "is not a condition"),
        ("win_rate_a.low < half", "is not a condition"),
        ("__import__('os') < 1", "is not a condition"),
        ("win_rate.low < 0.5", "no metric 'win_rate'; did you mean 'win_rate_a'"),
        ("win_rate_a.lo < 0.5", "win_rate_a has no metric 'lo'"),
        ("cases.low < 1", "cases is a number and holds no metrics"),
        ("sentence < 1", "sentence is not a number"),
        ("position < 1", "position is not a number; it has error"),
    ],
)
def test_what_cannot_be_asked(condition: str, error: str) -> None:
    with pytest.raises(InputError, match=r"^[^\n]*$") as raised:
        check_conditions([condition], SUMMARY)
    assert error in str(raised.value)


def test_spaces_do_not_matter() -> None:
    assert parse_condition("  cases   <  3 ").text == "cases < 3"


def test_junit() -> None:
    findings = check_conditions(["win_rate_a.low < 0.5", "cases < 10"], SUMMARY)
    suites = [Suite("a & \x1b b", findings, 1.5), Suite("c", findings[:1])]
    [suite, other] = Xml.fromstring(junit_xml(suites))
    assert (suite.attrib["time"], other.attrib["name"]) == ("1.500", "c")
    assert suite.attrib["tests"] == "2"
    assert suite.attrib["failures"] == "1"
    assert suite.attrib["name"] == "a & \ufffd b"
    assert [case.find("failure") is not None for case in suite] == [True, False]


def test_a_run_without_a_verdict_is_an_error() -> None:
    findings = check_conditions(["cases < 10"], SUMMARY)
    [suite, sound] = Xml.fromstring(
        junit_xml([Suite("a", findings, 1, "no \x1b reply"), Suite("b", findings)])
    )
    assert [suite.attrib[name] for name in ("tests", "failures", "errors")] == ["2", "0", "1"]
    [error] = suite.findall("testcase/error")
    assert error.attrib["message"] == "no \ufffd reply"
    assert [sound.attrib[name] for name in ("tests", "failures", "errors")] == ["1", "0", "0"]
