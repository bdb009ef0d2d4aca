"""One number for one thing: commands that print a metric by one name print one value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from answers import write_answers, write_jsonl
from commands import Cli

CASES = 60
JUDGE = '''
"""A judge of every kind of mistake: a lean to a place, half-ties, no verdict, and errors."""
from hashlib import sha256
from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Status, Verdict

def chance(*words):
    return int(sha256("|".join(words).encode()).hexdigest()[:8], 16) / 16**8

class Mixed(BatchJudge):
    arity = frozenset({2})
    identity = ("mixed", "1")

    def judge_batch(self, trials):
        return [self.verdict(trial) for trial in trials]

    def verdict(self, trial):
        prompt, (first, second) = trial.case.prompt[0].content, trial.shown
        kind, other_order = int(prompt[9:-1]) % 20, trial.order[0] == 1
        if kind in (1, 2, 3):
            return Verdict.chose(Choice.SECOND if kind == 3 else Choice.FIRST)
        if kind == 4 or (kind == 5 and other_order):
            return Verdict.chose(Choice.TIE)
        if kind in (6, 7) and other_order:
            return Verdict.without(Status.UNPARSED, "no verdict found")
        ahead = chance(prompt, first.text) > chance(prompt, second.text)
        return Verdict.chose(Choice.FIRST if ahead else Choice.SECOND)

@hookimpl
def judgekit_judges():
    return {"mixed": Mixed}
'''
WITH = ("--plugin", "mixed.py", "--judge", "mixed", "--json")
EXPLAINED = ("position.consistent", "win_rate_a", "win_rates", "ratings.models.rating")


def answer(model: str, n: int) -> str:
    """Some answers are the same text for all models, and lengths differ."""
    return "the same" if n % 15 == 0 else f"{model} says " + "more " * ((n * (3 + ord(model))) % 7)


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    (here / "mixed.py").write_text(JUDGE, encoding="utf-8")
    for model in "abcd":
        write_answers(here / f"{model}.jsonl", [answer(model, n) for n in range(CASES)])
    for name, models in (("pairs", ["ab"]), ("several", ["ab", "dc", "bd", "ca"])):
        write_jsonl(
            here / f"{name}.jsonl", [row(n, *models[n % len(models)]) for n in range(CASES)]
        )
    labels = [{"id": f"q{n}", "label": "BA"[n % 3 > 0]} for n in range(CASES)]
    write_jsonl(here / "labels.jsonl", labels)


def row(n: int, a: str, b: str) -> dict[str, Any]:
    answers = {
        "response_a": answer(a, n),
        "response_b": answer(b, n),
        "model_a": f"model-{a}",
        "model_b": f"model-{b}",
    }
    return {"id": f"q{n}", "prompt": f"Question {n}?", **answers, "label": "BA"[n % 3 > 0]}


def rate(position: dict[str, Any], name: str) -> dict[str, Any]:
    """A position metric of `summary.json` with its interval."""
    return {"value": position["position"][name]} | position["position_intervals"][name]


def test_position_and_win_rate_of_the_same_answers(cli: Cli) -> None:
    compared = cli("compare", "a.jsonl", "b.jsonl", *WITH).json
    ranked = cli("rank", "a.jsonl", "b.jsonl", *WITH).json
    [judged, *_] = cli("bench", "pairs.jsonl", *WITH).json["sets"][0]["judges"]
    audited = cli("audit", "a.jsonl", "b.jsonl", "--probes", "position,length", *WITH).json
    drifted = cli("drift", compared["run"], "--plugin", "mixed.py", "--json").json
    [listed] = (r for r in cli("runs", "list", "--json").json["runs"] if r["metric"])
    stats = cli("stats", compared["run"], "--json").json

    names = ("consistent", "first", "second", "half_tie", "error", "first_share")
    assert all(rate(compared, name)["value"] > 0 for name in names), "the judge shows each kind"
    of_audit = {m["name"]: m for finding in audited["findings"] for m in finding["metrics"]}
    audit_names = ("consistent", "biased to first", "biased to second", "half-ties", "no verdict")
    for name, shown in zip(names, (*audit_names, "first share"), strict=True):
        expected = pytest.approx(rate(compared, name))
        assert rate(ranked, name) == expected
        assert judged["position"][name] == expected
        assert {end: of_audit[shown][end] for end in ("value", "low", "high")} == expected
        assert [own[name] for own in drifted["position"]] == [expected.expected["value"]] * 2

    assert ranked["win_rates"][0][1] == compared["win_rate_a"] == listed["metric"]
    longer = of_audit["the longer answer wins"]
    assert {end: longer[end] for end in ("value", "low", "high")} == stats["length"]["longer_wins"]
    assert stats["cases"] == compared["cases"] == judged["cases"] == CASES
    said = cli("gate", compared["run"], "--fail-if", "position.consistent > 2")
    assert (
        f"position.consistent is {compared['position']['consistent']:.6g} " in said.out + said.err
    )


def test_screens_call_it_by_one_name(cli: Cli) -> None:
    run = cli("compare", "a.jsonl", "b.jsonl", *WITH).json["run"]
    shown = {
        "compare": cli("compare", "a.jsonl", "b.jsonl", *WITH[:-1]).out,
        "rank": cli("rank", "a.jsonl", "b.jsonl", *WITH[:-1]).out,
        "bench": cli("bench", "pairs.jsonl", *WITH[:-1]).out,
        "audit": cli("audit", "a.jsonl", "b.jsonl", "--probes", "position", *WITH[:-1]).out,
        "drift": cli("drift", run, "--plugin", "mixed.py").out,
    }
    found = {
        name: re.search(r"position consistency +(\d+\.\d)", out) for name, out in shown.items()
    }
    assert len({match and match[1] for match in found.values()}) == 1, found


def test_with_inconsistent_cases_left_out(cli: Cli) -> None:
    drop = ("--inconsistent", "drop", *WITH)
    compared = cli("compare", "a.jsonl", "b.jsonl", *drop).json
    audited = cli("audit", "a.jsonl", "b.jsonl", "--probes", "length", *drop).json
    [longer, *_] = audited["findings"][0]["metrics"]
    stats = cli("stats", compared["run"], "--json").json
    assert {e: longer[e] for e in ("value", "low", "high")} == stats["length"]["longer_wins"]


def test_agreement_with_labels_of_several_pairs_of_models(cli: Cli) -> None:
    for file in ("pairs.jsonl", "several.jsonl"):
        [judged, *_] = cli("bench", file, *WITH).json["sets"][0]["judges"]
        run = cli("compare", file, *WITH).json["run"]
        beside = cli("stats", run, "--labels", "labels.jsonl", "--json").json["labelled"]
        assert beside["agreement"] == judged["agreement"]


def test_ratings_of_a_run_that_chose_its_games(cli: Cli) -> None:
    files = [f"{model}.jsonl" for model in "abcd"]
    ranked = cli("rank", *files, "--games", 40, *WITH).json
    stats = cli("stats", ranked["run"], "--json").json
    assert stats == ranked["ratings"]
    assert stats["prior"] == pytest.approx(0.1)
    without = cli("stats", ranked["run"], "--prior", 0, "--json").json
    assert "prior" not in without
    assert without["models"][0]["rating"] != stats["models"][0]["rating"]
    for screen in (cli("show", ranked["run"]).out, cli("stats", ranked["run"]).out):
        assert "a prior of 0.1 games between every two models; 400 points" in screen
    every = cli("rank", *files, *WITH).json
    assert "prior" not in cli("stats", every["run"], "--json").json


def test_rates_that_rest_on_other_cases_have_names_of_their_own(cli: Cli) -> None:
    files = [f"{model}.jsonl" for model in "abc"]
    out = cli("compare", *files, *WITH[:-1], "--until", "0.2").out
    assert "anytime-valid win rate in % against" in out
    adaptive = cli("compare", *files[:2], *WITH[:-1], "--orders", "adaptive").out
    assert "position consistency (calibration)" in adaptive


@pytest.mark.parametrize("metric", EXPLAINED)
def test_explain_names_the_denominator(cli: Cli, metric: str) -> None:
    assert "out of:" in cli("explain", metric).out
