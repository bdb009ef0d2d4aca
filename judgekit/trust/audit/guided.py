"""What a reference changes: the same cases judged with the right answer shown, and without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from judgekit.stats.agreement import agreement
from judgekit.stats.outcomes.values import label
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.figure import Figure, points, share, unknown
from judgekit.trust.audit.given import Given, other_case
from judgekit.trust.audit.probe import PLAIN, Judged, Showing, Unidentified
from judgekit.types import Case

__all__ = ["ReferenceProbe"]

CHECKED = ("math", "reasoning", "coding", "code")  # categories whose answers are right or wrong


class ReferenceProbe:
    """Judging by reference beside judging without, where there is a right answer.

    A model that cannot do a task itself is misled by wrong answers to it, and less so with a
    reference at hand (Zheng et al. 2023, arXiv 2306.05685, section 3.4).
    """

    name = "reference"
    about = "would a right answer at hand change the verdicts?"

    def showings(self, given: Given) -> Sequence[Showing]:
        if given.job.judge.model != "engine":
            raise Unidentified("the judge asks no model that could be shown a reference as well")
        if given.guided is None:
            raise Unidentified("the judge is shown references already")
        cases = checked(given)
        if not cases:
            raise Unidentified(why_none(given))
        guided = [other_case(case, "guided") for case in cases]
        return [given.plain(), Showing(self.name, guided, given.models, job=given.guided)]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:
        plain = {o.case: o for o in judged[PLAIN].outcomes}
        pairs = [
            (plain[case.id], guided)
            for case, guided in zip(checked(given), judged[self.name].outcomes, strict=False)
            if case.id in plain
        ]
        found = agreement((p.cluster, label(p), label(g)) for p, g in pairs)
        changes = share(
            "same with a reference",
            found.equal,
            found.cases,
            "the verdict stays as it is when the right answer is shown",
        )
        if given.labels is None:
            why = "whether a reference helps needs to be measured against people: --labels"
            return [changes, unknown("accuracy gained", why)]
        rows = [
            (p.cluster, float(label(g) == right) - float(label(p) == right), 1.0)
            for p, g in pairs
            if p.decided and g.decided and (right := given.labels.get(p.case)) is not None
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


def why_none(given: Given) -> str:
    """Why no case can be judged by its reference, and what would help."""
    kinds = ", ".join(CHECKED)
    categories = Counter(case.category for case in given.cases if case.reference)
    if categories:
        [(commonest, _)] = categories.most_common(1)
        return (
            f"references stand only with cases of other categories than {kinds}, most of them of "
            f"{commonest!r}; name the category of cases whose answers are right or wrong"
        )
    file = given.job.settings.references
    way = "give --references" if file is None else f"{str(file)!r} gives none to a case judged here"
    return f"no case of the categories {kinds} has a reference; {way}"


def checked(given: Given) -> list[Case]:
    """The cases with a reference, of a category where answers can be checked if they have one."""
    return [
        case
        for case in given.cases
        if case.reference and (case.category is None or case.category.casefold() in CHECKED)
    ]
