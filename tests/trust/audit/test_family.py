"""Favour for the judge's own family, and other judges beside it of which some say nothing."""

from __future__ import annotations

from pathlib import Path

from answers import write_jsonl
from answers_audited import audited, figure, reasons, recording, write_pair

from judgekit.stats import Rate
from judgekit.trust.audit import AuditOptions

GPT = {"judge": "pairwise", "model": "planted/gpt"}


def test_favour_for_its_own_family_needs_somebody_elses_verdicts(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 12)
    found = audited(tmp_path, files, "self-enhancement", **GPT)
    assert figure(found, "its family's win rate").rate.value is not None
    missing = figure(found, "favour for its family")
    assert missing.rate == Rate()
    assert "without verdicts of people" in missing.reason


def test_a_recordings_file_does_not_tell_whose_its_judge_is(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 4)  # of claude-9 and gpt-9
    model = recording(tmp_path, "judged-gpt-pairs.jsonl", "[[A]]", 4)
    found = audited(tmp_path, files, "self-enhancement", judge="pairwise", model=model)
    assert "is not known; name it in a file for --families" in reasons(found)["self-enhancement"]
    assert f"the model {model!r}" in reasons(found)["self-enhancement"]
    families = write_jsonl(tmp_path / "families.jsonl", [{"model": model, "family": "anthropic"}])
    wanted = AuditOptions(families=families)
    found = audited(tmp_path, files, "self-enhancement", wanted, judge="pairwise", model=model)
    assert "of claude-9, of the judge's own family (anthropic)" in str(found.report.findings)


def test_a_silent_judge_beside_others_is_named_and_the_others_are_told(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 6)
    silent = "pairwise@" + recording(tmp_path, "silent.jsonl", "I cannot say.", 6)
    wanted = AuditOptions(beside=f"{silent},pairwise@planted/claude")
    found = audited(tmp_path, files, "self-enhancement,agreement", wanted, **GPT)
    assert not reasons(found)
    for name, other in (
        ("agrees with", figure(found, "agrees with pairwise@planted/claude")),
        ("more than by", figure(found, "more than by pairwise@planted/claude")),
    ):
        assert other.rate.value is not None
        missing = figure(found, f"{name} {silent}")
        assert missing.rate == Rate()
        assert missing.reason.startswith(f"{silent} gave no verdict: 12 of 12 trials are unparsed")
    assert figure(found, "alpha of all judges").rate.value == 1.0
    assert found.report.findings[1].runs == ("plain", "beside-2")


def test_where_every_other_judge_is_silent_there_is_nothing_to_say(tmp_path: Path) -> None:
    silent = "pairwise@" + recording(tmp_path, "silent.jsonl", "I cannot say.", 1)
    found = audited(
        tmp_path, write_pair(tmp_path, 1), "agreement", AuditOptions(beside=silent), **GPT
    )
    assert found.report.empty
    [missing] = found.report.findings[0].metrics
    assert "2 of 2 trials are" in missing.reason


def test_other_judges_that_tell_nothing_of_a_favour_are_said(tmp_path: Path) -> None:
    wanted = AuditOptions(beside="pairwise@planted/tuned,pairwise@planted/o3")
    found = audited(tmp_path, write_pair(tmp_path, 6), "self-enhancement", wanted, **GPT)
    tuned, o3 = (figure(found, f"more than by pairwise@planted/{m}") for m in ("tuned", "o3"))
    assert tuned.reason.startswith("its family is not known; name it in a file for --families")
    assert o3.reason == "it is of the judge's own family (openai)"
