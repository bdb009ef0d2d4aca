"""Classes of finished runs beside people's labels: accuracy, corrected shares, thresholds.

No judge is asked again. Everything is estimated per model: labels of one model's answers do not
correct another's, unless they are pooled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from judgekit import io
from judgekit.errors import InputError
from judgekit.io.class_labels import ClassLabels, read_class_labels
from judgekit.naming import unknown
from judgekit.runs.match import cases_with_outcomes
from judgekit.runs.reader import StoredRun
from judgekit.stats import ScoreSummary, Summary
from judgekit.stats.class_accuracy import ClassifierAccuracy, class_accuracy
from judgekit.stats.corrected_shares import CorrectedShare, Correction, corrected_share
from judgekit.stats.homogeneity import Homogeneity, error_homogeneity
from judgekit.stats.plain import encode
from judgekit.stats.score_accuracy import ScoreAccuracy, score_accuracy
from judgekit.stats.thresholds import Goal

__all__ = [
    "Answer",
    "ClassAnalysis",
    "LabelUse",
    "ModelClasses",
    "analyse_classes",
    "labels_are_classes",
]

Sample = Literal["random-part", "other-sample"]

ASSUMPTIONS: Mapping[Correction, str] = {
    "prediction-powered": "assumes that the labelled answers are a random part of the run's",
    "rogan-gladen": "assumes that sensitivity and specificity are the same among labelled and "
    "other answers",
}
YARDSTICK = ("judge", "judge_identity", "engine", "prompt_digest", "options", "sampling", "repeats")


@dataclass(frozen=True, slots=True)
class LabelUse:
    """How labels are used.

    `sample` is what the labelled answers are of the run's. `pool`: labels of all models count for
    each. `positive` is the class that high scores speak for, `goals` what thresholds are wanted.
    """

    sample: Sample = "random-part"
    pool: bool = False
    positive: str | None = None
    goals: tuple[tuple[Goal, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a run: the judge's class, probabilities and score, and people's class."""

    model: str
    case: str
    cluster: str
    says: str | None
    probabilities: Mapping[str, float] | None
    score: float | None
    label: str | None


@dataclass(frozen=True, slots=True)
class ModelClasses:
    """One model: its answers, how the judge agrees with their labels, and the corrected shares.

    `accuracy` is None and `shares` are empty of a judge of scores; `scores` are those of
    probabilities or scores, one per class, None where the judge gives neither.
    """

    model: str
    answers: int
    labelled: int
    accuracy: ClassifierAccuracy | None
    shares: tuple[CorrectedShare, ...]
    scores: tuple[ScoreAccuracy, ...]


@dataclass(frozen=True, slots=True)
class ClassAnalysis:
    """Runs beside people's classes.

    `assumes` is what the corrected shares rest on. `pooled` tests whether the judge errs alike on
    all models, where labels were to be pooled; they are not where it does not (`differ`), nor
    where no test can be made. `unknown` counts labels of answers that the runs do not have.
    """

    classes: tuple[str, ...]
    models: tuple[ModelClasses, ...]
    method: Correction | None
    assumes: str
    unknown: int
    pooled: Homogeneity | None = field(default=None)

    def to_dict(self) -> dict[str, Any]:
        """The analysis as JSON has it."""
        plain: dict[str, Any] = encode(self)
        return plain


def labels_are_classes(folders: Sequence[str | Path], labels: Path) -> bool:
    """Whether labels are of answers: of scored runs, or by model of a classifier's comparisons.

    Labels without models on a comparison say which of two answers is better.
    """
    runs = [StoredRun.open(folder) for folder in folders]
    if any(run.kind == "score" for run in runs):
        return True
    compared = [run.summary for run in runs if run.kind == "compare"]
    classified = any(isinstance(s, Summary) and s.classes is not None for s in compared)
    return classified and any("model" in row.data for row in io.read_rows(labels))


def analyse_classes(
    folders: Sequence[str | Path],
    labels: Path,
    use: LabelUse,
    labelled_run: str | Path | None = None,
) -> ClassAnalysis:
    """Runs of a classifier, or of a judge of scores, beside people's classes.

    Args:
        folders: The runs' folders.
        labels: People's classes: rows of id, label, and model where there are several.
        use: How labels are used.
        labelled_run: The run whose answers are labelled; by default those of `folders`. It must be
            of the same judge.

    Returns:
        Accuracy and corrected shares of each model.

    Raises:
        InputError: The labels do not fit the runs, or the runs each other.
    """
    runs = [StoredRun.open(folder) for folder in folders]
    other = None if labelled_run is None else StoredRun.open(labelled_run)
    sources = runs if other is None else [other]
    check_judges([*runs, *([] if other is None else [other])])
    classes = classes_of([*runs, *sources])
    models = sorted({model for run in sources for model in run.metadata.models})
    given = read_class_labels(labels, models, classes)
    answers = [answer for run in runs for answer in answers_of(run, given if not other else {})]
    check_once(answers)
    labelled = answers if other is None else list(answers_of(other, given))
    keys = {(answer.case, answer.model) for answer in labelled}
    if not keys & given.keys():
        raise InputError(
            f"{labels} labels no answer of {', '.join(models)}; ids are those of cases.jsonl"
        )
    correction = choose_correction(labelled, use, other_run=other is not None)
    of_model: dict[str, list[Answer]] = {}
    for answer in answers:
        of_model.setdefault(answer.model, []).append(answer)
    return ClassAnalysis(
        classes=classes,
        models=tuple(
            analyse_model(model, mine, correction, classes, use) for model, mine in of_model.items()
        ),
        method=correction.method if classes else None,
        assumes=ASSUMPTIONS[correction.method] if classes else "",
        unknown=len(given.keys() - keys),
        pooled=correction.pooled,
    )


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Which labelled answers correct a model, and how; `others`: they are not all of the run's."""

    labelled: tuple[Answer, ...]
    method: Correction
    shared: bool
    others: bool
    pooled: Homogeneity | None


def choose_correction(labelled: Sequence[Answer], use: LabelUse, *, other_run: bool) -> LabelSource:
    """How labels correct the judge.

    Rogan-Gladen where they are of another sample: another run, other models, or as the user says.
    """
    with_label = tuple(answer for answer in labelled if answer.label is not None)
    pooled = homogeneity(with_label) if use.pool else None
    shared = pooled is not None and pooled.p_value is not None and not pooled.differ
    one_sample = use.sample == "random-part" and not other_run and not shared
    method: Correction = "prediction-powered" if one_sample else "rogan-gladen"
    return LabelSource(with_label, method, shared, shared or other_run, pooled)


def analyse_model(
    model: str,
    answers: Sequence[Answer],
    source: LabelSource,
    classes: Sequence[str],
    use: LabelUse,
) -> ModelClasses:
    """One model's part of `analyse_classes`."""
    labelled = [a for a in source.labelled if source.shared or a.model == model]
    rows = [(a.cluster, a.says, a.label) for a in answers if a.model == model]
    labelled_rows = [(a.cluster, a.says, a.label) for a in labelled]
    other = labelled_rows if source.others else None
    return ModelClasses(
        model,
        answers=len(rows),
        labelled=len(labelled),
        accuracy=class_accuracy(labelled_rows, classes) if classes else None,
        shares=tuple(
            corrected_share(rows, name, method=source.method, sample=other) for name in classes
        ),
        scores=tuple(scores_of(labelled, classes, use)),
    )


def scores_of(
    labelled: Sequence[Answer], classes: Sequence[str], use: LabelUse
) -> Iterable[ScoreAccuracy]:
    """The accuracy of probabilities, or of scores, for each class that they speak for."""
    known = sorted({a.label for a in labelled if a.label is not None} | set(classes))
    if use.positive is not None and use.positive not in known:
        raise InputError(f"--positive: {unknown('class', use.positive, known)}")
    if not classes:
        if use.positive is None:
            raise InputError(
                f"the run has scores; say which class high scores speak for, with --positive "
                f"{known[0] if known else 'CLASS'}"
            )
        rows = [
            (a.cluster, a.score, a.label == use.positive) for a in labelled if a.score is not None
        ]
        yield score_accuracy(rows, use.positive, use.goals, probabilities=False)
        return
    with_chances = [a for a in labelled if a.probabilities]
    if not with_chances:
        if use.goals or use.positive:
            raise InputError(
                "the judge gave no probabilities, so there is no threshold to choose; judge again "
                "with --verdict logits"
            )
        return
    wanted = [use.positive] if use.positive else classes[:1] if len(classes) == 2 else classes
    for name in wanted:
        chances = [
            (a.cluster, (a.probabilities or {}).get(name, 0.0), a.label == name)
            for a in with_chances
        ]
        yield score_accuracy(chances, name, use.goals, probabilities=True)


def answers_of(run: StoredRun, labels: ClassLabels) -> Iterable[Answer]:
    """Every answer of a run that was judged."""
    for case, outcome in cases_with_outcomes(run):
        for place, response in enumerate(case.responses):
            yield Answer(
                response.model,
                case.id,
                outcome.cluster,
                outcome.labels[place] if outcome.labels else None,
                outcome.probabilities[place] if outcome.probabilities else None,
                outcome.scores[place] if outcome.scores else None,
                labels.get((case.id, response.model)),
            )


def homogeneity(labelled: Sequence[Answer]) -> Homogeneity:
    """Whether the judge errs alike on all models whose answers are labelled."""
    return error_homogeneity(
        (a.model, a.label, a.says) for a in labelled if a.label is not None and a.says is not None
    )


def classes_of(runs: Sequence[StoredRun]) -> tuple[str, ...]:
    """The classes of runs of a classifier; none of runs of scores. `InputError` for a mixture."""
    sets = []
    for run in runs:
        if run.kind == "rank":
            raise InputError(f"{str(run.folder)!r} is a ranking; labels of classes are of answers")
        summary = run.summary
        known = summary.classes if isinstance(summary, ScoreSummary | Summary) else None
        if known is None and run.kind == "compare":
            raise InputError(f"{str(run.folder)!r} has no classes; judge it by `classify`")
        sets.append(tuple(each.name for each in known or ()))
    for run, names in zip(runs, sets, strict=True):
        if names != sets[0]:
            raise InputError(
                f"{str(run.folder)!r} has other classes ({', '.join(names) or 'none'}) than "
                f"{str(runs[0].folder)!r} ({', '.join(sets[0]) or 'none'}); name runs of one judge"
            )
    return sets[0]


def check_judges(runs: Sequence[StoredRun]) -> None:
    """Refuses runs of different judges: the labels of one tell nothing of another's errors."""
    first = runs[0].metadata.decides
    for run in runs[1:]:
        other = run.metadata.decides
        differing = [name for name in YARDSTICK if first.get(name) != other.get(name)]
        if differing:
            raise InputError(
                f"{str(run.folder)!r} was judged otherwise than {str(runs[0].folder)!r} "
                f"({', '.join(differing)}); labels correct one judge at a time"
            )


def check_once(answers: Sequence[Answer]) -> None:
    """Refuses runs that hold one answer twice."""
    seen: set[tuple[str, str]] = set()
    for answer in answers:
        if (answer.case, answer.model) in seen:
            raise InputError(
                f"two runs hold the case {answer.case!r} of the model {answer.model!r}; name each "
                f"run once, and models by different names"
            )
        seen.add((answer.case, answer.model))
