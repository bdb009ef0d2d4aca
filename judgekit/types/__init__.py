"""The words of judgekit as frozen dataclasses: what passes between the stages.

`case` → `trial` → `verdict` → `judgement` → `outcome`; an engine sees `call` and gives `reply`.
Imports the standard library only.
"""

from judgekit.types.calls import Call, Reply, Sampling, Usage, token_count
from judgekit.types.cases import (
    Case,
    Column,
    Message,
    Orders,
    Pair,
    Response,
    RunKind,
    Trial,
    digest,
    message_parts,
)
from judgekit.types.verdicts import (
    Choice,
    CriterionMean,
    CriterionVerdict,
    Judgement,
    Label,
    Outcome,
    Position,
    Ranking,
    Status,
    StopKind,
    StopReason,
    Verdict,
)

__all__ = [
    "Call",
    "Case",
    "Choice",
    "Column",
    "CriterionMean",
    "CriterionVerdict",
    "Judgement",
    "Label",
    "Message",
    "Orders",
    "Outcome",
    "Pair",
    "Position",
    "Ranking",
    "Reply",
    "Response",
    "RunKind",
    "Sampling",
    "Status",
    "StopKind",
    "StopReason",
    "Trial",
    "Usage",
    "Verdict",
    "digest",
    "message_parts",
    "token_count",
]
