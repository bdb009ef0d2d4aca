"""The public surface: what each place exports, and that all of it is documented."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib import import_module
from typing import Any

import pytest

from judgekit.config.settings import GenerateSettings, Settings

SETTINGS = {f.name for kind in (Settings, GenerateSettings) for f in fields(kind)}

PLACES = {
    "judgekit": """
        Answers AnyRun CaseResult EngineError GenerateSettings InputError JudgekitError Run
        RunMetadata Settings StoredRun analyse compare diff_runs generate hookimpl list_runs
        load_run rank rate_models score
    """,
    "judgekit.extension": """
        Call CallFailure Endpoint Engine EngineError EngineFactory EngineSetup InputError
        LabelledSet Message PluginError Price Registry Reply Sampling SetFactory SetSetup hookimpl
    """,
    "judgekit.judging": """
        Ask BatchJudge Call Case Choice Judge JudgeSetup Message NoOptions PromptJudge Reply
        Response Sampling Status Trial Verdict parsing
    """,
    "judgekit.train": """
        DPO DryRun OBJECTIVES ObjectiveEntry PreferenceLoss Ranker Recipe Reward SFT TrainedModel
        curve_svg merge_adapter plan_training preference_loss reward_loss signs train train_dpo
        train_ranker train_reward train_sft
    """,
    "judgekit.pytest": """
        InconclusiveWarning JudgeGate judge_gate
    """,
    "judgekit.stats": """
        AdaptiveMetrics Bin Bounds Counts Inconsistent JurorMetrics JuryMetrics ModelRank Positions
        RankingSummary Rate ScoreSummary Summary bounds clustered_mean clustered_rate counts
        expected_half_width histogram mean_scores positions sentence statuses summarise
        summarise_rankings summarise_scores win_rate win_rate_mean
    """,
    "judgekit.trust": """
        AlignOptions AlignReport Alignment CandidateResult JudgeMetrics align align_judge
        prepare_align
        PROBES TRIVIAL Audit AuditInput AuditMetric AuditOptions AuditReport BaselineComparison
        BenchEntry BenchReport Benchmark Check Condition ConditionResult DriftCheck
        DriftReport Estimates
        Finding JudgeComparison JudgeResult Probe SetResult Suite check_conditions
        chosen_probes compare_with_baseline
        estimates examine junit_xml parse_condition prepare_audit
        prepare_bench prepare_drift read_drift
    """,
}


@pytest.mark.parametrize("place", PLACES)
def test_what_a_place_exports(place: str) -> None:
    module = import_module(place)
    assert sorted(module.__all__) == sorted(PLACES[place].split())
    for name in module.__all__:
        assert getattr(module, name) is not None


def exported(place: str) -> Iterator[tuple[str, Any]]:
    """The functions and classes that a place exports, and the classes' methods."""
    module = import_module(place)
    for name in module.__all__:
        found = getattr(module, name)
        if inspect.isfunction(found):
            yield f"{place}.{name}", found
        elif inspect.isclass(found) and found.__module__.startswith("judgekit"):
            yield f"{place}.{name}", found
            for key, method in vars(found).items():
                plain = (
                    method.__func__ if isinstance(method, classmethod | staticmethod) else method
                )
                if not key.startswith("_") and inspect.isfunction(plain):
                    yield f"{place}.{name}.{key}", plain


def faults(found: Any) -> Iterator[str]:
    """What a docstring lacks."""
    text = inspect.getdoc(found) or ""
    if not text or (inspect.isclass(found) and text.startswith(f"{found.__name__}(")):
        yield "no docstring"
    elif inspect.isfunction(found):
        yield from function_faults(found, text)


def function_faults(found: Callable[..., Any], text: str) -> Iterator[str]:
    signature = inspect.signature(found)
    names = [name for name in signature.parameters if name not in ("self", "cls")]
    if hasattr(found, "__signature__"):  # its settings are documented as one
        own = {"generate": ("prompts", "out")}.get(found.__name__, ())
        names = ["settings", *(name for name in names if name in own or name not in SETTINGS)]
    if names and "Args:" not in text:
        yield "no Args:"
    if names and signature.return_annotation not in (None, "None") and "Returns:" not in text:
        yield "no Returns:"
    if raises(found) and "Raises:" not in text:
        yield "no Raises:"
    if "Args:" in text:
        yield from (f"no {name} in Args:" for name in names if f"\n    {name}: " not in text)


def raises(found: Callable[..., Any]) -> bool:
    """Whether a function itself raises what a caller may see."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(found)))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


@pytest.mark.parametrize("place", PLACES)
def test_what_is_exported_is_documented(place: str) -> None:
    found = [f"{name}: {fault}" for name, own in exported(place) for fault in faults(own)]
    assert found == []
