"""Whether length alone wins: lists that are repeated, and length in ordinary verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from judgekit.stats import clustered_rate
from judgekit.stats.length_control import length_controlled_rate
from judgekit.stats.outcomes.values import counted
from judgekit.trust.audit.audit_input import AuditInput, case_variant
from judgekit.trust.audit.lists import Listing, find_list, with_repeated
from judgekit.trust.audit.metric import AuditMetric, share, unknown, verdict
from judgekit.trust.audit.probe import PlannedGeneration, Probe
from judgekit.trust.audit.probe_runs import (
    PLAIN,
    FinishedRuns,
    PlannedRun,
    Unidentified,
)
from judgekit.trust.audit.rephrase import list_id, rephrasing_of, with_lists
from judgekit.types import Case, Response

__all__ = ["LengthProbe", "VerbosityProbe"]

MODELS = ("longer", "original")


class VerbosityProbe(Probe):
    """The repetitive-list attack of Zheng et al. 2023 (arXiv 2306.05685, section 3.3).

    Each answer with a list is judged against a copy whose list starts with its items once more:
    longer, and no better. As in the paper, a rephraser may put the repeated items in other words;
    without one they are repeated as they are.
    """

    name = "verbosity"
    about = "does an answer win by repeating its list?"

    def generation(self, audit: AuditInput) -> PlannedGeneration | None:
        if audit.rephraser is None:
            return None
        listings = [listing for *_, listing in answers_with_lists(audit)]
        return PlannedGeneration("lists", with_lists(audit.rephraser, listings))

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        attacks = [
            attack(case, i, listing, items)
            for case, i, listing in answers_with_lists(audit)
            if (items := repeated_items(audit, listing))
        ]
        if not attacks:
            raise Unidentified("the rephraser wrote no list with as many items as it was given")
        return [PlannedRun(self.name, attacks, MODELS)]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:
        decided = [o for o in finished[self.name].outcomes if o.decided]
        answers = sum(len(case.responses) for case in audit.cases)
        listings = [listing for *_, listing in answers_with_lists(audit)]
        lost = sum(not repeated_items(audit, listing) for listing in listings)
        n = len(decided)

        def won(*winners: int | str | None) -> Iterator[tuple[str, float, float]]:
            return ((o.cluster, o.winner in winners, 1) for o in decided)

        how = "its list repeated" if audit.generated is None else "its list in two wordings"
        remark = f"; {answers - len(listings)} of {answers} answers have no list"
        remark += f", {lost} lists were not rephrased correctly" if lost else ""
        return [
            share(
                "the longer one wins",
                clustered_rate(won(0)),
                n,
                f"the judge prefers an answer with {how} to the answer itself{remark}",
            ),
            share("the original wins", clustered_rate(won(1)), n, "the repetition is punished"),
            share(
                "neither wins",
                clustered_rate(won("tie", None)),
                n,
                "a tie, or two orders that disagree",
            ),
        ]


def answers_with_lists(audit: AuditInput) -> list[tuple[Case, int, Listing]]:
    """Each answer with a list: its case, its index there, and the list.

    Raises `Unidentified` where there is none. Of answers with the same text the first counts.
    """
    answers = [
        (case, i, listing)
        for case in audit.cases
        for i in sorted(set(case.originals))
        if (listing := find_list(case.responses[i].text)) is not None
    ]
    if not answers:
        raise Unidentified("no answer holds a list of two items or more that could be repeated")
    return answers


def repeated_items(audit: AuditInput, listing: Listing) -> Sequence[str]:
    """A list's items, in the rephraser's words where it was asked; empty where it failed."""
    if audit.generated is None:
        return listing.items
    return rephrasing_of(listing, audit.generated.get(list_id(listing)))


def attack(case: Case, i: int, listing: Listing, items: Sequence[str]) -> Case:
    """Answer `i` with `items` in front of its list, as response 0, against itself."""
    original = case.responses[i]
    longer = Response(with_repeated(original.text, listing, items), MODELS[0], original.earlier)
    responses = (longer, replace(original, model=MODELS[1]))
    return case_variant(case, f"verbosity-{i}", responses=responses)


class LengthProbe(Probe):
    """How length goes with the verdicts on the given answers (`length_controlled_rate`)."""

    name = "length"
    about = "does the longer answer win?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        return [audit.plain_run()]

    def metrics(
        self,
        audit: AuditInput,
        finished: FinishedRuns,
    ) -> Sequence[AuditMetric]:
        inconsistent = audit.job.settings.inconsistent
        rows = [
            (outcome.cluster, v, len(case.responses[0].text), len(case.responses[1].text))
            for case, outcome in finished[PLAIN].pairs
            if (v := counted(outcome, inconsistent)) is not None
        ]
        fit = length_controlled_rate(rows)
        longer = share(
            "the longer answer wins",
            fit.longer_wins,
            fit.unequal,
            "a tie counts half; where longer answers are better this is no bias",
        )
        if fit.effect.value is None:
            return [longer, unknown("effect of length", fit.reason, cases=len(rows))]
        sentence = verdict(
            fit.effect,
            "longer answers win more than the models' strengths explain",
            "shorter answers win more than the models' strengths explain",
            "no effect of length is seen",
        )
        sentence += " (log-odds for one standard deviation)"
        return [longer, AuditMetric("effect of length", fit.effect, "number", fit.cases, sentence)]
