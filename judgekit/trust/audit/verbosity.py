"""Whether length alone wins: lists said twice, and how length goes with ordinary verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from judgekit.stats import clustered_rate
from judgekit.stats.length_control import length_controlled
from judgekit.stats.outcomes.values import value
from judgekit.trust.audit.figure import Figure, leaning, share, unknown
from judgekit.trust.audit.given import Given, other_case
from judgekit.trust.audit.lists import Listing, find_list, with_repeated
from judgekit.trust.audit.probe import PLAIN, Judged, Showing, Unidentified
from judgekit.trust.audit.rephrase import list_case
from judgekit.types import Case, Response

__all__ = ["LISTS", "LengthProbe", "VerbosityProbe", "lists_to_rephrase"]

MODELS = ("longer", "original")
LISTS = "lists"  # the run in which the lists are written anew


class VerbosityProbe:
    """The repetitive-list attack of Zheng et al. 2023 (arXiv 2306.05685, section 3.3).

    Each answer that holds a list is judged against itself with the list's items said once more in
    front of the list: longer, and no better. As in the paper a rephraser may say them in other
    words; without one they are repeated as they are.
    """

    name = "verbosity"
    about = "does an answer win by saying its list twice?"

    def showings(self, given: Given) -> Sequence[Showing]:
        found = list(listed(given))
        if not found:
            raise Unidentified("no answer holds a list of two items or more that could be repeated")
        attacks = [
            attack(case, i, listing, again)
            for case, i, listing in found
            if (again := said_again(given, listing))
        ]
        if not attacks:
            raise Unidentified("the rephraser wrote no list with as many items as it was given")
        return [Showing(self.name, attacks, MODELS)]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:
        decided = [o for o in judged[self.name].outcomes if o.decided]
        answers = sum(len(case.responses) for case in given.cases)
        found = list(listed(given))
        lost = sum(not said_again(given, listing) for *_, listing in found)
        n = len(decided)

        def won(*winners: int | str | None) -> Iterator[tuple[str, float, float]]:
            return ((o.cluster, o.winner in winners, 1) for o in decided)

        how = "its list said twice" if given.rephrased is None else "its list said in two ways"
        remark = f"; {answers - len(found)} of {answers} answers hold no list"
        remark += f", {lost} lists were not rightly rephrased" if lost else ""
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


def listed(given: Given) -> Iterator[tuple[Case, int, Listing]]:
    """Each answer that holds a list: its case, its index there, and the list."""
    for case in given.cases:
        for i in case_answers(case):
            listing = find_list(case.responses[i].text)
            if listing is not None:
                yield case, i, listing


def case_answers(case: Case) -> Sequence[int]:
    """The answers that are no other's text over again."""
    return sorted(set(case.originals))


def said_again(given: Given, listing: Listing) -> Sequence[str]:
    """A list's items in the rephraser's words, or their own; empty where it failed at them."""
    if given.rephrased is None:
        return listing.items
    return given.rephrased.get(list_case(listing).id, ())


def lists_to_rephrase(given: Given) -> Showing:
    """The lists of all answers, as the rephraser is asked for them, each once."""
    cases = {case.id: case for *_, listing in listed(given) for case in [list_case(listing)]}
    return Showing(LISTS, list(cases.values()), ("list",), job=given.rephraser)


def attack(case: Case, i: int, listing: Listing, again: Sequence[str]) -> Case:
    """Answer `i` with its list said twice, as response 0, against itself."""
    own = case.responses[i]
    longer = Response(with_repeated(own.text, listing, again), MODELS[0], own.earlier)
    original = replace(own, model=MODELS[1])
    return other_case(case, f"verbosity-{i}", responses=(longer, original))


class LengthProbe:
    """How length goes with the verdicts on the given answers (`length_controlled`)."""

    name = "length"
    about = "does the longer answer win?"

    def showings(self, given: Given) -> Sequence[Showing]:
        return [given.plain()]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:  # noqa: ARG002 (all it needs was judged)
        rows = [
            (outcome.cluster, v, len(case.responses[0].text), len(case.responses[1].text))
            for case, outcome in judged[PLAIN].pairs
            if (v := value(outcome)) is not None
        ]
        found = length_controlled(rows)
        figures = [
            share(
                "the longer answer wins",
                found.longer_wins,
                found.unequal,
                "ties half; where longer answers are better this is no bias",
            )
        ]
        if found.effect.value is None:
            return [*figures, unknown("effect of length", found.reason, cases=len(rows))]
        said = leaning(
            found.effect,
            "longer answers win more than the models' strengths explain",
            "shorter answers win more than the models' strengths explain",
            "no effect of length is seen",
        )
        said += " (log-odds for one standard deviation)"
        return [*figures, Figure("effect of length", found.effect, "number", found.cases, said)]
