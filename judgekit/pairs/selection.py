"""Which cases make pairs, and why the others do not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Literal

from judgekit import runs
from judgekit.errors import InputError
from judgekit.pairs.export import Format, write_pairs
from judgekit.pairs.pair import PreferencePair
from judgekit.pairs.ranked import Pairing, duels_of_run
from judgekit.types import Case, Outcome, Position

__all__ = ["Pairs", "Reason", "pairs_of_run", "preference_pairs"]


class Reason(StrEnum):
    """Why a case makes no pair: the first of these, in this order, that holds."""

    IDENTICAL = "identical"  # the same text, but for white space around it
    UNDECIDED = "undecided"  # an order, or an answer, without a valid verdict
    INCONSISTENT = "inconsistent"  # the two orders did not agree
    TIE = "tie"
    ONE_ORDER = "one_order"  # shown in one order only: nothing tells whether position decided
    DIFFERENT_HISTORIES = "different_histories"  # the answers follow different conversations
    EMPTY = "empty"  # one of the answers is nothing but white space
    BELOW_MARGIN = "below_margin"


@dataclass(frozen=True)
class Pairs:
    """The pairs of a run, in the order of its cases; `left_out` counts the other cases.

    ``len(pairs) + sum(left_out.values())`` is the number of cases (or, `of` all two answers of
    rankings, that of comparisons); every reason is in `left_out`.
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
    folder: Path,
    *,
    min_margin: float = 0.0,
    all_winners: bool = False,
    pairing: Pairing = "best-worst",
) -> Pairs:
    """The pairs of a run's folder, as `preference_pairs`; `pairing` is of rankings, as `duels`.

    Raises `InputError`.
    """
    facts = runs.read_json(folder / "run.json")
    decides = facts.get("decides", {})
    ranked = runs.holds_rankings(folder)
    if ranked and decides.get("games") is not None and pairing == "best-worst":
        raise InputError(
            f"the run {str(folder)!r} chose its games, so hardly a case knows its best and its "
            f"worst; take --pairing all"
        )
    cases: Iterable[Case] = runs.read_cases(folder)
    outcomes: Iterable[tuple[Outcome, Sequence[str]]] = runs.read_outcomes(folder)
    try:
        if ranked:
            duels = list(duels_of_run(folder, pairing))
            cases, outcomes = [case for case, _ in duels], [outcome for _, outcome in duels]
        found = preference_pairs(
            cases,
            outcomes,
            min_margin=min_margin,
            all_winners=all_winners,
            judge=decides.get("judge", ""),
            model=decides.get("model"),
            run=facts.get("identity", ""),
        )
    except ValueError as error:
        raise InputError(f"the run {str(folder)!r} is damaged ({error}); judge again") from error
    return replace(found, of="comparisons") if ranked and pairing == "all" else found


def preference_pairs(
    cases: Iterable[Case],
    outcomes: Iterable[tuple[Outcome, Sequence[str]]],
    *,
    min_margin: float = 0.0,
    all_winners: bool = False,
    judge: str = "",
    model: str | None = None,
    run: str = "",
) -> Pairs:
    """Pairs from cases and their outcomes (each with its judgements' ids), both in one order.

    Only consistent winners, and winners by score, make pairs. `all_winners` takes those as well
    that were shown in one order only, and those that an average of two disagreeing orders made.
    `min_margin`: the least margin of a pair. Raises `InputError` for a margin that is no number
    from 0 up and for cases that do not hold two responses, ValueError where the two do not match.
    """
    if not (math.isfinite(min_margin) and min_margin >= 0):
        raise InputError(f"the least margin must be 0 or more, not {min_margin!r}")
    pairs: list[PreferencePair] = []
    left_out = dict.fromkeys(Reason, 0)
    for case, (outcome, judgements) in zip(cases, outcomes, strict=True):
        if outcome.case != case.id:
            raise ValueError(f"the case {case.id!r} meets the outcome of {outcome.case!r}")
        if len(case.responses) != 2:
            raise InputError(
                f"a pair needs two responses, and the case {case.id!r} has {len(case.responses)}; "
                f"compare two files of answers first"
            )
        sides = _sides(case, outcome, min_margin, all_winners)
        if isinstance(sides, Reason):
            left_out[sides] += 1
        else:
            made = _made(case, sides, _margin(outcome))
            pair = replace(made, judge=judge, model=model, run=run)
            pairs.append(replace(pair, judgements=tuple(judgements)))
    return Pairs(tuple(pairs), left_out)


def _sides(
    case: Case, outcome: Outcome, min_margin: float, all_winners: bool
) -> tuple[int, int] | Reason:
    """The indices of the chosen and the rejected response, or why there are none."""
    texts = [response.text.strip() for response in case.responses]
    if outcome.identical or texts[0] == texts[1]:
        return Reason.IDENTICAL
    if not outcome.decided:
        return Reason.UNDECIDED
    # An average may name a winner where the orders disagree: position, not quality, may have won.
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
    """The outcome's margin; 0 where it tells none."""
    return 0.0 if outcome.margin is None else float(outcome.margin)


def _made(case: Case, sides: tuple[int, int], margin: float) -> PreferencePair:
    chosen, rejected = (case.responses[i] for i in sides)
    return PreferencePair(
        prompt=case.conversation(sides[0]),
        chosen=chosen.text,
        rejected=rejected.text,
        chosen_model=chosen.model,
        rejected_model=rejected.model,
        margin=margin,
        case=case.id,
        cluster=case.cluster,
        category=case.category,
    )
