"""Lists of claims: every claim once, none where none is certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.judging.parsing import claim_list
from judgekit.judging.parsing.claim_lists import MOST_CLAIMS
from judgekit.types import Reply, Status, Verdict


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("CLAIM: The sky is blue.\nCLAIM: Water is wet.", ("The sky is blue.", "Water is wet.")),
        ("Here they are:\n\n- **Claim 1:** One.\n- **Claim 2:** Two.", ("One.", "Two.")),
        ("1. CLAIM: One.\n2) claim: Two: it is.", ("One.", "Two: it is.")),
        ("```\nCLAIM: One.\n```", ("One.",)),
        ("1. One.\n2. Two.", ("One.", "Two.")),
        ("- One.\n\n- Two.", ("One.", "Two.")),
        ("CLAIM: One.\nCLAIM: one. \nCLAIM: Two.", ("One.", "Two.")),
        ("CLAIM: There were no claims in court.", ("There were no claims in court.",)),
        ("<think>CLAIM: No.</think>CLAIM: Yes.", ("Yes.",)),
        ("NO CLAIMS", ()),
        ("**No claims.**", ()),
        ("The answer only greets.\nNO CLAIMS", ()),
    ],
)
def test_what_a_reply_lists(text: str, claims: tuple[str, ...]) -> None:
    assert claim_list(Reply(text)) == claims


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(""), Status.UNPARSED),
        (Reply("The answer says that the sky is blue."), Status.UNPARSED),
        (Reply("CLAIM:"), Status.UNPARSED),
        (Reply("1. One.\nand more prose"), Status.UNPARSED),
        (Reply("<think>CLAIM: One."), Status.UNPARSED),
        (Reply("CLAIM: One.\nNO CLAIMS"), Status.AMBIGUOUS),
        (Reply("CLAIM: One.", finish="length"), Status.TRUNCATED),
        (Reply("CLAIM: One.", finish="content_filter"), Status.REFUSED),
        (Reply("I'm sorry, but I can't help with that."), Status.REFUSED),
        (Reply("\n".join(f"CLAIM: {n}" for n in range(MOST_CLAIMS + 1))), Status.UNPARSED),
    ],
)
def test_what_is_no_list(reply: Reply, status: Status) -> None:
    verdict = claim_list(reply)
    assert isinstance(verdict, Verdict)
    assert (verdict.status, verdict.score) == (status, None)


@given(st.text(alphabet="cClaimCLAIM NOo:1.)-*\n`", max_size=80))
def test_no_reply_breaks_it(text: str) -> None:
    claims = claim_list(Reply(text))
    assert isinstance(claims, Verdict) or all(claim.strip() for claim in claims)
