"""What else finished runs can tell: at equal length, put right by labels, over many models.

Everything here is computed from runs' folders; nothing is asked of a judge again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.io.labels import read_labels
from judgekit.runs import reader
from judgekit.runs.match import judged
from judgekit.stats.agreement import Agreement, agreement
from judgekit.stats.bradley_terry import Game, Ratings, ratings
from judgekit.stats.length_control import LengthControl, length_controlled
from judgekit.stats.outcomes.values import Inconsistent, MaybeLabel, counted, label
from judgekit.stats.power import prompts_needed
from judgekit.stats.prediction_powered import Corrected, prediction_powered_rate
from judgekit.stats.summaries.ranking import games_of
from judgekit.types import Case, Label, Outcome

__all__ = ["Analysis", "Labelled", "analyse", "rate_models"]

PLACEHOLDERS = ("a", "b")  # what `judgekit.io.load_pairs` calls models that a file does not name
TOLD = (0.1, 0.05, 0.02)  # differences from one half, for which the prompts needed are given


@dataclass(frozen=True, slots=True)
class Labelled:
    """A run beside people's labels of some of its cases: agreement, and the corrected rate."""

    agreement: Agreement
    corrected: Corrected
    unknown: int  # labels of cases that the run does not have


@dataclass(frozen=True, slots=True)
class Analysis:
    """One comparison's further figures, of the cases that its win rate counts.

    `prompts_needed`: for each difference from one half, how many prompts such as these would tell
    it in four of five runs; None where all cases have the same value.
    """

    a: str
    b: str
    cases: int
    prompts: int
    length: LengthControl
    prompts_needed: Mapping[float, int] | None
    labelled: Labelled | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def analyse(folder: Path, labels: Path | None = None) -> Analysis:
    """The further figures of a comparison.

    Raises `InputError` for other kinds of run, and where no case counts.
    """
    folder = reader.resolve(folder)
    if reader.holds_rankings(folder):
        raise InputError(f"{str(folder)!r} is a ranking; its models are rated, not compared")
    pairs = list(judged(folder))
    if not pairs or len(pairs[0][0].responses) != 2:
        raise InputError(f"{str(folder)!r} compares no two models; nothing more can be said of it")
    decides = reader.read_json(folder / "run.json")["decides"]
    models, inconsistent = decides["models"], decides["inconsistent"]
    values = [(case, o, v) for case, o in pairs if (v := counted(o, inconsistent)) is not None]
    if not values:
        undecided = sum(not outcome.decided for _, outcome in pairs)
        raise InputError(
            f"no case of {str(folder)!r} counts ({undecided} undecided, {len(pairs) - undecided} "
            f"inconsistent and left out); nothing more can be said of it"
        )
    return Analysis(
        a=models[0],
        b=models[1],
        cases=len(pairs),
        prompts=len({outcome.cluster for _, outcome, _ in values}),
        length=length_controlled(
            (o.cluster, v, len(case.responses[0].text), len(case.responses[1].text))
            for case, o, v in values
        ),
        prompts_needed=needed([(o.cluster, v) for _, o, v in values]),
        labelled=None
        if labels is None
        else beside(pairs, read_labels(labels, models), labels, inconsistent),
    )


def needed(values: Sequence[tuple[str, float]]) -> dict[float, int] | None:
    """Prompts that would tell each difference of `TOLD`, from how these vary between prompts."""
    of_prompt: dict[str, list[float]] = {}
    for cluster, v in values:
        of_prompt.setdefault(cluster, []).append(v)
    means = [sum(own) / len(own) for own in of_prompt.values()]
    if len(means) < 2:
        return None
    mean = sum(means) / len(means)
    variance = sum((m - mean) ** 2 for m in means) / (len(means) - 1)
    return {d: prompts_needed(d, variance) for d in TOLD} if variance else None


def beside(
    pairs: Sequence[tuple[Case, Outcome]],
    labels: Mapping[str, Label],
    path: Path,
    inconsistent: Inconsistent,
) -> Labelled:
    """The judge's outcomes beside the labels of the same cases."""
    cases = {case.id for case, _ in pairs}
    if not cases & labels.keys():
        raise InputError(f"{path} labels no case of this run; ids are those of its cases.jsonl")
    rows = [(o.cluster, label(o), labels[case.id]) for case, o in pairs if case.id in labels]
    worth: Mapping[MaybeLabel, float | None] = {0: 1.0, 1: 0.0, "tie": 0.5, None: None}
    return Labelled(
        agreement(rows),
        prediction_powered_rate(
            (o.cluster, v, worth[labels.get(case.id)])
            for case, o in pairs
            if (v := counted(o, inconsistent)) is not None
        ),
        len(labels.keys() - cases),
    )


def rate_models(folders: Sequence[Path], *, prior: float = 0.0) -> Ratings:
    """Ratings of all models in these runs, be they comparisons or rankings.

    Raises `InputError` where no case counts, and where models have no names to know them by.
    """
    check_names([reader.resolve(folder) for folder in folders])
    found = [game for folder in folders for game in games(folder)]
    if not found:
        raise InputError("no case of these runs counts (undecided, or inconsistent and left out)")
    return ratings(found, prior=prior)


def check_names(folders: Sequence[Path]) -> None:
    """Refuses runs on several inputs, one of them a file of pairs that does not name its models:
    what it calls a and b need not be what others call so."""
    facts = [reader.read_json(folder / "run.json") for folder in folders]
    if len({tuple(own["decides"]["inputs"]) for own in facts}) < 2:
        return
    for folder, own in zip(folders, facts, strict=True):
        if len(own["files"]) == 1 and tuple(own["decides"]["models"]) == PLACEHOLDERS:
            raise InputError(
                f"{str(folder)!r} is of pairs without model names, and its a and b need not be "
                f"those of another file; write model_a and model_b into the rows of "
                f"{own['files'][0]!r} and judge again (replies come from the store)"
            )


def games(folder: Path) -> Iterator[Game]:
    """Each comparison that counts; where two orders disagree a tie, if the run counts that."""
    folder = reader.resolve(folder)
    decides = reader.read_json(folder / "run.json")["decides"]
    inconsistent = decides["inconsistent"]
    if reader.holds_rankings(folder):
        for ranking, _ in reader.read_rankings(folder):
            yield from games_of(ranking, inconsistent)
        return
    models = decides["models"]
    if len(models) != 2 or models[0] == models[1]:
        raise InputError(f"{str(folder)!r} compares no two models by name, so it rates none")
    for outcome, _ in reader.read_outcomes(folder):
        v = counted(outcome, inconsistent)
        if v is not None:
            yield outcome.cluster, models[0], models[1], v
