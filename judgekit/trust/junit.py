"""The results of gates as JUnit XML, which most continuous-integration services show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["Check", "CheckState", "Suite", "junit_xml"]

VERDICT = "a verdict came out"  # the test case of a run that has none

CheckState = Literal["passed", "failed", "skipped"]


class Check(Protocol):
    """One result of a gate: a condition, or a comparison with a baseline."""

    @property
    def name(self) -> str:
        """What was checked, in a few words."""

    @property
    def state(self) -> CheckState:
        """How it ended; what nothing was shown of is skipped."""

    @property
    def message(self) -> str:
        """One line that says so, with the numbers."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The results of one run's checks; `seconds` is how long the run took.

    `error` says why the run has no verdict at all: no check of it then means anything.
    """

    name: str
    results: Sequence[Check]
    seconds: float = 0.0
    error: str = ""

    @property
    def failures(self) -> int:
        """How many checks failed."""
        return sum(result.state == "failed" for result in self.results)

    @property
    def skipped(self) -> int:
        """How many checks were inconclusive."""
        return sum(result.state == "skipped" for result in self.results)


def junit_xml(suites: Sequence[Suite]) -> str:
    """The results as JUnit XML: a test suite for each run, a test case for each check.

    A run without any verdict has one more test case, with the error.

    Args:
        suites: The results, by run.

    Returns:
        The document, with its XML declaration.
    """
    from xml.etree import ElementTree as Xml  # every command makes suites, few write them

    root = Xml.Element("testsuites")
    for suite in suites:
        within = Xml.SubElement(
            root,
            "testsuite",
            name=_plain(suite.name),
            tests=str(len(suite.results) + bool(suite.error)),
            failures=str(suite.failures),
            errors=str(int(bool(suite.error))),
            skipped=str(suite.skipped),
            time=f"{suite.seconds:.3f}",
        )
        if suite.error:
            case = Xml.SubElement(within, "testcase", classname="judgekit", name=VERDICT)
            Xml.SubElement(case, "error", message=_plain(suite.error))
        for result in suite.results:
            name = _plain(result.name)
            case = Xml.SubElement(within, "testcase", classname="judgekit", name=name)
            if result.state != "passed":
                element = "failure" if result.state == "failed" else "skipped"
                Xml.SubElement(case, element, message=_plain(result.message))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _plain(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
