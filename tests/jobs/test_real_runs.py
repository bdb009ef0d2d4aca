"""Real answers through the whole program, against recordings and the mock API's own verdicts."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from answers import read_jsonl, stable_files, write_jsonl
from commands import Cli, Said
from servers import JudgeServer, MockApi

from judgekit.config.settings import Settings
from judgekit.jobs.job import Job
from judgekit.jobs.prepare import prepare
from judgekit.judging import PromptJudge
from judgekit.types import Trial

PHI3 = ("mtbench_phi3_gpt-4|gpt-4/pair-v2", "mtbench_phi3_gpt-4|gpt-4/pair-math-v1")
LABELS = {"[[A]]": "first", "[[B]]": "second", "[[C]]": "tie"}
FAULTS = {
    "noverdict": "unparsed",
    "wrongformat": "unparsed",
    "trunc": "truncated",
    "null": "refused",
}


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    return shared / "data"


@pytest.fixture
def alpaca(data: Path) -> list[Path]:
    """805 answers each of two models."""
    return [data / f"answers/alpaca/{name}.jsonl" for name in ("gpt-3.5-turbo-1106", "vicuna-7b")]


@pytest.fixture
def mt_bench(data: Path) -> list[Path]:
    """80 chats of two turns each of two models."""
    return [data / f"answers/mt_bench/{name}.jsonl" for name in ("gpt-4", "gpt-3.5-turbo")]


@pytest.fixture
def asking(mock: MockApi) -> list[str]:
    return ["--model", "openai/m", "--base-url", mock.base_url]


def trials_of(job: Job) -> Iterator[Trial]:
    for case in job.plan.cases:
        yield from job.plan.trials(case)


def truth(mock: MockApi, job: Job) -> list[str]:
    """The last line of what the mock says it answers to each trial, or its fault's name."""
    assert isinstance(job.judge, PromptJudge)
    where = urlsplit(mock.base_url)
    said = []
    with closing(http.client.HTTPConnection(where.hostname or "", where.port)) as connection:
        for trial in trials_of(job):
            call = job.judge.call(trial, reference=trial.case.reference)
            messages = [{"role": m.role, "content": m.content} for m in call.messages]
            body = json.dumps({"model": "m", "messages": messages})
            connection.request("POST", "/v1/expected", body.encode())
            answer = json.load(connection.getresponse())
            said.append(answer["content_fault"] or answer["content"].splitlines()[-1])
    return said


def job_of(files: Sequence[Path], mock: MockApi, **settings: Any) -> Job:
    """The job of a command on the mock, to make its calls again."""
    return prepare(files, Settings(model="openai/m", base_url=mock.base_url, **settings))


def judgements_of(said: Said) -> list[dict[str, Any]]:
    return read_jsonl(Path(said.json["run"]) / "judgements.jsonl")


def test_gpt4s_recorded_verdicts_give_the_published_shares(
    command: Cli, data: Path, here: Path
) -> None:
    recording = data / "judgements/mtbench_phi3_gpt-4.jsonl.gz"
    words = ["compare", data / "pairs/mtbench_phi3.jsonl", "--judge", "pairwise"]
    said = command(*words, "--model", f"replay/{recording}", "--json")
    assert said.err == ""
    found = said.json
    published = json.loads((data / "expected.json").read_text(encoding="utf-8"))["pairwise"]

    def total(name: str, order: str | None = None) -> int:
        entries = [published[key] for key in PHI3]
        return sum((entry[order] if order else entry)[name] for entry in entries)

    cases = total("n_pairs")
    assert found["cases"] == cases == 75
    names = {
        "consistent": "consistent",
        "first": "biased_first",
        "second": "biased_second",
        "half_tie": "tie_vs_decisive",
        "error": "any_null",
    }
    for share, name in names.items():
        assert found["position"][share] == pytest.approx(total(name) / cases), share
    first, second = (
        sum(total(side, order) for order in ("AB", "BA")) for side in ("first", "second")
    )
    assert found["position"]["first_share"] == pytest.approx(first / (first + second))
    named = {"valid": 2 * cases - total("parse_errors"), "unparsed": total("parse_errors")}
    assert {status: n for status, n in found["statuses"].items() if n} == named
    assert found["undecided"] == total("any_null")
    assert found["inconsistent"] == cases - total("consistent") - total("any_null")
    assert found["cost_usd"] == 0


def test_805_answers_get_the_mocks_own_verdicts(
    command: Cli, mock: MockApi, alpaca: list[Path], asking: list[str]
) -> None:
    words = ["compare", *alpaca, "--judge", "pairwise", *asking, "--json"]
    said = command(*words)
    found = said.json
    assert said.err == ""
    assert (found["a"], found["b"]) == ("gpt-3.5-turbo-1106", "vicuna-7b")
    assert (found["cases"], found["undecided"], found["left_out"]) == (805, 0, {})
    stats = mock.get("/stats")
    assert stats["requests"] == found["calls"] == 2 * (805 - found["identical"])
    assert stats["duplicates"] == 0
    rows = judgements_of(said)
    job = job_of(alpaca, mock, judge="pairwise")
    assert [(row["case"], tuple(row["order"])) for row in rows] == [
        (trial.case.id, trial.order) for trial in trials_of(job)
    ]
    assert {row["status"] for row in rows} == {"valid"}
    assert [row["choice"] for row in rows] == [LABELS[text] for text in truth(mock, job)]
    again = command(*words).json
    assert (again["calls_now"], again["calls_from_store"]) == (0, found["calls"])
    assert mock.get("/stats")["requests"] == stats["requests"]


def test_faults_lose_nothing_and_change_nothing(
    cli: Cli, mock: MockApi, alpaca: list[Path], asking: list[str]
) -> None:
    words = ["compare", *alpaca, "--judge", "pairwise", *asking, "--limit", "100", "--json"]
    calm = cli(*words, "--store", "calm.db", "--out", "calm").json
    mock.post("/config", {"p_429": 0.05, "p_500": 0.05, "p_reset": 0.03, "retry_after": 0.1})
    faulty = cli(*words, "--store", "faulty.db", "--out", "faulty").json
    assert mock.get("/stats")["faults"].keys() >= {"429", "500", "reset"}
    assert faulty["statuses"] == calm["statuses"]
    assert stable_files(Path("faulty")) == stable_files(Path("calm"))


def test_malformed_verdicts_are_named_and_none_is_guessed(
    cli: Cli, mock: MockApi, alpaca: list[Path], asking: list[str]
) -> None:
    faults = {"p_noverdict": 0.2, "p_trunc": 0.1, "p_null": 0.1, "p_wrongformat": 0.1}
    mock.post("/config", faults)
    words = ["compare", *alpaca, "--judge", "pairwise", *asking, "--limit", "60", "--json"]
    said = cli(*words)
    job = job_of(alpaca, mock, judge="pairwise", limit=60)
    assert [row["choice"] or row["status"] for row in judgements_of(said)] == [
        (LABELS | FAULTS)[text] for text in truth(mock, job)
    ]
    unparsed = said.json["statuses"]["unparsed"]
    assert unparsed > 10
    # A reminder is another prompt, for which the mock draws its faults anew.
    mock.post("/reset", {})
    again = cli(*words, "--reask", "2").json
    assert unparsed < mock.get("/stats")["requests"] == again["calls"] < 2 * unparsed
    assert again["statuses"]["unparsed"] < unparsed / 2


def test_two_turns_are_two_cases_that_show_their_own_history(
    cli: Cli, mock: MockApi, mt_bench: list[Path], asking: list[str]
) -> None:
    words = ["compare", *mt_bench, "--judge", "pairwise", *asking, "--json"]
    said = cli(*words)
    assert (said.json["cases"], said.json["undecided"]) == (160, 0)
    job = job_of(mt_bench, mock, judge="pairwise")
    choices = [row["choice"] for row in judgements_of(said)]
    assert choices == [LABELS[text] for text in truth(mock, job)]
    earlier = [len(case.responses[0].earlier) for case in job.plan.cases]
    assert earlier == [0, 1] * 80
    assert len({case.cluster for case in job.plan.cases}) == 80


@pytest.mark.parametrize("given", [True, False])
def test_references_of_mt_bench(
    cli: Cli, data: Path, mt_bench: list[Path], server: JudgeServer, given: bool
) -> None:
    """30 of the 80 questions have references; for the others the judge writes one a turn."""
    flags = ["--judge", "reference", "--model", "openai/m", "--base-url", server.base_url]
    if given:
        flags += ["--references", str(data / "mt_bench/reference_answers.jsonl")]
    found = cli("score", mt_bench[0], *flags, "--json").json
    assert (found["cases"], found["scored"]) == (160, 160)
    own = 160 - 2 * 30 * given
    assert len(server.requests) == found["calls"] == 160 + own
    assert server.asked().total() == len(server.asked())


def test_scores_are_the_mocks_own(
    cli: Cli, mock: MockApi, alpaca: list[Path], asking: list[str], here: Path
) -> None:
    rows = [row | {"reference": row["output"]} for row in read_jsonl(alpaca[0])[:50]]
    file = write_jsonl(here / "with_references.jsonl", rows)
    said = cli("score", file, "--judge", "reference", *asking, "--json")
    ratings = truth(mock, job_of([file], mock, judge="reference"))
    assert [f"Rating: [[{row['score']:g}]]" for row in judgements_of(said)] == ratings


def test_the_original_prompts_of_mt_bench(
    cli: Cli, data: Path, mt_bench: list[Path], server: JudgeServer
) -> None:
    file = data / "mt_bench/judge_prompts.jsonl"
    originals = {row["name"]: row for row in read_jsonl(file)}
    flags = ["--model", "openai/m", "--base-url", server.base_url, "--limit", "6", "--json"]
    server.says = lambda _: "[[C]]"
    pair = ["compare", *mt_bench, "--judge", "pairwise", "--prompt", f"{file}#pair-v2", *flags]
    assert cli(*pair).json["ties"] == 6
    systems = {body["messages"][0]["content"] for body in server.requests}
    assert systems == {
        originals[name]["system_prompt"] for name in ("pair-v2", "pair-v2-multi-turn")
    }
    server.reset()
    server.says = lambda _: "Rating: [[7]]"
    single = ["score", mt_bench[0], "--judge", "additive", "--prompt", f"{file}#single-v1", *flags]
    found = cli(*single, "--repeats", "1").json
    assert (found["scored"], found["mean_score"]["value"]) == (6, 7)
    assert len(server.requests) == 6
