from __future__ import annotations

import subprocess
import sys

import judgekit.plugins as builtin

from judgekit.extension.registry import Registry
from judgekit.judging import Judge


def test_judges_by_name() -> None:
    judges = builtin.judgekit_judges()
    assert sorted(judges) == [
        "additive",
        "answer-relevance",
        "chance",
        "classify",
        "faithfulness",
        "first",
        "longer",
        "overlap",
        "pairrm",
        "pairwise",
        "reference",
        "reward",
        "rubric",
    ]
    registry = Registry.load()
    for kind in map(registry.judge, judges):
        assert issubclass(kind, Judge)
        assert kind.__doc__
        assert registry.code_of(kind) == "judgekit"


def test_engines_by_name() -> None:
    assert sorted(builtin.judgekit_engines()) == [
        "anthropic",
        "gemini",
        "openai",
        "replay",
        "transformers",
    ]


def test_prompt_folder_holds_every_prompt_the_judges_load() -> None:
    [folder] = builtin.judgekit_prompt_dirs()
    wanted = {"pairwise", "additive", "reference-pair", "reference-single", "answer"}
    assert wanted <= {path.stem for path in folder.glob("*.md")}


def test_listing_imports_nothing_heavy() -> None:
    program = (
        "import sys, judgekit.plugins as p;"
        "p.judgekit_judges(); p.judgekit_engines(); p.judgekit_prompt_dirs();"
        "print([m for m in ('sacrebleu', 'numpy', 'pandas', 'openai', 'aiohttp', 'jinja2')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
