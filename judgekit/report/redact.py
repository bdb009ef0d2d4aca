"""Cases without their texts: what a redacted report holds of them.

Everything is left out that a user or a model wrote about a case, and every digest of it; ids,
prompts' names and categories become numbers. A field that is not named here is not in the report.
"""

from __future__ import annotations

from dataclasses import replace

from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import CaseResult, StoredJudgement
from judgekit.types import Case, Response, Trial, Verdict

__all__ = ["SAFE", "Numbers", "redacted_metadata"]

SAFE = frozenset(
    {
        "judge",
        "model",
        "models",
        "task",
        "rule",
        "orders",
        "repeats",
        "arity",
        "merge",
        "inconsistent",
        "tie_margin",
        "verdict",
        "until",
        "games",
        "rules",
        "limit",
    }
)
"""What a redacted report keeps of all that decided a run: none of it is a text or of one."""


class Numbers:
    """Numbers in place of names, the same one for the same name, and cases without texts."""

    def __init__(self) -> None:
        self._clusters: dict[str, str] = {}
        self._categories: dict[str, str] = {}
        self._cases: dict[str, str] = {}

    def category(self, name: str | None) -> str | None:
        """``category 1`` in place of a category's name.

        Args:
            name: The category; None stays None.
        """
        if name is None:
            return None
        return self._categories.setdefault(name, f"category {len(self._categories) + 1}")

    def case(self, result: CaseResult) -> CaseResult:
        """A case without its texts.

        Args:
            result: The case, as the run holds it.
        """
        name = self._cases.setdefault(result.case.id, str(len(self._cases) + 1))
        cluster = self._clusters.setdefault(result.outcome.cluster, str(len(self._clusters) + 1))
        category = self.category(result.case.category)
        case = Case(
            id=name,
            prompt=(),
            responses=tuple(Response("", response.model) for response in result.case.responses),
            category=category,
            cluster=cluster,
        )
        outcome = replace(result.outcome, case=name, cluster=cluster, category=category)
        stored = tuple(self._judgement(case, n, each) for n, each in enumerate(result.stored))
        return CaseResult(case, outcome, stored, result.votes)

    def _judgement(self, case: Case, number: int, stored: StoredJudgement) -> StoredJudgement:
        judgement = stored.judgement
        old = judgement.verdict
        verdict = Verdict(
            old.status,
            choice=old.choice,
            score=old.score,
            probability=old.probability,
            label=old.label,
            criteria=tuple(replace(c, reason="", error="") for c in old.criteria),
        )
        names = tuple(chr(ord("A") + place % 26) for place in range(len(judgement.trial.names)))
        trial = Trial(case, judgement.trial.order, names, judgement.trial.repeat)
        bare = replace(judgement, trial=trial, verdict=verdict, calls=())
        return StoredJudgement(f"{case.id}.{number + 1}", stored.judge, bare)


def redacted_metadata(metadata: RunMetadata) -> RunMetadata:
    """How a run was made, without files, places, texts and digests of texts.

    Args:
        metadata: As the run holds it.
    """
    decides = {name: value for name, value in metadata.decides.items() if name in SAFE}
    return replace(
        metadata,
        files=(),
        settings={},
        decides=decides | {"inputs": []},
        identity="",
        settled={},
        parts=tuple(
            replace(
                part,
                decides={k: v for k, v in part.decides.items() if k in SAFE} | {"inputs": []},
                settled={},
            )
            for part in metadata.parts
        ),
        contents={},
    )
