"""Two finished runs beside one another: what changed in settings, figures and outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isclose
from pathlib import Path
from typing import Any, Literal

from judgekit.errors import InputError
from judgekit.runs import reader
from judgekit.runs.match import Matched, matched
from judgekit.stats.outcomes.values import value
from judgekit.stats.paired_test import PairedTest, paired_test
from judgekit.types import Outcome

__all__ = ["Change", "Difference", "diff_runs", "value_or_score", "word"]

Kind = Literal["comparison", "scoring", "ranking"]

MIRRORED = {"wins_a": "wins_b", "mean_score_a": "mean_score_b", "bounds_a.low": "bounds_a.high"}
MIRRORED |= {b: a for a, b in MIRRORED.items()}  # a figure of a, and what it is of b
SUMS = dict.fromkeys(
    ("win_rate_a", "win_rate_mean_a", "watched_a", "bounds_a.low", "bounds_a.high"), 1.0
) | {"adaptive.shift_a": 0.0}  # what a figure of a and the same of b add up to
SILENT = ("inputs", "rules", "parts")  # said in words of their own, or implied by others


@dataclass(frozen=True, slots=True)
class Change:
    """A setting or a figure that differs: its name, and its value in either run."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one run to another.

    `cases` counts those that both judged: of the same id and prompt; `other_answers` of them have
    other answers. `other_prompts` ids are in both, but stand for other prompts: they count in
    `only_before` and in `only_after`. `same`
    counts the cases of both with the same outcome; `moves` the others, as (outcome before, after):
    ``("a", "inconsistent")``, a and b the first and the second model. Scores that `higher` and
    `lower` count are in no move. `test` compares response 0's values, or the scores, on the cases
    of both; where it is None, `untested` says why. `turned`: the later run compares the same
    answers the other way round, and is read as the earlier has them.
    """

    kind: Kind
    turned: bool
    settings: tuple[Change, ...]
    figures: tuple[Change, ...]
    cases: int
    only_before: int
    only_after: int
    other_prompts: int
    other_answers: int
    same: int
    higher: int
    lower: int
    moves: Mapping[tuple[str, str], int]
    test: PairedTest | None
    untested: str

    def as_dict(self) -> dict[str, Any]:
        plain = asdict(self)
        plain["moves"] = [{"before": x, "after": y, "cases": n} for (x, y), n in self.moves.items()]
        return plain


def diff_runs(before: Path, after: Path) -> Difference:
    """What differs between two runs' settings, figures and outcomes.

    Raises `InputError` where a folder holds no run, or the two are of different kinds.
    """
    folders = [reader.resolve(folder) for folder in (before, after)]
    facts = [reader.read_json(folder / "run.json") for folder in folders]
    kind = kind_of_both(folders, facts)
    models = [own["decides"]["models"] for own in facts]
    both = Matched() if kind == "ranking" else matched(*folders)
    turned = kind == "comparison" and is_turned(models[0], models[1], both.crosswise)
    figures = [dict(flat(reader.read_json(folder / "summary.json"))) for folder in folders]
    if turned:
        figures[1] = turned_figures(figures[1])
    pairs = both.pairs
    scores = [own for own in map(both_scores, pairs) if own is not None]
    steps = Counter((step(x), step(y)) for x, y in pairs)
    moves = Counter({move: n for move, n in steps.items() if move[0] != move[1]})
    higher, lower = (sum(sign * (y - x) > 0 for x, y in scores) for sign in (1, -1))
    untested = why_untested(kind, *(own["decides"] for own in facts), cases=len(pairs))
    return Difference(
        kind=kind,
        turned=turned,
        settings=tuple(changed_settings(*facts, turned=turned)),
        figures=tuple(changes(*figures)),
        cases=len(pairs),
        only_before=both.before - len(pairs),
        only_after=both.after - len(pairs),
        other_prompts=both.other_prompts,
        other_answers=both.other_answers,
        same=len(pairs) - moves.total() - higher - lower,
        higher=higher,
        lower=lower,
        moves=dict(moves.most_common()),
        test=None if untested else compared(pairs),
        untested=untested,
    )


def kind_of_both(folders: Sequence[Path], facts: Sequence[Mapping[str, Any]]) -> Kind:
    """The kind that two runs are of; `InputError` where that is not one."""
    one, other = (kind_of(folder, own) for folder, own in zip(folders, facts, strict=True))
    if one != other:
        raise InputError(
            f"{str(folders[0])!r} holds a {one} and {str(folders[1])!r} a {other}, which have no "
            f"figures in common; name two of a kind"
        )
    return one


def kind_of(folder: Path, facts: Mapping[str, Any]) -> Kind:
    if reader.holds_rankings(folder):
        return "ranking"
    return "comparison" if len(facts["decides"]["models"]) > 1 else "scoring"


def is_turned(before: Sequence[str], after: Sequence[str], crosswise: Sequence[bool]) -> bool:
    """Whether the later run compares the same answers of the same models the other way round."""
    if sorted(before) != sorted(after):
        return False
    # Names alone may be those of files that were changed over, or just a and b: the texts tell.
    return all(crosswise) if crosswise else before != after


def why_untested(
    kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any], *, cases: int
) -> str:
    """Why the runs' values are not values of one thing; empty where they are."""
    if kind == "ranking":
        return "rankings are not tested"
    if kind == "comparison" and sorted(before["models"]) != sorted(after["models"]):
        return "the models are not the same: a is each run's first, b its second, and not tested"
    if kind == "scoring" and before["judge"] != after["judge"]:
        return "two judges' scores need not be on one scale, and are not tested"
    return "" if cases else "no case is in both runs, with the same id and prompt"


def turned_figures(figures: Mapping[str, float]) -> dict[str, float]:
    """A comparison's figures as if b had been a; those of positions stand as they are."""
    found = dict(figures)
    for name, mirrored in MIRRORED.items():
        if mirrored in figures:
            found[name] = figures[mirrored]
    for name, whole in SUMS.items():
        if found.get(name) is not None:
            found[name] = whole - found[name]
    return found


def changed_settings(
    before: Mapping[str, Any], after: Mapping[str, Any], *, turned: bool
) -> list[Change]:
    """What differs of what decided two runs; of juries, also of each judge in both."""
    old, new = before["decides"], after["decides"]
    settings = changes(old, new)
    seats = [
        {part["judge"]: part["decides"] for part in own.get("parts", ())} for own in (before, after)
    ]
    for judge in (judge for judge in seats[0] if judge in seats[1]):
        settings += [
            Change(f"{judge}: {change.name}", change.before, change.after)
            for change in changes(seats[0][judge], seats[1][judge])
            if change not in settings
        ]
    files = new["inputs"]
    if old["inputs"] != ([*files[1::-1], *files[2:]] if turned else files):
        settings.append(Change("files", "other content", "than before"))
    return settings


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The names whose values differ, as they stand."""
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


def flat(summary: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, Any]]:
    """A summary's numbers by their paths; a rate's value under the rate's own name."""
    for name, held in summary.items():
        path = f"{under}{name}"
        if isinstance(held, Mapping) and "value" in held:
            yield path, held["value"]
        elif isinstance(held, Mapping) and name != "position_intervals":
            yield from flat(held, path + ".")
        elif isinstance(held, int | float) and not isinstance(held, bool):
            yield path, held


def word(outcome: Outcome) -> str:
    """An outcome in one word: a, b, tie, inconsistent or undecided; a score's number."""
    if len(outcome.scores) == 1:
        return "undecided" if outcome.scores[0] is None else f"{outcome.scores[0]:g}"
    if outcome.winner is None:
        return "inconsistent" if outcome.decided else "undecided"
    return "tie" if outcome.winner == "tie" else "ab"[outcome.winner]


def step(outcome: Outcome) -> str:
    """As `word`, and ``scored`` of all scores: how they moved is counted, not listed."""
    return "scored" if len(outcome.scores) == 1 and outcome.decided else word(outcome)


def both_scores(pair: tuple[Outcome, Outcome]) -> tuple[float, float] | None:
    """Two scores of one answer, where both runs have one."""
    old, new = (outcome.scores for outcome in pair)
    if len(old) != 1 or len(new) != 1 or old[0] is None or new[0] is None:
        return None
    return old[0], new[0]


def compared(pairs: Sequence[tuple[Outcome, Outcome]]) -> PairedTest | None:
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
