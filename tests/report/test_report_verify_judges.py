"""A report of classes or criteria is recomputed as it was written, also where some never occur."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import write_answers
from commands import Cli
from places import EXAMPLES
from servers import JudgeServer

RUBRIC = ["--judge", "rubric", "--rubric", str(EXAMPLES / "rubric.toml")]
CLASSES = ["--judge", "classify", "--classes", "good,fair,poor"]
MUTE = ["--judge", "classify", "--classes", "yes,no"]


@pytest.mark.parametrize("judge", [RUBRIC, CLASSES, MUTE], ids=["rubric", "classes", "mute"])
@pytest.mark.parametrize("command", ["score", "compare"])
def test_it_holds(
    cli: Cli, here: Path, server: JudgeServer, command: str, judge: list[str]
) -> None:
    mark = " MUTE" * (judge is MUTE)
    write_answers(here / "a.jsonl", [f"GOOD one{mark}", f"plain one{mark}"] * 4)
    write_answers(here / "b.jsonl", [f"GOOD two{mark}", f"other two{mark}"] * 4)
    files = ["a.jsonl", "b.jsonl"][: 1 + (command == "compare")]
    model = ["--model", "openai/m", "--base-url", server.base_url]
    cli(command, *files, *judge, *model, "--out", "run")
    assert cli("report", "run", "-o", "report.html").code == 0
    said = cli("report", "--verify", "report.html", "--store", ".judgekit/replies.db")
    assert said.code == 0, said.out + said.err
