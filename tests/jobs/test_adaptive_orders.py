"""The second order only where the first is not sure: what is asked, and what it costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import judgekit
from judgekit.errors import InputError
from judgekit.stats import Summary
from judgekit.types import digest

LEANING = '''
from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Verdict, digest


class Leaning(BatchJudge):
    """Knows the better answer, but in a third of the showings it names the first."""

    arity = frozenset({2})
    identity = ("leaning", "1")
    window = 32

    def judge_batch(self, trials):
        return [self.say(trial) for trial in trials]

    def say(self, trial):
        first, second = (response.text for response in trial.shown)
        if int(digest(trial.case.id, size=2), 16) % 3 == 0:
            return Verdict.chose(Choice.FIRST)
        if len(first) == len(second):
            return Verdict.chose(Choice.TIE)
        return Verdict.chose(Choice.FIRST if len(first) > len(second) else Choice.SECOND)


@hookimpl
def judgekit_judges():
    return {"leaning": Leaning}
'''


@pytest.fixture
def settings(here: Path) -> dict[str, Any]:
    plugin = here / "leaning.py"
    plugin.write_text(LEANING, encoding="utf-8")
    for name, share in (("a", 0.7), ("b", 0.5)):
        with (here / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for i in range(400):
                long = int(digest(name, str(i), size=2), 16) / 65536 < share
                text = f"{name} {i} " + "word " * (8 if long else 2)
                file.write(json.dumps({"id": str(i), "prompt": f"q{i}", "response": text}) + "\n")
    return {"judge": "leaning", "plugins": (plugin,)}


def compare(settings: dict[str, Any], **more: Any) -> judgekit.Run[Summary]:
    return judgekit.compare("a.jsonl", "b.jsonl", **settings, **more)


def test_verdicts_against_the_lean_are_shown_once(settings: dict[str, Any]) -> None:
    both = compare(settings).summary
    run = compare(settings, orders="adaptive")
    found = run.summary.to_dict()["adaptive"]
    sure = {kind["name"] for kind in found["kinds"] if kind["sure"]}
    assert sure == {"second"}
    assert found["shown_once"] > 80
    assert sum(run.summary.statuses.values()) == 800 - found["shown_once"]
    assert run.summary.win_rate_a.value == pytest.approx(both.win_rate_a.value)
    shift = found["shift_a"]
    assert shift["low"] <= 0 <= shift["high"]


def test_position_rests_on_what_was_shown_twice_for_all(settings: dict[str, Any]) -> None:
    both = compare(settings).summary.position.consistent.value
    found = compare(settings, orders="adaptive").summary.to_dict()
    assert found["adaptive"]["calibration"] == 50
    assert found["position"]["consistent"] == pytest.approx(both, abs=0.2)
    intervals = found["position_intervals"]["consistent"]
    assert intervals["high"] - intervals["low"] > 0.15


def test_the_same_bytes_whatever_is_in_the_store(settings: dict[str, Any], here: Path) -> None:
    one = compare(settings, orders="adaptive", out=here / "one", store=here / "one.db")
    compare(settings, out=here / "both", store=here / "two.db")
    two = compare(settings, orders="adaptive", out=here / "two", store=here / "two.db")
    assert two.metadata.counts.calls == 0
    for name in ("judgements.jsonl", "outcomes.jsonl", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()


def test_with_an_early_stop(settings: dict[str, Any]) -> None:
    run = compare(settings, orders="adaptive", until=0.1, concurrency=16)
    assert run.summary.stopped.startswith(("decided", "narrow"))
    assert run.summary.cases < 400


def test_pairs_shown_once_are_not_trusted(settings: dict[str, Any]) -> None:
    run = compare(settings, orders="adaptive")
    assert run.pairs().left_out["one_order"] > 0


def test_what_it_cannot_do(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="leave out --repeats"):
        compare(settings, orders="adaptive", repeats=2)
    with pytest.raises(InputError, match="compares two models"):
        judgekit.rank("a.jsonl", "b.jsonl", **settings, orders="adaptive")
