"""The results of a gate as JUnit XML, which continuous integration shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from judgekit.trust.gate import Suite

__all__ = ["junit_xml"]

VERDICT = "a verdict came out"  # the test case of a run that has none


def junit_xml(suites: Sequence[Suite]) -> str:
    """The results as JUnit XML: a test suite for each run, a test case for each condition.

    A run without any verdict has one more test case, with the error.

    Args:
        suites: The results, by run.

    Returns:
        The document, with its XML declaration.
    """
    root = Xml.Element("testsuites")
    for suite in suites:
        within = Xml.SubElement(
            root,
            "testsuite",
            name=_plain(suite.name),
            tests=str(len(suite.results) + bool(suite.error)),
            failures=str(suite.failures),
            errors=str(int(bool(suite.error))),
            time=f"{suite.seconds:.3f}",
        )
        if suite.error:
            case = Xml.SubElement(within, "testcase", classname="judgekit", name=VERDICT)
            Xml.SubElement(case, "error", message=_plain(suite.error))
        for result in suite.results:
            name = _plain(result.condition.text)
            case = Xml.SubElement(within, "testcase", classname="judgekit", name=name)
            if result.failed:
                Xml.SubElement(case, "failure", message=_plain(result.message))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _plain(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
