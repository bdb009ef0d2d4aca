"""`judgekit bench` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answers import write_jsonl
from commands import Cli
from servers import JudgeServer


@pytest.fixture(autouse=True)
def _pairs(here: Path) -> None:
    rows = [
        {
            "id": f"p{n}",
            "prompt": f"Q{n}?",
            "response_a": "a longer answer",
            "response_b": "short",
            "label": "B" if n % 4 == 0 else "A",
            "category": "even" if n % 2 == 0 else "odd",
            "language": "en",
        }
        for n in range(12)
    ]
    write_jsonl(here / "mine.jsonl", rows)


@pytest.fixture
def asking(server: JudgeServer) -> list[str]:
    """A judge that finds the longer answer better, in whatever place."""
    server.says = lambda _: "[[A]]"
    return ["--model", "openai/m", "--base-url", server.base_url]


def test_judges_stand_side_by_side(cli: Cli, asking: list[str], here: Path) -> None:
    said = cli("bench", "mine.jsonl", "--judge", "pairwise,longer", *asking)
    assert said.code == 0, said.err
    [head, *_] = [line for line in said.out.splitlines() if "pairwise" in line]
    assert head.split() == ["pairwise", "longer", "first", "chance"]
    [row] = [line for line in said.out.splitlines() if line.startswith("mine, 12 pairs")]
    assert "75.0 (" in row
    for name in ("a shown first", "b shown first", "position consistency", "kappa"):
        assert f"  {name}" in said.out
    assert "  percent agreement" in said.out
    assert "mine: pairwise against longer -75.0 points" in said.out
    assert "licence not stated" in said.out
    folder = Path(said.out.splitlines()[-1])
    assert (folder / "bench.json").is_file()
    assert "mine: pairwise" in said.err
    assert "24 calls" in said.out


@pytest.mark.parametrize(
    ("by", "parts"), [("category", ["even, 6", "odd, 6"]), ("language", ["en, 12"])]
)
def test_parts_stand_below(cli: Cli, by: str, parts: list[str]) -> None:
    said = cli("bench", "mine.jsonl", "--by", by)
    shown = [line.strip() for line in said.out.splitlines()]
    for part in parts:
        assert any(line.startswith(part) for line in shown), said.out


def test_json_is_what_is_kept(cli: Cli) -> None:
    found = cli("bench", "mine.jsonl", "--json").json
    folder = Path(found.pop("bench"))
    assert json.loads((folder / "bench.json").read_text(encoding="utf-8")) == found
    assert found["schema"] == "judgekit.bench/1"
    assert found["sets"][0]["judges"][0]["accuracy"]["value"] == 9 / 12


def test_a_dry_run_asks_nothing_and_adds_up(
    cli: Cli, asking: list[str], server: JudgeServer
) -> None:
    words = ["bench", "mine.jsonl", "other=mine.jsonl", "--judge", "pairwise", *asking, "--dry-run"]
    found = cli(*words, "--limit", 5, "--json").json
    assert [(e["set"], e["judge"], e["calls"]) for e in found["estimates"]] == [
        ("mine", "pairwise", 10),
        ("other", "pairwise", 10),
    ]
    assert (found["total"]["calls"], found["total"]["cases"]) == (20, 10)
    assert server.requests == []
    shown = cli(*words).out
    assert shown.splitlines()[-2].split()[:3] == ["all", "24", "48"]
    assert not Path("runs").exists()


def test_what_was_answered_is_not_asked_again(
    cli: Cli, asking: list[str], server: JudgeServer
) -> None:
    words = ["bench", "mine.jsonl", "--judge", "pairwise", *asking, "--json"]
    first = cli(*words).json["sets"][0]["judges"][0]
    asked = len(server.requests)
    again = cli(*words).json["sets"][0]["judges"][0]
    assert asked == first["calls"] == again["calls_from_store"] == 24
    assert len(server.requests) == asked


def test_a_model_alone_is_asked_which_is_better(cli: Cli, asking: list[str]) -> None:
    found = cli("bench", "mine.jsonl", *asking, "--json").json
    assert found["sets"][0]["judges"][0]["judge"] == "pairwise"


def test_a_judge_without_any_verdict_ends_with_3(cli: Cli, server: JudgeServer) -> None:
    server.says = lambda _: "I cannot say."
    asking = ["--model", "openai/m", "--base-url", server.base_url]
    said = cli("bench", "mine.jsonl", "--judge", "pairwise", *asking)
    assert said.code == 3
    assert "no verdict came out: 24 of 24 trials are unparsed" in said.err
    assert "24 unparsed" in said.out


def test_a_silent_judge_is_not_compared(cli: Cli, server: JudgeServer, here: Path) -> None:
    server.says = lambda body: "[[A]]" if body["model"] == "m" else "I cannot say."
    judges = "pairwise@openai/m,pairwise@openai/mute"
    words = ["mine.jsonl", "--judge", judges, "--base-url", server.base_url, "--by", "category"]
    said = cli("bench", *words)
    assert said.code == 3
    assert "mine: pairwise@openai/mute: no verdict came out: 24 of 24" in said.err
    assert "mine: pairwise mute: no verdict, not compared" in said.out
    [told] = [line for line in said.out.splitlines() if "points" in line]
    assert told.startswith("mine: pairwise m against longer")
    shown = [line.split() for line in said.out.splitlines()]
    [even] = [cells for cells in shown if cells[:2] == ["even,", "6"]]
    assert (even[2], even[3]) == ("0.0", "–")
    [head] = [line for line in said.out.splitlines() if line.startswith("mine, 12 pairs")]
    assert "no verdict" in head
    [found] = json.loads(cli("bench", *words, "--json").out)["sets"]
    silent = {judge["judge"]: judge["without_verdict"] for judge in found["judges"]}
    assert silent == {
        "pairwise@openai/m": False,
        "pairwise@openai/mute": True,
        "longer": False,
        "first": False,
        "chance": False,
    }
    assert not [t for t in found["tests"] if "pairwise@openai/mute" in (t["judge"], t["against"])]
    assert len(found["tests"]) == 3


def test_all_judges_and_sets_have_one_budget(cli: Cli, asking: list[str], here: Path) -> None:
    words = ["mine.jsonl", "other=mine.jsonl", "--judge", "pairwise,pairwise@openai/n", *asking]
    said = cli("bench", *words, "--max-calls", 30)
    assert "30 calls, 30 reused from the reply store" in said.out
    out = " ".join(said.out.split())
    limit = "the next trial might pass --max-calls 30 (30 made, {} by the runs before)"
    assert f"mine: pairwise n stopped after 3 of 12 pairs: {limit.format(24)}" in out
    # The same pairs under another name: what the store holds is free, so it needs no room.
    assert f"other: pairwise n stopped after 3 of 12 pairs: {limit.format(30)}" in out
    assert "pairwise stopped" not in out
    assert said.code == 0, said.err
    again = cli("bench", *words, "--max-calls", 30)
    assert again.out == said.out.replace("30 calls, 30", "30 calls (0 this time), 30")
    more = cli("bench", *words, "--max-calls", 48)
    assert "48 calls (18 this time), 48 reused from the reply store" in more.out
    assert "stopped" not in more.out


def test_dollars_too_are_for_all_judges(
    cli: Cli, server: JudgeServer, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says = lambda _: "[[A]]"
    price = "price = {input = 1000, output = 1000}"  # a thousandth of a dollar a token
    (here / "c.toml").write_text(f'[endpoints.lab]\nbase_url = "{server.base_url}"\n{price}\n')
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(here / "c.toml"))
    words = ["mine.jsonl", "--judge", "pairwise@lab/m,pairwise@lab/n", "--max-cost", 6, "--json"]
    judges = json.loads(cli("bench", *words).out)["sets"][0]["judges"][:2]
    one, other = (judge["cost_usd"] for judge in judges)
    assert 0 < one + other <= 6
    assert other < one
    assert all("--max-cost 6" in judge["stopped"] for judge in judges)


def test_one_pair_is_one_pair(cli: Cli, asking: list[str], here: Path) -> None:
    row = {"id": "x", "prompt": "Q?", "response_a": "one", "response_b": "two", "label": "A"}
    write_jsonl(here / "one.jsonl", [row])
    out = cli("bench", "one.jsonl", "--judge", "pairwise", *asking, "--max-calls", 1).out
    assert "one, 1 pair " in out
    assert "stopped after 0 of 1 pair: " in out
    assert "1 call, 0 reused from" in out


def test_the_project_s_judge_is_taken_where_none_is_named(cli: Cli, here: Path) -> None:
    (here / "judgekit.toml").write_text('judge = "longer"\n')
    judges = cli("bench", "mine.jsonl", "--json").json["sets"][0]["judges"]
    assert [(judge["judge"], judge["trivial"]) for judge in judges] == [
        ("longer", False),
        ("first", True),
        ("chance", True),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["llmbarr"], "no set named 'llmbarr'; did you mean 'llmbar'?"),
        (["mine.jsonl", "--judge", "pairwise"], "asks a model: add --model"),
        (["mine.jsonl", "--judge", "longer,,first"], "names no judge"),
        (["mine.jsonl", "--judge", "longgr"], "did you mean 'longer'?"),
        (["mine.jsonl", "--limit", "0"], "--limit"),
        (["mine.jsonl", "--by", "model"], "--by"),
        (["mine.jsonl", "--orders", "one"], "--orders"),
        ([], "SET"),
    ],
)
def test_one_line_says_what_is_wrong(cli: Cli, words: list[str], said: str) -> None:
    assert said in cli("bench", *words).error


def test_texts_of_a_set_cannot_act_on_the_terminal(cli: Cli, here: Path) -> None:
    row = {"id": "x", "prompt": "Q?", "response_a": "one", "response_b": "two", "label": "A"}
    hostile = row | {"category": "\x1b[2Jmath", "source": "\u202eus"}
    write_jsonl(here / "hostile.jsonl", [hostile])
    said = cli("bench", "hostile.jsonl", "--by", "category")
    assert said.code == 0
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out
    assert "␛[2Jmath" in said.out


def test_more_judges_than_fit_keep_their_accuracy_s_interval(cli: Cli, here: Path) -> None:
    replies = [
        {"id": f"p{n}", "order": order, "judge": name, "completion": f"[[{side}]]"}
        for n in range(12)
        for name in ("x", "y")
        for order, side in (("AB", "A"), ("BA", "B"))
    ]
    file = write_jsonl(here / "replies.jsonl", replies)
    judges = f"pairwise@replay/{file}#x,pairwise@replay/{file}#y,longer"
    out = cli("bench", "mine.jsonl", "--judge", judges).out.splitlines()
    row = next(n for n, line in enumerate(out) if line.startswith("mine, 12 pairs"))
    assert out[row].split()[3:] == ["75.0", "75.0", "75.0", "0.0", out[row].split()[-1]]
    assert out[row + 1].count(" to ") == 5
    assert "(" not in out[row + 2]
    assert out[row - 1].split() == [
        "replies.jsonl#x",
        "replies.jsonl#y",
        "longer",
        "first",
        "chance",
    ]


def test_the_project_cannot_have_one_order_only(cli: Cli, here: Path) -> None:
    (here / "judgekit.toml").write_text('orders = "one"\n')
    assert "orders" in cli("bench", "mine.jsonl").error


def test_pairs_of_a_question_cut_off_are_counted(cli: Cli, asking: list[str], here: Path) -> None:
    rows = [
        {"id": f"p{n}", "prompt": "Q?", "response_a": f"one {n}", "response_b": "two", "label": "A"}
        for n in range(6)
    ]
    write_jsonl(
        here / "groups.jsonl", [row | {"group": f"g{n // 3}"} for n, row in enumerate(rows)]
    )
    words = ["groups.jsonl", "--judge", "pairwise", "--max-calls", 10, "--concurrency", 1]
    said = cli("bench", *words, *asking)
    shown = [line.split() for line in said.out.splitlines()]
    assert ["stopped", "after", "3", "pairs"] in shown
    assert ["left", "out:", "question", "cut", "off", "2", "pairs", "0", "pairs"] in [
        line[:9] for line in shown
    ]
