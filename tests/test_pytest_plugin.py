"""The pytest plugin, in pytest sessions of its own."""

from __future__ import annotations

import planted_judges as planted
import pytest
from answers import write_answers

import judgekit

pytest_plugins = ["pytester"]

HEAD = """
import pytest
from judgekit.errors import InputError
"""


@pytest.fixture
def session(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with answers, and a session that loads the plugin."""
    folder = pytester.path
    write_answers(folder / "new.jsonl", ["longest"] * 40)
    write_answers(folder / "old.jsonl", ["short"] * 40)
    write_answers(folder / "other.jsonl", ["middle"] * 40)
    pytester.makeconftest('pytest_plugins = ["judgekit.pytest"]')
    return pytester


def outcomes(session: pytest.Pytester, *lines: str) -> pytest.RunResult:
    body = "\n    ".join(lines)
    session.makepyfile(f"{HEAD}\ndef test_gate(judge_gate):\n    {body}\n")
    return session.runpytest_inprocess(
        "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "default"
    )


RUN = 'run = judge_gate.compare("new.jsonl", "other.jsonl", judge="longer")'


def test_a_gate_that_holds_passes(session: pytest.Pytester) -> None:
    outcomes(
        session, RUN, 'judge_gate.check(run, fail_if="win_rate_a.high < 0.5")'
    ).assert_outcomes(passed=1)
    assert (session.path / ".judgekit" / "replies.db").is_file(), "replies outlive the session"
    assert not (session.path / "runs").exists()


def test_a_condition_that_is_met_fails_with_its_numbers(session: pytest.Pytester) -> None:
    result = outcomes(session, RUN, 'judge_gate.check(run, fail_if=["win_rate_a > 0.5"])')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*failed: win_rate_a is 1 (fails if > 0.5)*"])


def test_a_run_worse_than_its_baseline_fails(session: pytest.Pytester) -> None:
    baseline = judgekit.compare(
        session.path / "new.jsonl",
        session.path / "other.jsonl",
        judge="longer",
        out=session.path / "baseline",
    )
    assert baseline.summary.win_rate_a.value == 1
    worse = RUN.replace("new", "old")
    check = 'judge_gate.check(run, against="baseline", margin=0.02)'
    result = outcomes(session, worse, check)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*failed: win_rate_a against baseline, margin 0.02: *-1*"])


def test_what_is_inconclusive_passes_with_a_warning(session: pytest.Pytester) -> None:
    check = 'judge_gate.check(run, against="baseline", margin=0.001)'
    judgekit.compare(
        session.path / "new.jsonl",
        session.path / "other.jsonl",
        judge="longer",
        out=session.path / "baseline",
    )
    result = outcomes(session, RUN, check)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*InconclusiveWarning: inconclusive: win_rate_a against*"])
    strict = check.replace("margin=0.001", 'margin=0.001, inconclusive="fail"')
    outcomes(session, RUN, strict).assert_outcomes(failed=1)


def test_a_run_without_a_verdict_fails(session: pytest.Pytester) -> None:
    judge = f'judge="mute", plugins=({str(planted.FILE)!r},)'
    run = f'run = judge_gate.compare("new.jsonl", "other.jsonl", {judge})'
    result = outcomes(session, run, 'judge_gate.check(run, fail_if="cases < 1")')
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no verdict came out*"])


def test_a_check_of_nothing_is_refused(session: pytest.Pytester) -> None:
    result = outcomes(
        session,
        RUN,
        'with pytest.raises(InputError, match="a check needs fail_if"):',
        "    judge_gate.check(run)",
        'with pytest.raises(InputError, match="a check needs fail_if"):',
        '    judge_gate.check(run, fail_if="cases < 1", margin=0.1)',
    )
    result.assert_outcomes(passed=1)
