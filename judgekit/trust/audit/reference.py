"""What a reference changes: the same cases judged with and without the right answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judgekit.stats.agreement import agreement
from judgekit.stats.outcomes.values import label
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.audit_input import AuditInput, case_variant
from judgekit.trust.audit.categories import CHECKABLE, same_category
from judgekit.trust.audit.metric import AuditMetric, points, share, unknown
from judgekit.trust.audit.probe import Probe
from judgekit.trust.audit.probe_runs import (
    PLAIN,
    FinishedRuns,
    PlannedRun,
    Unidentified,
)
from judgekit.types import Case

__all__ = ["ReferenceProbe"]


class ReferenceProbe(Probe):
    """Judging with a reference beside judging without, where there is a right answer.

    A model that cannot do a task itself is misled by wrong answers to it, and less so with a
    reference at hand (Zheng et al. 2023, arXiv 2306.05685, section 3.4).
    """

    name = "reference"
    about = "would a right answer at hand change the verdicts?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        if audit.job.judge.model != "engine":
            raise Unidentified("the judge asks no model that could be shown a reference as well")
        if audit.guided is None:
            raise Unidentified("the judge is shown references already")
        cases = checkable(audit)
        if not cases:
            raise Unidentified(why_none(audit))
        guided = [case_variant(case, "guided") for case in cases]
        return [audit.plain_run(), PlannedRun(self.name, guided, audit.models, job=audit.guided)]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:
        of_case = {o.case: o for o in finished[PLAIN].outcomes}
        pairs = [
            (of_case[case.id], guided)
            for case, guided in zip(checkable(audit), finished[self.name].outcomes, strict=False)
            if case.id in of_case
        ]
        result = agreement((p.cluster, label(p), label(g)) for p, g in pairs)
        changes = share(
            "same with a reference",
            result.equal,
            result.cases,
            "the verdict stays as it is when the right answer is shown",
        )
        if audit.labels is None:
            why = "whether a reference helps needs to be measured against people: --labels"
            return [changes, unknown("accuracy gained", why)]
        rows = [
            (p.cluster, float(label(g) == right) - float(label(p) == right), 1.0)
            for p, g in pairs
            if p.decided and g.decided and (right := audit.labels.get(p.case)) is not None
        ]
        gained = points(
            "accuracy gained",
            share_difference(rows),
            len(rows),
            (
                "with a reference the judge agrees more with the labels",
                "with a reference the judge agrees less with the labels",
                "no difference in agreement with the labels is seen",
            ),
        )
        return [changes, gained]


def why_none(audit: AuditInput) -> str:
    """Why no case can be judged by its reference, and what would help."""
    kinds = ", ".join(CHECKABLE)
    categories = Counter(case.category for case in audit.cases if case.reference)
    if categories:
        [(commonest, _)] = categories.most_common(1)
        return (
            f"references stand only with cases of other categories than {kinds}, most of them of "
            f"{commonest!r}; name the category of cases whose answers are right or wrong"
        )
    file = audit.job.settings.references
    way = "give --references" if file is None else f"{str(file)!r} gives none to a case judged here"
    return f"no case of the categories {kinds} has a reference; {way}"


def checkable(audit: AuditInput) -> list[Case]:
    """The cases with a reference, of a category where answers can be checked if they have one."""
    return [
        case
        for case in audit.cases
        if case.reference and (case.category is None or same_category(case.category) in CHECKABLE)
    ]
