"""Every `judgekit` command of the documents runs, and prints what its page shows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from aligned_judges import planted
from doc_examples import NOT_RUN, Example, Terminal, console_examples, differs, titled_files
from doc_needs import PAGES, Page
from places import DOCS, ROOT
from servers import Body, JudgeServer, opinion, worth

SERVERS = (
    "http://127.0.0.1:8000/v1",
    "https://llm.lab.example/v1",
    "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1",
)
"""The addresses of the documents' servers: on the reader's own machine, a lab's, and a cloud's."""


def named_pages() -> list[str]:
    """README and every page of docs/ that shows a command."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in pages if any(console_examples(page))]


def of_page(name: str) -> object:
    slow = PAGES.get(name, Page()).slow
    return pytest.param(name, marks=[pytest.mark.slow] if slow else [])


@pytest.fixture(autouse=True)
def _environment_of_the_page() -> Iterator[None]:
    """What a page exports ends with it."""
    with patch.dict(os.environ):
        yield


@pytest.mark.parametrize("name", [of_page(name) for name in named_pages()])
def test_the_commands_of_a_page(
    name: str, here: Path, server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGES.get(name, Page())
    for variable in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.setenv(variable, server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "the-readers-own")
    server.says = says
    terminal = Terminal(dict.fromkeys(SERVERS, server.base_url))
    for file, text in titled_files(ROOT / name).items():
        (here / file).write_text(terminal.replaced(text), encoding="utf-8")
    for need in page.needs:
        need(here)
    found = list(console_examples(ROOT / name))
    failures = [
        failure
        for example, following in zip(found, [*found[1:], None], strict=True)
        if (failure := tried(terminal, page, example, following))
    ]
    assert not failures, "\n\n".join(failures)


def says(body: Body) -> str:
    """What the judge behind the API says; of the guide's own prompts a number or a grade."""
    asked = body["messages"][-1]["content"]
    if "SOURCE" in asked:  # labelled pairs, or the mistakes in them
        return planted(body)
    if "NO CLAIMS" in asked:
        return f"CLAIM: One.\nCLAIM: {'GOOD' if worth(asked) > 0 else 'Two'}."
    if "Claim 1: a reason" in asked:
        words = ("supported", "not found", "relevant", "irrelevant")
        good, bad = [word for word in words if word in asked][:2]
        return f"Claim 1: it says so => {good}\nClaim 2: so => {good if worth(asked) > 0 else bad}"
    if "GRADE: P" in asked:
        return f"GRADE: {'IPC'[1 + worth(asked.partition('<reference ')[0])]}"
    return f"Tone: {3 + 2 * worth(asked)}" if "Tone: <number>" in asked else opinion(body)


def tried(terminal: Terminal, page: Page, example: Example, following: Example | None) -> str:
    """What is wrong with an example; empty where nothing is."""
    if example.words[0] in NOT_RUN:
        return ""
    if any(example.command.startswith(start) for start in page.not_run):
        return ""
    printed = terminal.run(example)
    told = following is not None and following.words[0] == "echo"
    if terminal.code != 0 and not told and example.words[0] != "echo":
        return f"{example.place}: {example.command}\nexit code {terminal.code}: {printed}"
    why = differs(example.shown, printed) if example.shown else ""
    return f"{example.place}: {example.command}\n{why}" if why else ""


def test_the_table_of_needs_names_pages_that_are_there() -> None:
    assert set(PAGES) <= set(named_pages())
