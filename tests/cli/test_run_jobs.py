"""What `compare` and `score` share: secrets, texts that act, exit codes, several runs at once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from answers import write_answers, write_jsonl
from commands import Cli
from servers import JudgeServer

from judgekit.cli.render.figures import rate_text
from judgekit.stats import Rate

KEY = "sk-verysecret0123456789abcdef"
ESCAPE = "\x1b[2J\x1b]0;owned\x07\u202e"
PLUGIN = """
from pathlib import Path
from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Status, Verdict

with Path("executed").open("a") as file:
    file.write("x")

class Mute(BatchJudge):
    arity = frozenset({1})
    identity = ("mute", "1")

    def judge_batch(self, trials):
        return [Verdict.without(Status.FAILED, "no\\x1b[2J\\nidea") for _ in trials]

@hookimpl
def judgekit_judges():
    return {"mute": Mute}
"""


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    for name in ("a.jsonl", "b.jsonl", "c.jsonl"):
        write_answers(here / name, [f"answer of {name}", "the other"], reference="an answer")


@pytest.fixture
def ask(server: JudgeServer) -> list[str]:
    return ["--judge", "pairwise", "--model", "openai/m", "--base-url", server.base_url]


@pytest.mark.parametrize(
    "flags",
    [
        ["--base-url", f"http://127.0.0.1:9/v1?api-key={KEY}"],
        [
            "--model-arg",
            json.dumps({"Authorization": f"Bearer {KEY}"}).join(["extra_headers=", ""]),
        ],
        ["--model-arg", f"note=Bearer {KEY}"],
    ],
)
def test_no_key_reaches_a_run(cli: Cli, here: Path, ask: list[str], flags: list[str]) -> None:
    before = sorted(here.iterdir())
    assert KEY not in cli("compare", "a.jsonl", "b.jsonl", *ask, *flags).error
    assert sorted(here.iterdir()) == before


def test_what_an_address_is_asked_with_is_not_written_down(
    cli: Cli, here: Path, ask: list[str], server: JudgeServer
) -> None:
    ask[-1] += "?code=PASSPHRASE"
    cli("compare", "a.jsonl", "b.jsonl", *ask, "--out", "run", "--retries", "0")
    assert server.requests
    assert "PASSPHRASE" not in (here / "run/run.json").read_text()


def test_nothing_that_a_terminal_acts_on_is_printed(cli: Cli, here: Path, ask: list[str]) -> None:
    write_answers(here / "wild.jsonl", ["x", "y"], model=f"wild{ESCAPE}")
    for words in (
        ["compare", f"no{ESCAPE}.jsonl", "b.jsonl"],
        ["compare", "wild.jsonl", "b.jsonl", *ask],
        ["compare", "wild.jsonl", "b.jsonl", *ask, "--json"],
        ["compare", "wild.jsonl", "b.jsonl", *ask, "--dry-run", "--json"],
        ["compare", "wild.jsonl", "b.jsonl", "c.jsonl", *ask],
        ["compare", "a.jsonl", "b.jsonl", *ask, "--orders", ESCAPE],
        ["plugins", "--plugin", f"no{ESCAPE}.py"],
    ):
        said = cli(*words)
        for sign in ("\x1b", "\x07", "\u202e"):
            assert sign not in said.out + said.err
        if words[-1] == "--json":
            assert f"wild{ESCAPE}" in (said.json.get("a"), *said.json.get("models", ()))


@pytest.mark.parametrize(
    "flags",
    [
        ["--seed", "99999999999999999999"],
        ["--out", "a.jsonl/sub"],
        ["--out", "a.jsonl"],
        ["--out", "n" * 300],
    ],
)
def test_what_could_not_be_written_is_refused_before_anything_is_paid(
    cli: Cli, ask: list[str], server: JudgeServer, flags: list[str]
) -> None:
    assert cli("compare", "a.jsonl", "b.jsonl", *ask, *flags).error
    assert server.requests == []


def test_names_in_other_scripts(cli: Cli, here: Path, ask: list[str]) -> None:
    name = "模" * 80
    write_answers(here / f"{name}.jsonl", ["x", "y"])
    assert cli("compare", f"{name}.jsonl", "b.jsonl", *ask).code == 0
    assert cli("compare", f"{name}.jsonl", "b.jsonl", "c.jsonl", *ask, "--out", "all").code == 0


def test_a_file_name_that_is_not_utf8(cli: Cli, here: Path, ask: list[str]) -> None:
    name = os.fsdecode(b"caf\xe9.jsonl")
    try:
        (here / "a.jsonl").rename(here / name)
    except OSError:
        pytest.skip("this file system has no such names")
    assert r"caf\udce9.jsonl" in cli("compare", name, "b.jsonl", *ask).error


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_run_without_any_verdict_ends_with_3_and_says_why(
    cli: Cli, here: Path, form: list[str]
) -> None:
    (here / "mute.py").write_text(PLUGIN)
    said = cli(
        "score", "a.jsonl", "--judge", "mute", "--plugin", "mute.py", "--out", "my run", *form
    )
    assert said.code == 3
    [line] = said.err.splitlines()
    assert line.startswith("no verdict came out: 2 of 2 trials are failed (no␛[2J idea)")
    assert "judgekit show 'my run'" in line
    if form:
        assert json.loads(said.out)["statuses"]["failed"] == 2
    else:
        assert said.out.splitlines()[-1] == "my run"


def test_a_budget_spent_before_the_first_case(cli: Cli, here: Path, ask: list[str]) -> None:
    for name in "ab":
        write_answers(here / f"{name}.jsonl", [f"one of {name}", f"another of {name}"])
    said = cli("compare", "a.jsonl", "b.jsonl", *ask, "--max-calls", "1", "--out", "run")
    assert said.code == 3
    assert said.err.splitlines() == [
        "no case was judged: the run stopped with 2 of 2 cases left, since the next trial might "
        "pass --max-calls 1 (1 made)"
    ]
    assert "3 of 4 showings not judged" in said.out
    assert "there are no cases" not in said.out
    assert cli("gate", "run", "--fail-if", "cases > 9").code == 3
    # The limit is of the run, however often and into whichever folder it is started.
    same = cli("compare", "a.jsonl", "b.jsonl", *ask, "--max-calls", "1", "--out", "same")
    assert same.code == 3
    more = cli("compare", "a.jsonl", "b.jsonl", *ask, "--max-calls", "2", "--out", "more")
    assert (more.code, more.err) == (0, "")
    assert "2 of 4 showings not judged" in more.out
    assert "; 1 case left" in more.out


def test_what_until_leaves_out_is_saved(cli: Cli, here: Path, ask: list[str]) -> None:
    for name, text in (("a", "GOOD"), ("b", "POOR")):
        write_answers(here / f"{name}.jsonl", [f"{text} {n}" for n in range(60)])
    said = cli("compare", "a.jsonl", "b.jsonl", *ask, "--until", "0.1", "--concurrency", "1")
    assert said.code == 0
    assert "80 of 120 showings saved" in said.out
    assert "not judged" not in said.out


def test_watched_comparisons_show_the_interval_that_they_go_by(cli: Cli, here: Path) -> None:
    for name, right in (("a", "an answer"), ("b", "none"), ("c", "not one")):
        write_answers(here / f"{name}.jsonl", [right, "nothing"] * 8, reference="an answer")
    words = ["compare", "a.jsonl", "b.jsonl", "--baseline", "c.jsonl", "--judge", "overlap"]
    words += ["--until", "0.1"]
    first = cli(*words, "--json").json["comparisons"][0]
    shown = cli(*words).out
    watched, plain = (rate_text(Rate(**first[name])) for name in ("watched_a", "win_rate_a"))
    assert watched != plain
    low, high = (f"{100 * first['watched_a'][end]:.1f}" for end in ("low", "high"))
    table = " ".join(shown.partition(first["sentence"])[0].split())
    assert f"({low} to {high})" in table


def test_one_verdict_is_enough(cli: Cli, here: Path, ask: list[str]) -> None:
    write_answers(here / "a.jsonl", ["GOOD", "MUTE"])
    write_answers(here / "b.jsonl", ["plain", "MUTED"])
    said = cli("compare", "a.jsonl", "b.jsonl", *ask)
    assert (said.code, said.err) == (0, "")
    same = cli("compare", "a.jsonl", "a.jsonl", *ask)
    assert (same.code, same.err) == (0, ""), "equal answers need no verdict"


def test_a_plugins_file_is_executed_once(cli: Cli, here: Path) -> None:
    (here / "mute.py").write_text(PLUGIN)
    own = ["--judge", "mute", "--plugin", "mute.py"]
    for words in (
        ["compare", "a.jsonl", "b.jsonl", "c.jsonl", *own],
        ["score", "a.jsonl", "b.jsonl", *own],
        ["plugins", "--plugin", "mute.py"],
    ):
        (here / "executed").unlink(missing_ok=True)
        assert cli(*words).code in (0, 3)
        assert (here / "executed").read_text() == "x"


def test_files_of_one_name_get_folders_of_their_own(cli: Cli, here: Path, ask: list[str]) -> None:
    for name in ("m1", "m2"):
        (here / name).mkdir()
        write_answers(here / name / "answers.jsonl", [name, "y"], model=name)
    words = ["compare", "m1/answers.jsonl", "m2/answers.jsonl", "--baseline", "b.jsonl", *ask]
    found = cli(*words, "--out", "all", "--json").json["comparisons"]
    assert [run["run"] for run in found] == ["all/answers-vs-b", "all/answers-vs-b-2"]
    assert [run["a"] for run in found] == ["m1", "m2"]


def test_every_folder_is_looked_at_before_the_first_run(
    cli: Cli, here: Path, ask: list[str], server: JudgeServer
) -> None:
    (here / "all/b-vs-c").mkdir(parents=True)
    write_jsonl(here / "all/b-vs-c/mine.jsonl", [{}])
    said = cli("compare", "a.jsonl", "b.jsonl", "c.jsonl", *ask, "--out", "all")
    assert said.code == 2
    assert "'all/b-vs-c' holds something that is no run" in said.err
    assert server.requests == []
    assert not (here / "all/a-vs-b").exists()


def test_a_projects_limits_are_for_its_own_judge(cli: Cli, here: Path) -> None:
    (here / "judgekit.toml").write_text('judge = "pairwise"\nmodel = "openai/m"\nmax_calls = 9\n')
    assert cli("compare", "a.jsonl", "b.jsonl", "--judge", "overlap").code == 0
    error = cli("compare", "a.jsonl", "b.jsonl", "--judge", "overlap", "--max-calls", "9").error
    assert "makes no calls" in error
