"""A judge improved on labels, with the gain proved.

>>> report = judgekit.trust.align("labelled.jsonl", judge="pairwise", model="openai/gpt-4o-mini")
>>> report.sentence

The judge as it is judges the training and the picking part; candidates are made from the first and
picked by the second (`judgekit.trust.alignment.search`). The best is tested once, against the judge
as it was, on a third part that nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.harness.looks import Look
from judgekit.harness.reply_store import ReplyStore
from judgekit.io.files import keep_inputs, make_parents, write_file
from judgekit.io.prompt_digest import prompt_digest
from judgekit.jobs.runnable import run_job
from judgekit.judging.templates.aligned import Aligned
from judgekit.judging.templates.file import parse_prompt, read_prompt
from judgekit.runs.align_report import FILE, AlignReport, CandidateResult
from judgekit.runs.reports import check_report_folder, write_report
from judgekit.stats.balanced_accuracy import GainTest, gain_test
from judgekit.trust.alignment.alignment_runs import (
    AlignmentRuns,
    CutShort,
    Generate,
    Grades,
    RunJob,
    generate_texts,
)
from judgekit.trust.alignment.candidates import Candidate
from judgekit.trust.alignment.evaluation import consistency_change, judge_metrics, paired_cases
from judgekit.trust.alignment.prepare import Alignment, AlignOptions, prepare_align
from judgekit.trust.alignment.prompt_text import with_aligned
from judgekit.trust.alignment.search import SearchResult, search
from judgekit.trust.alignment.sentences import alignment_sentence, consistency_remark
from judgekit.trust.alignment.splitting import FOLDS, fold_of, split_without
from judgekit.types import digest

__all__ = ["align", "align_judge", "check_out"]


def align(
    labelled: str | Path,
    *,
    out: str | Path | None = None,
    proposer_model: str | None = None,
    examples: int = 4,
    revisions: int = 2,
    cross_fit: bool = False,
    write_anyway: bool = False,
    **settings: Any,
) -> AlignReport:
    """Aligns a judge with labels, and tests whether it is better.

    Args:
        labelled: A labelled set's name, NAME=FILE, or a file of labelled pairs or answers.
        out: The prompt file to write; by default in the report's folder.
        proposer_model: The model that proposes rules; by default the judge's own.
        examples: The most labelled cases that are shown as examples.
        revisions: How many proposals of rules are tried.
        cross_fit: Test each prompt by a judge aligned without it.
        write_anyway: Write the prompt file even if its gain is not shown.
        settings: Fields of `judgekit.config.settings.Settings`, as of `judgekit.compare`.

    Returns:
        What was tried and what the test showed.

    Raises:
        InputError: The labels, the judge or a setting does not fit.
        JudgekitError: Its other leaves, where an engine or a plugin fails.
    """
    options = AlignOptions(
        out=None if out is None else Path(out),
        proposer_model=proposer_model,
        examples=examples,
        revisions=revisions,
        cross_fit=cross_fit,
        write_anyway=write_anyway,
    )
    return align_judge(prepare_align(labelled, Settings.of(settings), options))


@dataclass
class Progress:
    """What an alignment has come to so far."""

    tried: list[CandidateResult] = field(default_factory=list)
    unusable: int = 0
    picked: Candidate | None = None
    look: Look | None = None
    before: Grades = field(default_factory=dict)
    after: Grades = field(default_factory=dict)
    stopped: str = ""

    def add(self, result: SearchResult) -> None:
        """Adds what a search tried."""
        self.tried += result.tried
        self.unusable += result.unusable


def align_judge(
    alignment: Alignment, run_job: RunJob = run_job, generate: Generate = generate_texts
) -> AlignReport:
    """Runs a prepared alignment, and writes ``align.json`` and the prompt file.

    Args:
        alignment: The judge, the labels and the options, from `prepare_align`.
        run_job: How the runs are made; the command line shows their progress.
        generate: How texts are generated, likewise.

    Returns:
        The report, as its folder holds it.

    Raises:
        InputError: A file cannot be written, or the judge gives no verdict at all.
        EngineError, StoreError: A run cannot go on.
    """
    folder = alignment.folder
    check_report_folder(folder, FILE)
    check_out(alignment)
    runs = AlignmentRuns(alignment, folder, run_job, generate)
    progress = Progress()
    try:
        (cross_fit if alignment.options.cross_fit else hold_out)(runs, progress)
    except CutShort as reason:
        progress.stopped = str(reason)
    report = report_of(runs, progress)
    report = write_judge(alignment, progress, report)
    write_report(folder / FILE, report.to_dict())
    if progress.look is not None and not progress.stopped:
        with ReplyStore(alignment.job.settings.store) as store:
            store.end_look(progress.look)
    return report


def hold_out(runs: AlignmentRuns, progress: Progress) -> None:
    """Searches on two parts, and tests what was picked on the third."""
    alignment = runs.alignment
    parts, cases = alignment.split, alignment.labelled.cases
    seen = [case for case in cases if parts.parts.get(prompt_digest(case)) in ("train", "pick")]
    result = search(runs, parts, runs.grade("before", seen, None))
    progress.add(result)
    progress.picked = result.picked
    if result.picked is None:
        return
    tested = parts.cases("test", cases)
    progress.look = begin_look(alignment, [result.picked])
    progress.before = runs.grade("before-test", tested, None)
    progress.after = runs.grade("after-test", tested, result.picked)


def cross_fit(runs: AlignmentRuns, progress: Progress) -> None:
    """Tests each fold by a judge aligned without it; the judge of all prompts is not tested.

    Where a fold's search finds nothing better, its judge is the one as it was.
    """
    alignment = runs.alignment
    cases = alignment.labelled.cases
    before = runs.grade("before", cases, None)
    folds: list[tuple[int, Candidate | None]] = []
    for fold in range(FOLDS):
        result = search(runs, split_without(cases, fold), before, fold)
        progress.add(result)
        folds.append((fold, result.picked))
    final = search(runs, alignment.split, before)
    progress.add(final)
    progress.picked = final.picked
    candidates = [picked for _, picked in folds if picked is not None]
    if not candidates:
        return
    progress.look = begin_look(alignment, candidates)
    after: Grades = {}
    for fold, picked in folds:
        tested = [case for case in alignment.tested if fold_of(prompt_digest(case)) == fold]
        if picked is None:
            after.update({case.id: before[case.id] for case in tested})
        elif tested:
            after.update(runs.grade(f"fold-{fold + 1}-after-test", tested, picked))
    progress.before, progress.after = {name: before[name] for name in after}, after


def begin_look(alignment: Alignment, candidates: Sequence[Candidate]) -> Look:
    """Records, before it is judged, that the test part is looked at."""
    subject = digest(
        alignment.job.identity(""),
        *(alignment.template_of(candidate).digest for candidate in candidates),
    )
    keys = [alignment.labelled.key(case) for case in alignment.tested]
    with ReplyStore(alignment.job.settings.store) as store:
        return store.begin_look(subject, keys)


def report_of(runs: AlignmentRuns, progress: Progress) -> AlignReport:
    """The report, without the prompt file."""
    alignment, counts = runs.alignment, runs.counts
    complete = bool(progress.after) and not progress.stopped
    before, after = (
        [*grades.values()] if complete else [] for grades in (progress.before, progress.after)
    )
    gain = gain_test(paired_cases(progress.before, progress.after)) if complete else None
    looks = progress.look.number if progress.look else 0
    consistency = consistency_change(progress.before, progress.after) if complete else None
    price = alignment.job.price
    report = AlignReport(
        labelled=alignment.labelled.name,
        judge=alignment.job.judge_name,
        model=alignment.job.settings.model,
        proposer=alignment.proposer_model if alignment.proposer else None,
        pairs=alignment.labelled.pairs,
        cross_fit=alignment.options.cross_fit,
        parts=alignment.parts,
        left_out=alignment.left_out,
        smallest_gain=alignment.smallest_gain,
        people=alignment.labelled.agreement(),
        candidates=tuple(progress.tried),
        picked=progress.picked.name if progress.picked else None,
        unusable_revisions=progress.unusable,
        looks=looks,
        before=judge_metrics(before, price) if complete else None,
        after=judge_metrics(after, price) if complete else None,
        gain=gain,
        consistency=consistency,
        shown=is_shown(gain, progress.look),
        sentence="",
        written="",
        calls=counts.calls,
        calls_now=counts.calls_now,
        reused=counts.reused,
        cost_usd=counts.cost_usd,
        stopped=progress.stopped,
    )
    remarks = tuple(filter(None, [consistency_remark(report)]))
    return replace(report, sentence=alignment_sentence(report, progress.look), remarks=remarks)


def is_shown(gain: GainTest | None, look: Look | None) -> bool:
    """Whether a gain is shown: it is significant, and nobody had looked at the test part before."""
    return gain is not None and gain.significant and look is not None and look.number == 1


def write_judge(alignment: Alignment, progress: Progress, report: AlignReport) -> AlignReport:
    """Writes the prompt file where the gain is shown, or it was asked for; returns the report."""
    wanted = report.shown or alignment.options.write_anyway
    if progress.picked is None or not wanted or progress.stopped:
        return report
    earlier = alignment.template.head.aligned or Aligned()
    of_part: Mapping[str, tuple[str, ...]] = {
        part: alignment.split.prompts(part) for part in ("train", "pick", "test")
    }
    aligned = Aligned(
        train=tuple(sorted({*earlier.train, *of_part["train"]})),
        pick=tuple(sorted({*earlier.pick, *of_part["pick"]})),
        test=of_part["test"],
        left_out=tuple(sorted({*earlier.left_out, *alignment.split.left_out})),
        judge=alignment.job.judge_name,
        model=alignment.model,
        result=report.sentence,
    )
    text = with_aligned(progress.picked.text(alignment.template), aligned)
    out = alignment.out
    parse_prompt(text, str(out), str(out))  # what is written can be read
    make_parents(out)
    write_file(out, text.encode())
    return replace(report, written=str(out))


def check_out(alignment: Alignment) -> None:
    """Refuses to write over an input, or over a file that no alignment has written.

    Raises:
        InputError: The prompt file to be written is one of these.
    """
    out, settings = alignment.out, alignment.job.settings
    prompts = [Path(name) for name in (settings.prompt, settings.judge) if name]
    keep_inputs(out, [*alignment.labelled.inputs.paths, settings.store, *prompts])
    if not out.exists():
        return
    try:
        aligned = out.is_file() and read_prompt(out, str(out)).head.aligned
    except InputError:
        aligned = None
    if not aligned:
        raise InputError(
            f"{str(out)!r} exists, and no alignment has written it; name another file with --out"
        )
