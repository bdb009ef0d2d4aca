"""The harness imports no judge and no engine; plugins may import the harness."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from fresh import python

import judgekit

PACKAGE = Path(judgekit.__file__).parent
EXAMPLES = Path(__file__).parent.parent / "examples"
HEAVY = ("torch", "transformers", "pandas", "openai", "aiohttp", "sacrebleu", "datasets")


def imported(file: Path) -> set[str]:
    """The modules that a file imports, at any depth of it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda f: f.name)
def test_no_module_imports_a_plugin(file: Path) -> None:
    named = {name for name in imported(file) if name.startswith("judgekit.plugins")}
    if file.parent.name == "skeleton" or "skeleton" in file.parts:
        pytest.skip("a template, not a module")
    assert not named


@pytest.mark.parametrize("file", sorted(PACKAGE.glob("*.py")), ids=lambda f: f.name)
def test_nothing_heavy_is_imported_with_a_module(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    top = ast.Module([n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)], [])
    names = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
        for node in top.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not names & set(HEAVY)


@pytest.mark.parametrize(
    "program",
    [
        "import judgekit.plugins as p; p.judgekit_judges(); p.judgekit_engines()",
        "from judgekit.cli import main; main(['--help'])",
        "from judgekit.cli import main; main(['plugins'])",
        "from judgekit.cli import main; main(['compare', '--judge', 'reward', '--help'])",
    ],
    ids=["listing", "help", "plugins", "a judge's help"],
)
def test_torch_waits_until_a_local_model_is_made(program: str, tmp_path: Path) -> None:
    told = (
        "import atexit, sys; atexit.register(lambda: print([m for m in heavy if m in sys.modules]))"
    )
    heavy = "heavy = ('torch', 'transformers', 'bitsandbytes', 'peft', 'llm_blender', 'tokenizers')"
    assert python("-c", f"{heavy}\n{told}\n{program}", cwd=tmp_path).splitlines()[-1] == "[]"


def test_a_small_comparison_imports_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    unused = (*HEAVY, "numpy", "pydantic", "xml")
    listed = (
        f"import atexit, sys; unused = {unused}\n"
        "atexit.register(lambda: print([m for m in unused if m in sys.modules]))\n"
        "from judgekit.cli import main\n"
    )
    files = [str(EXAMPLES / name) for name in ("tuned.jsonl", "base.jsonl")]
    program = f"{listed}main(['compare', *{files}, '--judge', 'overlap'])"
    assert python("-c", program, cwd=tmp_path).splitlines()[-1] == "[]"
