"""Which cases go to another judge than the rest: ``category=math,coding: reference``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judgekit.config.judge_spec import JudgeSpec, parse_judge_specs
from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.types import Case

__all__ = ["Route", "assign", "parse_route"]

ROUTE = re.compile(r"\s*category\s*=\s*(?P<categories>[^:]+?)\s*:\s*(?P<judge>\S.*?)\s*")


@dataclass(frozen=True, slots=True)
class Route:
    """The categories whose cases go to a seat."""

    categories: tuple[str, ...]
    seat: JudgeSpec


def parse_route(text: str) -> Route:
    """A route as it is written on the command line. Raises `InputError` for another form."""
    found = ROUTE.fullmatch(text)
    categories = [c.strip() for c in found["categories"].split(",")] if found else []
    if found is None or not all(categories):
        raise InputError(
            f"{text!r} is no route: write 'category=NAME,NAME: JUDGE', such as "
            f"'category=math,coding: reference'"
        )
    seats = parse_judge_specs(found["judge"])
    if len(seats) > 1:
        raise InputError(f"{text!r} names {len(seats)} judges; a route goes to one")
    return Route(tuple(categories), seats[0])


def assign(cases: Sequence[Case], routes: Sequence[Route]) -> Mapping[JudgeSpec | None, list[Case]]:
    """Each seat's cases, in order; those of no route, or without a category, stand under None.

    Raises `InputError` where two routes name one category, and for a category that no case has.
    """
    seat_of: dict[str, JudgeSpec] = {}
    known = {case.category for case in cases if case.category is not None}
    for route in routes:
        for category in route.categories:
            if category in seat_of:
                raise InputError(f"two routes name the category {category!r}; take it out of one")
            if category not in known:
                raise InputError(f"a route names {unknown('category', category, known)}")
            seat_of[category] = route.seat
    found: dict[JudgeSpec | None, list[Case]] = {}
    for case in cases:
        seat = None if case.category is None else seat_of.get(case.category)
        found.setdefault(seat, []).append(case)
    return found
