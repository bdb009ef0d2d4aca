"""The same flow from Python and notebooks."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from answers import stable_files, write_answers, write_jsonl
from commands import Cli
from servers import JudgeServer

import judgekit
from judgekit.errors import EngineError, InputError
from judgekit.stats import Summary

A = ["GOOD", "POOR", "plain", "BIASED", "MUTE", "the same"]
B = ["plain", "plain", "other", "other", "other", "the same"]


@pytest.fixture(autouse=True)
def _two_files(here: Path) -> None:
    write_answers(here / "a.jsonl", A)
    write_answers(here / "b.jsonl", B)


@pytest.fixture
def asking(server: JudgeServer) -> dict[str, str]:
    return {"judge": "pairwise", "model": "openai/m", "base_url": server.base_url}


def test_compare(asking: dict[str, str]) -> None:
    run = judgekit.compare("a.jsonl", "b.jsonl", **asking)
    assert (run.summary.wins_a, run.summary.wins_b, run.summary.cases) == (1, 1, 6)
    assert run.metadata.counts.calls == 10
    assert run.metadata.settings["model"] == "openai/m"
    assert [case.id for case in run.cases()] == [f"q{n}" for n in range(6)]
    assert repr(run) == f"Run({str(run.folder)!r})"


def test_frames(asking: dict[str, str]) -> None:
    run = judgekit.compare("a.jsonl", "b.jsonl", **asking)
    trials = run.judgements
    assert len(trials) == 10
    expected = {"case", "order", "names", "repeat", "status", "choice", "score", "probability"}
    assert set(trials.columns) >= expected | {"reasoning", "error", "tokens_in", "tokens_out"}
    assert trials["tokens_in"].dtype.kind == trials["repeat"].dtype.kind == "i"
    assert trials.groupby("status").size().to_dict() == {"valid": 8, "unparsed": 2}
    valid = trials[trials["status"] == "valid"]
    assert valid["choice"].isin(["first", "second", "tie"]).all()
    assert trials[trials["status"] == "unparsed"]["choice"].isna().all()
    cases = run.outcomes
    assert list(cases["case"]) == [f"q{n}" for n in range(6)]
    assert cases["decided"].dtype == cases["identical"].dtype == bool
    assert cases["mean"].dtype.kind == "f"
    assert list(cases["winner"][:3]) == [0, 1, "tie"]
    assert list(cases["position"][:5]) == ["consistent"] * 3 + ["first", "error"]


def test_pairs(asking: dict[str, str], here: Path) -> None:
    run = judgekit.compare("a.jsonl", "b.jsonl", **asking)
    pairs = run.pairs()
    assert len(pairs.pairs) == 2
    assert len(pairs.pairs) + sum(pairs.left_out.values()) == 6
    pairs.write("pairs.jsonl")
    rows = [json.loads(line) for line in (here / "pairs.jsonl").read_text().splitlines()]
    assert [row["chosen"][-1]["content"] for row in rows] == ["GOOD", "plain"]
    assert [row["rejected"][-1]["content"] for row in rows] == ["plain", "POOR"]
    with pytest.raises(InputError, match=r"pairs\.jsonl"):
        pairs.write("pairs.jsonl")


def test_in_a_running_event_loop_as_in_a_notebook(
    asking: dict[str, str], server: JudgeServer
) -> None:
    async def cell() -> judgekit.Run[Summary]:
        return judgekit.compare("a.jsonl", "b.jsonl", **asking)

    inside = asyncio.run(cell())
    assert len(server.requests) == 10
    assert judgekit.compare("a.jsonl", "b.jsonl", **asking).folder == inside.folder
    assert len(server.requests) == 10

    async def wrong() -> None:
        judgekit.compare("a.jsonl", "b.jsonl", **{**asking, "model": "openai/other"})

    server.models = ("m",)
    with pytest.raises(EngineError, match="no model 'other'"):
        asyncio.run(wrong())


def test_it_is_the_run_of_the_command_line(asking: dict[str, str], cli: Cli) -> None:
    flags = ["--judge", "pairwise", "--model", "openai/m", "--base-url", asking["base_url"]]
    found = cli("compare", "a.jsonl", "b.jsonl", *flags, "--json").json
    before = stable_files(Path(found["run"]))
    run = judgekit.compare("a.jsonl", "b.jsonl", **asking)
    assert str(run.folder) == found["run"]
    assert stable_files(run.folder) == before


def test_load_run(asking: dict[str, str], here: Path) -> None:
    with pytest.raises(InputError, match="no run in 'runs/latest'"):
        judgekit.load_run()
    run = judgekit.compare("a.jsonl", "b.jsonl", **asking)
    assert judgekit.load_run().summary == run.summary
    assert judgekit.load_run(run.folder).summary == run.summary
    other = judgekit.compare("b.jsonl", "a.jsonl", **asking)
    assert judgekit.load_run("runs/latest").summary == other.summary != run.summary


def test_score(asking: dict[str, str]) -> None:
    run = judgekit.score("a.jsonl", **{**asking, "judge": "additive"}, repeats=1)
    assert run.summary.mean_score.value == pytest.approx((4 + 0 + 2 + 2 + 2) / 5)
    assert list(run.judgements["score"].dropna()) == [4, 0, 2, 2, 2]


def test_one_file_of_pairs(asking: dict[str, str], here: Path) -> None:
    row = {"prompt": "?", "response_a": "GOOD", "response_b": "plain"}
    write_jsonl(here / "pairs.jsonl", [row, {**row, "prompt": "!"}])
    assert judgekit.compare("pairs.jsonl", **asking).summary.wins_a == 2
    with pytest.raises(InputError, match=r"judgekit compare"):
        judgekit.score("pairs.jsonl", **{**asking, "judge": "additive"})
    with pytest.raises(InputError, match="single answers"):
        judgekit.compare("a.jsonl", **{**asking, "judge": "additive"})


def test_frames_name_models_and_hold_texts_on_request(asking: dict[str, str]) -> None:
    run = judgekit.compare("a.jsonl", "b.jsonl", **asking)
    cases = run.outcomes
    assert list(cases["model_a"]) == ["a"] * 6
    assert list(cases["model_b"]) == ["b"] * 6
    assert list(cases["winner_model"][:3]) == ["a", "b", "tie"]
    assert cases["winner_model"].isna()[3]
    trials = run.judgements
    assert list(trials["first_model"][:4]) == ["a", "b", "a", "b"]
    assert list(trials["chosen_model"][:6]) == ["a", "a", "b", "b", "tie", "tie"]
    assert trials[trials["status"] != "valid"]["chosen_model"].isna().all()
    assert not {"prompt", "answer_a", "first_answer"} & {*cases.columns, *trials.columns}
    texts = run.outcomes_frame(texts=True)
    assert list(texts["prompt"][:2]) == ["Question 0?", "Question 1?"]
    assert [*texts["answer_a"], *texts["answer_b"]] == A + B
    shown = run.judgements_frame(texts=True)
    assert list(shown["first_answer"][:2]) == ["GOOD", "plain"]
    assert list(shown["second_answer"][:2]) == ["plain", "GOOD"]
    assert list(shown["prompt"][:2]) == ["Question 0?"] * 2


def test_frames_of_scores_and_rankings(asking: dict[str, str]) -> None:
    system = {"role": "system", "content": "Be brief."}
    rows: list[dict[str, object]] = [
        {**row, "prompt": [system, {"role": "user", "content": "?"}], "reference": "r"}
        for row in rows_of("a.jsonl")
    ]
    run = judgekit.score(rows, **{**asking, "judge": "additive"})
    for frame in (run.outcomes_frame(texts=True), run.judgements_frame(texts=True)):
        assert set(frame["model"]) == {"a"}
        assert frame["answer"][0] == "GOOD"
        assert frame["prompt"][0][0] == system
        assert set(frame["reference"]) == {"r"}
    ranked = judgekit.rank("a.jsonl", "b.jsonl", **asking)
    assert list(ranked.outcomes_frame(texts=True)["answers"][0]) == ["GOOD", "plain"]
    assert list(ranked.outcomes["models"][0]) == ["a", "b"]
    assert "answers" not in ranked.outcomes


def test_reprs_are_short(asking: dict[str, str]) -> None:
    run = judgekit.compare("a.jsonl", "b.jsonl", **asking)
    assert re.fullmatch(
        r"<Summary a: a, b: b, cases: 6, win_rate_a: 0\.500 \([0-9.]+ to [0-9.]+\)>",
        repr(run.summary),
    )
    assert repr(run.stored) == f"StoredRun({str(run.folder)!r})"
    scores = judgekit.score("a.jsonl", **{**asking, "judge": "additive"}).summary
    assert repr(scores).startswith("<ScoreSummary a: a, cases: 6, mean_score: 2.0")
    ranking = judgekit.rank("a.jsonl", "b.jsonl", **asking).summary
    assert repr(ranking) == "<RankingSummary judge: pairwise, cases: 6, complete: 5>"
    answers = judgekit.generate("a.jsonl", limit=2, **without_judge(asking))
    assert repr(answers) == "<Answers 2 to 2 prompts>"


def rows_of(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


def test_frames_and_lists_in_place_of_files(asking: dict[str, str], server: JudgeServer) -> None:
    from_files = judgekit.compare("a.jsonl", "b.jsonl", **asking)
    asked = len(server.requests)
    a, b = pd.DataFrame(rows_of("a.jsonl")), rows_of("b.jsonl")
    run = judgekit.compare(a, b, **asking)
    assert len(server.requests) == asked
    assert run.summary == from_files.summary
    assert list(run.cases()) == list(from_files.cases())
    assert run.metadata.files == ("argument a", "argument b")
    assert judgekit.compare(a, b, **asking).folder == run.folder
    assert judgekit.compare(a[:4], b[:4], **asking).folder != run.folder
    assert judgekit.score(a, judge="additive", **without_judge(asking)).summary.a == "a"
    unnamed = [{name: row[name] for name in ("id", "prompt", "response")} for row in b]
    ranked = judgekit.rank(a, "b.jsonl", unnamed, **asking)
    assert sorted(one.model for one in ranked.summary.models) == ["a", "b", "c"]
    both = [{"prompt": "?", "response_a": "GOOD", "response_b": "plain"}]
    assert judgekit.compare(both, **asking).summary.wins_a == 1
    answers = judgekit.generate(a[["id", "prompt"]], **without_judge(asking))
    assert [row["id"] for row in answers.rows] == list(a["id"])


def without_judge(asking: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asking.items() if name != "judge"}


def test_what_is_wrong_with_rows_names_the_argument(asking: dict[str, str]) -> None:
    a, b = rows_of("a.jsonl"), rows_of("b.jsonl")
    for given, tells in [
        ((a, [*b[:2], {**b[2], "response": None}, *b[3:]]), "^argument b, row 3: the response"),
        ((a, b[1:]), "^argument a, row 1: the id 'q0' is not in argument b"),
        ((a,), "^'argument a' holds single answers.* judgekit.score$"),
        ((a, 7), "^argument b is 7; give a path"),
    ]:
        with pytest.raises(InputError, match=tells):
            judgekit.compare(*given, **asking)
    with pytest.raises(InputError, match="for instance judge='pairwise', model="):
        judgekit.compare(a, b)


def test_runs_of_unnamed_rows_are_not_rated_together(asking: dict[str, str]) -> None:
    a, b = rows_of("a.jsonl"), rows_of("b.jsonl")
    runs = [judgekit.compare(*given, **asking).folder for given in ((a, b), (b, a))]
    with pytest.raises(InputError, match=r"without model names.* write model into the rows"):
        judgekit.rate_models(runs)
    a, b = ([{**row, "model": name} for row in rows] for name, rows in (("m", a), ("n", b)))
    runs = [judgekit.compare(*given, **asking).folder for given in ((a, b), (b, a))]
    assert judgekit.rate_models(runs)


@pytest.mark.parametrize(
    ("settings", "tells"),
    [
        ({"modle": "openai/m"}, r"no setting 'modle'; did you mean 'model'\?"),
        ({"judge": "pairwize"}, r"did you mean 'pairwise'\?"),
        ({"limit": 0}, "limit must be at least 1, not 0"),
        ({"model_args": {"api_key": "x"}}, "'api_key' looks like a key"),
        ({"options": {"logprob": True}}, r"'logprob'; did you mean 'logprobs'\?"),
        ({"options": {"logprobs": "perhaps"}}, "'perhaps'"),
        ({"orders": "three"}, "orders should be 'both' or 'one' or 'adaptive', not 'three'"),
        ({"join": "outer"}, "join .* not 'outer'"),
        ({"inconsistent": "keep"}, "inconsistent .* not 'keep'"),
        ({"limit": "few"}, "limit .* not 'few'"),
        ({"out": 7}, "out .* not 7"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_a_wrong_setting_is_named(
    asking: dict[str, str], server: JudgeServer, settings: dict[str, object], tells: str
) -> None:
    with pytest.raises(judgekit.JudgekitError, match=tells) as raised:
        judgekit.compare("a.jsonl", "b.jsonl", **{**asking, **settings})
    assert "\n" not in str(raised.value)
    assert server.requests == []


def test_paths_may_be_texts(asking: dict[str, str], here: Path) -> None:
    run = judgekit.compare("a.jsonl", "b.jsonl", **asking, store="mine.db", out="mine")
    assert (here / "mine.db").is_file()
    assert run.folder == Path("mine")
    assert not (here / ".judgekit").exists()


def test_an_option_of_a_judge_among_the_settings_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"option of the judge overlap; give it as options="):
        judgekit.compare(tmp_path / "a.jsonl", tmp_path / "b.jsonl", metric="bleu")
    with pytest.raises(InputError, match="no setting 'lmit'; did you mean 'limit'"):
        judgekit.compare(tmp_path / "a.jsonl", tmp_path / "b.jsonl", lmit=3)
