"""The judges, engines, sets and prompts that come with judgekit: a plugin like anyone's.

Everything is imported when it is looked up or made, so that listing it costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from judgekit.extension.engine import Engine, EngineFactory, EngineSetup
from judgekit.extension.hookspecs import hookimpl
from judgekit.io.labelled_set import LabelledSet, SetFactory, SetSetup

__all__ = ["judgekit_engines", "judgekit_judges", "judgekit_prompt_dirs", "judgekit_sets"]


@hookimpl
def judgekit_judges() -> Mapping[str, str]:
    """The built-in judges by name."""
    return {
        "additive": "judgekit.plugins.judges.additive:Additive",
        "answer-relevance": "judgekit.plugins.judges.claims:AnswerRelevance",
        "chance": "judgekit.plugins.judges.chance:Chance",
        "classify": "judgekit.plugins.judges.classify:Classify",
        "faithfulness": "judgekit.plugins.judges.claims:Faithfulness",
        "first": "judgekit.plugins.judges.first:First",
        "longer": "judgekit.plugins.judges.longer:Longer",
        "overlap": "judgekit.plugins.judges.overlap:Overlap",
        "pairrm": "judgekit.plugins.judges.pairrm:PairRM",
        "pairwise": "judgekit.plugins.judges.pairwise:Pairwise",
        "reference": "judgekit.plugins.judges.reference:Reference",
        "reward": "judgekit.plugins.judges.reward:Reward",
        "rubric": "judgekit.plugins.judges.rubric:RubricJudge",
    }


@hookimpl
def judgekit_engines() -> Mapping[str, EngineFactory]:
    """The built-in engines by the word before the slash."""
    return {
        "anthropic": _anthropic,
        "gemini": _gemini,
        "openai": _openai,
        "replay": _replay,
        "transformers": _transformers,
    }


@hookimpl
def judgekit_sets() -> Mapping[str, SetFactory | str]:
    """The published labelled sets, and `pairs` for a file of the user's own."""
    return {
        "pairs": _own_pairs,
        "autoj": "judgekit.plugins.sets.autoj:AUTOJ",
        "hhh": "judgekit.plugins.sets.hhh:HHH",
        "judgebench": "judgekit.plugins.sets.judgebench:JUDGEBENCH",
        "judgebench-claude": "judgekit.plugins.sets.judgebench:JUDGEBENCH_CLAUDE",
        "llmbar": "judgekit.plugins.sets.llmbar:LLMBAR",
        "mtbench-human": "judgekit.plugins.sets.mtbench:MTBENCH_HUMAN",
        "pandalm": "judgekit.plugins.sets.pandalm:PANDALM",
        "rewardbench": "judgekit.plugins.sets.rewardbench:REWARDBENCH",
        "rewardbench2": "judgekit.plugins.sets.rewardbench:REWARDBENCH2",
    }


@hookimpl
def judgekit_prompt_dirs() -> Sequence[Path]:
    """The folder of the built-in judges' prompts."""
    from judgekit.judging.templates import builtin_dir

    return (builtin_dir(),)


def _anthropic(setup: EngineSetup) -> Engine:
    from .engines.anthropic import engine

    return engine(without_options("anthropic", setup))


def _gemini(setup: EngineSetup) -> Engine:
    from .engines.gemini import engine

    return engine(without_options("gemini", setup))


def _openai(setup: EngineSetup) -> Engine:
    from .engines.openai import engine

    return engine(without_options("openai", setup))


def _replay(setup: EngineSetup) -> Engine:
    from .engines.replay import engine

    return engine(without_options("replay", setup))


def _transformers(setup: EngineSetup) -> Engine:
    from .engines.transformers import engine

    return engine(setup)


def _own_pairs(setup: SetSetup) -> LabelledSet:
    from judgekit.errors import InputError
    from judgekit.io.labelled_pairs import load_labelled

    if setup.location is None:
        raise InputError("the set 'pairs' is a file of yours: name it, as my-pairs.jsonl")
    return load_labelled(Path(setup.location), setup.name, columns=setup.columns, needs=setup.needs)


def without_options(name: str, setup: EngineSetup) -> EngineSetup:
    """The setup of an engine without options.

    Raises:
        InputError: Options are given.
    """
    if setup.options:
        from judgekit.errors import InputError

        raise InputError(
            f"the engine {name} takes no {', '.join(setup.options)}; leave it out "
            f"(--model-arg K=V goes into the request)"
        )
    return setup
