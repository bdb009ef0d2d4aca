"""The places that plugins import from, and what an import of an old place says."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import pytest

from judgekit.moved import MOVED


@pytest.mark.parametrize("place", ["judgekit", "judgekit.extension", "judgekit.judging"])
def test_everything_that_a_stable_place_exports_is_there(place: str) -> None:
    module = import_module(place)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match="nonsense"):
        module.nonsense  # noqa: B018


@pytest.mark.parametrize("old", sorted(MOVED))
def test_an_old_place_names_the_new_one(old: str) -> None:
    new = f"judgekit.{MOVED[old]}"
    assert find_spec(new) is not None
    with pytest.raises(ModuleNotFoundError, match=rf"judgekit\.{old} is now {new} ") as raised:
        import_module(f"judgekit.{old}")
    assert raised.value.name == f"judgekit.{old}"


def test_other_missing_modules_are_not_touched() -> None:
    assert find_spec("judgekit.nowhere") is None
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'judgekit\.nowhere'"):
        import_module("judgekit.nowhere")


def test_a_stable_place_costs_next_to_nothing() -> None:
    code = (
        "import sys, judgekit, judgekit.extension, judgekit.judging\n"
        "print(sorted(m for m in sys.modules if m.startswith('judgekit.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['judgekit.extension', 'judgekit.judging', 'judgekit.moved']\n"
