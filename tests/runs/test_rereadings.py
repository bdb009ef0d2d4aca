"""`runs diff --why`: the replies that a later run reads otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from commands import Cli

from judgekit.runs.rereadings import rereadings

RECORDED = Path(__file__).parent.parent / "golden" / "recorded" / "pairwise"


@pytest.fixture
def changed(here: Path) -> Path:
    """The recorded run, one of whose replies has no verdict, and one of whose replies is new."""
    folder = here / "later"
    shutil.copytree(RECORDED, folder)
    file = folder / "judgements.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    rows[0] |= {"status": "unparsed", "choice": None, "error": "only a mention"}
    rows[1] |= {"choice": "tie", "reasoning": "Another reply.\n[[C]]"}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_a_reply_that_is_read_otherwise(changed: Path) -> None:
    [found] = rereadings(RECORDED, changed)
    assert (found.case, found.order, found.repeat) == ("q1", (0, 1), 0)
    assert (found.before, found.after, found.rule) == ("first", "unparsed", "only a mention")


def test_the_command(changed: Path, cli: Cli) -> None:
    shown = cli("runs", "diff", str(RECORDED), str(changed), "--why")
    assert "q1 (shown ab): first is now unparsed: only a mention" in shown.out
    assert "1 verdict read otherwise in the same reply" in shown.out
    said = json.loads(cli("runs", "diff", str(RECORDED), str(changed), "--why", "--json").out)
    assert [one["case"] for one in said["rereadings"]] == ["q1"]
    plain = json.loads(cli("runs", "diff", str(RECORDED), str(changed), "--json").out)
    assert "rereadings" not in plain
