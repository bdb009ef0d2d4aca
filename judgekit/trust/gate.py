"""A gate for pipelines: conditions on a run's figures under which it is to fail.

>>> check(["win_rate_a.low < 0.5", "position.error > 0.05"], summary)

A condition names a figure of ``summary.json`` by its path, compares it with a number, and says
when the run *fails*. A figure without a value fails as well: what could not be measured has not
been shown to hold.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any
from xml.etree import ElementTree as Xml

from judgekit.errors import InputError
from judgekit.naming import unknown

__all__ = ["Condition", "Finding", "Suite", "check", "junit", "parse"]

CONDITION = re.compile(
    r"\s*(?P<path>[A-Za-z_]\w*(?:\.[\w-]+)*)\s*(?P<sign><=|>=|==|!=|<|>)\s*(?P<number>\S+)\s*"
)
VERDICT = "a verdict came out"  # the test case of a run that has none
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
    """`path` in a summary, a sign of comparison, a number; true means that the run fails."""

    text: str
    path: tuple[str, ...]
    sign: str
    number: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one condition. `value` None: the figure has no value, which fails."""

    condition: Condition
    value: float | None
    failed: bool

    @property
    def message(self) -> str:
        """In one line: the condition, and the figure found."""
        shown = "no value" if self.value is None else f"{self.value:.6g}"
        return f"{'failed' if self.failed else 'passed'}: {self.condition.text} ({shown})"


def parse(text: str) -> Condition:
    """A condition such as ``win_rate_a.low < 0.5``. Raises `InputError` for another form."""
    found = CONDITION.fullmatch(text)
    try:
        number = float(found["number"]) if found else float("nan")
    except ValueError:
        number = float("nan")
    if found is None or isnan(number):
        raise InputError(
            f"{text!r} is no condition: write FIGURE SIGN NUMBER, such as "
            f"'win_rate_a.low < 0.5', with one of {' '.join(SIGNS)}"
        )
    return Condition(" ".join(text.split()), tuple(found["path"].split(".")), found["sign"], number)


def check(conditions: Sequence[str], summary: Mapping[str, Any]) -> list[Finding]:
    """Each condition against a summary. Raises `InputError` for a figure that it does not have."""
    return [_check(parse(text), summary) for text in conditions]


def _check(condition: Condition, summary: Mapping[str, Any]) -> Finding:
    value = figure(condition, summary)
    failed = value is None or SIGNS[condition.sign](value, condition.number)
    return Finding(condition, value, failed)


def figure(condition: Condition, summary: Mapping[str, Any]) -> float | None:
    """The number at a condition's path; the path of a rate alone means its value."""
    at: Any = summary
    gone: list[str] = []
    for name in condition.path:
        place = ".".join(gone) or "the summary"
        if not isinstance(at, Mapping):
            raise InputError(f"{condition.text!r}: {place} is a number and has nothing below it")
        if name not in at:
            raise InputError(f"{condition.text!r}: {place} has {unknown('figure', name, at)}")
        at = at[name]
        gone.append(name)
        if at is None:  # an empty rate's interval has no value either
            return None
    if isinstance(at, Mapping) and "value" in at:
        at = at["value"]
    if at is not None and (isinstance(at, bool) or not isinstance(at, int | float)):
        inside = f"; it has {', '.join(at)}" if isinstance(at, Mapping) else ""
        raise InputError(f"{condition.text!r}: {'.'.join(gone)} is no number{inside}")
    return None if at is None else float(at)


@dataclass(frozen=True, slots=True)
class Suite:
    """What became of one run's conditions; `seconds` is how long the run took.

    `error`: why the run has no verdict at all, so that no condition on it means anything.
    """

    name: str
    findings: Sequence[Finding]
    seconds: float = 0.0
    error: str = ""

    @property
    def failures(self) -> int:
        return sum(finding.failed for finding in self.findings)


def junit(suites: Sequence[Suite]) -> str:
    """The findings as JUnit XML: a test suite a run, a test case a condition.

    A run without any verdict has one test case more, with the error.
    """
    root = Xml.Element("testsuites")
    for suite in suites:
        within = Xml.SubElement(
            root,
            "testsuite",
            name=_plain(suite.name),
            tests=str(len(suite.findings) + bool(suite.error)),
            failures=str(suite.failures),
            errors=str(int(bool(suite.error))),
            time=f"{suite.seconds:.3f}",
        )
        if suite.error:
            case = Xml.SubElement(within, "testcase", classname="judgekit", name=VERDICT)
            Xml.SubElement(case, "error", message=_plain(suite.error))
        for finding in suite.findings:
            name = _plain(finding.condition.text)
            case = Xml.SubElement(within, "testcase", classname="judgekit", name=name)
            if finding.failed:
                Xml.SubElement(case, "failure", message=_plain(finding.message))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _plain(text: str) -> str:
    """The text without characters that XML cannot hold at all."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
