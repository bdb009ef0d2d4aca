"""`judgekit stats`: further metrics of finished runs; nothing is judged again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.format_flag import FormatFlag, choose_format
from judgekit.cli.label_flags import (
    LabelFlags,
    LabelledRun,
    Labels,
    LabelsAre,
    PoolModels,
    Positive,
    Precision,
    Recall,
)
from judgekit.errors import InputError

__all__ = ["stats"]

Prior = Annotated[
    float | None,
    typer.Option(
        help="For ratings: add so many games between every two models, split evenly. Default: "
        "none, or as many as `rank --games` did if a run is of that."
    ),
]
Criteria = Annotated[
    bool,
    typer.Option(
        "--criteria",
        help="Item analysis of a rubric's criteria: which tell answers apart, which say the same "
        "twice, and the result without each. --labels then holds id, criterion and label.",
    ),
]


def stats(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="The runs' folders. Default: runs/latest.")
    ] = None,
    labels: Labels = None,
    labels_are: LabelsAre = "random-part",
    labelled_run: LabelledRun = None,
    pool_models: PoolModels = False,
    positive: Positive = None,
    precision: Precision = None,
    recall: Recall = None,
    criteria: Criteria = False,
    prior: Prior = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    form: FormatFlag = "table",
) -> None:
    """Compute length-controlled and prediction-powered win rates, and the prompts needed.

    For several runs, or a ranking: Bradley-Terry ratings of all their models. With people's classes
    (--labels): a classifier's accuracy, and the corrected share of each class. With --criteria: the
    item analysis of a rubric.
    """
    from judgekit.cli.render.analysis import print_analysis
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.export import print_csv
    from judgekit.runs import StoredRun
    from judgekit.runs.analysis import analyse

    choose_format(form, as_json=as_json)
    folders = runs or [Path("runs/latest")]
    if prior is not None and prior < 0:
        raise InputError(f"--prior must be at least 0, not {prior!r}")
    if criteria:
        print_criteria(folders, labels, form, as_json=as_json)
        return
    flags = LabelFlags(labels_are, labelled_run, pool_models, positive, precision, recall)
    if print_label_classes(folders, labels, flags, form, as_json=as_json):
        return
    if len(folders) == 1 and StoredRun.open(folders[0]).kind != "rank":
        analysis = analyse(folders[0], labels)
        if form == "csv":
            print_csv([analysis.to_dict()])
            return
        print(json_text(analysis.to_dict())) if as_json else print_analysis(analysis)
        return
    if labels is not None:
        raise InputError("--labels belong to one comparison; name its run alone")
    print_model_ratings(folders, prior, form, as_json=as_json)


def print_model_ratings(
    folders: Sequence[Path], prior: float | None, form: str, *, as_json: bool
) -> None:
    """Prints Bradley-Terry ratings of all models in runs."""
    from judgekit.cli.render.analysis import print_ratings
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.export import print_csv
    from judgekit.runs.analysis import rate_models
    from judgekit.stats.plain import encode

    ratings = rate_models(folders, prior=prior)
    if form == "csv":
        print_csv(encode(ratings)["models"])
        return
    print(json_text(encode(ratings))) if as_json else print_ratings(ratings)


def print_criteria(
    folders: Sequence[Path], labels: Path | None, form: str, *, as_json: bool
) -> None:
    """Prints the item analysis of a run's criteria.

    Raises:
        InputError: There are several runs, or no rubric judged the run.
    """
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.export import print_csv
    from judgekit.cli.render.item_analysis import print_criteria_analysis
    from judgekit.runs.criteria_analysis import analyse_criteria

    if len(folders) > 1:
        raise InputError("--criteria is of one run; name it alone")
    analysis = analyse_criteria(folders[0], labels)
    if form == "csv":
        models = analysis.to_dict()["models"]
        print_csv({"model": m["model"], **item} for m in models for item in m["criteria"])
    elif as_json:
        print(json_text(analysis.to_dict()))
    else:
        print_criteria_analysis(analysis)


def print_label_classes(
    folders: Sequence[Path], labels: Path | None, flags: LabelFlags, form: str, *, as_json: bool
) -> bool:
    """Prints the classes of runs beside labels of classes; False where the labels are others.

    Raises:
        InputError: Flags are given that only labels of classes give a meaning.
    """
    from judgekit.cli.render.classes import print_classes
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.export import print_csv
    from judgekit.runs.class_analysis import LabelUse, analyse_classes, labels_are_classes
    from judgekit.stats.plain import encode
    from judgekit.stats.thresholds import Goal

    if labels is None or not labels_are_classes(folders, labels):
        if flags.given:
            raise InputError(
                "--labels-are, --labelled-run, --pool-models, --positive, --precision and --recall "
                "need --labels with the classes of answers, and runs of `classify` or of scores"
            )
        return False
    wanted: list[tuple[Goal, float | None]] = [
        ("precision", flags.precision),
        ("recall", flags.recall),
    ]
    goals = tuple((goal, share) for goal, share in wanted if share is not None)
    use = LabelUse(flags.labels_are, flags.pool_models, flags.positive, goals)
    analysis = analyse_classes(folders, labels, use, flags.labelled_run)
    if form == "csv":
        print_csv(encode(analysis)["models"])
    elif as_json:
        print(json_text(analysis.to_dict()))
    else:
        print_classes(analysis)
    return True
