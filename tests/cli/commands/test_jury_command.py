"""Several judges on the command line: juries, routes, and what is shown of them."""

from __future__ import annotations

from pathlib import Path

import planted_judges as planted
import pytest
from answers import read_jsonl, write_jsonl
from commands import Cli
from servers import JudgeServer

JURY = ["--judge", "errs20,errs25,errs30", "--plugin", planted.FILE]


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    for path in planted.write_sides(here, 200):
        rows = read_jsonl(path)
        for n, row in enumerate(rows):
            row["category"] = "math" if n < 50 else "talk"
        write_jsonl(path, rows)


def right(cli: Cli, folder: str) -> int:
    """How many cases ended as they should."""
    cases = cli("show", folder, "--json").json["cases"]
    return sum(case["outcome"]["winner"] == n % 2 for n, case in enumerate(cases))


def test_a_jury_is_right_more_often_than_each_of_its_judges(cli: Cli) -> None:
    """With 0.20, 0.25 and 0.30 of the cases wrong by plan, and no error in common by more than
    chance."""
    assert cli("compare", "a.jsonl", "b.jsonl", *JURY, "--out", "jury").code == 0
    for name in ("errs20", "errs25", "errs30"):
        words = ["--judge", name, "--plugin", planted.FILE, "--out", name]
        assert cli("compare", "a.jsonl", "b.jsonl", *words).code == 0
        assert right(cli, "jury") > right(cli, name)


def test_what_is_printed(cli: Cli) -> None:
    said = cli("compare", "a.jsonl", "b.jsonl", *JURY, "--out", "jury")
    assert "judged by vote of errs20, errs25, errs30" in said.out
    assert ["judge", "cases", "abstained"] in [line.split()[:3] for line in said.out.splitlines()]
    assert "Krippendorff's alpha" in said.out
    assert said.out.splitlines()[-1] == "jury"
    whole = cli("compare", "a.jsonl", "b.jsonl", *JURY, "--out", "jury", "--json").json
    assert [seat["judge"] for seat in whole["jury"]["seats"]] == ["errs20", "errs25", "errs30"]
    assert (whole["calls"], whole["calls_from_store"]) == (0, 1200)
    shown = cli("show", "jury", "--limit", "1").out
    assert "errs25: first b (b) as A, second a (a) as B:" in shown
    assert "by 3 judges, margin" in shown


def test_what_reads_runs_reads_a_jurys(cli: Cli, here: Path) -> None:
    cli("compare", "a.jsonl", "b.jsonl", *JURY, "--out", "jury")
    cli("compare", "a.jsonl", "b.jsonl", *JURY, "--jury", "mean", "--out", "mean")
    assert cli("stats", "jury", "--json").json["cases"] == 200
    assert cli("pairs", "jury", "-o", "pairs.jsonl").code == 0
    assert len(read_jsonl(here / "pairs.jsonl")) == 200
    assert cli("runs", "diff", "jury", "mean").code == 0
    assert "vote of errs20" in cli("runs", "list", ".").out


def test_a_dry_run_counts_all_seats(cli: Cli, server: JudgeServer) -> None:
    words = ["--judge", "errs20,pairwise@openai/m,pairwise@openai/n", "--plugin", planted.FILE]
    words += ["--base-url", server.base_url, "--dry-run"]
    said = cli("compare", "a.jsonl", "b.jsonl", *words, "--json").json
    assert (said["cases"], said["calls"]) == (200, 1200)
    assert "1200" in cli("compare", "a.jsonl", "b.jsonl", *words).out
    assert server.requests == []


def test_several_comparisons_by_one_jury(cli: Cli, here: Path) -> None:
    (here / "c.jsonl").write_bytes((here / "a.jsonl").read_bytes().replace(b'"a"', b'"c"'))
    said = cli("compare", "a.jsonl", "b.jsonl", "c.jsonl", *JURY, "--out", "all")
    assert said.code == 0
    assert said.out.splitlines()[-3:] == ["all/a-vs-b", "all/a-vs-c", "all/b-vs-c"]
    assert "3 comparisons, 2400 trials" in said.err
    (here / "other/b-vs-c").mkdir(parents=True)
    (here / "other/b-vs-c/mine").touch()
    refused = cli("compare", "a.jsonl", "b.jsonl", "c.jsonl", *JURY, "--out", "other")
    assert "'other/b-vs-c' holds something that is no run" in refused.err
    assert not (here / "other/a-vs-b").exists()


def test_a_route(cli: Cli) -> None:
    words = ["--judge", "front", "--plugin", planted.FILE, "--route", "category=math: errs20"]
    said = cli("compare", "a.jsonl", "b.jsonl", *words, "--json").json
    assert [(part["judge"], part["cases"]) for part in said["route"]] == [
        ("errs20", 50), ("front", 150),
    ]  # fmt: skip
    assert (said["inconsistent"], said["wins_a"] + said["wins_b"]) == (150, 50)
    table = cli("compare", "a.jsonl", "b.jsonl", *words).out
    assert "judged by errs20 · front" in table
    error = cli("compare", "a.jsonl", "b.jsonl", *words[:-1], "category=maths: errs20").error
    assert "no category 'maths'; did you mean 'math'?" in error


def test_one_judge_with_its_model(cli: Cli, server: JudgeServer) -> None:
    words = ["a.jsonl", "b.jsonl", "--base-url", server.base_url, "--limit", "2", "--json"]
    whole = cli("compare", *words, "--judge", "pairwise@openai/m").json
    again = cli("compare", *words, "--judge", "pairwise", "--model", "openai/m").json
    assert whole["run"] == again["run"]
    assert (again["model"], again["calls_now"]) == ("openai/m", 0)


def test_a_judges_own_flags_are_for_one_judge(cli: Cli) -> None:
    same = ["--judge", "weighs@2,weighs@3", "--plugin", planted.FILE]
    assert cli("score", "a.jsonl", *same, "--json").json["mean_score"]["value"] == 2.5
    refused = cli("score", "a.jsonl", "--judge", "overlap,length", "--metric", "bleu")
    assert refused.code == 2


def test_a_projects_model_is_for_the_seats_that_ask(
    cli: Cli, here: Path, server: JudgeServer
) -> None:
    (here / "judgekit.toml").write_text('judge = "errs20,pairwise"\nmodel = "openai/m"\n')
    words = ["a.jsonl", "b.jsonl", "--plugin", planted.FILE, "--limit", "2"]
    assert cli("compare", *words, "--base-url", server.base_url).code == 0
    assert len(server.requests) == 4
    assert cli("compare", *words, "--judge", "errs20,front").code == 0
