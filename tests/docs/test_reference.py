"""The reference pages name every command, flag, setting, metric and field, and no dead name."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from commands import Cli
from doc_examples import FENCE
from doc_needs import answers
from places import DOCS, ROOT

from judgekit.moved import MOVED

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
REFERENCE = DOCS / "reference"


def tool() -> ModuleType:
    """.ci/reference.py, which writes the pages."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / ".ci" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return tool()


def test_the_generated_pages_are_what_would_be_written(reference: ModuleType) -> None:
    assert reference.main(["--check"]) == 0, "run `make reference`"


def test_every_command_and_flag_has_its_entry(reference: ModuleType) -> None:
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## judgekit (.+?)\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    commands = reference.commands()
    assert list(sections) == list(commands)
    for name, command in commands.items():
        for flag in reference.flags(command):
            assert f"`{flag.opts[0]}`" in sections[name], f"{name} {flag.opts[0]}"


def test_every_field_of_a_run_has_its_entry(here: Path, cli: Cli) -> None:
    answers(here)
    assert cli("compare", "a.jsonl", "b.jsonl", "--judge", "overlap", "--out", "run").code == 0
    page = (REFERENCE / "files.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:…\.)?([\w.\[\]]+)`", page))
    named |= {name.rpartition(".")[2] for name in named}
    for file in ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl"):
        rows = map(json.loads, (here / "run" / file).read_text(encoding="utf-8").splitlines())
        found = {key for row in rows for key in row} - {"schema"}
        assert found <= named, f"{file}: {found - named}"
    summary = json.loads((here / "run" / "summary.json").read_bytes())
    assert set(summary) <= named, set(summary) - named
    metadata = json.loads((here / "run" / "run.json").read_bytes())
    assert set(metadata) - {"schema"} <= named
    assert set(metadata["counts"]) <= named


def python_blocks(page: Path) -> Iterator[str]:
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["info"].split()[:1] == ["python"]:
            yield block["body"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_the_examples_in_python_import_is_there(page: Path) -> None:
    for code in python_blocks(page):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("judgekit"):
                module = importlib.import_module(node.module or "")
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{page.name}: {node.module}.{alias.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_stand_in_console_blocks_so_that_they_are_run(page: Path) -> None:
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["info"].strip() != "console" and page.parent != REFERENCE:
            assert not re.search(r"^ *\$? ?judgekit ", block["body"], re.M), block["body"]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_changelog_names_every_module_that_moved() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for old, new in MOVED.items():
        assert f"| `judgekit.{old}` | `judgekit.{new}` |" in text, old


def test_nothing_leads_to_the_package_of_another() -> None:
    for page in (*PAGES, ROOT / "CHANGELOG.md"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"pip install[^\n`]*\bjudgekit\b(?![\w/-])", text), page.name


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_the_links_of_the_pages_beside_the_site_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (ROOT / target).is_file(), target
