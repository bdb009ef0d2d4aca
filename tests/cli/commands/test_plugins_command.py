"""`judgekit plugins`, and what a broken plugin stops: only the run that asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import write_answers
from commands import Cli

BATCH = """
from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Verdict

class Even(BatchJudge):
    arity = frozenset({1})
    identity = ("even", "1")

    def judge_batch(self, trials):
        return [Verdict.scored(1.0) for _ in trials]

@hookimpl
def judgekit_judges():
    return {"even": Even}
"""
BROKEN = {
    "raises": ("raise RuntimeError('no such library')", "RuntimeError: no such library"),
    "exits": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "misspelt": (BATCH.replace("judgekit_judges", "judgekit_judgs"), "'judgekit_judges'"),
    "unmarked": (BATCH.replace("@hookimpl", ""), "@hookimpl"),
    "no_judge": (BATCH.replace('"even": Even', '"even": 7'), "'even' is 7"),
}


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    write_answers(here / "a.jsonl", ["one", "two"], reference="one")
    write_answers(here / "b.jsonl", ["two", "one"], reference="one")


def test_the_built_in_ones_are_listed_with_where_they_come_from(cli: Cli) -> None:
    said = cli("plugins")
    assert (said.code, said.err) == (0, "")
    for word in ("builtin", "judgekit ", "additive", "overlap", "pairwise", "reference", "replay"):
        assert word in said.out
    [builtin] = [p for p in cli("plugins", "--json").json["plugins"] if p["name"] == "builtin"]
    assert {"chance", "first", "longer", "overlap", "pairwise"} <= set(builtin["judges"])
    assert {"llmbar", "mtbench-human", "pairs", "rewardbench2"} <= set(builtin["sets"])
    assert builtin["engines"] == ["anthropic", "gemini", "openai", "replay", "transformers"]
    assert builtin["origin"].startswith("judgekit ")
    assert builtin["broken"] == ""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_is_listed_and_stops_only_who_asks_for_it(
    cli: Cli, here: Path, name: str
) -> None:
    text, why = BROKEN[name]
    (here / f"{name}.py").write_text(text)
    plugin = ["--plugin", f"./{name}.py"]
    listed = cli("plugins", *plugin, "--json").json["plugins"]
    [own] = [p for p in listed if p["name"] == name]
    assert why in own["broken"]
    assert (own["judges"], own["origin"]) == ([], f"{name}.py")
    shown = cli("plugins", *plugin)
    assert shown.code == 0
    assert why in " ".join(shown.out.split())
    assert cli("compare", "a.jsonl", "b.jsonl", *plugin, "--judge", "overlap").code == 0
    error = cli("compare", "a.jsonl", "b.jsonl", *plugin, "--judge", "even").error
    assert "no judge named 'even'" in error
    assert why in error


def test_two_judges_of_one_name_are_an_error_of_who_asks(cli: Cli, here: Path) -> None:
    (here / "mine.py").write_text(BATCH.replace('"even"', '"overlap"'))
    plugin = ["--plugin", "./mine.py"]
    error = cli("compare", "a.jsonl", "b.jsonl", *plugin, "--judge", "overlap").error
    assert "'overlap' is given by" in error
    assert "mine.py" in error
    listed = cli("plugins", *plugin, "--json").json["plugins"]
    assert all(
        any("judge 'overlap'" in clash for clash in p["clashes"])
        for p in listed
        if p["name"] in ("mine", "builtin")
    )


def test_a_judge_that_calls_all_equal_makes_ties(cli: Cli, here: Path) -> None:
    (here / "even.py").write_text(BATCH)
    words = ["compare", "a.jsonl", "b.jsonl", "--plugin", "even.py", "--judge", "even", "--json"]
    first = cli(*words).json
    assert (first["ties"], first["calls"]) == (2, 4)
    again = cli(*words).json
    assert (again["calls"], again["calls_from_store"]) == (0, 4)


def test_nothing_is_loaded_from_the_working_directory(cli: Cli, here: Path) -> None:
    (here / "even.py").write_text("raise SystemExit('loaded')")
    (here / "judgekit_even.py").write_text("raise SystemExit('loaded')")
    info = here / "even-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: even\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[judgekit]\neven = even\n")
    assert "even" not in [p["name"] for p in cli("plugins", "--json").json["plugins"]]


def test_a_plugins_own_command(cli: Cli, here: Path) -> None:
    (here / "greets.py").write_text(
        "from judgekit import hookimpl\n"
        "@hookimpl\n"
        "def judgekit_commands(app):\n"
        "    @app.command('greet')\n"
        "    def greet(name: str, plugin: str = ''):\n"
        "        print(f'hello {name}')\n"
    )
    assert cli("greet", "you", "--plugin", "./greets.py").out == "hello you\n"


def test_a_new_plugin_is_written_and_says_what_comes_next(cli: Cli, here: Path) -> None:
    said = cli("plugins", "new", "my-judge")
    assert said.code == 0
    written = [Path(line) for line in said.out.splitlines()]
    assert Path("my-judge/pyproject.toml") in written
    assert all(file.is_file() for file in written)
    assert "pip install -e 'my-judge[test]' && pytest my-judge" in said.err
    source = "my-judge/src/my_judge/__init__.py"
    listed = cli("plugins", "--plugin", source, "--json").json["plugins"]
    assert ["my-judge"] in [plugin["judges"] for plugin in listed]
    assert "exists already" in cli("plugins", "new", "my-judge").error
