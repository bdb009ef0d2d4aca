"""Columns that a judge needs: from the files to the call, to the run's folder, and no further."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from answers import kept_replies, read_jsonl, write_jsonl
from commands import Cli
from servers import JudgeServer

import judgekit
from judgekit.errors import PluginError
from judgekit.runs import StoredRun

GROUNDED = """+++
shows = "single"
reads = "score"
scale = [1, 5]
needs = ["context"]
+++
=== user ===
{{ prompt }}
{{ column("context") }}
{{ answer }}
Score: <number>
"""
GROUNDED_PAIR = """+++
shows = "pair"
reads = "label"
needs = ["context"]
+++
=== user ===
{{ column("context") }}
{{ first }}
{{ second }}
Say [[A]], [[B]] or [[C]].
"""
PLUGIN = '''
from judgekit import hookimpl
from judgekit.judging import BatchJudge, Judge
from judgekit.types import Verdict


class Covered(BatchJudge):
    """The number of passages that an answer names."""

    arity = frozenset({1})
    needs = ("passages",)
    identity = ("1",)

    def judge_batch(self, trials):
        return [
            Verdict.scored(sum(p in t.shown[0].text for p in t.case.column("passages")))
            for t in trials
        ]


class Length(BatchJudge):
    """The number of characters of an answer; it needs no column."""

    arity = frozenset({1})
    identity = ("1",)

    def judge_batch(self, trials):
        return [Verdict.scored(len(t.shown[0].text)) for t in trials]


class Careless(Length):
    needs = "passages"


@hookimpl
def judgekit_judges():
    return {"covered": Covered, "length": Length, "careless": Careless}
'''
PASSAGES = ["Canberra is the capital.", {"text": "Sydney is larger."}]


@pytest.fixture
def asked(server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    """The flags that name the server."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    return ("--model", "openai/m", "--base-url", server.base_url)


@pytest.fixture
def files(here: Path) -> Path:
    (here / "grounded.md").write_text(GROUNDED, encoding="utf-8")
    (here / "grounded-pair.md").write_text(GROUNDED_PAIR, encoding="utf-8")
    (here / "plugin.py").write_text(PLUGIN, encoding="utf-8")
    write_jsonl(here / "a.jsonl", [row(n, "GOOD", "a") for n in range(3)])
    write_jsonl(here / "b.jsonl", [row(n, "POOR", "b") for n in range(3)])
    return here


def row(n: int, text: str, model: str, **columns: Any) -> dict[str, Any]:
    given = {"context": f"Document {n}.", "passages": PASSAGES, "notes": "not for the judge"}
    return {"id": f"q{n}", "prompt": f"Question {n}?", "response": text, "model": model} | (
        given | columns
    )


def texts(server: JudgeServer) -> list[str]:
    return [body["messages"][-1]["content"] for body in server.requests]


def test_a_prompt_file_shows_it(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    server.says = lambda _: "Score: 4"
    ran = cli("score", "a.jsonl", "--judge", "./grounded.md", *asked, "--out", "run")
    assert ran.code == 0, ran.error
    assert (
        sorted(f"Document {n}." in text for text in texts(server) for n in range(3)).count(True)
        == 3
    )
    assert not any("not for the judge" in text for text in texts(server))
    assert [case["columns"] for case in read_jsonl(files / "run/cases.jsonl")] == [
        {"context": f"Document {n}."} for n in range(3)
    ]
    assert "context: Document 1." in cli("show", "run", "--case", "q1").out
    shown = json.loads(cli("show", "run", "--case", "q1", "--json").out)
    assert shown["cases"][0]["case"]["columns"] == {"context": "Document 1."}


def test_a_changed_column_is_another_call(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    server.says = lambda _: "Score: 4"
    words = ("score", "a.jsonl", "--judge", "./grounded.md", *asked)
    cli(*words)
    cli(*words)
    assert len(server.requests) == 3
    write_jsonl(files / "a.jsonl", [row(n, "GOOD", "a", context=f"Document {-n}") for n in (0, 1)])
    cli(*words)
    assert len(server.requests) == 5


def test_pairs_ranks_and_juries_show_it(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    judge = ("--judge", "./grounded-pair.md", *asked)
    assert cli("compare", "a.jsonl", "b.jsonl", *judge, "--out", "compared").code == 0
    assert len(server.requests) == 6
    assert all("<context " in text for text in texts(server))
    write_jsonl(files / "all.jsonl", [row(n, t, t) for n in range(3) for t in ("GOOD", "POOR")])
    ranked = cli("rank", "all.jsonl", *judge, "--out", "ranked")
    assert ranked.code == 0, ranked.error
    assert "context: Document 1." in cli("show", "ranked", "--case", "q1").out
    jury = ("--judge", "./grounded-pair.md@openai/m,longer", "--base-url", server.base_url)
    assert cli("compare", "a.jsonl", "b.jsonl", *jury, "--out", "jury").code == 0


def test_a_case_without_it_is_refused_before_anything_is_paid(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    rows = [
        row(0, "GOOD", "a"),
        row(1, "GOOD", "a", context=" "),
        row(2, "GOOD", "a", context=None),
    ]
    write_jsonl(files / "a.jsonl", rows)
    ran = cli("score", "a.jsonl", "--judge", "./grounded.md", *asked)
    assert ran.code == 2
    assert ran.error == (
        "a.jsonl, line 2: no value in the column 'context' (and in 1 more), which the judge "
        "'./grounded.md' needs; the columns are 'id', 'prompt', 'response', 'model', 'context', "
        "'passages', 'notes'; name one with --columns context=NAME"
    )
    assert not server.requests
    assert not (files / "runs").exists()
    server.says = lambda _: "Score: 4"
    assert cli("score", "a.jsonl", "--judge", "./grounded.md", *asked, "--limit", "1").code == 0


def test_a_route_needs_it_only_for_its_cases(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    for name in ("a", "b"):
        rows = [
            row(0, "GOOD", name, category="rag"),
            row(1, "GOOD!", name, category="chat", context=None),
        ]
        rows[0]["response"] += name
        write_jsonl(files / f"{name}.jsonl", rows)
    words = ("compare", "a.jsonl", "b.jsonl", "--judge", "longer", *asked)
    ran = cli(*words, "--route", "category=rag: ./grounded-pair.md", "--out", "run")
    assert ran.code == 0, ran.error
    refused = cli(*words, "--route", "category=chat: ./grounded-pair.md")
    assert refused.code == 2
    assert "a.jsonl, line 2: no value in the column 'context', which" in refused.error


def test_a_judge_in_python_looks_at_it(files: Path, cli: Cli) -> None:
    write_jsonl(files / "a.jsonl", [row(0, PASSAGES[0], "a"), row(1, '{"text":"Sydney', "a")])
    words = ("score", "a.jsonl", "--plugin", "./plugin.py", "--judge", "covered", "--out", "run")
    ran = cli(*words)
    assert ran.code == 0, ran.error
    run = StoredRun.open(files / "run")
    assert [list(result.outcome.scores) for result in run.case_results()] == [[1.0], [0.0]]
    assert next(iter(run.cases())).column("passages") == (
        "Canberra is the capital.",
        '{"text":"Sydney is larger."}',
    )
    page = cli("show", "run", "--case", "q0").out
    assert "passages:\n  1. Canberra is the capital.\n  2. {" in page


def test_a_batch_judge_has_it_in_its_key_only_where_it_needs_it(files: Path, cli: Cli) -> None:
    store = files / ".judgekit/replies.db"
    words = ("--plugin", "./plugin.py", "--judge")
    cli("score", "a.jsonl", *words, "length")
    assert kept_replies(store) == 3
    cli("score", "a.jsonl", *words, "covered")
    assert kept_replies(store) == 6
    write_jsonl(files / "a.jsonl", [row(n, "GOOD", "a", passages=[str(n)]) for n in range(3)])
    cli("score", "a.jsonl", *words, "length")
    assert kept_replies(store) == 6
    cli("score", "a.jsonl", *words, "covered")
    assert kept_replies(store) == 9


def test_needs_are_names_not_a_text(files: Path, cli: Cli) -> None:
    ran = cli("score", "a.jsonl", "--plugin", "./plugin.py", "--judge", "careless")
    assert ran.code == 2
    assert "Careless.needs is 'passages'; write a tuple of names of columns" in ran.error


def test_rows_that_a_script_gives(
    files: Path, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    pandas = pytest.importorskip("pandas")
    server.says = lambda _: "Score: 4"
    rows = [row(n, "GOOD", "a", docs=[f"Document {n}."]) for n in range(2)]
    how: dict[str, Any] = {
        "judge": "./grounded.md",
        "model": "openai/m",
        "base_url": server.base_url,
        "columns": {"context": "docs"},
    }
    for given in (rows, pandas.DataFrame(rows)):
        run = judgekit.score(given, **how)
        frame = run.outcomes_frame(texts=True)
        assert list(frame["column_context"]) == [["Document 0."], ["Document 1."]]
    assert len(server.requests) == 2
    with pytest.raises(judgekit.InputError, match="argument a, row 1: no value in the column 'con"):
        judgekit.score([row(0, "GOOD", "a", context=None)], **(how | {"columns": {}}))


def test_sets_with_labels(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    pair = {"prompt": "Who?", "response_a": "GOOD", "response_b": "POOR", "label": "A"}
    write_jsonl(files / "set.jsonl", [pair | {"id": "1", "docs": ["Document 1."]}])
    words = ("bench", "set.jsonl", "--judge", "./grounded-pair.md", *asked)
    ran = cli(*words, "--columns", "context=docs", "--out", "bench")
    assert ran.code == 0, ran.error
    assert len(server.requests) == 2
    assert all("Document 1." in text for text in texts(server))
    refused = cli(*words, "--out", "another")
    assert refused.code == 2
    assert "set.jsonl, line 1: no value in the column 'context', which a judge" in refused.error


def test_a_drift_check_has_what_the_run_kept(
    files: Path, cli: Cli, server: JudgeServer, asked: tuple[object, ...]
) -> None:
    server.says = lambda _: "Score: 4"
    cli("score", "a.jsonl", "--judge", "./grounded.md", *asked, "--out", "run")
    ran = cli("drift", "run", "--base-url", server.base_url, "--out", "drift")
    assert ran.code == 0, ran.error
    changed = GROUNDED.replace('"context"', '"passages"')
    (files / "grounded.md").write_text(changed, encoding="utf-8")
    other = cli("drift", "run", "--base-url", server.base_url, "--out", "again")
    assert other.code == 2
    assert "case 'q0': no value in the column 'passages'" in other.error


def test_the_error_of_a_plugin_names_it() -> None:
    from judgekit.judging import BatchJudge, JudgeSetup
    from judgekit.judging.templates import Prompts

    class Named(BatchJudge):
        arity = frozenset({1})
        needs = "context"
        identity = ()

        def judge_batch(self, trials: Any) -> Any:
            return []

    with pytest.raises(PluginError, match=r"Named\.needs"):
        _ = Named(JudgeSetup(1, Prompts([]))).columns_needed
