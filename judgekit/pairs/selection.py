"""Which cases make pairs, and why the others do not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Literal

from judgekit.errors import InputError
from judgekit.pairs.export import Format, write_pairs
from judgekit.pairs.judged_pair import JudgedPair, mean_probability
from judgekit.pairs.pair import PreferencePair
from judgekit.pairs.ranked import Pairing, pairs_of_ranking
from judgekit.runs import StoredRun
from judgekit.types import Case, Outcome, Position, Ranking

__all__ = ["Pairs", "Reason", "pairs_of_run", "preference_pairs"]


class Reason(StrEnum):
    """Why a case makes no pair: the first of these reasons, in this order, that applies."""

    IDENTICAL = "identical"  # the same text, apart from white space around it
    NO_VERDICT = "no_verdict"  # an order, or an answer, without a valid verdict
    INCONSISTENT = "inconsistent"  # the two orders disagree
    TIE = "tie"
    ONE_ORDER = "one_order"  # shown in one order only: the position may have decided
    DIFFERENT_HISTORIES = "different_histories"  # the answers follow different conversations
    EMPTY = "empty"  # one of the answers is only white space
    BELOW_MARGIN = "below_margin"


@dataclass(frozen=True)
class Pairs:
    """The pairs of a run, in the order of its cases; `left_out` counts the other cases by reason.

    ``len(pairs) + sum(left_out.values())`` is the number of cases, or of comparisons where `of`
    says so. Every reason is in `left_out`.
    """

    pairs: tuple[PreferencePair, ...]
    left_out: Mapping[Reason, int]
    of: Literal["cases", "comparisons"] = "cases"

    def write(
        self,
        path: str | Path,
        format: Format = "conversational",  # noqa: A002 (what users know it as)
        *,
        force: bool = False,
    ) -> None:
        """Writes all pairs into one file, as `write_pairs`."""
        write_pairs(self.pairs, Path(path), format, force=force)


def pairs_of_run(
    run: StoredRun,
    *,
    min_margin: float = 0.0,
    all_winners: bool = False,
    pairing: Pairing = "best-worst",
) -> Pairs:
    """The preference pairs of a finished run.

    Args:
        run: A comparison or a ranking.
        min_margin: The least margin of a pair: 0 to 1 for choices, points for scores.
        all_winners: As of `preference_pairs`.
        pairing: Which two answers of a ranking make a pair.

    Raises:
        InputError: The run scored single answers, chose its comparisons, or is damaged.
    """
    metadata = run.metadata
    ranked = run.kind == "rank"
    if ranked and metadata.games is not None and pairing == "best-worst":
        raise InputError(
            f"the run {str(run.folder)!r} ranked with --games, so few cases have a known best and "
            f"worst answer; use --pairing all"
        )
    pairs = preference_pairs(
        judged_pairs(run, pairing),
        min_margin=min_margin,
        all_winners=all_winners,
        judge=metadata.judge,
        model=metadata.model,
        run=metadata.identity,
    )
    return replace(pairs, of="comparisons") if ranked and pairing == "all" else pairs


def judged_pairs(run: StoredRun, pairing: Pairing) -> Iterator[JudgedPair]:
    """The cases of a run, or the pairs of its rankings, with their outcomes."""
    for result in run.case_results():
        if isinstance(result.outcome, Ranking):
            yield from pairs_of_ranking(result, pairing)
        else:
            probability = mean_probability(result.judgements)
            yield JudgedPair(result.case, result.outcome, result.judgement_ids, probability)


def preference_pairs(
    judged: Iterable[JudgedPair],
    *,
    min_margin: float = 0.0,
    all_winners: bool = False,
    judge: str = "",
    model: str | None = None,
    run: str = "",
) -> Pairs:
    """Preference pairs from judged pairs, in their order.

    Only consistent winners, and winners by score, make pairs.

    Args:
        judged: Cases of two responses with their outcomes.
        min_margin: The least margin of a pair: 0 to 1 for choices, points for scores.
        all_winners: Also take winners that were shown in one order only, and those that an
            average of two disagreeing orders made.
        judge: The judge's name, for the pairs.
        model: The judge's model, for the pairs.
        run: The run's identity, for the pairs.

    Raises:
        InputError: The margin is not a number from 0 up, or a case has not two responses.
        ValueError: An outcome belongs to another case.
    """
    if not (math.isfinite(min_margin) and min_margin >= 0):
        raise InputError(f"the least margin must be 0 or more, not {min_margin!r}")
    pairs: list[PreferencePair] = []
    left_out = dict.fromkeys(Reason, 0)
    for pair in judged:
        case, outcome = pair.case, pair.outcome
        if outcome.case != case.id:
            raise ValueError(f"the case {case.id!r} meets the outcome of {outcome.case!r}")
        if len(case.responses) != 2:
            raise InputError(
                f"a pair needs two responses, and the case {case.id!r} has {len(case.responses)}; "
                f"compare two files of answers first"
            )
        if any(response.messages for response in case.responses):
            raise InputError(
                f"the case {case.id!r} holds whole conversations, and a preference pair two "
                f"answers to one prompt; judge the answers by themselves first"
            )
        sides = _sides(case, outcome, min_margin, all_winners)
        if isinstance(sides, Reason):
            left_out[sides] += 1
        else:
            pairs.append(replace(_pair(pair, sides), judge=judge, model=model, run=run))
    return Pairs(tuple(pairs), left_out)


def _sides(
    case: Case, outcome: Outcome, min_margin: float, all_winners: bool
) -> tuple[int, int] | Reason:
    """The indices of the chosen and the rejected response, or why there are none."""
    texts = [response.text.strip() for response in case.responses]
    if outcome.identical or texts[0] == texts[1]:
        return Reason.IDENTICAL
    if not outcome.decided:
        return Reason.NO_VERDICT
    # An average may have a winner where the orders disagree: the position may have decided.
    agreed = outcome.position in (None, Position.CONSISTENT)
    if outcome.winner is None or not (agreed or all_winners):
        return Reason.INCONSISTENT
    if outcome.winner == "tie":
        return Reason.TIE
    if outcome.position is None and not outcome.scores and not all_winners:
        return Reason.ONE_ORDER
    if not case.shared_history:
        return Reason.DIFFERENT_HISTORIES
    # A rejected answer of nothing would teach only not to stop at once.
    if not all(texts):
        return Reason.EMPTY
    if _margin(outcome) < min_margin:
        return Reason.BELOW_MARGIN
    return outcome.winner, 1 - outcome.winner


def _margin(outcome: Outcome) -> float:
    """The outcome's margin; 0 where it has none."""
    return 0.0 if outcome.margin is None else float(outcome.margin)


def _pair(pair: JudgedPair, sides: tuple[int, int]) -> PreferencePair:
    """The preference pair of the chosen and the rejected response."""
    case = pair.case
    chosen, rejected = (case.responses[i] for i in sides)
    probability = pair.probability
    if probability is not None and sides[0] == 1:
        probability = 1 - probability
    return PreferencePair(
        prompt=case.conversation(sides[0]),
        chosen=chosen.text,
        rejected=rejected.text,
        chosen_model=chosen.model,
        rejected_model=rejected.model,
        margin=_margin(pair.outcome),
        case=case.id,
        cluster=case.cluster,
        category=case.category,
        judgements=pair.judgements,
        probability=probability,
    )
