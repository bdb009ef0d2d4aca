"""Runs and other results → a report: what it says, what it shows of the cases, and its proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.io.files import make_parents, write_file
from judgekit.report.cases import CasePacker, PackedCases, worth_reading
from judgekit.report.content import Options, ReportContent, RunContent
from judgekit.report.document import Part
from judgekit.report.observations import Observations
from judgekit.report.page import check_target, frame, page
from judgekit.report.redact import Numbers, redacted_metadata
from judgekit.report.results import is_result, result_part
from judgekit.report.sections import (
    cost_section,
    heat_section,
    rating_section,
    settings_section,
    summary_sections,
)
from judgekit.runs.analysis import games_of_run, rate_runs
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import StoredRun
from judgekit.stats import Rate, clustered_rate
from judgekit.stats.bradley_terry import Game

__all__ = ["Report", "assemble", "build_report"]

MOST_CASES = 20_000  # of a report: with more, a browser takes seconds and a gigabyte to open it


@dataclass(frozen=True)
class Report(ReportContent):
    """A finished report; `html` is the page, and a notebook shows it inline."""

    @cached_property
    def html(self) -> bytes:
        """The report as one self-contained HTML file."""
        return page(self)

    def _repr_html_(self) -> str:
        """The report in a frame of its own that can reach nothing."""
        return frame(self.html)

    def write(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the report as HTML.

        Args:
            path: The file; the folders above it are made.
            force: Replace a file that is no report.

        Returns:
            The path.

        Raises:
            InputError: The file is something else, or cannot be written.
        """
        target = Path(path)
        check_target(target, force=force)
        make_parents(target)
        write_file(target, self.html)
        return target


def build_report(paths: Sequence[str | Path], options: Options | None = None) -> Report:
    """Reads runs and other results, and makes a report of them.

    Args:
        paths: Folders of runs, benchmarks, audits, drift checks or trained models.
        options: What to leave out.

    Returns:
        The report; nothing is written.

    Raises:
        InputError: A folder holds none of these, or is damaged.
    """
    chosen = options or Options()
    folders = [Path(path) for path in paths]
    runs = [RunContent.of(StoredRun.open(path)) for path in folders if not is_result(path)]
    others = [result_part(path, redact=chosen.redact) for path in folders if is_result(path)]
    return assemble(runs, others, chosen)


def assemble(
    runs: Sequence[RunContent],
    results: Sequence[Part],
    options: Options,
    *,
    others: int | None = None,
) -> Report:
    """A report of runs that are read already.

    Args:
        runs: The runs.
        results: What it says of other results, which stand last.
        options: What to leave out.
        others: How many other results the report has; those of `results` by default.
    """
    count = len(results) if others is None else others
    parts: list[Part] = []
    cases: list[PackedCases] = []
    if len(runs) > 1 and (overview := leaderboard(runs)) is not None:
        parts.append(overview)
    for content in runs:
        part, packed = run_part(content, options)
        parts.append(part)
        cases.append(packed)
    parts += results
    total = len(parts) - len(results) + count
    if total > 1:
        parts = [part.numbered(number) for number, part in enumerate(parts, 1)]
    return Report(
        parts[0].title if total == 1 and parts else f"{len(runs) + count} results",
        tuple(parts),
        proof(runs, cases, options, others=count),
        tuple(cases),
        tuple(shown_metadata(content.metadata, options) for content in runs),
        tuple(content.summary for content in runs),
    )


def run_part(content: RunContent, options: Options) -> tuple[Part, PackedCases]:
    """What a report says of one run, and its cases.

    Args:
        content: The run.
        options: What to leave out.
    """
    metadata, summary = content.metadata, content.summary
    numbers = Numbers() if options.redact else None
    limit = MOST_CASES if options.limit_cases is None else options.limit_cases
    shown: frozenset[int] | None = None
    if summary.cases > limit:
        shown = worth_reading((r.outcome for r in content.results()), limit)
    observations = Observations(metadata.kind)
    packer = CasePacker()
    total = 0
    for number, result in enumerate(content.results()):
        total += 1
        category = result.case.category
        named = category if numbers is None else numbers.category(category)
        observations.add(result, metadata.inconsistent, named)
        if shown is None or number in shown:
            lengths = [len(response.text) for response in result.case.responses]
            packer.add(result if numbers is None else numbers.case(result), lengths)
    sections = [
        *summary_sections(summary),
        *observations.sections(metadata.models[0]),
        cost_section(metadata),
        settings_section(metadata, redact=options.redact),
    ]
    judge = metadata.judge + (f" · {metadata.model}" if metadata.model else "")
    note = f"Judged by {judge}." + (
        f" {summary.heading[:1].upper()}{summary.heading[1:]}." if summary.heading else ""
    )
    part = Part(title_of(metadata), content.sentence, note, tuple(sections))
    return part, packer.finish(total)


def title_of(metadata: RunMetadata) -> str:
    """What was judged."""
    models = metadata.models
    if metadata.kind == "score":
        return f"Scores of {models[0]}"
    if metadata.kind == "compare" and len(models) == 2:
        return f"{models[0]} against {models[1]}"
    return f"Ranking of {len(models)} models" if len(models) > 2 else "Ranking"


def leaderboard(runs: Sequence[RunContent]) -> Part | None:
    """Ratings of all models of several runs, and each against each; None where none are rated."""
    rated = [run for run in runs if run.kind != "score"]
    if len(rated) < 2:
        return None
    try:
        ratings = rate_runs(rated)
    except InputError as error:
        return Part("Leaderboard", f"No ratings: {error}", "", ())
    models = [model.model for model in ratings.models]
    games = [game for run in rated for game in games_of_run(run)]
    first = ratings.models[0]
    sentence = f"{len(models)} models over {ratings.prompts} prompts"
    if first.rating is not None:
        sentence += f"; {first.model} leads with a rating of {first.rating:.0f}"
    sections = rating_section(ratings), heat_section(models, win_matrix(models, games))
    return Part("Leaderboard", sentence, "", sections)


def win_matrix(models: Sequence[str], games: Iterable[Game]) -> list[list[Rate | None]]:
    """How often each model beats each; None where two never met."""
    met: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
    for cluster, one, other, value in games:
        met.setdefault((one, other), []).append((cluster, value, 1.0))
        met.setdefault((other, one), []).append((cluster, 1 - value, 1.0))
    return [[clustered_rate(met[a, b]) if (a, b) in met else None for b in models] for a in models]


def shown_metadata(metadata: RunMetadata, options: Options) -> RunMetadata:
    """How a run was made, as far as the report may say it."""
    return redacted_metadata(metadata) if options.redact else metadata


def proof(
    contents: Sequence[RunContent], cases: Sequence[PackedCases], options: Options, *, others: int
) -> dict[str, Any]:
    """What a report is verified by: its metrics, the version that made it, the runs' digests."""
    runs = []
    for content, packed in zip(contents, cases, strict=True):
        metadata = shown_metadata(content.metadata, options)
        runs.append(
            {
                "name": "" if options.redact else content.name,
                "sentence": content.sentence,
                "metadata": metadata.to_dict(),
                "metrics": content.summary.to_dict(),
                "cases": packed.cases,
                "shown": packed.shown,
                "rows": packed.rows,
            }
        )
    return {
        "schema": "judgekit.report/1",
        "judgekit": version("judgekit"),
        "redacted": options.redact,
        "limit_cases": options.limit_cases,
        "runs": runs,
        "others": others,
    }
