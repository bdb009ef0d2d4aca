"""Runs listed and compared: real runs of the overlap judge on small files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import planted_judges as planted
import pytest
from commands import Cli
from rich.console import Console
from run_folders import forget_summary

import judgekit
from judgekit.cli.render.listing import fitting, listing_notes, listing_table
from judgekit.errors import InputError
from judgekit.runs.diff import Move, diff_runs
from judgekit.runs.index import list_runs

SIDES = ("a.jsonl", "b.jsonl")


def write(path: Path, answers: list[str]) -> Path:
    rows = [
        {"id": str(i), "prompt": f"question {i}", "response": text, "reference": "the right answer"}
        for i, text in enumerate(answers)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def two_runs(here: Path) -> tuple[Path, Path]:
    a = write(here / "a.jsonl", ["the right answer", "wrong", "the right one", "no"])
    b = write(here / "b.jsonl", ["wrong", "the right answer", "no", "the right answer"])
    c = write(here / "c.jsonl", ["the right answer"] * 4)
    first = judgekit.compare(a, b, judge="overlap")
    second = judgekit.compare(c, b, judge="overlap", options={"metric": "rouge-l"})
    return first.folder, second.folder


def test_a_listing(two_runs: tuple[Path, Path]) -> None:
    found = list_runs().runs
    assert {run.folder.name for run in found} == {folder.name for folder in two_runs}
    assert [run.started for run in found] == sorted((r.started for r in found), reverse=True)
    [first] = [run for run in found if run.folder.name == two_runs[0].name]
    assert (first.models, first.cases, first.judge) == (("a", "b"), 4, "overlap")
    assert first.metric is not None
    assert first.metric.value == 0.5


def test_what_changed(two_runs: tuple[Path, Path]) -> None:
    found = diff_runs(*two_runs)
    assert {change.name for change in found.settings} >= {"options", "models", "files"}
    [rate] = [change for change in found.metrics if change.name == "win_rate_a"]
    assert (rate.before, rate.after) == (0.5, 0.75)
    assert (found.cases, found.same, found.only_before, found.other_answers) == (4, 2, 0, 3)
    assert found.moves == (Move("b", "tie", 2),)
    assert found.test is None
    assert "the models are not the same" in found.why_untested


def test_the_same_models_are_tested(two_runs: tuple[Path, Path]) -> None:
    again = judgekit.compare("a.jsonl", "b.jsonl", judge="overlap", tie_margin=100).folder
    found = diff_runs(two_runs[0], again)
    assert set(found.moves) == {Move("a", "tie", 2), Move("b", "tie", 2)}
    assert (found.mirrored, found.why_untested) == (False, "")
    assert found.test is not None
    assert found.test.difference.value == 0


def test_the_same_verdicts_the_other_way_round(two_runs: tuple[Path, Path], cli: Cli) -> None:
    write(two_runs[0].parents[1] / "a.jsonl", ["the right answer"] * 2 + ["the right one", "no"])
    runs = [judgekit.compare(*files, judge="overlap").folder for files in (SIDES, SIDES[::-1])]
    found = diff_runs(*runs)
    assert (found.kind, found.mirrored) == ("comparison", True)
    assert found.same == found.cases == 4
    assert [change.name for change in found.settings] == ["models"]
    assert found.metrics == ()
    assert found.test is not None
    assert found.test.difference.value == 0
    assert "the other way round, and is mirrored" in cli("runs", "diff", *runs).out


def pairs_file(path: Path, sides: list[tuple[str, str]], question: str = "q") -> Path:
    rows = [
        {"id": f"q{i}", "prompt": f"{question} {i}", "response_a": a, "response_b": b}
        | {"reference": "the right answer"}
        for i, (a, b) in enumerate(sides)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_equal_ids_of_other_prompts_are_other_cases(here: Path, cli: Cli) -> None:
    good, bad = "the right answer", "wrong"
    files = (
        pairs_file(here / "one.jsonl", [(good, bad)] * 30),
        pairs_file(here / "two.jsonl", [(bad, good)] * 29 + [(good, bad)], "another q"),
        pairs_file(here / "three.jsonl", [(good, bad)] * 10 + [(good, "no")] * 20),
    )
    one, two, three = (judgekit.compare(file, judge="overlap").folder for file in files)
    found = diff_runs(one, two)
    assert (found.cases, found.only_before, found.only_after) == (0, 30, 30)
    assert found.other_prompts == 30
    assert found.test is None
    shown = cli("runs", "diff", one, two).out
    assert "0 cases in both, 30 only before, 30 only after" in shown
    assert "30 ids in both stand for other prompts in the second run: these are other" in shown
    assert "no case is in both runs" in shown
    assert "differ" not in shown
    assert (diff_runs(one, three).cases, diff_runs(one, three).other_answers) == (30, 20)
    assert "20 of them with other answers" in cli("runs", "diff", one, three).out


def test_the_same_answers_the_other_way_round_without_names(here: Path) -> None:
    sides = [
        ("the right answer", "wrong"),
        ("no", "the answer"),
        ("the right", "right"),
        ("x", "x"),
    ]
    one = judgekit.compare(pairs_file(here / "one.jsonl", sides), judge="overlap").folder
    swapped = [(b, a) for a, b in sides]
    two = judgekit.compare(pairs_file(here / "two.jsonl", swapped), judge="overlap").folder
    found = diff_runs(one, two)
    assert (found.mirrored, found.cases, found.same, found.metrics) == (True, 4, 4, ())
    mixed = pairs_file(here / "mixed.jsonl", [*swapped[:1], *sides[1:]])
    found = diff_runs(one, judgekit.compare(mixed, judge="overlap").folder)
    assert (found.mirrored, found.cases, found.same, found.why_untested) == (False, 4, 4, "")


def test_a_watched_run_is_listed_with_its_own_interval(here: Path, cli: Cli) -> None:
    write(here / "a.jsonl", ["the right answer", "wrong", "the answer"] * 20)
    write(here / "b.jsonl", ["wrong", "no", "the right answer"] * 20)
    run = judgekit.compare("a.jsonl", "b.jsonl", judge="overlap", until=0.01)
    [listed] = list_runs().runs
    assert listed.metric == run.summary.anytime_win_rate_a
    assert run.summary.anytime_win_rate_a.low < run.summary.win_rate_a.low


def test_runs_of_two_kinds_are_not_compared(two_runs: tuple[Path, Path], cli: Cli) -> None:
    scored = judgekit.score("a.jsonl", judge="overlap").folder
    ranked = judgekit.rank("a.jsonl", "b.jsonl", "c.jsonl", judge="overlap").folder
    assert "holds a comparison and" in cli("runs", "diff", two_runs[0], scored).error
    assert "a scoring and" in cli("runs", "diff", scored, ranked).error


def test_scores_are_counted_not_listed(here: Path, cli: Cli) -> None:
    write(here / "x.jsonl", ["right", "no", "the right", "the"])
    write(here / "y.jsonl", ["right", "no", "the right", "other"])
    runs = [judgekit.score("x.jsonl", judge="overlap").folder]
    for name, references in (("x", ["right", "no", "no", "the right answer"]), ("y", ["no"] * 4)):
        rows = [json.loads(line) for line in (here / f"{name}.jsonl").read_text().splitlines()]
        told = [r | {"reference": text} for r, text in zip(rows, references, strict=True)]
        (here / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told))
        runs.append(judgekit.score(f"{name}.jsonl", judge="overlap").folder)
    found = diff_runs(*runs[:2])
    assert (found.cases, found.same, found.higher, found.lower, found.moves) == (4, 1, 2, 1, ())
    assert (diff_runs(*runs[1:]).cases, diff_runs(*runs[1:]).other_answers) == (4, 1)
    assert found.test is not None
    shown = cli("runs", "diff", *runs[:2]).out
    assert "2  higher" in shown
    assert "1  lower" in shown
    assert "other answers" not in shown
    assert "→" not in shown
    other = judgekit.score("x.jsonl", judge="length", plugins=planted.FILE).folder
    assert "need not be on one scale" in diff_runs(runs[0], other).why_untested


def test_juries_are_compared_judge_by_judge(two_runs: tuple[Path, Path]) -> None:
    seats = "overlap,longer"
    runs = [
        judgekit.compare("a.jsonl", "b.jsonl", judge=seats, tie_margin=margin).folder
        for margin in (0.0, 1.0)
    ]
    found = diff_runs(*runs)
    assert [(c.name, c.before, c.after) for c in found.settings] == [
        ("overlap: tie_margin", 0.0, 1.0),
        ("longer: tie_margin", 0.0, 1.0),
    ]


def test_a_folder_that_cannot_be_read_hides_no_other(two_runs: tuple[Path, Path], cli: Cli) -> None:
    (two_runs[0] / "summary.json").unlink()
    facts = json.loads((two_runs[1] / "run.json").read_text())
    broken = two_runs[1].with_name("broken")
    broken.mkdir()
    (broken / "run.json").write_text(json.dumps(facts | {"counts": None}))
    (broken / "summary.json").write_text((two_runs[1] / "summary.json").read_text())
    listed = cli("runs", "list")
    assert "2 folders could not be read: " in listed.out
    assert two_runs[1].name in listed.out
    said = cli("runs", "list", "--json").json
    assert len(said["runs"]) == 1
    assert set(said["unreadable"]) == {str(two_runs[0]), str(broken)}


@pytest.mark.parametrize("whole", ["run.json", "bench.json", "audit.json", "drift.json"])
def test_parts_are_listed_on_demand(two_runs: tuple[Path, Path], cli: Cli, whole: str) -> None:
    above = two_runs[0].with_name("whole")
    above.mkdir()
    two_runs[0].rename(above / "part")
    two_runs[0].with_name(".partial").mkdir()
    (two_runs[0].with_name(".partial") / "run.json").write_text("{}")
    (above / whole).write_text((above / "part" / "run.json").read_text())
    (above / "summary.json").write_text((above / "part" / "summary.json").read_text())
    extra = whole == "run.json"  # the whole is a run then, too
    found = list_runs()
    assert (len(found.runs), found.parts, found.unreadable) == (1 + extra, 1, ())
    assert "1 run of benchmarks, audits and the like: --all" in cli("runs", "list").out
    assert len(cli("runs", "list", "--all", "--json").json["runs"]) == 2 + extra
    assert [run.folder.name for run in list_runs(above).runs][-1] == "part"


def test_a_listing_in_80_columns(two_runs: tuple[Path, Path]) -> None:
    facts = json.loads((two_runs[0] / "run.json").read_text())
    (two_runs[0] / "run.json").write_text(json.dumps(facts | {"stopped": "--max-calls"}))
    summary = json.loads((two_runs[0] / "summary.json").read_text())
    long = {"judge": "vote of overlap, longer", "model": "openai/gpt-4o-mini"}
    (two_runs[0] / "summary.json").write_text(json.dumps(summary | long))
    forget_summary(two_runs[0])
    found = list_runs()
    for width in (30, 80, 200):
        console = Console(width=width, file=io.StringIO())
        with console.capture() as shown:
            table = listing_table(found, fitting(found.runs, width))
            console.print(table, soft_wrap=True)
        lines = [line.rstrip() for line in shown.get().splitlines()]
        assert len(lines) == 1 + len(found.runs)
        for run, line in zip(found.runs, lines[1:], strict=True):
            assert line.split("  ")[0] == run.folder.name
        assert max(map(len, lines)) <= max(width, *(len(r.folder.name) for r in found.runs))
    assert "vote of overlap, longer · openai/gpt-4o-mini" in shown.get()
    assert " 4* " in shown.get()
    assert "* stopped before its last case" in listing_notes(found)


def test_no_runs_here(here: Path) -> None:
    with pytest.raises(InputError, match="no folder 'runs'"):
        list_runs()
    with pytest.raises(InputError, match="no run in 'x'"):
        diff_runs(Path("x"), Path("y"))
