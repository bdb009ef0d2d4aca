from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from answers_audited import PLUGIN, write_pair
from commands import Cli

from judgekit.cli.render import audit, console
from judgekit.stats import Rate
from judgekit.trust.audit import Audit, AuditMetric, AuditReport, Finding
from judgekit.trust.audit.metric import unknown

JUDGE = ("--plugin", PLUGIN, "--judge", "planted")


def test_the_table_has_a_line_for_each_figure_and_ends_in_the_folder(cli: Cli, here: Path) -> None:
    files = write_pair(here, 12)
    said = cli(
        "audit", *JUDGE, "--position", "0.5", *files, "--probes", "position,agreement", "--out", "o"
    )
    assert said.code == 0, said.err
    lines = [line.rstrip() for line in said.out.splitlines()]
    assert lines[0] == "planted  on 12 cases of claude-9 and gpt-9"
    assert any(line.startswith("  biased to first  ") and " % " in line for line in lines)
    assert any(line.startswith("  net lean ") and " points " in line for line in lines)
    assert any(line.startswith("  not identified: there is no other judge") for line in lines)
    assert lines[-2:] == ["24 judged, 0 from the reply store", "o"]


@pytest.mark.parametrize("width", [20, 34, 50, 66, 80, 100, 101, 140, 200])
def test_no_word_is_cut_at_any_width(width: int, here: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(console, "PLAIN_WIDTH", width)
    longest = "agrees with pairwise@replay/" + "a-folder/" * 6 + "x.jsonl"
    figures = (
        AuditMetric("net lean", Rate(0.1, -0.0001, 0.19), "points", 75, "no lean to either place"),
        AuditMetric(
            longest, Rate(0.5, 0.41, 0.62), "share", 75, "the same winner, or a tie by both"
        ),
        unknown("kappa with it", f"{longest} gave no verdict: 2 of 2 trials are unparsed"),
    )
    findings = (Finding("agreement", "do other judges say the same?", figures),)
    audit.print_audit(Audit(AuditReport("j", "m", ("a", "b"), 75, 75, findings), here, 1, 0, None))
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines()[:-1])) <= width
    # Columns fold each by itself, so what is printed is compared by its letters.
    printed = shown.split("\n\n")[1]
    parts = [part for f in figures for part in (*audit.cells(f), f.reason or f.sentence)]
    said = "".join(["agreement", findings[0].about, *parts])
    assert Counter("".join(printed.split())) == Counter("".join(said.split()))


def test_small_numbers_and_one_of_a_kind(here: Path, capsys: Any) -> None:
    lean = Rate(-0.0001, -0.0002, 0.0003)
    figures = (
        AuditMetric("net lean", lean, "points", 1, "no lean"),
        AuditMetric("alpha", lean, "number", 1, "no agreement"),
    )
    findings = (Finding("position", "the place?", figures),)
    audit.print_audit(Audit(AuditReport("j", "m", ("a", "b"), 1, 1, findings), here, 1, 0, None))
    shown = capsys.readouterr().out
    assert "on 1 case of a and b" in shown
    assert "1 call, 0 from the reply store; price unknown" in shown
    assert "+0.0 points  (+0.0 to +0.0)" in shown
    assert "0.00  (0.00 to 0.00)" in shown
    assert "-0" not in shown.partition(str(here))[0]


def test_json_holds_the_figures_and_the_folder(cli: Cli, here: Path) -> None:
    said = cli("audit", *JUDGE, *write_pair(here, 4), "--json", "--probes", "names").json
    assert said["schema"] == "judgekit.audit/1"
    assert said["folder"].startswith("runs/audit-claude-9-vs-gpt-9-planted-")
    assert (Path(said["folder"]) / "audit.json").is_file()
    [finding] = said["findings"]
    assert finding["figures"][0]["name"] == "effect of the place"
    assert {"value", "low", "high", "cases", "sentence", "reason"} <= finding["figures"][0].keys()
    held = json.loads((Path(said["folder"]) / "audit.json").read_text(encoding="utf-8"))
    assert held["findings"] == said["findings"]
    assert finding["metrics"] == finding["figures"]  # the key of the release before
    read = AuditReport.read(Path(said["folder"]))
    assert read.to_dict() == held
    old = {**held, "findings": [{k: v for k, v in finding.items() if k != "metrics"}]}
    assert AuditReport.from_dict(old) == read


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
def test_a_dry_run_asks_and_writes_nothing(form: tuple[str, ...], cli: Cli, here: Path) -> None:
    said = cli("audit", *JUDGE, *write_pair(here, 4), "--dry-run", *form)
    assert said.code == 0
    for word in ("plain", "injection", "there is no other judge"):
        assert word in " ".join(said.out.split())
    assert not (here / "runs").exists()
    assert not (here / ".judgekit").exists()


def test_where_nothing_is_found_the_exit_code_is_3(cli: Cli, here: Path) -> None:
    said = cli("audit", *JUDGE, *write_pair(here, 4), "--probes", "agreement")
    assert said.code == 3
    assert "no probe could measure anything" in said.err


def test_the_help_names_every_probe() -> None:
    from judgekit.cli.commands import audit
    from judgekit.trust.audit import PROBES

    assert ", ".join(PROBES) == audit.PROBES


def test_an_unknown_probe_is_one_line(cli: Cli, here: Path) -> None:
    said = cli("audit", *JUDGE, *write_pair(here, 4), "--probes", "nmes")
    assert "no probe named 'nmes'; did you mean 'names'?" in said.error


def test_texts_of_models_cannot_act_in_the_terminal(cli: Cli, here: Path) -> None:
    files = write_pair(here, 4)
    for file in files:
        text = file.read_text(encoding="utf-8").replace(file.stem, f"\\u001b[2J{file.stem}")
        file.write_text(text, encoding="utf-8")
    said = cli("audit", *JUDGE, *files, "--probes", "position", "--out", "o")
    assert said.code == 0
    assert "\x1b" not in said.out
