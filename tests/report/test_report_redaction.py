"""A redacted report holds no text: marks in every field of a run are not in its file."""

from __future__ import annotations

import base64
import gzip
import re
from dataclasses import replace
from pathlib import Path

import orjson
from run_folders import metadata

from judgekit import stats
from judgekit.report import Options, build_report
from judgekit.report.formats import WRITERS, write_figures
from judgekit.report.methods import methods_text
from judgekit.runs import CaseResult, RunWriter, StoredJudgement
from judgekit.stats.outcomes.fold import fold
from judgekit.types import (
    Case,
    Choice,
    CriterionVerdict,
    Judgement,
    Message,
    Response,
    Status,
    Trial,
    Verdict,
)


def marks(n: int) -> Case:
    """A case with a mark in every field that can hold one."""
    return Case(
        id=f"MARK-id-{n}",
        prompt=(
            Message("system", "MARK-system"),
            Message("user", "MARK-user"),
            Message("assistant", "MARK-said", '{"MARK":"calls"}', '{"MARK":"extra"}'),
            Message("user", "MARK-user"),
        ),
        responses=(
            Response("MARK-one", "north", ("MARK-earlier",)),
            Response("MARK-two longer", "south", ("MARK-earlier",)),
        ),
        reference="MARK-reference",
        category=f"MARK-category-{n % 2}",
        cluster=f"MARK-cluster-{n}",
        earlier_references=("MARK-reference",),
        columns=(("MARK-column", "MARK-value"), ("MARK-list", ("MARK-item",))),
    )


def judged(case: Case) -> CaseResult:
    """Valid in one order, and not in the other."""
    criterion = CriterionVerdict("clear", Status.VALID, 1.0, reason="MARK-reason")
    failed = CriterionVerdict("brief", Status.FAILED, error="MARK-error")
    verdicts = (
        Verdict(
            Status.VALID,
            choice=Choice.FIRST,
            reasoning="MARK-reasoning",
            criteria=(criterion, failed),
        ),
        Verdict.without(Status.AMBIGUOUS, "MARK-why", reasoning="MARK-reply"),
    )
    judgements = [
        Judgement(Trial(case, order, ("MARK-A", "MARK-B")), verdict, ("MARK-key",))
        for order, verdict in zip(((0, 1), (1, 0)), verdicts, strict=True)
    ]
    stored = tuple(StoredJudgement(f"MARK-judgement-{n}", "", j) for n, j in enumerate(judgements))
    return CaseResult(case, fold(case, judgements), stored, {})


def written(folder: Path) -> Path:
    """A run with such cases, whose settings and places hold marks, too."""
    results = [judged(marks(n)) for n in range(4)]
    about = metadata(
        settings={"prompt": "MARK-prompt", "base_url": "http://MARK", "options": {"a": "MARK"}},
        prompt_digest="MARK-digest",
        engine="MARK-engine",
        options={"instructions": "MARK"},
    )
    about = replace(about, files=("MARK.jsonl",), settled={"MARK": "left out"})
    about = replace(about, decides={**about.decides, "inputs": ["MARK-input"]})
    outcomes = [result.outcome for result in results]
    summary = stats.summarise(outcomes, a="north", b="south", judge="pairwise", model="m")  # type: ignore[arg-type]
    with RunWriter(folder / "MARK-run", "MARK-identity") as writer:
        for result in results:
            writer.add_result(result)
        return writer.finish(summary, about)


def contents(html: bytes) -> bytes:
    """The file, and everything that is packed in it."""
    packed = re.findall(rb'type="application/octet-stream" id="[^"]+">([^<]+)<', html)
    assert packed
    return b"\n".join([html, *(gzip.decompress(base64.b64decode(part)) for part in packed)])


def test_no_text_is_in_a_redacted_report(tmp_path: Path) -> None:
    folder = written(tmp_path)
    everything = contents(build_report([folder]).html)
    held = set(re.findall(rb"MARK-[a-z]+", everything))
    assert {b"MARK-id", b"MARK-reasoning", b"MARK-value", b"MARK-error"} <= held
    redacted = contents(build_report([folder], Options(redact=True)).html)
    assert b"MARK" not in redacted
    assert b'"id":["1","2","3","4"]' in redacted


def test_no_text_is_in_the_other_forms(tmp_path: Path) -> None:
    folder = written(tmp_path)
    report = build_report([folder], Options(redact=True))
    forms = [write(report) for write in WRITERS.values()] + [methods_text(report)]
    forms += [path.name + path.read_text() for path in write_figures(report, tmp_path / "figures")]
    assert "MARK" not in "".join(forms)


def test_what_a_redacted_report_keeps(tmp_path: Path) -> None:
    folder = written(tmp_path)
    complete, redacted = (build_report([folder], Options(redact=r)) for r in (False, True))
    assert redacted.proof["runs"][0]["metrics"] == complete.proof["runs"][0]["metrics"]
    [chunk] = redacted.cases[0].chunks
    row = orjson.loads(gzip.decompress(base64.b64decode(chunk)))[0]
    assert [j["status"] for j in row["judgements"]] == ["valid", "ambiguous"]
    assert [r["model"] for r in row["case"]["responses"]] == ["north", "south"]
    names = {s.name for s in redacted.parts[0].sections}
    assert {"categories", "criteria"} <= names
