"""The search for a better prompt: candidates from the training part, picked by the picking part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from judgekit.errors import InputError
from judgekit.runs.align_report import CandidateResult
from judgekit.stats.balanced_accuracy import balanced_accuracy
from judgekit.stats.intervals import Rate
from judgekit.trust.alignment.alignment_runs import AlignmentRuns
from judgekit.trust.alignment.candidates import (
    Candidate,
    example_candidates,
    read_rules,
    revision_tasks,
)
from judgekit.trust.alignment.evaluation import GradedCase
from judgekit.trust.alignment.prepare import Alignment
from judgekit.trust.alignment.splitting import Split

__all__ = ["SearchResult", "best_of", "search"]


@dataclass(frozen=True)
class SearchResult:
    """What a search tried, and the candidate that it picked: None where none was better.

    `unusable` counts proposals that held no rules.
    """

    picked: Candidate | None
    tried: tuple[CandidateResult, ...]
    unusable: int


def search(
    runs: AlignmentRuns, split: Split, before: Mapping[str, GradedCase], fold: int | None = None
) -> SearchResult:
    """Tries examples, proposed rules, and the best of both together.

    Args:
        runs: Judges the candidates.
        split: The parts. Nothing of the test part is looked at.
        before: The cases before the judge as it is, at least those of training and picking.
        fold: The fold of cross-fitting, for names.

    Raises:
        CutShort: A limit ended a run.
    """
    alignment = runs.alignment
    cases = alignment.labelled.cases
    train, pick = (
        [before[case.id] for case in split.cases(part, cases)] for part in ("train", "pick")
    )
    shares: list[tuple[Candidate, Rate]] = []

    def attempt(candidate: Candidate) -> None:
        place = "" if fold is None else f"fold-{fold + 1}-"
        graded = runs.grade(f"{place}pick-{candidate.name}", [g.case for g in pick], candidate)
        shares.append((candidate, balanced_share([*graded.values()])))

    head = alignment.template.head
    for candidate in example_candidates(train, head, alignment.options.sizes):
        attempt(candidate)
    rules, unusable = proposed_rules(runs, train)
    for candidate in rules:
        attempt(candidate)
    if (both := together(shares)) is not None:
        attempt(both)
    base = balanced_share(pick)
    picked = best_of([share.value for _, share in shares], base.value)
    tried = tuple(
        CandidateResult(
            name=candidate.name,
            digest=alignment.template_of(candidate).digest,
            examples=len(candidate.examples),
            rules=candidate.rule_count,
            balanced_accuracy=share,
            before=base,
            picked=place == picked,
            fold=fold,
        )
        for place, (candidate, share) in enumerate(shares)
    )
    return SearchResult(None if picked is None else shares[picked][0], tried, unusable)


def proposed_rules(runs: AlignmentRuns, train: Sequence[GradedCase]) -> tuple[list[Candidate], int]:
    """A candidate for each different proposal, and how many proposals held no rules."""
    options = runs.alignment.options
    tasks = revision_tasks(train, runs.alignment.template, options.revisions)
    replies = runs.proposals(tasks) if options.revisions else []
    usable = [
        text
        for reply in replies
        if (text := read_rules(reply)) is not None and fits(runs.alignment, text)
    ]
    different = dict.fromkeys(usable)
    candidates = [Candidate(f"rules-{n}", rules=text) for n, text in enumerate(different, 1)]
    return candidates, (len(tasks) if options.revisions else 0) - len(usable)


def fits(alignment: Alignment, rules: str) -> bool:
    """Whether the prompt with these rules can be shown."""
    try:
        alignment.template_of(Candidate("rules", rules=rules))
    except InputError:
        return False
    return True


def together(shares: Sequence[tuple[Candidate, Rate]]) -> Candidate | None:
    """The best rules with the best examples; None without either."""
    best: dict[bool, Candidate] = {}
    for candidate, _ in sorted(shares, key=lambda entry: -(entry[1].value or 0.0)):
        best.setdefault(bool(candidate.rules), candidate)
    if len(best) < 2:
        return None
    name = f"{best[False].name}+{best[True].name}"
    return replace(best[True], name=name, examples=best[False].examples)


def best_of(shares: Sequence[float | None], base: float | None) -> int | None:
    """The place of the best candidate, the first of equals; None where none is above the base."""
    known = list(_known(shares))
    if not known:
        return None
    place, share = max(known, key=lambda entry: (entry[1], -entry[0]))
    return place if base is None or share > base else None


def _known(shares: Sequence[float | None]) -> Iterator[tuple[int, float]]:
    return ((place, share) for place, share in enumerate(shares) if share is not None)


def balanced_share(graded: Sequence[GradedCase]) -> Rate:
    """The balanced accuracy of judged cases."""
    return balanced_accuracy((g.prompt, g.label, g.right) for g in graded)
