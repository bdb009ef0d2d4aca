#!/usr/bin/env python3
"""Measures how fast a report of many cases opens and filters in a real browser, and what it asks.

    python benchmarks/report.py                 # 10 000 cases
    python benchmarks/report.py --quick         # 1 000 cases

The cases are real answers (``../shared/data/answers``), repeated under new ids, or made-up ones of
the same length where these are absent; among them are texts that try to become part of the page.
The browser is a headless Chromium, driven by playwright; where either is missing, what needs it is
null, with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from judgekit import stats
from judgekit.report import build_report
from judgekit.runs import CaseResult, RunCounts, RunMetadata, RunWriter, StoredJudgement
from judgekit.stats.outcomes.fold import fold
from judgekit.types import Case, Choice, Judgement, Message, Outcome, Response, Trial, Verdict

ANSWERS = Path(__file__).resolve().parent.parent / ".." / "shared" / "data" / "answers" / "mt_bench"
HOSTILE = (
    "</script><script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "a\u2028b\u2029c",
    "\x1b[31mred\x1b[0m",
)
LONG = 10 * 1024 * 1024  # characters of one line
FAST = {"load_s": 1.0, "filter_ms": 100.0, "requests": 0}


def answers(name: str) -> list[tuple[str, str]]:
    """Prompts and answers of a model: real ones where they are there."""
    path = ANSWERS / f"{name}.jsonl"
    if not path.is_file():
        return [(f"Question {n}?", f"{name} says {n}. " * (20 + n % 80)) for n in range(160)]
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    return [pair for row in rows for pair in zip(row["prompt"], row["response"], strict=True)]


def cases(n: int) -> Iterator[Case]:
    """So many cases, the last of them hostile, and one with a very long line."""
    one, other = answers("gpt-4"), answers("claude-v1")
    for number in range(n):
        prompt, first = one[number % len(one)]
        second = other[number % len(other)][1]
        rest = n - 1 - number
        if rest < len(HOSTILE):
            prompt = first = HOSTILE[rest]
        elif rest == len(HOSTILE):
            first = "x" * LONG
        responses = Response(first, "gpt-4"), Response(second, "claude-v1")
        category = ("writing", "math", "coding", "stem")[number % 4]
        name = f"case-{number}"
        yield Case(name, (Message("user", prompt),), responses, category=category, cluster=name)


def judged(case: Case, number: int) -> CaseResult:
    """A case with a verdict in each order."""
    choices = ((Choice.FIRST, Choice.SECOND), (Choice.FIRST, Choice.FIRST))[number % 3 == 0]
    judgements = [
        Judgement(Trial(case, order, ("A", "B")), Verdict.chose(choice, reasoning="[[A]] " * 20))
        for order, choice in zip(((0, 1), (1, 0)), choices, strict=True)
    ]
    stored = tuple(StoredJudgement(f"{number}-{n}", "", j) for n, j in enumerate(judgements))
    return CaseResult(case, fold(case, judgements), stored, {})


def write_run(folder: Path, n: int) -> Path:
    """A run of so many cases."""
    outcomes: list[Outcome] = []
    with RunWriter(folder, "0" * 16) as writer:
        for number, case in enumerate(cases(n)):
            result = judged(case, number)
            writer.add_result(result)
            if isinstance(result.outcome, Outcome):
                outcomes.append(result.outcome)
        summary = stats.summarise(
            outcomes, a="gpt-4", b="claude-v1", judge="pairwise", model="openai/m"
        )
        return writer.finish(replace(summary, cases_planned=n), metadata())


def metadata() -> RunMetadata:
    """How a run was made that asked nothing."""
    decides: Mapping[str, Any] = {
        "judge": "pairwise",
        "model": "openai/m",
        "models": ["gpt-4", "claude-v1"],
        "inputs": ["0"],
        "inconsistent": "half",
        "merge": "agree",
        "tie_margin": 0.0,
        "orders": "both",
        "rules": 2,
    }
    return RunMetadata(
        kind="compare",
        judgekit="0",
        python="3",
        files=(),
        settings={},
        started="2026-01-01T00:00:00+00:00",
        ended="2026-01-01T00:00:00+00:00",
        seconds=0.0,
        stop=None,
        counts=RunCounts(0, 0, 0, 0, 0, 0, 0, 0, 0.0),
        decides=decides,
    )


def browser() -> str:
    """Why no browser can be driven; empty where one can."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed: pip install playwright"
    if chromium() is None:
        return "no chromium on this machine: apt-get install chromium"
    return ""


def chromium() -> str | None:
    """Where Chromium is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


async def measure(path: Path, turns: int) -> dict[str, Any]:
    """Opens a report several times, filters it, and looks what its hostile texts did."""
    from playwright.async_api import async_playwright

    loads: list[float] = []
    filters: list[float] = []
    requests: list[str] = []
    inert = True
    async with async_playwright() as play:
        launched = await play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for _ in range(turns):
            page = await launched.new_page()
            page.on("request", lambda request: requests.append(request.url))
            await page.goto(path.as_uri(), wait_until="commit")
            await until(page, "document.documentElement.dataset.ready === 'yes'")
            loads.append(await page.evaluate(PAINT) / 1000)
            filters.append(await page.evaluate(FILTER))
            for name in ("</script>", "onerror", "\u001b", "xxxx"):
                await page.fill("#query", name)
                await asyncio.sleep(0.2)
            title = await page.title()
            images = await page.evaluate("document.images.length")
            inert = inert and title == "gpt-4 against claude-v1" and not images
            await page.close()
        await launched.close()
    outside = [url for url in requests if url != path.as_uri()]
    return {
        "load_s": round(median(loads), 3),
        "filter_ms": round(median(filters), 1),
        "requests": len(outside),
        "inert": inert,
    }


async def until(page: Any, condition: str) -> None:
    """Waits for a condition; playwright's own waiting needs eval, which the page's policy bars."""
    while not await page.evaluate(condition):  # noqa: ASYNC110 (of the browser, not of this loop)
        await asyncio.sleep(0.01)


PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
FILTER = """async () => {
  const started = performance.now();
  const box = document.getElementById('disagree');
  box.checked = true;
  box.dispatchEvent(new Event('change'));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - started;
}"""


def main() -> int:
    """Measures, prints a table, and fails where a report is too slow or not inert."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="1 000 cases, one turn")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    given = parser.parse_args()
    n, turns = (1_000, 1) if given.quick else (10_000, 3)
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder) / "run", n)
        started = time.perf_counter()
        path = build_report([run]).write(Path(folder) / "report.html")
        results: dict[str, Any] = {
            "cases": n,
            "build_s": round(time.perf_counter() - started, 2),
            "bytes_per_case": round(path.stat().st_size / n),
        }
        reason = browser()
        measured = dict.fromkeys(("load_s", "filter_ms", "requests", "inert"))
        results |= measured if reason else asyncio.run(measure(path, turns))
        results["reason"] = reason
    for name, value in results.items():
        print(f"{name:16} {'null' if value is None else value}")
    if given.json:
        print(json.dumps(results))
    slow = [k for k, most in FAST.items() if results[k] is not None and results[k] > most]
    return 1 if slow or results["inert"] is False else 0


if __name__ == "__main__":
    sys.exit(main())
