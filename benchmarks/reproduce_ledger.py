"""Published figures beside ours: equal, named (and why), wrong, or not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import isclose
from typing import Any, Literal, NamedTuple

from reproduce_readings import Readings

__all__ = ["MISSING", "Computed", "Figure", "Reason", "State", "compare"]

State = Literal["equal", "named", "wrong", "not read"]
Tree = Mapping[str, Any]
Path = tuple[str, ...]
"""A figure's name: section, entry and fields. An entry's own name may hold a `/`."""

MISSING = object()
TOLERANCE = 1e-6
DECIMALS = 4  # of the report on MT-Bench


class Reason(NamedTuple):
    """Why a figure is not reproduced: one pattern for each part of its path, `**` for any number
    of parts. It explains a figure that nothing computes; with `within`, one that is computed and
    differs by no more."""

    path: Path
    words: str
    within: float | None = None


LENGTH_CONTROL = (
    "AlpacaEval's length control takes each instruction's difficulty from a file that is not in "
    "its repository"
)
F1 = (
    "PandaLM's claim of a share of GPT-3.5's F1 does not follow from its own result files by macro "
    "or by weighted F1"
)
INTERVALS = "the report makes its intervals by another rule than ours, a jackknife over questions"
REPORT = ("mt_bench_agreement", "published_by_judgelab_report", "**")
REASONS: tuple[Reason, ...] = (
    Reason(("alpaca", "*", "published", "length_controlled_winrate"), LENGTH_CONTROL),
    Reason(("alpaca", "*", "published", "lc_standard_error"), LENGTH_CONTROL),
    *(Reason(("pairwise", "pandalm_*|*", "**", name), F1) for name in ("f1", "f1_*", "*_f1")),
    *(Reason((*REPORT, f"kappa_ci_{end}"), INTERVALS, within=0.03) for end in ("low", "high")),
)
UNDEFINED = "kappa is not defined where both only ever give one label"
DESCRIPTION = "a text that describes, no figure"
RENAMED = "a file of another name"
NOT_READ = "no known format reads the replies: computed from what the source read in them"
NAMES = ("file", "pairs")  # fields that name a file


@dataclass(frozen=True)
class Figure:
    """One figure: its name, what is expected, what we find, and what that comes to."""

    name: str
    expected: Any
    found: Any
    state: State
    reason: str = ""


@dataclass(frozen=True)
class Computed:
    """What one entry of a section comes to.

    `key` is the entry's; `also` is what it can be known by where the files were renamed;
    `missing` explains figures of this entry alone.
    """

    section: str
    key: str
    also: str
    figures: Tree
    readings: Readings | None = None
    missing: Sequence[Reason] = field(default=())


def compare(path: Path, expected: Any, result: Any, computed: Computed | None) -> Iterator[Figure]:
    """Every leaf of what is expected."""
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            inner = result.get(key, MISSING) if isinstance(result, Mapping) else MISSING
            yield from compare((*path, key), value, inner, computed)
        return
    shown = None if result is MISSING else result
    state: State = "wrong"
    reason = "nothing here computes it" if result is MISSING else "differs"
    if result is not MISSING and _same(path, expected, result):
        unread = computed is not None and computed.readings is not None and computed.readings.unread
        text = isinstance(expected, str)
        state, reason = ("not read", NOT_READ) if unread and not text else ("equal", "")
    elif words := _reason(path, expected, result, computed):
        state, reason = "named", words
    elif expected is None and result is MISSING and computed is not None:
        state, reason = "equal", ""  # a figure that does not exist, here as there
    yield Figure("/".join(path), expected, shown, state, reason)


def _reason(path: Path, expected: Any, result: Any, computed: Computed | None) -> str:
    """Why it is not reproduced; empty where nothing explains that."""
    if isinstance(expected, str):
        return _reason_of_text(path, expected, result)
    if result is None and "kappa" in path[-1].split("_") and expected in (0, 1):
        return UNDEFINED
    reasons = (*REASONS, *(computed.missing if computed else ()))
    return next((one.words for one in reasons if _explains(one, path, expected, result)), "")


def _reason_of_text(path: Path, expected: str, result: Any) -> str:
    if result is not MISSING:
        return RENAMED if path[-1] in NAMES else ""
    try:
        float(expected)
    except ValueError:
        return DESCRIPTION
    return ""  # a number written as a text


def _explains(reason: Reason, path: Path, expected: Any, result: Any) -> bool:
    if not _matches(path, reason.path):
        return False
    if reason.within is None or result is MISSING:
        return reason.within is None and result is MISSING
    numbers = all(isinstance(x, int | float) for x in (expected, result))
    return numbers and abs(expected - result) <= reason.within


def _matches(path: Path, pattern: Path) -> bool:
    if not pattern or not path:
        return not path and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return _matches(path, pattern[1:]) or _matches(path[1:], pattern)
    return fnmatchcase(path[0], pattern[0]) and _matches(path[1:], pattern[1:])


def _same(path: Path, expected: Any, result: Any) -> bool:
    if expected is None or result is None or expected != expected:  # NaN is none, too
        return result is None and (expected is None or expected != expected)
    if isinstance(expected, bool) or isinstance(result, bool):
        return expected is result
    if not isinstance(expected, int | float) or not isinstance(result, int | float):
        return bool(expected == result)
    if _matches(path, ("alpaca", "*", "published", "avg_length")):
        return int(result) == int(expected)
    if isinstance(expected, float) and _matches(path, REPORT):
        result = round(result, DECIMALS)
    return isclose(expected, result, rel_tol=0, abs_tol=TOLERANCE)
