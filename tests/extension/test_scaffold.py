"""`judgekit plugins new`: what it writes is a package that installs, tests itself and judges."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from fresh import pip_install, python

from judgekit.errors import InputError
from judgekit.extension.scaffold import write_plugin

REPLIES = {"pair": ("The other one.\n[[B]]", "second"), "single": ("Most of it.\nScore: 4", "4.0")}
JUDGE = """
import asyncio, sys
from judgekit.judging import JudgeSetup
from judgekit.extension.registry import Registry
from judgekit.types import Case, Message, Reply, Response, Trial
registry = Registry.load()
kind = registry.judge("plain-words")
arity = max(kind.arity)
answers = (Response("x", "a"), Response("y", "b"))[:arity]
case = Case("1", (Message("user", "q"),), answers)
async def ask(call, *, shared=False):
    return Reply(sys.argv[1])
judge = kind(JudgeSetup(arity=arity, prompts=registry.prompts_for(kind)))
verdict = asyncio.run(judge.judge(Trial(case, tuple(range(arity)), ("A", "B")[:arity]), ask))
origin = next(p.origin for p in registry.listing() if "plain-words" in p.judges)
print(kind.__name__, origin, verdict.choice or verdict.score, sep="|")
"""


@pytest.mark.parametrize("kind", ["pair", "single"])
def test_a_new_plugin_installs_tests_itself_and_judges(
    tmp_path: Path, kind: Literal["pair", "single"]
) -> None:
    written = write_plugin("plain-words", tmp_path, kind)
    package = tmp_path / "plain-words"
    assert [file.relative_to(package).as_posix() for file in written] == [
        "README.md",
        "pyproject.toml",
        "src/plain_words/__init__.py",
        "src/plain_words/prompts/plain-words.md",
        "tests/test_plain_words.py",
    ]
    for file in written:
        text = file.read_text(encoding="utf-8").lower()
        assert "my-judge" not in text
        assert "my_judge" not in text
        assert "myjudge" not in text
    target = tmp_path / "installed"
    pip_install(package, target)
    assert "passed" in python("-m", "pytest", "-q", cwd=package, path=target)
    reply, verdict = REPLIES[kind]
    said = python("-c", JUDGE, reply, cwd=tmp_path, path=target)
    assert said.strip() == f"PlainWords|plain-words 0.1.0|{verdict}"


@pytest.mark.parametrize(
    "name",
    ["", "My-Judge", "my_judge", "3d", "-x", "x-", "a--b", "a/b", "../x", "a b", "é", "x\n"],
)
def test_a_name_must_do_for_package_module_and_judge(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="use lower-case letters"):
        write_plugin(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "json", "judgekit"])
def test_a_name_must_be_free(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="choose another"):
        write_plugin(name, tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "taken").write_text("x")
    for name in ("mine", "taken"):
        with pytest.raises(InputError, match="exists already"):
            write_plugin(name, tmp_path)
    with pytest.raises(InputError, match="cannot make the folder"):
        write_plugin("new", tmp_path / "taken")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["mine", "taken"]
    assert list((tmp_path / "mine").iterdir()) == []


def test_folders_above_are_made(tmp_path: Path) -> None:
    written = write_plugin("one", tmp_path / "a" / "b")
    assert tmp_path / "a" / "b" / "one" / "pyproject.toml" in written
