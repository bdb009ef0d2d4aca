"""The methods paragraph of a paper: every setting that decides, and BibTeX of what was used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

from judgekit.report.content import ReportContent
from judgekit.runs.metadata import PartMetadata, RunMetadata
from judgekit.stats import RankingSummary, ScoreSummary, Summary
from judgekit.stats.summaries.document import AnySummary

__all__ = ["methods_text"]

ENTRY = re.compile(r"^@\w+\{(\w+),", re.MULTILINE)
UNSAID = {"judge", "model", "models", "inputs", "rules", "task", "parts", "inconsistent", "engine"}
"""What decides a run and stands in a sentence of its own, or names the run for the machine."""

ORDERS = {
    "both": "Every pair was shown in both orders; a win counts only where both agree.",
    "one": "Every pair was shown in one order, drawn from a seed and the case.",
    "adaptive": "Every pair was shown in one order, and again in the other where it was in doubt.",
}


def methods_text(report: ReportContent) -> str:
    """A paragraph for each run, then BibTeX of the methods that they used.

    Args:
        report: Of one run or several.

    Returns:
        Plain text; keys of the BibTeX entries stand in brackets in it.
    """
    runs = list(zip(report.runs, report.summaries, strict=True))
    paragraphs = [" ".join(sentences(*run)) for run in runs]
    keys = {key for run in runs for key in sources(*run)}
    if len(runs) > 1:
        keys |= {"bradley1952rank", "davidson1970extending"}
        paragraphs.append(
            "Models of several runs were rated by a Bradley-Terry model with ties "
            "[bradley1952rank, davidson1970extending]."
        )
    entries = (entry for key, entry in references().items() if key in keys)
    return "\n\n".join([*paragraphs, *entries]) + "\n"


def references() -> Mapping[str, str]:
    """The BibTeX entries that judgekit knows, by key."""
    text = files("judgekit.report").joinpath("methods.bib").read_text(encoding="utf-8")
    starts = [match.start() for match in ENTRY.finditer(text)]
    entries = [text[i:j].strip() for i, j in zip(starts, [*starts[1:], len(text)], strict=True)]
    return {match[1]: entry for entry in entries if (match := ENTRY.match(entry))}


def sentences(metadata: RunMetadata, summary: AnySummary) -> Iterator[str]:
    """How a run was made."""
    yield task_sentence(metadata, summary)
    if metadata.parts:
        yield from (part_sentence(part) for part in metadata.parts)
        rule = metadata.decides.get("rule")
        yield f"Their verdicts were combined by {rule}." if rule else "Each case had one judge."
    if metadata.kind != "score" and (order := ORDERS.get(str(metadata.decides.get("orders")))):
        yield order
    yield deciding_sentence(metadata.decides)
    yield from exclusion_sentences(metadata, summary)
    yield from interval_sentences(metadata, summary)
    yield f"Made with judgekit {metadata.judgekit} on Python {metadata.python}."


def task_sentence(metadata: RunMetadata, summary: AnySummary) -> str:
    """What was judged, by what, on how many prompts."""
    judge = metadata.judge + (f" ({metadata.model})" if metadata.model else "")
    cases = f"{summary.cases} cases"
    if isinstance(summary, Summary) and summary.prompts_asked is not None:
        cases += f" of {summary.prompts_asked} prompts"
    what = {
        "compare": f"Answers of {' and '.join(metadata.models)} were compared",
        "score": f"Answers of {metadata.models[0]} were scored",
        "rank": f"Answers of {len(metadata.models)} models ({', '.join(metadata.models)}) were "
        f"ranked",
    }[metadata.kind]
    return f"{what} in {cases} by the judge {judge}."


def part_sentence(part: PartMetadata) -> str:
    """One judge of several, with its settings."""
    return f"{part.judge}: {listed(part.decides)}."


def deciding_sentence(decides: Mapping[str, object]) -> str:
    """Every setting that decides what a run says."""
    return f"Settings: {listed(decides)}."


def listed(decides: Mapping[str, object]) -> str:
    """Settings with their values, but for those that are not set."""
    known = [
        f"{name} {value}"
        for name, value in decides.items()
        if name not in UNSAID and value not in (None, "", [], {}, ())
    ]
    return ", ".join(known) or "all by default"


def exclusion_sentences(metadata: RunMetadata, summary: AnySummary) -> Iterator[str]:
    """What is not in the metrics, by reason."""
    if summary.left_out:
        rows = ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in summary.left_out.items() if n)
        yield f"Rows of the files in no case: {rows or 'none'}."
    wrong = ", ".join(
        f"{n} {status.replace('_', ' ')}"
        for status, n in summary.statuses.items()
        if n and status != "valid"
    )
    if isinstance(summary, RankingSummary):
        yield f"Cases with a comparison without a verdict: {summary.incomplete}."
    else:
        yield f"Cases without a verdict: {summary.no_verdict}, left out of every mean."
    yield f"Trials without a valid verdict: {wrong or 'none'}."
    if isinstance(summary, Summary):
        counted = "half a win" if metadata.inconsistent == "half" else "nothing"
        yield (
            f"Ties count half a win; each of the {summary.inconsistent} inconsistent cases counts "
            f"{counted} [zheng2023judging]."
        )
    if metadata.stop is not None:
        yield f"The run ended early: {metadata.stop.text}."


def interval_sentences(metadata: RunMetadata, summary: AnySummary) -> Iterator[str]:
    """How intervals and coefficients were computed."""
    if isinstance(summary, ScoreSummary):
        yield (
            "Means have 95 % t intervals with the jackknife variance over prompts "
            "[cameron2015practitioner]."
        )
    else:
        yield (
            "Rates have 95 % Wilson intervals for the effective number of prompts by the "
            "jackknife over prompts [wilson1927probable, korn1998confidence, "
            "cameron2015practitioner]."
        )
    if isinstance(summary, Summary) and summary.anytime_win_rate_a is not None:
        yield "The win rate's interval is anytime-valid [waudbysmith2024estimating]."
    if metadata.kind == "compare":
        yield "The win rate at equal length is that of a logistic model [dubois2024length]."
    if isinstance(summary, RankingSummary) and summary.ratings is not None:
        yield (
            "Ratings are of a Bradley-Terry model with ties "
            "[bradley1952rank, davidson1970extending]."
        )
    if not isinstance(summary, RankingSummary) and summary.jury is not None:
        yield (
            "Agreement is Cohen's kappa [cohen1960coefficient] and Krippendorff's alpha "
            "[hayes2007answering]."
        )


def sources(metadata: RunMetadata, summary: AnySummary) -> Iterator[str]:
    """The keys of what the paragraph cites."""
    known = references()
    for sentence in sentences(metadata, summary):
        yield from (key for key in known if key in sentence)
