"""Flags of `judgekit stats` for labels of classes: how they are used, and which thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "LabelFlags",
    "LabelledRun",
    "Labels",
    "LabelsAre",
    "PoolModels",
    "Positive",
    "Precision",
    "Recall",
]

Labels = Annotated[
    Path | None,
    typer.Option(
        help="People's labels of some cases: rows of id and label (A, B or tie; of single answers "
        "a class, with the model where there are several)."
    ),
]
LabelsAre = Annotated[
    Literal["random-part", "other-sample"],
    typer.Option(help="Of classes: what the labelled answers are among those of the run."),
]
LabelledRun = Annotated[
    Path | None,
    typer.Option(help="Of classes: the run whose answers are labelled, if it is another one."),
]
PoolModels = Annotated[
    bool,
    typer.Option("--pool-models", help="Of classes: labels of all models correct each model."),
]
Positive = Annotated[
    str | None,
    typer.Option(help="Of classes: the one that high scores, or its probability, speak for."),
]
Precision = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Choose a threshold with at least this precision."),
]
Recall = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Choose a threshold with at least this recall."),
]


@dataclass(frozen=True)
class LabelFlags:
    """The flags as they were given."""

    labels_are: Literal["random-part", "other-sample"]
    labelled_run: Path | None
    pool_models: bool
    positive: str | None
    precision: float | None
    recall: float | None

    @property
    def given(self) -> bool:
        """Whether any differs from its default."""
        return self != LabelFlags("random-part", None, False, None, None, None)
