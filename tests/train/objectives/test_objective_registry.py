"""The registry of objectives: what derives from an entry, and what an unknown recipe gets."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from judgekit import train
from judgekit.cli.commands.train import train_command
from judgekit.config.fields import setting
from judgekit.errors import InputError
from judgekit.train.interfaces.task import TrainingTask
from judgekit.train.objectives import registry
from judgekit.train.objectives.registry import OBJECTIVES, ObjectiveEntry, task_of
from judgekit.train.recipes.recipe import OPTIMIZATION, Recipe


@dataclass(frozen=True, kw_only=True)
class Distillation(Recipe):
    """An objective that is nowhere but here."""

    temperature: float = setting(2.0, "Temperature of the teacher.", OPTIMIZATION, above=0)


@pytest.mark.parametrize("entry", OBJECTIVES, ids=lambda entry: entry.name)
def test_an_entry_makes_its_task(entry: ObjectiveEntry) -> None:
    recipe = entry.recipe.of({"model": "m"})
    task = task_of(recipe)
    assert (task.name, task.recipe) == (entry.name, recipe)
    assert len(entry.help) <= 2 * 100


def test_an_objective_is_one_entry_and_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("distillation")
    objective: Any = object()
    module.task = lambda recipe: TrainingTask("distill", recipe, objective, lambda: objective)
    monkeypatch.setitem(sys.modules, "distillation", module)
    entry = ObjectiveEntry("distill", Distillation, "distillation", "Learn from a teacher.")
    monkeypatch.setattr(registry, "OBJECTIVES", (*OBJECTIVES, entry))
    assert task_of(Distillation(model="m")).name == "distill"
    app = typer.Typer()
    app.command(entry.name)(train_command(entry))
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"}).output
    for field in fields(Distillation):
        assert f"--{field.name.replace('_', '-')}" in shown
    assert "--preset" not in shown  # it has none
    assert "--label-smoothing-from" not in shown  # it smooths no labels


def test_a_recipe_of_no_objective_is_refused() -> None:
    with pytest.raises(InputError, match="no recipe of an objective; take one of DPO, SFT, Reward"):
        task_of(Distillation(model="m"))


def test_what_the_package_exports_is_the_same_each_time() -> None:
    """A function of a module's own name would be hidden by the module once that is imported."""
    names = [name for name in train.__all__ if name != "OBJECTIVES"]
    assert all(callable(getattr(train, name)) for name in names)
    assert all(callable(getattr(train, name)) for name in names)


def test_the_package_imports_no_torch() -> None:
    code = "import sys, judgekit.train\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
