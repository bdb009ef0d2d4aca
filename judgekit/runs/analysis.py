"""What else finished runs show: at equal length, by people's labels, over many models.

Everything here is computed from runs' folders; no judge is asked again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from judgekit.errors import InputError
from judgekit.io.given import is_given
from judgekit.io.labels import read_labels
from judgekit.io.prompt_digest import check_unseen, prompt_digest
from judgekit.runs.match import cases_with_outcomes
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import StoredRun
from judgekit.stats.active_pairs import rate_chosen_games
from judgekit.stats.agreement import Agreement, agreement
from judgekit.stats.bradley_terry import Game, Ratings, ratings
from judgekit.stats.length_control import LengthControl, length_controlled_rate
from judgekit.stats.metric import metric
from judgekit.stats.outcomes.values import Inconsistent, counted, in_name_order, label, value_of
from judgekit.stats.plain import encode
from judgekit.stats.power import design_effect, prompts_to_detect, tie_share
from judgekit.stats.prediction_powered import PredictionPowered, prediction_powered_rate
from judgekit.stats.summaries.ranking import games_of
from judgekit.types import Case, Label, Outcome, Ranking, RunKind

__all__ = [
    "Analysis",
    "LabelComparison",
    "RatedRun",
    "analyse",
    "games_of_run",
    "rate_models",
    "rate_runs",
]

PLACEHOLDERS = ("a", "b")  # what `judgekit.io.load_pairs` calls models that a file does not name
DIFFERENCES = (0.1, 0.05, 0.02)  # from one half, for which the prompts needed are given


class RatedRun(Protocol):
    """What ratings need of a run; a `StoredRun` is one."""

    @property
    def folder(self) -> Path: ...
    @property
    def kind(self) -> RunKind: ...
    @property
    def metadata(self) -> RunMetadata: ...
    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of a comparison."""
        ...

    def rankings(self) -> Iterator[Ranking]:
        """The rankings of a run that ranked."""
        ...


CasePair = tuple[Case, Outcome]
"""A case of two responses and its outcome."""


@dataclass(frozen=True, slots=True)
class LabelComparison:
    """A run beside people's labels of some of its cases: agreement, and the rate of both.

    `unknown` counts labels of cases that the run does not have, `learned` those of prompts from
    which the judge has learned: these cases are left out.
    """

    agreement: Agreement
    prediction_powered: PredictionPowered = field(
        metadata=metric("the win rate by judge and labels together", formerly="corrected")
    )
    unknown: int
    learned: int = 0


@dataclass(frozen=True, slots=True)
class Analysis:
    """One comparison's further metrics, of the cases that its win rate counts.

    `prompts_needed`: for each difference from one half, how many prompts such as these detect it
    with a power of 80 %. Win rates that so many ties do not allow are left out; None where none
    remains, or where prompts of several cases are too few or too unequal to say.
    """

    a: str
    b: str
    cases: int
    prompts: int
    length: LengthControl
    prompts_needed: Mapping[float, int] | None
    labelled: LabelComparison | None = None

    def to_dict(self) -> dict[str, Any]:
        """The analysis as JSON has it."""
        plain: dict[str, Any] = encode(self)
        return plain


def analyse(folder: str | Path, labels: Path | None = None) -> Analysis:
    """The further metrics of a comparison.

    Args:
        folder: The run's folder.
        labels: A file of people's labels of some of its cases.

    Returns:
        The length-controlled win rate, the prompts needed and, beside labels, the agreement and
        the prediction-powered win rate.

    Raises:
        InputError: The run is of another kind, or no case of it counts.
    """
    run = StoredRun.open(folder)
    if run.kind == "rank":
        raise InputError(f"{str(run.folder)!r} is a ranking; its models are rated, not compared")
    pairs = list(cases_with_outcomes(run))
    if not pairs or len(pairs[0][0].responses) != 2:
        raise InputError(f"{str(run.folder)!r} compares no two models; there is nothing to analyse")
    models, inconsistent = run.metadata.models, run.metadata.inconsistent
    values = counted_values(run, pairs, inconsistent)
    return Analysis(
        a=models[0],
        b=models[1],
        cases=len(pairs),
        prompts=len({outcome.cluster for _, outcome, _ in values}),
        length=length_controlled_rate(
            (o.cluster, v, len(case.responses[0].text), len(case.responses[1].text))
            for case, o, v in values
        ),
        prompts_needed=prompts_by_difference([(o.cluster, v) for _, o, v in values]),
        labelled=None
        if labels is None
        else compare_with_labels(
            pairs, read_labels(labels, models), labels, inconsistent, run.metadata.learned
        ),
    )


def counted_values(
    run: StoredRun, pairs: Sequence[CasePair], inconsistent: Inconsistent
) -> list[tuple[Case, Outcome, float]]:
    """The cases that the win rate counts, with a's value in each. `InputError` without any."""
    values = [(case, o, v) for case, o in pairs if (v := counted(o, inconsistent)) is not None]
    if not values:
        no_verdict = sum(not outcome.decided for _, outcome in pairs)
        raise InputError(
            f"no case of {str(run.folder)!r} counts ({no_verdict} without a verdict, "
            f"{len(pairs) - no_verdict} inconsistent and left out); there is nothing to analyse"
        )
    return values


def prompts_by_difference(values: Sequence[tuple[str, float]]) -> dict[float, int] | None:
    """Prompts that detect each of `DIFFERENCES`, with ties and prompts such as these.

    The variance is that at the win rate that the difference makes, not at the one observed.
    """
    effect = design_effect(values)
    if effect is None:
        return None
    ties = tie_share([v for _, v in values])
    prompts = {d: prompts_to_detect(0.5 + d, ties=ties, effect=effect) for d in DIFFERENCES}
    return {d: n for d, n in prompts.items() if n is not None} or None


def compare_with_labels(
    pairs: Sequence[CasePair],
    labels: Mapping[str, Label],
    path: Path,
    inconsistent: Inconsistent,
    learned: Collection[str] = (),
) -> LabelComparison:
    """The judge's outcomes beside the labels of the same cases, but those it has learned from."""
    cases = {case.id for case, _ in pairs}
    if not cases & labels.keys():
        raise InputError(f"{path} labels no case of this run; ids are those of its cases.jsonl")
    check_unseen(str(path), (case for case, _ in pairs if case.id in labels), learned)
    seen = {case.id for case, _ in pairs if prompt_digest(case) in learned} if learned else set()
    pairs = [(case, o) for case, o in pairs if case.id not in seen]
    rows = [
        (o.cluster, in_name_order(case, label(o)), in_name_order(case, labels[case.id]))
        for case, o in pairs
        if case.id in labels
    ]
    return LabelComparison(
        agreement(rows),
        prediction_powered_rate(
            (o.cluster, v, value_of(labels.get(case.id)))
            for case, o in pairs
            if (v := counted(o, inconsistent)) is not None
        ),
        len(labels.keys() - cases),
        len(seen & labels.keys()),
    )


def rate_models(folders: Sequence[str | Path], *, prior: float | None = None) -> Ratings:
    """Bradley-Terry ratings of all models in runs, be they comparisons or rankings.

    Args:
        folders: The runs' folders.
        prior: Made-up games between every two models, half of them won by each. None: as many as
            `judgekit rank --games` adds where a run chose its games, so that its ratings are the
            ones of its summary; otherwise 0.

    Returns:
        The models, best first, with intervals of their ratings and ranks.

    Raises:
        InputError: No case counts, or models have no names by which runs could share them.
    """
    return rate_runs([StoredRun.open(folder) for folder in folders], prior=prior)


def rate_runs(runs: Sequence[RatedRun], *, prior: float | None = None) -> Ratings:
    """As `rate_models`, of runs that are read already.

    Args:
        runs: The runs.
        prior: As that of `rate_models`.
    """
    check_names(runs)
    games = [game for run in runs for game in games_of_run(run)]
    if not games:
        raise InputError("no case of these runs counts (no verdict, or inconsistent and left out)")
    if not any(run.metadata.games for run in runs):
        return ratings(games, prior=prior or 0.0)
    models = dict.fromkeys(name for run in runs for name in run.metadata.models)
    return rate_chosen_games(games, list(models), prior)


def check_names(runs: Sequence[RatedRun]) -> None:
    """Refuses runs on several inputs, one of them a file of pairs that does not name its models:
    its a and b need not be those of other files."""
    if len({run.metadata.inputs for run in runs}) < 2:
        return
    for run in runs:
        if is_unnamed(run.metadata):
            files = run.metadata.files
            what, columns = (
                ("pairs", "model_a and model_b") if len(files) == 1 else ("rows", "model")
            )
            raise InputError(
                f"{str(run.folder)!r} is of {what} without model names, and its a and b need not "
                f"be those of another run; write {columns} into the rows of "
                f"{' and '.join(map(repr, files))} and judge again (replies come from the store)"
            )


def is_unnamed(metadata: RunMetadata) -> bool:
    """Whether a run is of pairs whose file does not name the models, or of rows without names."""
    alone = len(metadata.files) == 1 or all(map(is_given, metadata.files))
    return alone and metadata.models == PLACEHOLDERS


def games_of_run(run: RatedRun) -> Iterator[Game]:
    """Each comparison that counts; where two orders disagree a tie, if the run counts that."""
    models, inconsistent = run.metadata.models, run.metadata.inconsistent
    if run.kind == "rank":
        for ranking in run.rankings():
            yield from games_of(ranking, inconsistent)
        return
    if len(models) != 2 or models[0] == models[1]:
        raise InputError(f"{str(run.folder)!r} compares no two models by name, so it rates none")
    for outcome in run.outcomes():
        v = counted(outcome, inconsistent)
        if v is not None:
            yield outcome.cluster, models[0], models[1], v
