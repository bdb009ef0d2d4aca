"""The house, as `.ci/house.py` surveys it: no circle among siblings, in any package."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator

import pytest
from places import ROOT, TESTS

SCRIPT = ROOT / ".ci" / "house.py"

# A name is a noun of the field, or a verb with an object; these say nothing of what they hold.
VAGUE = {"found", "said", "told", "own", "lent", "whole"}


def test_no_siblings_import_one_another_in_a_circle() -> None:
    pytest.importorskip("grimp")
    process = subprocess.run(
        [sys.executable, str(SCRIPT), "--json"], capture_output=True, text=True, check=True
    )
    report = json.loads(process.stdout)
    assert report["circles"] == []
    assert sum(map(len, report["floors"].values())) == report["rooms"]


def test_every_test_file_has_a_name_of_its_own() -> None:
    """pytest imports test files by their names alone."""
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def bindings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines and names of all that a module binds, but for fields."""
    fields = {
        id(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in ast.walk(statement)
    }
    for node in ast.walk(tree):
        match node:
            case (
                ast.ClassDef(name=str(name))
                | ast.FunctionDef(name=str(name))
                | ast.AsyncFunctionDef(name=str(name))
                | ast.ExceptHandler(name=str(name))
                | ast.arg(arg=str(name))
                | ast.MatchAs(name=str(name))
            ):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in fields:
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def vague_names(source: str) -> list[tuple[int, str]]:
    pairs = bindings(ast.parse(source))
    return [(line, name) for line, name in pairs if name.strip("_").lower() in VAGUE]


def test_names_say_what_they_hold() -> None:
    files = [file for top in ("judgekit", "plugins") for file in (ROOT / top).rglob("*.py")]
    faults = [
        f"{file.relative_to(ROOT).as_posix()}:{line} {name}"
        for file in files
        for line, name in vague_names(file.read_text(encoding="utf-8"))
    ]
    assert faults == []


def test_a_vague_name_is_noticed_wherever_it_is_bound() -> None:
    source = """
        WHOLE = 1

        def said(own):
            _whole = [told for told in own]
            if (lent := _whole):
                return lambda found: found
            match own:
                case {"told": told}:
                    lent._said = told

        class Found:
            said: str = "a field of a file keeps its name"
    """
    names = [name for _, name in vague_names(textwrap.dedent(source))]
    assert sorted(names) == sorted(
        ["Found", "WHOLE", "_said", "_whole", "found", "lent", "own", "said", "told", "told"]
    )
