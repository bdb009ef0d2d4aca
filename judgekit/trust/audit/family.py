"""Self-enhancement: whether a judge favours the answers of its own family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from judgekit.stats import clustered_rate
from judgekit.stats.outcomes.values import value
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.agreement import raters, shared
from judgekit.trust.audit.figure import Figure, points, share, unknown
from judgekit.trust.audit.given import Given
from judgekit.trust.audit.probe import PLAIN, Judged, Showing, Unidentified

__all__ = ["FamilyProbe"]

VALUES = {0: 1.0, 1: 0.0, "tie": 0.5}


class FamilyProbe:
    """The win rate of the judge's own family, less the same by people or by other judges.

    A model that wins more often under its own family's judge may simply be better; only somebody
    else's verdicts on the same cases tell the two apart (Zheng et al. 2023, arXiv 2306.05685,
    section 3.3).
    """

    name = "self-enhancement"
    about = "does the judge favour its own family?"

    def showings(self, given: Given) -> Sequence[Showing]:
        own(given)
        return [given.plain(), *given.beside()]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:
        family, i = own(given)
        pairs = [(c, o, v) for c, o in judged[PLAIN].pairs if (v := value(o)) is not None]
        rate = clustered_rate((o.cluster, v if i == 0 else 1 - v, 1) for _, o, v in pairs)
        said = f"of {given.models[i]}, of the judge's own family ({family}): merit or favour"
        figures = [share("its family's win rate", rate, len(pairs), said)]
        figures += (favour(name, rows) for name, rows in compared(given, judged, i))
        figures += (unknown(f"more than by {name}", why) for name, why in unfit(given, judged))
        if len(figures) == 1:
            figures.append(
                unknown(
                    "favour for its family",
                    "merit and favour cannot be told apart without verdicts of people (--labels) "
                    "or of a judge of another family (--beside, --against)",
                )
            )
        return figures


Rows = list[tuple[str, float, float]]
"""Cluster, and how far the judge's own family won by the judge itself and by somebody else."""


def favour(name: str, rows: Rows) -> Figure:
    """How much more the judge's own family wins by it than by `name`."""
    if not rows:
        return unknown(f"more than by {name}", "no case that the judge decided is decided there")
    return points(
        f"more than by {name}",
        share_difference((cluster, ours - theirs, 1) for cluster, ours, theirs in rows),
        len(rows),
        (
            f"the judge favours its own family where {name} does not",
            f"the judge is harder on its own family than {name}",
            f"no favour for its own family is seen beside {name}",
        ),
    )


def own(given: Given) -> tuple[str, int]:
    """The judge's family, and the index of the one answerer that is of it.

    Raises `Unidentified` where that is neither or both, or not known.
    """
    judge = given.judge_family
    if judge is None:
        model = given.job.settings.model or given.job.judge_name
        raise Unidentified(
            f"the family of the judge {given.judge_label!r} is not known; {way_out(model)}"
        )
    of = [given.families.of(model) for model in given.models]
    for model, family in zip(given.models, of, strict=True):
        if family is None:
            raise Unidentified(f"the family of {model!r} is not known; {way_out(model)}")
    if of.count(judge) != 1:
        which = "both answers are" if judge in of else "neither answer is"
        raise Unidentified(
            f"{which} of the judge's family ({judge}); it takes one of it and one of another"
        )
    return judge, of.index(judge)


def way_out(model: str) -> str:
    return f"say it with --families (a row of the model {model!r} and its family)"


def compared(given: Given, judged: Mapping[str, Judged], i: int) -> Iterator[tuple[str, Rows]]:
    """For people, and each judge of another family: the own family's value by us and by them."""
    ours = {o.case: v for _, o in judged[PLAIN].pairs if (v := value(o)) is not None}
    sides: list[tuple[str, Mapping[str, float]]] = []
    if given.labels is not None:
        sides.append(
            (
                "labels",
                {case: VALUES[label] for case, label in given.labels.items() if label is not None},
            )
        )
    for rater in raters(given, judged):
        if given.families.of(rater.asked) not in (None, given.judge_family):
            theirs = shared(judged[PLAIN], rater)
            sides.append(
                (rater.name, {c: v for c, o in theirs.items() if (v := value(o)) is not None})
            )
    clusters = {o.case: o.cluster for o in judged[PLAIN].outcomes}
    for name, theirs_by_case in sides:
        rows = [
            (clusters[case], own_value(v, i), own_value(theirs_by_case[case], i))
            for case, v in ours.items()
            if case in theirs_by_case
        ]
        yield name, rows


def unfit(given: Given, judged: Mapping[str, Judged]) -> Iterator[tuple[str, str]]:
    """The other judges that tell nothing of a favour, and why."""
    yield from given.silent.items()
    for rater in raters(given, judged):
        family = given.families.of(rater.asked)
        if family is None:
            yield rater.name, f"its family is not known; {way_out(rater.asked)}"
        elif family == given.judge_family:
            yield rater.name, f"it is of the judge's own family ({family})"


def own_value(value_of_0: float, i: int) -> float:
    return value_of_0 if i == 0 else 1 - value_of_0
