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
    """The categories whose cases go to a judge."""

    categories: tuple[str, ...]
    juror: JudgeSpec


def parse_route(text: str) -> Route:
    """A route as it is written on the command line.

    Raises:
        InputError: The text has another form.
    """
    match = ROUTE.fullmatch(text)
    categories = [c.strip() for c in match["categories"].split(",")] if match else []
    if match is None or not all(categories):
        raise InputError(
            f"{text!r} is no route: write 'category=NAME,NAME: JUDGE', such as "
            f"'category=math,coding: reference'"
        )
    jurors = parse_judge_specs(match["judge"])
    if len(jurors) > 1:
        raise InputError(f"{text!r} names {len(jurors)} judges; a route goes to one")
    return Route(tuple(categories), jurors[0])


def assign(cases: Sequence[Case], routes: Sequence[Route]) -> Mapping[JudgeSpec | None, list[Case]]:
    """Assigns each case to the judge of its category.

    Args:
        cases: The cases, with their categories.
        routes: Which categories go to which judge.

    Returns:
        Each judge's cases, in order; under None those that no route names.

    Raises:
        InputError: Two routes name one category, or one names a category that no case has.
    """
    juror_of: dict[str, JudgeSpec] = {}
    known = {case.category for case in cases if case.category is not None}
    for route in routes:
        for category in route.categories:
            if category in juror_of:
                raise InputError(f"two routes name the category {category!r}; take it out of one")
            if category not in known:
                raise InputError(f"a route names {unknown('category', category, known)}")
            juror_of[category] = route.juror
    assigned: dict[JudgeSpec | None, list[Case]] = {}
    for case in cases:
        juror = None if case.category is None else juror_of.get(case.category)
        assigned.setdefault(juror, []).append(case)
    return assigned
