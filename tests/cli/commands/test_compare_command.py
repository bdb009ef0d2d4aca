"""`judgekit compare`, from files to the run's folder, against a judge whose opinions are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from answers import read_jsonl, stable_files, write_answers, write_jsonl
from commands import Cli
from places import EXAMPLES
from servers import JudgeServer, opinion

A = ["GOOD", "POOR", "plain", "BIASED", "MUTE", "the same"]
B = ["plain", "plain", "other", "other", "other", "the same"]
RATES = ("win_rate_a", "win_rate_mean_a")
KEYS = {
    "a", "b", "judge", "model", "cases", "wins_a", "wins_b", "ties", "inconsistent", "undecided",
    "identical", "win_rate_a", "win_rate_mean_a", "bounds_a", "position", "statuses",
    "calls", "calls_from_store", "tokens_in", "tokens_out", "cost_usd",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _two_files(here: Path) -> None:
    write_answers(here / "a.jsonl", A)
    write_answers(here / "b.jsonl", B)


@pytest.fixture
def ask(server: JudgeServer) -> list[str]:
    """The flags of a pairwise judge on the test's own server."""
    return ["--judge", "pairwise", "--model", "openai/m", "--base-url", server.base_url]


def test_json_has_every_figure_and_nothing_else_is_printed(cli: Cli, ask: list[str]) -> None:
    said = cli("compare", "a.jsonl", "b.jsonl", *ask, "--json")
    found = said.json
    assert said.err == ""
    assert found.keys() >= KEYS
    named = ("a", "b", "judge", "model")
    assert [found[name] for name in named] == ["a", "b", "pairwise", "openai/m"]
    counts = ("cases", "wins_a", "wins_b", "ties", "inconsistent", "undecided", "identical")
    assert [found[name] for name in counts] == [6, 1, 1, 2, 1, 1, 1]
    for name in RATES:
        rate = found[name]
        assert 0 <= rate["low"] <= rate["value"] <= rate["high"] <= 1
    assert found["win_rate_a"]["value"] == pytest.approx((1 + (2 + 1) / 2) / 5)
    assert found["bounds_a"] == {"low": pytest.approx(2.5 / 6), "high": pytest.approx(3.5 / 6)}
    position = found["position"]
    assert position == {
        "consistent": pytest.approx(3 / 5),
        "first": pytest.approx(1 / 5),
        "second": 0,
        "half_tie": 0,
        "error": pytest.approx(1 / 5),
        "first_share": pytest.approx(4 / 6),
    }
    assert {k: n for k, n in found["statuses"].items() if n} == {"valid": 8, "unparsed": 2}
    usage = ("calls", "calls_from_store", "tokens_in", "tokens_out", "cost_usd")
    assert [found[name] for name in usage] == [10, 0, 1000, 100, None]


def test_the_table_ends_with_the_runs_folder(cli: Cli, ask: list[str], here: Path) -> None:
    said = cli("compare", "a.jsonl", "b.jsonl", *ask)
    assert (said.code, said.err) == (0, "")
    folder = Path(said.out.splitlines()[-1])
    assert folder.parent == Path("runs")
    assert folder.name.startswith("a-vs-b-pairwise-")
    assert (here / "runs/latest").resolve() == folder.resolve()
    for shown in ("a against b", "judged by pairwise · openai/m", "2 unparsed", "10 calls"):
        assert shown in said.out
    assert {file.name for file in folder.iterdir()} == {
        "cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json", "run.json",
    }  # fmt: skip
    rows = read_jsonl(folder / "judgements.jsonl")
    assert [row["case"] for row in rows] == [f"q{n}" for n in range(5) for _ in "AB"]
    assert rows[0] | {"order": [0, 1], "choice": "first", "status": "valid"} == rows[0]
    assert rows[1] | {"order": [1, 0], "choice": "second", "status": "valid"} == rows[1]
    winners = [row["winner"] for row in read_jsonl(folder / "outcomes.jsonl")]
    assert winners == [0, 1, "tie", None, None, "tie"]


def test_the_whole_way_as_processes(command: Cli, ask: list[str], here: Path) -> None:
    compared = command("compare", "a.jsonl", "b.jsonl", *ask)
    assert (compared.code, compared.err) == (0, "")
    shown = command("show", "runs/latest", "--disagree")
    assert (shown.code, shown.err) == (0, "")
    assert "BIASED" in shown.out
    assert "GOOD" not in shown.out
    paired = command("pairs", "runs/latest", "-o", "pairs.jsonl")
    assert (paired.code, paired.out) == (0, "pairs.jsonl\n")
    chosen = [row["chosen"][-1]["content"] for row in read_jsonl(here / "pairs.jsonl")]
    assert chosen == ["GOOD", "plain"]
    assert "left out: tie" in paired.err


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_dry_run_asks_nothing_and_leaves_nothing(
    cli: Cli, ask: list[str], server: JudgeServer, here: Path, form: list[str]
) -> None:
    before = sorted(here.iterdir())
    said = cli("compare", "a.jsonl", "b.jsonl", *ask, "--dry-run", *form)
    assert (said.code, said.err) == (0, "")
    assert server.requests == []
    assert sorted(here.iterdir()) == before
    if form:
        found = said.json
        assert (found["models"], found["cases"], found["calls"]) == (["a", "b"], 6, 10)
        assert found["cost_usd"] is None
        assert found["tokens_in"] > 0
        assert 0 < found["half_width"] <= 0.5
    else:
        assert "unknown" in said.out
        assert "points" in said.out


def test_a_dry_run_knows_the_price_of_a_known_model(cli: Cli, ask: list[str]) -> None:
    ask[3] = "openai/gpt-4o-mini"
    assert cli("compare", "a.jsonl", "b.jsonl", *ask, "--dry-run", "--json").json["cost_usd"] > 0


def test_a_baseline_is_compared_with_each_of_the_others(
    cli: Cli, ask: list[str], here: Path
) -> None:
    write_answers(here / "c.jsonl", B)
    words = ["compare", "--baseline", "b.jsonl", "a.jsonl", "c.jsonl", *ask]
    said = cli(*words, "--json")
    found = said.json["comparisons"]
    assert [(run["a"], run["b"]) for run in found] == [("a", "b"), ("c", "b")]
    assert found[0]["wins_a"] == 1
    assert found[1]["identical"] == 6
    assert all(run.keys() >= KEYS for run in found)
    table = cli(*words).out.splitlines()
    assert [Path(line).name for line in table[-2:]] == [Path(run["run"]).name for run in found]


def test_several_files_are_all_compared_and_it_is_said(
    cli: Cli, ask: list[str], here: Path
) -> None:
    write_answers(here / "c.jsonl", A[::-1])
    said = cli("compare", "a.jsonl", "b.jsonl", "c.jsonl", *ask, "--json", "--out", "all")
    found = said.json["comparisons"]
    assert [(run["a"], run["b"]) for run in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert {Path(run["run"]).parent for run in found} == {Path("all")}
    trials = sum(run["calls"] + run["calls_from_store"] for run in found)
    assert f"3 comparisons, {trials} trials" in said.err
    assert "--baseline" in said.err


def test_a_single_file_of_pairs(cli: Cli, ask: list[str], here: Path) -> None:
    rows = [
        {"id": n, "prompt": "?", "response_a": a, "response_b": b}
        for n, (a, b) in enumerate(zip(A, B, strict=True))
    ]
    write_jsonl(here / "pairs.jsonl", rows)
    found = cli("compare", "pairs.jsonl", *ask, "--json").json
    assert (found["cases"], found["wins_a"], found["wins_b"]) == (6, 1, 1)


@pytest.mark.parametrize(
    ("flags", "cases", "requests"),
    [
        (["--limit", "2"], 2, 4),
        (["--orders", "one"], 6, 5),
        (["--repeats", "2", "--limit", "2"], 2, 8),
        (["--repeats", "3", "--orders", "one", "--limit", "2"], 2, 6),
    ],
)
def test_what_is_asked(
    cli: Cli, ask: list[str], server: JudgeServer, flags: list[str], cases: int, requests: int
) -> None:
    found = cli("compare", "a.jsonl", "b.jsonl", *ask, *flags, "--json").json
    assert found["cases"] == cases
    assert len(server.requests) == found["calls"] == requests
    both_orders = "one" not in flags
    assert (found["position"]["consistent"] is not None) == both_orders


def test_sampling_and_arguments_reach_the_server(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    flags = ["--temperature", "0.5", "--max-tokens", "77", "--top-p", "0.9", "--seed", "3"]
    flags += ["--model-arg", "top_k=5", "--model-arg", "mode=fast", "--limit", "1"]
    assert cli("compare", "a.jsonl", "b.jsonl", *ask, *flags).code == 0
    for body in server.requests:
        sent = (body["temperature"], body["top_p"], body["seed"], body["top_k"], body["mode"])
        assert sent == (0.5, 0.9, 3, 5, "fast")
        assert 77 in (body.get("max_tokens"), body.get("max_completion_tokens"))
        assert body["model"] == "m"


def test_joins(cli: Cli, ask: list[str], here: Path) -> None:
    write_answers(here / "b.jsonl", B[:2])
    assert "--join inner" in cli("compare", "a.jsonl", "b.jsonl", *ask).error
    found = cli("compare", "a.jsonl", "b.jsonl", *ask, "--join", "inner", "--json").json
    assert found["cases"] == 2
    assert sum(found["left_out"].values()) == 4


def test_columns_under_other_names(cli: Cli, ask: list[str], here: Path) -> None:
    for file, texts in (("a.jsonl", A), ("b.jsonl", B)):
        rows = [{"nr": n, "q": "?", "said": text} for n, text in enumerate(texts)]
        write_jsonl(here / file, rows)
    flags = ["--columns", "id=nr,prompt=q", "--columns", "response=said", "--json"]
    found = cli("compare", "a.jsonl", "b.jsonl", *ask, *flags).json
    assert (found["cases"], found["wins_a"]) == (6, 1)


def test_bad_rows_are_named_or_counted(cli: Cli, ask: list[str], here: Path) -> None:
    with (here / "a.jsonl").open("a") as file:
        file.write("{broken\n")
    said = cli("compare", "a.jsonl", "b.jsonl", *ask).error
    assert "a.jsonl" in said
    assert "line 7" in said
    found = cli("compare", "a.jsonl", "b.jsonl", *ask, "--skip-bad-rows", "--json").json
    assert found["cases"] == 6
    assert sum(found["left_out"].values()) == 1


def test_an_unparsed_reply_is_asked_again_only_when_told(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    found = cli("compare", "a.jsonl", "b.jsonl", *ask, "--reask", "1", "--json").json
    assert (found["statuses"]["valid"], found["statuses"]["unparsed"]) == (10, 0)
    assert len(server.requests) == found["calls"] == 12
    again = [body["messages"] for body in server.requests if len(body["messages"]) > 2]
    assert [m["role"] for m in again[0]] == ["system", "user", "assistant", "user"]
    assert again[0][2]["content"] == "I would rather not say."


def test_a_truncated_reply_is_asked_again_with_a_higher_limit(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    def limit(body: dict[str, Any]) -> int:
        return int(body.get("max_tokens") or body["max_completion_tokens"])

    server.finish = lambda body: "stop" if limit(body) > 50 else "length"
    server.says = lambda body: "[[A]]" if limit(body) > 50 else "On the one hand"
    words = ["compare", "a.jsonl", "b.jsonl", *ask, "--max-tokens", "50", "--json"]
    cut = cli(*words)
    assert (cut.code, json.loads(cut.out)["statuses"]["truncated"]) == (3, 10)
    found = cli(*words, "--retry-truncated", "500").json
    assert (found["statuses"]["valid"], found["statuses"]["truncated"]) == (10, 0)
    assert (found["calls"], found["calls_from_store"]) == (10, 10)
    assert sorted({limit(body) for body in server.requests}) == [50, 500]


def test_inconsistent_cases_can_be_left_out_of_the_rate(cli: Cli, ask: list[str]) -> None:
    words = ["compare", "a.jsonl", "b.jsonl", *ask, "--json"]
    kept, dropped = (cli(*words, "--inconsistent", how).json for how in ("half", "drop"))
    assert kept["inconsistent"] == dropped["inconsistent"] == 1
    assert kept["win_rate_a"]["value"] == pytest.approx(2.5 / 5)
    assert dropped["win_rate_a"]["value"] == pytest.approx(2 / 4)
    assert dropped["calls"] == 0


@pytest.mark.parametrize(
    ("margin", "counts"), [("0", [2, 2, 0]), ("1.9", [2, 2, 0]), ("2.1", [0, 1, 3])]
)
def test_a_judge_of_single_answers_compares(
    cli: Cli, ask: list[str], here: Path, margin: str, counts: list[int]
) -> None:
    write_answers(here / "a.jsonl", ["GOOD", "plain", "POOR", "plain"])
    write_answers(here / "b.jsonl", ["plain", "POOR", "GOOD", "GOOD"])
    ask[1] = "additive"
    words = ["compare", "a.jsonl", "b.jsonl", *ask, "--tie-margin", margin, "--json"]
    found = cli(*words).json
    # The differences are 2, 2, -4 and -2 points.
    assert [found[name] for name in ("wins_a", "wins_b", "ties")] == counts
    assert set(found["position"].values()) == {None}
    assert found["mean_score_a"]["value"] == pytest.approx((4 + 2 + 0 + 2) / 4)


def test_a_prompt_out_of_a_file_of_many(
    cli: Cli, ask: list[str], server: JudgeServer, here: Path
) -> None:
    row = {
        "name": "mine",
        "type": "pairwise",
        "system_prompt": "Compare.",
        "prompt_template": "Q {question} ONE {answer_a} TWO {answer_b}",
        "output_format": "[[A]]",
    }
    write_jsonl(here / "prompts.jsonl", [{**row, "name": "other"}, row])
    server.says = lambda _: "Well.\n[[A]]"
    flags = ["--prompt", "prompts.jsonl#mine", "--limit", "1", "--json"]
    assert cli("compare", "a.jsonl", "b.jsonl", *ask, *flags).json["position"]["first"] == 1
    shown = [[m["content"] for m in body["messages"]] for body in server.requests]
    assert sorted(shown) == [
        ["Compare.", "Q Question 0? ONE GOOD TWO plain"],
        ["Compare.", "Q Question 0? ONE plain TWO GOOD"],
    ]
    missing = cli("compare", "a.jsonl", "b.jsonl", *ask, "--prompt", "prompts.jsonl#nine").error
    assert "'nine'" in missing
    assert "mine" in missing


def test_a_judge_without_python(cli: Cli, ask: list[str], server: JudgeServer) -> None:
    ask[1] = str(EXAMPLES / "judge.md")
    found = cli("compare", "a.jsonl", "b.jsonl", *ask, "--json").json
    assert found["judge"] == "judge"
    assert (found["wins_a"], found["wins_b"], found["undecided"]) == (1, 1, 1)
    assert len(server.requests) == 10


def test_a_judge_in_a_file_of_its_own(cli: Cli, here: Path) -> None:
    write_answers(here / "a.jsonl", ["one", "one two", "one two three"])
    write_answers(here / "b.jsonl", ["one two", "one", "a b c"])
    flags = ["--plugin", EXAMPLES / "shorter.py", "--judge", "shorter"]
    found = cli("compare", "a.jsonl", "b.jsonl", *flags, "--json").json
    assert (found["wins_a"], found["wins_b"], found["ties"]) == (1, 1, 1)
    assert found["heading"] == "length alone, not a judge's opinion"


def test_the_examples_need_no_flags(cli: Cli) -> None:
    said = cli("compare", EXAMPLES / "tuned.jsonl", EXAMPLES / "base.jsonl")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("overlap with the reference, not a judge's opinion")
    assert "tuned is better" in said.out


def test_a_models_name_alone_means_the_pairwise_judge(cli: Cli, ask: list[str]) -> None:
    assert cli("compare", "a.jsonl", "b.jsonl", *ask[2:], "--json").json["judge"] == "pairwise"


class TestProject:
    """judgekit.toml in the working directory."""

    def write(self, here: Path, *lines: str) -> None:
        (here / "judgekit.toml").write_text("\n".join(lines))

    def test_it_chooses_judge_model_and_more(
        self, cli: Cli, ask: list[str], server: JudgeServer, here: Path
    ) -> None:
        self.write(here, 'judge = "additive"', 'model = "openai/m"', "repeats = 1", 'out = "mine"')
        found = cli("compare", "a.jsonl", "b.jsonl", *ask[4:], "--json").json
        assert (found["judge"], found["model"], found["run"]) == ("additive", "openai/m", "mine")
        assert len(server.requests) == 10

    def test_the_command_line_goes_before_it(self, cli: Cli, ask: list[str], here: Path) -> None:
        self.write(here, 'judge = "additive"', 'model = "openai/other"', "repeats = 2")
        words = ["compare", "a.jsonl", "b.jsonl", *ask, "--repeats", "1", "--json"]
        found = cli(*words).json
        assert (found["judge"], found["model"], found["calls"]) == ("pairwise", "openai/m", 10)

    def test_a_judge_without_a_model_ignores_its_model(self, cli: Cli, here: Path) -> None:
        self.write(here, 'judge = "pairwise"', 'model = "openai/m"')
        files = [EXAMPLES / name for name in ("tuned.jsonl", "base.jsonl")]
        found = cli("compare", *files, "--judge", "overlap", "--json").json
        assert (found["judge"], found["model"]) == ("overlap", None)

    @pytest.mark.parametrize(
        "line",
        [
            'base_url = "http://127.0.0.1:1/v1"',
            'api_key = "x"',
            'key_env = "HOME"',
            'plugin = "./x.py"',
            'prompt = "https://example.org/p.md"',
            "[endpoints.mine]",
            'store = "../elsewhere.db"',
        ],
    )
    def test_it_may_not_send_texts_elsewhere_nor_run_code(
        self, cli: Cli, ask: list[str], server: JudgeServer, here: Path, line: str
    ) -> None:
        self.write(here, line)
        assert "judgekit.toml" in cli("compare", "a.jsonl", "b.jsonl", *ask).error
        assert server.requests == []


def folder_of(cli: Cli, words: Sequence[object]) -> dict[str, bytes]:
    return stable_files(Path(cli(*words, "--json").json["run"]))


def test_results_do_not_depend_on_concurrency(
    cli: Cli, ask: list[str], server: JudgeServer, here: Path
) -> None:
    write_answers(here / "a.jsonl", A * 4)
    write_answers(here / "b.jsonl", B * 4)
    server.delay = 0.01
    words = ["compare", "a.jsonl", "b.jsonl", *ask]
    runs = []
    for number in (1, 3, 64):
        server.most_at_once = 0
        store = ["--store", f"{number}.db", "--concurrency", number]
        runs.append(folder_of(cli, [*words, *store]))
        assert server.most_at_once <= number
    assert runs[0] == runs[1] == runs[2]


def test_max_calls_stops_on_a_prefix_and_the_next_command_goes_on(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    words = ["compare", "a.jsonl", "b.jsonl", *ask, "--json"]
    found = cli(*words, "--max-calls", "5").json
    assert (found["cases"], found["cases_planned"]) == (2, 6)
    assert "--max-calls 5" in found["stopped"]
    assert len(server.requests) == 5
    cases = read_jsonl(Path(found["run"]) / "cases.jsonl")
    assert [case["id"] for case in cases] == ["q0", "q1"]
    rest = cli(*words).json
    assert (rest["calls"], rest["calls_now"], rest["stopped"]) == (10, 5, "")
    assert rest["run"] == found["run"]
    assert set(server.asked().values()) == {1}


def test_several_comparisons_have_one_budget(
    cli: Cli, ask: list[str], server: JudgeServer, here: Path
) -> None:
    write_answers(here / "c.jsonl", ["x", "GOOD", "x", "y", "z", "w"])
    words = ["compare", "a.jsonl", "b.jsonl", "c.jsonl", *ask, "--json"]
    said = cli(*words, "--max-calls", "15")
    assert len(server.requests) == 15
    ab, ac, bc = json.loads(said.out)["comparisons"]
    assert [(run["cases"], run["calls"]) for run in (ab, ac, bc)] == [(6, 10), (2, 5), (0, 0)]
    assert (ab["stopped"], said.code) == ("", 3)
    limit = "the next trial might pass --max-calls 15"
    assert f"a against c: stopped after 2 of 6 cases, since {limit} (15 made, 10 by" in said.err
    assert (
        f"b against c: no case was judged: the run stopped with 6 of 6 cases left, since {limit} "
        "(15 made, 15 by the runs before)"
    ) in said.err
    more = cli(*words, "--max-calls", "40").json["comparisons"]
    assert [(run["stopped"], run["cases"]) for run in more] == [("", 6)] * 3
    assert [run["run"] for run in more] == [run["run"] for run in (ab, ac, bc)]
    assert set(server.asked().values()) == {1}


def test_several_juries_have_one_budget(
    cli: Cli, ask: list[str], server: JudgeServer, here: Path
) -> None:
    write_answers(here / "c.jsonl", ["x", "GOOD", "x", "y", "z", "w"])
    ask[1] = "pairwise,pairwise@openai/other"
    words = ["compare", "a.jsonl", "b.jsonl", "c.jsonl", *ask, "--json", "--max-calls", "30"]
    said = cli(*words)
    found = json.loads(said.out)["comparisons"]
    # Twenty calls of the first; five each for the seats of the second, and for the third nothing.
    assert [(run["cases"], run["calls"]) for run in found] == [(6, 20), (2, 10), (0, 0)]
    assert len(server.requests) == 30
    assert found[1]["stopped"] == (
        "the next trial might pass --max-calls 5 (5 made), its share of --max-calls 30 "
        "(20 made by the runs before)"
    )
    assert said.code == 3


def test_the_folder_of_another_run_is_not_touched(cli: Cli, ask: list[str], here: Path) -> None:
    words = ["compare", "a.jsonl", "b.jsonl", *ask, "--out", "mine"]
    assert cli(*words).code == 0
    before = {file: file.read_bytes() for file in (here / "mine").iterdir()}
    assert cli(*words).code == 0
    assert "'mine' holds the run of another command" in cli(*words, "--limit", "2").error
    (here / "notes").mkdir()
    (here / "notes/mine.txt").write_text("mine")
    assert "'notes' holds something that is no run" in cli(*words[:-1], "notes").error
    assert [file.name for file in (here / "notes").iterdir()] == ["mine.txt"]
    after = {file: file.read_bytes() for file in (here / "mine").iterdir()}
    assert {f: data for f, data in after.items() if f.name != "run.json"} == {
        f: data for f, data in before.items() if f.name != "run.json"
    }
    facts = json.loads(after[here / "mine/run.json"])
    assert facts["counts"]["calls_from_store"] == 10


class TestSeveralCalls:
    """A judge whose second call depends on what the first one brought."""

    PLUGIN = '''
from judgekit import hookimpl
from judgekit.judging import Judge
from judgekit.types import Call, Choice, Message, Verdict

class Debate(Judge):
    """Picks a speaker, then asks whether to believe it."""
    arity = frozenset({2})

    async def judge(self, trial, ask):
        shown = " / ".join(response.text for response in trial.shown)
        opening = await ask(Call((Message("user", f"open: {shown}"),), self.asks_with))
        if "broken" in shown:
            raise ZeroDivisionError("by the judge")
        closing = await ask(Call((Message("user", f"close: {opening.text}"),), self.asks_with))
        return Verdict.chose(Choice(closing.text))

@hookimpl
def judgekit_judges():
    return {"debate": Debate}
'''

    def test_it(self, cli: Cli, ask: list[str], server: JudgeServer, here: Path) -> None:
        (here / "debate.py").write_text(self.PLUGIN)
        write_answers(here / "a.jsonl", ["GOOD", "plain", "broken"])
        write_answers(here / "b.jsonl", ["plain", "GOOD", "plain"])
        ask[1] = "debate"

        def says(body: dict[str, Any]) -> str:
            text = body["messages"][-1]["content"]
            if text.startswith("open: "):
                return "one" if text.startswith("open: GOOD") else "two"
            return {"close: one": "first", "close: two": "second"}[text]

        server.says = says
        words = ["compare", "a.jsonl", "b.jsonl", *ask, "--plugin", "./debate.py", "--json"]
        found = cli(*words).json
        assert (found["wins_a"], found["wins_b"], found["undecided"]) == (1, 1, 1)
        assert {k: n for k, n in found["statuses"].items() if n} == {"valid": 4, "failed": 2}
        # The same two openings in the first two cases, two more in the third, and two closings.
        assert set(server.asked().values()) == {1}
        assert len(server.requests) == found["calls"] == 2 + 2 + 2
        rows = read_jsonl(Path(found["run"]) / "judgements.jsonl")
        assert [len(row["calls"]) for row in rows] == [2, 2, 2, 2, 1, 1]
        assert rows[4]["error"] == "ZeroDivisionError: the judge broke: by the judge (debate.py:14)"
        again = cli(*words).json
        assert (again["calls"], again["calls_now"]) == (6, 0)


def test_the_judges_own_opinion_is_what_the_server_says() -> None:
    """The servers' rule, on which the figures above rest."""
    shown = "<answer-A x>\n{}\n</answer-A x> <answer-B x>\n{}\n</answer-B x> [[A]] [[B]] [[C]]"
    said = [
        opinion({"messages": [{}, {"content": shown.format(*pair)}]})[-5:]
        for pair in (("GOOD", "x"), ("x", "GOOD"), ("x", "POOR"), ("x", "y"), ("x", "BIASED"))
    ]
    assert said == ["[[A]]", "[[B]]", "[[A]]", "[[C]]", "[[A]]"]
