"""Two finished runs beside one another: what changed in settings, metrics and outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from math import isclose
from pathlib import Path
from typing import Any, Literal

from judgekit.errors import InputError
from judgekit.runs.match import Matches, match_runs
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import StoredRun
from judgekit.stats.intervals import Rate
from judgekit.stats.metric import metric
from judgekit.stats.outcomes.values import value
from judgekit.stats.paired_test import PairedTest, paired_test
from judgekit.stats.plain import encode
from judgekit.types import Outcome, RunKind

__all__ = ["Change", "Difference", "Move", "diff_runs", "value_or_score", "word"]

Kind = Literal["comparison", "scoring", "ranking"]

KINDS: Mapping[RunKind, Kind] = {"compare": "comparison", "score": "scoring", "rank": "ranking"}
MIRRORED = {"wins_a": "wins_b", "mean_score_a": "mean_score_b", "bounds_a.low": "bounds_a.high"}
MIRRORED |= {"inconsistent_bounds_a.low": "inconsistent_bounds_a.high"}
MIRRORED |= {b: a for a, b in MIRRORED.items()}  # a metric of a, and what it is of b
SUMS = dict.fromkeys(
    (
        "win_rate_a",
        "win_rate_mean_a",
        "anytime_win_rate_a",
        "bounds_a.low",
        "bounds_a.high",
        "inconsistent_bounds_a.low",
        "inconsistent_bounds_a.high",
    ),
    1.0,
) | {"adaptive.shift_a": 0.0}  # what a metric of a and the same of b add up to
SILENT = ("inputs", "rules", "parts")  # named in words of their own, or implied by others


@dataclass(frozen=True, slots=True)
class Change:
    """A setting or a metric that differs: its name, and its value in either run."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Move:
    """How many cases had one outcome before and another after.

    An outcome is ``"a"``, ``"b"``, ``"tie"``, ``"inconsistent"``, ``"no_verdict"``,
    ``"scored"`` or a class; a and b are the first and the second model.
    """

    before: str
    after: str
    cases: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one run to another.

    `cases` counts those that both judged: of the same id and prompt; `other_answers` of them have
    other answers. `other_prompts` ids are in both, but stand for other prompts: they count in
    `only_before` and in `only_after`. `same` counts the cases of both with the same outcome;
    `moves` the others. Scores that `higher` and `lower` count are in no move. `test` compares
    response 0's values, or the scores, on the cases of both; where it is None, `why_untested` says
    why. `mirrored`: the later run compares the same answers the other way round, and is read as
    the earlier has them.
    """

    kind: Kind
    mirrored: bool = field(metadata=metric("the later run is mirrored", formerly="turned"))
    settings: tuple[Change, ...]
    metrics: tuple[Change, ...] = field(
        metadata=metric("the metrics that differ", formerly="figures")
    )
    cases: int
    only_before: int
    only_after: int
    other_prompts: int
    other_answers: int
    same: int
    higher: int
    lower: int
    moves: tuple[Move, ...]
    test: PairedTest | None
    why_untested: str = field(metadata=metric("why there is no test", formerly="untested"))

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON has it."""
        plain: dict[str, Any] = encode(self)
        return plain


def diff_runs(before: str | Path, after: str | Path) -> Difference:
    """What differs between two runs' settings, metrics and outcomes.

    Args:
        before: The earlier run's folder.
        after: The later run's folder.

    Returns:
        What changed, with a paired test on the cases of both.

    Raises:
        InputError: A folder holds no run, or the two are of different kinds.
    """
    runs = StoredRun.open(before), StoredRun.open(after)
    kind = kind_of_both(*runs)
    old, new = (run.metadata for run in runs)
    both = Matches() if kind == "ranking" else match_runs(*runs)
    mirrored = kind == "comparison" and is_mirrored(old.models, new.models, both.crosswise)
    metrics = [dict(flat(run.summary)) for run in runs]
    if mirrored:
        metrics[1] = mirrored_metrics(metrics[1])
    pairs = both.pairs
    scores = [pair_scores for pair_scores in map(both_scores, pairs) if pair_scores is not None]
    steps = Counter((step(x), step(y)) for x, y in pairs)
    moves = Counter({move: n for move, n in steps.items() if move[0] != move[1]})
    higher, lower = (sum(sign * (y - x) > 0 for x, y in scores) for sign in (1, -1))
    why = why_untested(kind, old, new, cases=len(pairs))
    return Difference(
        kind=kind,
        mirrored=mirrored,
        settings=tuple(changed_settings(old, new, mirrored=mirrored)),
        metrics=tuple(changes(*metrics)),
        cases=len(pairs),
        only_before=both.before - len(pairs),
        only_after=both.after - len(pairs),
        other_prompts=both.other_prompts,
        other_answers=both.other_answers,
        same=len(pairs) - moves.total() - higher - lower,
        higher=higher,
        lower=lower,
        moves=tuple(Move(x, y, n) for (x, y), n in moves.most_common()),
        test=None if why else test_of(pairs),
        why_untested=why,
    )


def kind_of_both(before: StoredRun, after: StoredRun) -> Kind:
    """The kind that two runs are of; `InputError` where that is not one."""
    one, other = KINDS[before.kind], KINDS[after.kind]
    if one != other:
        raise InputError(
            f"{str(before.folder)!r} holds a {one} and {str(after.folder)!r} a {other}, which have "
            f"no metrics in common; name two of a kind"
        )
    return one


def is_mirrored(before: Sequence[str], after: Sequence[str], crosswise: Sequence[bool]) -> bool:
    """Whether the later run compares the same answers of the same models the other way round."""
    if sorted(before) != sorted(after):
        return False
    # Names alone may be those of files that were exchanged, or just a and b: the texts decide.
    return all(crosswise) if crosswise else before != after


def why_untested(kind: Kind, before: RunMetadata, after: RunMetadata, *, cases: int) -> str:
    """Why the runs' values are not values of one thing; empty where they are."""
    if kind == "ranking":
        return "rankings are not tested"
    if kind == "comparison" and sorted(before.models) != sorted(after.models):
        return "the models are not the same: a is each run's first, b its second, and not tested"
    if kind == "scoring" and before.judge != after.judge:
        return "two judges' scores need not be on one scale, and are not tested"
    return "" if cases else "no case is in both runs, with the same id and prompt"


def mirrored_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """A comparison's metrics as if b had been a; those of positions stand as they are."""
    swapped = dict(metrics)
    for name, mirrored in MIRRORED.items():
        if mirrored in metrics:
            swapped[name] = metrics[mirrored]
    for name, total in SUMS.items():
        if swapped.get(name) is not None:
            swapped[name] = total - swapped[name]
    return swapped


def changed_settings(before: RunMetadata, after: RunMetadata, *, mirrored: bool) -> list[Change]:
    """What differs of what decided two runs; of juries, also of each judge in both."""
    settings = changes(before.decides, after.decides)
    old, new = ({part.judge: part.decides for part in run.parts} for run in (before, after))
    for judge in (judge for judge in old if judge in new):
        settings += [
            Change(f"{judge}: {change.name}", change.before, change.after)
            for change in changes(old[judge], new[judge])
            if change not in settings
        ]
    if before.parsers != after.parsers:
        settings.append(Change("parsers' version", before.parsers, after.parsers))
    files = after.inputs
    if before.inputs != ((*files[1::-1], *files[2:]) if mirrored else files):
        settings.append(Change("files", "other content", "than before"))
    return settings


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The names whose values differ, in the order of the runs."""
    names = [name for name in [*before, *after] if name not in SILENT]
    return [
        Change(name, before.get(name), after.get(name))
        for name in dict.fromkeys(names)
        if not same(before.get(name), after.get(name))
    ]


def same(x: Any, y: Any) -> bool:
    """Equal, numbers but for rounding."""
    if isinstance(x, float) and isinstance(y, float):
        return isclose(x, y, abs_tol=1e-12)
    return bool(x == y)


def flat(held: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """A summary's numbers by their paths; a rate's value under the rate's own name."""
    if isinstance(held, Rate):
        held = held.value
    if isinstance(held, int | float) and not isinstance(held, bool):
        yield path, held
        return
    inside: Iterator[tuple[str, Any]] = iter(())
    if isinstance(held, Mapping):
        inside = iter(held.items())
    elif is_dataclass(held):
        inside = ((each.name, getattr(held, each.name)) for each in fields(held))
    for name, part in inside:
        yield from flat(part, f"{path}.{name}" if path else name)


def word(outcome: Outcome) -> str:
    """An outcome in one word, as `Move` has it; a score's number, or a class."""
    if len(outcome.labels) == 1:
        return outcome.labels[0] or "no_verdict"
    if len(outcome.scores) == 1:
        return "no_verdict" if outcome.scores[0] is None else f"{outcome.scores[0]:g}"
    if outcome.winner is None:
        return "inconsistent" if outcome.decided else "no_verdict"
    return "tie" if outcome.winner == "tie" else "ab"[outcome.winner]


def step(outcome: Outcome) -> str:
    """As `word`, and ``scored`` of all scores: how they moved is counted, not listed."""
    scored = len(outcome.scores) == 1 and outcome.decided and not outcome.labels
    return "scored" if scored else word(outcome)


def both_scores(pair: tuple[Outcome, Outcome]) -> tuple[float, float] | None:
    """Two scores of one answer, where both runs have one."""
    old, new = (outcome.scores for outcome in pair)
    if len(old) != 1 or len(new) != 1 or old[0] is None or new[0] is None:
        return None
    return old[0], new[0]


def test_of(pairs: Sequence[tuple[Outcome, Outcome]]) -> PairedTest | None:
    """Later less earlier value of response 0 (or score), where both runs have one."""
    rows = [
        (new.cluster, y, x)
        for old, new in pairs
        if (x := value_or_score(old)) is not None and (y := value_or_score(new)) is not None
    ]
    shares = all(len(outcome.scores) != 1 for pair in pairs for outcome in pair)
    return paired_test(rows, shares=shares) if rows else None


def value_or_score(outcome: Outcome) -> float | None:
    """Response 0's value in a comparison; of an answer by itself, its score."""
    return outcome.scores[0] if len(outcome.scores) == 1 else value(outcome)
