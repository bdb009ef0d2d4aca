"""A report in a real browser: hostile texts do nothing, filters filter, links lead to cases."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_runs import HOSTILE, write_rows

from judgekit.api import compare
from judgekit.report import build_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    texts = [*HOSTILE, *(f"plain {n}" for n in range(300))]
    a = write_rows(folder / "a.jsonl", texts, model="north")
    b = write_rows(folder / "b.jsonl", [f"{t} more" if n % 2 else "x" for n, t in enumerate(texts)])
    run = compare(a, b, judge="longer", out=folder / "run", store=folder / "s.db")
    return build_report([run.folder]).write(folder / "report.html")


@pytest.fixture(scope="module")
def page(report: Path) -> Iterator[Any]:
    play = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with play.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.faults = []
        opened.on("pageerror", lambda error: opened.faults.append(str(error)))
        opened.on("console", lambda message: opened.faults.append(message.text))
        opened.asked = []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.goto(report.as_uri())
        eventually(opened, "document.documentElement.dataset.ready === 'yes'")
        yield opened
        browser.close()


def eventually(page: Any, condition: str) -> None:
    """Waits for a condition; playwright's own waiting needs eval, which the page's policy bars."""
    deadline = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        time.sleep(0.02)


def count(page: Any) -> str:
    return str(page.text_content("#count"))


def test_every_hostile_case_is_shown_as_text(page: Any, report: Path) -> None:
    for number, text in enumerate(HOSTILE):
        page.evaluate(f"location.hash = '#case-q{number}'")
        eventually(page, f"document.querySelector('#case h3').firstChild.data === 'q{number}'")
        shown = page.text_content("#case .answers > div:first-child .text")
        assert shown.startswith(text[:20_000])
    assert page.title().startswith("north against")
    assert page.evaluate("document.images.length") == 0
    assert page.faults == []
    assert page.asked == [report.as_uri()]


def test_filters_and_search(page: Any) -> None:
    assert count(page) == str(len(HOSTILE) + 300)
    page.fill("#query", "plain 29")
    eventually(page, "document.querySelector('#count').textContent.startsWith('11 of')")
    page.fill("#query", "")
    page.select_option("#category", "math")
    eventually(page, "document.querySelector('#count').textContent.startsWith('154 of')")
    page.press("#list", "Escape")
    eventually(page, f"document.querySelector('#count').textContent === '{len(HOSTILE) + 300}'")


def test_keys_step_through_the_cases(page: Any) -> None:
    page.evaluate("location.hash = '#case-q20'")
    eventually(page, "document.querySelector('#case h3').firstChild.data === 'q20'")
    page.focus("#list")
    page.keyboard.press("j")
    eventually(page, "document.querySelector('#case h3').firstChild.data === 'q21'")
    assert page.evaluate("location.hash") == "#case-q21"
    page.keyboard.press("End")
    eventually(page, "document.querySelector('#case h3').firstChild.data === 'q307'")


def test_differences_are_marked(page: Any) -> None:
    page.evaluate("location.hash = '#case-q31'")
    eventually(page, "document.querySelector('#case h3').firstChild.data === 'q31'")
    assert page.evaluate("[...document.querySelectorAll('mark')].map((m) => m.textContent)") == [
        " more"
    ]


def test_a_phone_needs_no_scrolling_to_the_side(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
