"""Runs of the last release: their keys are still written, and their folders still read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answers import write_answers
from commands import Cli
from run_folders import forget_summary

import judgekit
from judgekit.stats.metric import metric
from judgekit.stats.plain import decode, encode
from judgekit.types import StopKind, StopReason

OLD = {"no_verdict": "undecided", "anytime_win_rate_a": "watched_a"}


@pytest.fixture
def folder(here: Path) -> Path:
    write_answers(here / "a.jsonl", ["the right answer", "wrong", "no"], reference="the answer")
    write_answers(here / "b.jsonl", ["no", "the right answer", "no"], reference="the answer")
    return judgekit.compare("a.jsonl", "b.jsonl", judge="overlap,longer").folder


def rewrite(path: Path, **changes: object) -> None:
    forget_summary(path.parent)
    plain = json.loads(path.read_text()) | changes
    kept = {name: value for name, value in plain.items() if value is not ...}
    path.write_text(json.dumps(kept))


def test_old_keys_stand_beside_the_new_ones(folder: Path) -> None:
    plain = json.loads((folder / "summary.json").read_text())
    for new, old in OLD.items():
        assert plain[new] == plain[old]
    assert plain["jury"]["jurors"] == plain["jury"]["seats"]
    assert all(own["percent_agreement"] == own["equal"] for own in plain["jury"]["jurors"])
    assert plain["stopped"] == ""
    assert plain["stop"] is None


def test_a_folder_with_the_old_keys_alone_is_read(folder: Path) -> None:
    summary = judgekit.load_run(folder).summary
    jury = json.loads((folder / "summary.json").read_text())["jury"]
    for own in jury["seats"]:
        del own["percent_agreement"]
    del jury["jurors"]
    gone = dict.fromkeys((*OLD, "stop", "prompts", "prompts_asked"), ...)
    rewrite(folder / "summary.json", **gone, jury=jury)
    rewrite(folder / "run.json", kind=..., stop=...)
    old = judgekit.load_run(folder)
    assert old.kind == "compare"
    assert old.summary.to_dict() == summary.to_dict() | {"prompts": None, "prompts_asked": None}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("decided: after 62 prompts", StopKind.DECIDED),
        ("narrow enough: after 80 prompts", StopKind.PRECISE),
        ("--max-calls 10 would be passed", StopKind.BUDGET),
    ],
)
def test_why_an_older_run_stopped(folder: Path, text: str, kind: StopKind) -> None:
    for name in ("run.json", "summary.json"):
        rewrite(folder / name, stop=..., stopped=text)
    run = judgekit.load_run(folder)
    assert run.summary.stop == run.metadata.stop == StopReason(kind, text)


def test_conditions_take_old_and_new_keys(folder: Path, cli: Cli) -> None:
    new = ("no_verdict > 0", "win_rate_a > 2")
    conditions = [word for text in (*new, "undecided > 0") for word in ("--fail-if", text)]
    assert cli("gate", folder, *conditions).code == 0
    assert cli("gate", folder, "--fail-if", "undecided >= 0").code == 1
    assert cli("gate", folder, "--fail-if", "no_verdict >= 0").code == 1


def test_in_a_notebook(folder: Path) -> None:
    rewrite(folder / "summary.json", a="<script>", sentence="a < b")
    shown = judgekit.load_run(folder)._repr_html_()
    assert "a &lt; b" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "<td>win_rate_a</td>" in shown


def test_the_meaning_of_a_field_names_its_old_key() -> None:
    from dataclasses import dataclass, field

    @dataclass(frozen=True)
    class Counted:
        now: int = field(metadata=metric("a count", formerly="then"))

    assert encode(Counted(3)) == {"now": 3, "then": 3}
    with pytest.raises(TypeError):
        decode(Counted, {"now": "3"})
