"""What a run's folder holds beside its cases, for tests that write one by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from judgekit import stats
from judgekit.runs import RunCounts, RunMetadata
from judgekit.stats import RankingSummary, Summary
from judgekit.types import RunKind


def forget_summary(folder: Path) -> None:
    """Makes a run one of an older version, which did not say what its summary holds."""
    run = json.loads((folder / "run.json").read_text())
    run["contents"].pop("summary.json", None)
    (folder / "run.json").write_text(json.dumps(run))


def metadata(
    kind: RunKind = "compare",
    *,
    judge: str = "pairwise",
    model: str | None = "openai/m",
    settings: dict[str, Any] | None = None,
    **decides: Any,
) -> RunMetadata:
    """How a run was made that asked nothing."""
    models = ["north"] if kind == "score" else ["north", "south"]
    known = {"judge": judge, "model": model, "models": models, "inputs": ["0"]}
    if kind == "rank":
        known["task"] = "rank"
    return RunMetadata(
        kind=kind,
        judgekit="0",
        python="3",
        files=(),
        settings=settings or {},
        started="2024-01-01T00:00:00+00:00",
        ended="2024-01-01T00:00:00+00:00",
        seconds=0.0,
        stop=None,
        counts=RunCounts(0, 0, 0, 0, 0, 0, 0, 0, 0.0),
        decides=known | {"inconsistent": "half"} | decides,
    )


def comparison(heading: str = "") -> Summary:
    """The summary of a comparison without cases."""
    blank = stats.summarise([], a="north", b="south", judge="pairwise", model="openai/m")
    return replace(blank, heading=heading)


def ranking() -> RankingSummary:
    """The summary of a ranking without cases."""
    return stats.summarise_rankings([], judge="pairwise", model="openai/m")
