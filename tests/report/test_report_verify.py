"""A report is computed again from its judgements, and whatever it says otherwise is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from answers import write_answers
from places import TESTS
from report_runs import compared, ranked, scored
from servers import JudgeServer

from judgekit.api import compare, rank
from judgekit.errors import InputError
from judgekit.report import Options, build_report
from judgekit.report.cases import pack, unpack
from judgekit.report.verify import verify_report

RECORDED = TESTS / "golden" / "recorded"


def differing(path: Path, *runs: Path, store: Path | None = None) -> list[str]:
    return [d.metric for d in verify_report(path, runs, store).differences]


def written(folder: Path, *runs: Path, options: Options | None = None) -> Path:
    return build_report(runs, options).write(folder / "report.html")


@pytest.mark.parametrize("make", [compared, ranked, scored])
def test_an_honest_report_holds(make: object, tmp_path: Path) -> None:
    run = make(tmp_path)  # type: ignore[operator]
    path = written(tmp_path, run.folder)
    verification = verify_report(path)
    assert verification.differences == ()
    assert (verification.metrics > 10, verification.cases > 5) == (True, True)
    assert differing(path, run.folder) == []
    assert differing(path, store=tmp_path / "store.db") == []


@pytest.mark.parametrize("name", ["additive", "jury", "pairwise", "rank"])
def test_recorded_runs_hold(name: str, tmp_path: Path) -> None:
    metrics = differing(written(tmp_path, RECORDED / name))
    if name == "additive":  # made by a version whose histograms had other bins
        assert {metric.partition(".")[0] for metric in metrics} == {"histogram"}
        return
    assert metrics == []


def test_a_metric_that_was_changed_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, compared(tmp_path).folder)
    html = path.read_text(encoding="utf-8")
    wins = re.search(r'"wins_a": (\d+)', html)
    assert wins is not None
    path.write_text(html.replace(wins[0], f'"wins_a": {int(wins[1]) + 1}'), encoding="utf-8")
    metrics = differing(path)
    assert "wins_a" in metrics
    assert "win_rate_a.value" not in metrics


def test_a_number_of_the_page_that_was_changed_is_named(tmp_path: Path) -> None:
    run = compared(tmp_path)
    path = written(tmp_path, run.folder)
    html = path.read_text(encoding="utf-8")
    rate = run.stored.summary.win_rate_a.value  # type: ignore[union-attr]
    assert rate is not None
    path.write_text(html.replace(f"{100 * rate:.1f} % (", "99.9 % ("), encoding="utf-8")
    assert "section win-rates" in differing(path)


@pytest.mark.parametrize(("old", "new"), [("<title>", "<title>Not "), ("default-src", "x-src")])
def test_a_page_that_was_changed_elsewhere_is_noticed(old: str, new: str, tmp_path: Path) -> None:
    path = written(tmp_path, compared(tmp_path, 4).folder)
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert differing(path) == ["the page's other bytes"]


def test_a_judgement_that_was_changed_changes_the_metrics(tmp_path: Path) -> None:
    path = written(tmp_path, compared(tmp_path).folder)
    html = path.read_text(encoding="utf-8")
    held = re.search(r'id="chunk-0-0">([^<]+)<', html)
    assert held is not None
    rows = unpack(held[1])
    for row in rows:
        for judgement in row["judgements"]:
            if judgement["score"] is not None and judgement["order"] == [1]:
                judgement["score"] = 0.0
    path.write_text(html.replace(held[1], pack(rows)), encoding="utf-8")
    metrics = differing(path)
    assert {"wins_a", "win_rate_a.value", "the digest of the cases in the report"} <= set(metrics)
    assert any(metric.startswith("the outcome of case") for metric in metrics)


def test_a_report_without_its_texts_needs_its_run(tmp_path: Path) -> None:
    run = compared(tmp_path)
    for options in (Options(redact=True), Options(limit_cases=2)):
        path = written(tmp_path, run.folder, options=options)
        with pytest.raises(InputError, match="name its run beside it"):
            verify_report(path)
        assert differing(path, run.folder) == []
    other = compared(tmp_path, 9, out="other")
    assert "cases" in differing(path, other.folder)
    with pytest.raises(InputError, match="is of 1 runs, and 2 are named"):
        verify_report(path, [run.folder, other.folder])


def test_several_runs_hold(tmp_path: Path) -> None:
    folders = [compared(tmp_path).folder, ranked(tmp_path).folder, RECORDED / "bench"]
    path = written(tmp_path, *folders)
    verification = verify_report(path)
    assert verification.differences == ()
    assert verification.taken == ("1 results that are no runs",)


def judged(folder: Path, server: JudgeServer, kind: str = "compare", **more: object) -> Path:
    files = [
        write_answers(folder / f"{name}.jsonl", [f"{name} {n}" * (n % 3 + 1) for n in range(6)])
        for name in "abc"
    ]
    settings = {
        "judge": "pairwise",
        "model": "openai/m",
        "base_url": server.base_url,
        "store": folder / "store.db",
        "out": folder / "judged",
    } | more
    judge = rank if kind == "rank" else compare
    return judge(*files[: 3 if kind == "rank" else 2], **settings).folder  # type: ignore[operator]


def test_every_verdict_is_read_again_from_its_reply(
    tmp_path: Path, server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    path = written(tmp_path, judged(tmp_path, server))
    asked = len(server.requests)
    verification = verify_report(path, store=tmp_path / "store.db")
    assert (verification.differences, verification.replies) == ((), 12)
    assert len(server.requests) == asked
    monkeypatch.delenv("OPENAI_API_KEY")  # nothing is asked, so no key is needed
    assert differing(path, store=tmp_path / "store.db") == []


def test_a_reply_that_says_otherwise_is_named(
    tmp_path: Path, server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    path = written(tmp_path, judged(tmp_path, server))
    html = path.read_text(encoding="utf-8")
    held = re.search(r'id="chunk-0-0">([^<]+)<', html)
    assert held is not None
    rows = unpack(held[1])
    flipped = {"first": "second", "second": "first", "tie": "first"}
    judgement = rows[0]["judgements"][0]
    judgement["choice"] = flipped[judgement["choice"]]
    rows[1]["case"]["responses"][0]["text"] += "!"  # another answer, which this reply is not of
    path.write_text(html.replace(held[1], pack(rows)), encoding="utf-8")
    metrics = differing(path, store=tmp_path / "store.db")
    first, second = rows[0]["case"]["id"], rows[1]["case"]["id"]
    assert f"case {first!r} shown ab: another verdict" in metrics
    assert f"case {second!r} shown ab: its reply is not in the store" in metrics


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, compared(tmp_path, 3).folder)
    with pytest.raises(InputError, match="no reply store"):
        verify_report(path, store=tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>", "is no report"),
        (b"\xff", "cannot read"),
        (b'<meta name="generator" content="judgekit report">', "is no report"),
    ],
)
def test_what_is_no_report_is_refused(content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "other.html"
    path.write_bytes(content)
    with pytest.raises(InputError, match=why):
        verify_report(path)


@pytest.mark.parametrize("damage", ["AAAA", "x", pack([{"case": 1}]), pack([])])
def test_a_damaged_report_is_one_line(damage: str, tmp_path: Path) -> None:
    path = written(tmp_path, compared(tmp_path, 3).folder)
    html = path.read_text(encoding="utf-8")
    held = re.search(r'id="chunk-0-0">([^<]+)<', html)
    assert held is not None
    path.write_text(html.replace(held[1], damage), encoding="utf-8")
    if damage == pack([]):
        assert "cases" in differing(path)
        return
    with pytest.raises(InputError, match="is damaged"):
        verify_report(path)


def test_a_schema_of_another_release_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, compared(tmp_path, 3).folder)
    html = path.read_bytes().replace(b'"judgekit.report/1"', b'"judgekit.report/9"')
    path.write_bytes(html)
    with pytest.raises(InputError, match=r"has the schema 'judgekit\.report/9'"):
        verify_report(path)
