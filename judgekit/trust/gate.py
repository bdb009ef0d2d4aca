"""A gate for pipelines: conditions on a run's metrics under which it fails.

>>> check_conditions(["win_rate_a.low < 0.5", "position.error > 0.05"], summary)

A condition names a metric of ``summary.json`` by its path, compares it with a number, and says when
the run *fails*. A metric without a value fails as well, because nothing shows that it is good.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.trust.junit import CheckState

__all__ = [
    "Condition",
    "ConditionResult",
    "check_conditions",
    "parse_condition",
]

CONDITION = re.compile(
    r"\s*(?P<path>[A-Za-z_]\w*(?:\.[\w-]+)*)\s*(?P<sign><=|>=|==|!=|<|>)\s*(?P<number>\S+)\s*"
)
SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A metric's `path` in a summary, a comparison sign and a number; true means a failed run."""

    text: str
    path: tuple[str, ...]
    sign: str
    number: float


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """The result of one condition. `value` is the metric's; None, which fails, if it has none."""

    condition: Condition
    value: float | None
    failed: bool

    @property
    def name(self) -> str:
        """The condition's text."""
        return self.condition.text

    @property
    def state(self) -> CheckState:
        """``failed`` where the condition is met."""
        return "failed" if self.failed else "passed"

    @property
    def message(self) -> str:
        """One line that cannot be misread: the metric's value, and when it would fail."""
        metric = ".".join(self.condition.path)
        value = "has no value" if self.value is None else f"is {self.value:.6g}"
        limit = f"{self.condition.sign} {self.condition.number:g}"
        return f"{self.state}: {metric} {value} (fails if {limit})"


def parse_condition(text: str) -> Condition:
    """A condition from its text.

    Args:
        text: Such as ``win_rate_a.low < 0.5``.

    Returns:
        The condition.

    Raises:
        InputError: The text has another form.
    """
    match = CONDITION.fullmatch(text)
    try:
        number = float(match["number"]) if match else float("nan")
    except ValueError:
        number = float("nan")
    if match is None or isnan(number):
        raise InputError(
            f"{text!r} is not a condition: write METRIC SIGN NUMBER, such as "
            f"'win_rate_a.low < 0.5', with one of {' '.join(SIGNS)}"
        )
    return Condition(" ".join(text.split()), tuple(match["path"].split(".")), match["sign"], number)


def check_conditions(
    conditions: Sequence[str], summary: Mapping[str, Any]
) -> list[ConditionResult]:
    """Checks conditions against a summary.

    Args:
        conditions: Texts as `parse_condition` takes them.
        summary: What ``summary.json`` holds.

    Returns:
        One result per condition, in order.

    Raises:
        InputError: A text is not a condition, or the summary does not have its metric.
    """
    return [_check(parse_condition(text), summary) for text in conditions]


def _check(condition: Condition, summary: Mapping[str, Any]) -> ConditionResult:
    value = metric_value(condition, summary)
    failed = value is None or SIGNS[condition.sign](value, condition.number)
    return ConditionResult(condition, value, failed)


def by_name(elements: Sequence[Any]) -> dict[str, Any]:
    """The elements of a list by number and, where they have one, by name."""
    named = {str(number): element for number, element in enumerate(elements)}
    for element in elements:
        if isinstance(element, Mapping) and isinstance(element.get("name"), str):
            named[element["name"]] = element
    return named


def metric_value(condition: Condition, summary: Mapping[str, Any]) -> float | None:
    """The number at a condition's path; for a rate, its value.

    Elements of a list are metrics by their name, such as ``classes.pass``, or by their number.
    """
    at: Any = summary
    names: list[str] = []
    for name in condition.path:
        place = ".".join(names) or "the summary"
        if isinstance(at, list | tuple):
            at = by_name(at)
        if not isinstance(at, Mapping):
            raise InputError(f"{condition.text!r}: {place} is a number and holds no metrics")
        if name not in at:
            raise InputError(f"{condition.text!r}: {place} has {unknown('metric', name, at)}")
        at = at[name]
        names.append(name)
        if at is None:  # an empty rate's interval has no value either
            return None
    if isinstance(at, Mapping) and "value" in at:
        at = at["value"]
    if at is not None and (isinstance(at, bool) or not isinstance(at, int | float)):
        inside = f"; it has {', '.join(at)}" if isinstance(at, Mapping) else ""
        raise InputError(f"{condition.text!r}: {'.'.join(names)} is not a number{inside}")
    return None if at is None else float(at)
