"""Rows of a run's files hold what a case and a verdict carry, and nothing that they do not."""

import json

from judgekit.runs.schema import case_row, judgement_row, read_case, read_judgement
from judgekit.types import (
    Case,
    CriterionVerdict,
    Judgement,
    Message,
    Response,
    Status,
    Trial,
    Verdict,
)

ASKED = (Message("user", "Where is it?"),)
PLAIN = Case("q1", ASKED, (Response("In the box.", "one"),), cluster="q1")


def through_json(row: dict[str, object]) -> dict[str, object]:
    read: dict[str, object] = json.loads(json.dumps(row))
    return read


def test_columns_of_a_case_are_kept_as_texts_and_lists() -> None:
    columns = (("context", ("the box is red", "it stands here")), ("locale", "en"))
    case = Case("q1", ASKED, PLAIN.responses, cluster="q1", columns=columns)
    read = read_case(through_json(case_row(case)))
    assert read == case
    assert read.column("context") == ("the box is red", "it stands here")
    assert "columns" not in case_row(PLAIN)


def test_criteria_and_label_of_a_verdict_are_kept() -> None:
    criteria = (
        CriterionVerdict("names a place", Status.VALID, 1.0, 2.0, "says where"),
        CriterionVerdict("is polite", Status.UNPARSED, error="named twice"),
    )
    verdict = Verdict(Status.VALID, score=1.0, label="pass", criteria=criteria)
    judgement = Judgement(Trial(PLAIN, (0,), ("A",)), verdict)
    read = read_judgement(PLAIN, through_json(judgement_row("j1", judgement)))
    assert read.verdict == verdict
    plain = judgement_row("j2", Judgement(judgement.trial, Verdict.scored(1.0)))
    assert not {"label", "criteria"} & plain.keys()
