"""Self-enhancement: whether a judge favours the answers of its own family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from judgekit.stats import clustered_rate
from judgekit.stats.outcomes.values import value
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.agreement import raters, shared
from judgekit.trust.audit.audit_input import AuditInput
from judgekit.trust.audit.metric import AuditMetric, points, share, unknown
from judgekit.trust.audit.probe import Probe
from judgekit.trust.audit.probe_runs import (
    PLAIN,
    FinishedRuns,
    PlannedRun,
    Unidentified,
)

__all__ = ["FamilyProbe"]

VALUES = {0: 1.0, 1: 0.0, "tie": 0.5}


class FamilyProbe(Probe):
    """The win rate of the judge's own family, less the same by people or by other judges.

    A model that wins more often under its own family's judge may simply be better. Only other
    verdicts on the same cases tell the two apart (Zheng et al. 2023, arXiv 2306.05685,
    section 3.3).
    """

    name = "self-enhancement"
    about = "does the judge favour its own family?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        own_family(audit)
        return [audit.plain_run(), *audit.runs_beside()]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:
        family, i = own_family(audit)
        pairs = [(c, o, v) for c, o in finished[PLAIN].pairs if (v := value(o)) is not None]
        rate = clustered_rate((o.cluster, v if i == 0 else 1 - v, 1) for _, o, v in pairs)
        sentence = f"of {audit.models[i]}, of the judge's own family ({family}): merit or favour"
        metrics = [share("its family's win rate", rate, len(pairs), sentence)]
        metrics += (favour(name, rows) for name, rows in compared(audit, finished, i))
        metrics += (unknown(f"more than by {name}", why) for name, why in unfit(audit, finished))
        if len(metrics) == 1:
            metrics.append(
                unknown(
                    "favour for its family",
                    "merit and favour cannot be told apart without verdicts of people (--labels) "
                    "or of a judge of another family (--beside, --against)",
                )
            )
        return metrics


Rows = list[tuple[str, float, float]]
"""Cluster, and the value of the judge's own family by the judge itself and by another rater."""


def favour(name: str, rows: Rows) -> AuditMetric:
    """How much more the judge's own family wins under this judge than under `name`."""
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


def own_family(audit: AuditInput) -> tuple[str, int]:
    """The judge's family, and the index of the one model that is of it.

    Raises `Unidentified` where neither or both are, or that is not known.
    """
    judge = audit.judge_family
    if judge is None:
        model = audit.job.settings.model or audit.job.judge_name
        raise Unidentified(
            f"the family of the judge {audit.judge_label!r} is not known; {hint(model)}"
        )
    families = [audit.families.of(model) for model in audit.models]
    for model, family in zip(audit.models, families, strict=True):
        if family is None:
            raise Unidentified(f"the family of {model!r} is not known; {hint(model)}")
    if families.count(judge) != 1:
        which = "both answers are" if judge in families else "neither answer is"
        raise Unidentified(
            f"{which} of the judge's family ({judge}); it takes one of it and one of another"
        )
    return judge, families.index(judge)


def hint(model: str) -> str:
    return f"name it in a file for --families (a row of the model {model!r} and its family)"


def compared(audit: AuditInput, finished: FinishedRuns, i: int) -> Iterator[tuple[str, Rows]]:
    """The labels and each judge of another family, with the rows for `favour`."""
    ours = {o.case: v for _, o in finished[PLAIN].pairs if (v := value(o)) is not None}
    sides: list[tuple[str, Mapping[str, float]]] = []
    if audit.labels is not None:
        sides.append(
            (
                "labels",
                {case: VALUES[label] for case, label in audit.labels.items() if label is not None},
            )
        )
    for rater in raters(audit, finished):
        if audit.families.of(rater.model) not in (None, audit.judge_family):
            theirs = shared(finished[PLAIN], rater)
            sides.append(
                (rater.name, {c: v for c, o in theirs.items() if (v := value(o)) is not None})
            )
    clusters = {o.case: o.cluster for o in finished[PLAIN].outcomes}
    for name, theirs_by_case in sides:
        rows = [
            (clusters[case], own_value(v, i), own_value(theirs_by_case[case], i))
            for case, v in ours.items()
            if case in theirs_by_case
        ]
        yield name, rows


def unfit(audit: AuditInput, finished: FinishedRuns) -> Iterator[tuple[str, str]]:
    """The other judges that cannot show a favour, and why."""
    yield from audit.silent.items()
    for rater in raters(audit, finished):
        family = audit.families.of(rater.model)
        if family is None:
            yield rater.name, f"its family is not known; {hint(rater.model)}"
        elif family == audit.judge_family:
            yield rater.name, f"it is of the judge's own family ({family})"


def own_value(value_of_0: float, i: int) -> float:
    return value_of_0 if i == 0 else 1 - value_of_0
