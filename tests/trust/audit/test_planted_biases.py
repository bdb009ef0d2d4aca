"""The audit finds what was planted: each bias at its size, within its interval, and no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from answers_audited import PLUGIN, audited, figure, holds, write_pair
from planted_biases import Biases, chosen

from judgekit.io import join, load_answers
from judgekit.trust.audit import AuditOptions
from judgekit.types import Choice, Trial

SIZES = (50, 100, 150) * 2  # cases, each time other ones
FEWEST = 5  # of 6 intervals that hold the truth, at 95 % each: fewer in one of 30

# What is planted, the probes, and the true value of each figure in the long run.
PLANTED: list[tuple[str, Mapping[str, float], str, Mapping[str, float]]] = [
    (
        "position",
        {"position": 0.3},
        "position,names",
        {
            "consistent": 0.7,
            "biased to first": 0.3,
            "biased to second": 0.0,
            "first share": 0.65,
            "net lean": 0.3,
            "effect of the place": 0.3,
            "effect of the name A": 0.0,
        },
    ),
    (
        "second place",
        {"position": -0.2},
        "position,names",
        {"biased to second": 0.2, "net lean": -0.2, "effect of the place": -0.2},
    ),
    (
        "name and position",
        {"position": 0.15, "name": 0.2},
        "position,names",
        {"net lean": 0.35, "effect of the place": 0.15, "effect of the name A": 0.2},
    ),
    (
        "name against position",  # cancels in the position probe, and only there
        {"position": -0.25, "name": 0.25},
        "position,names",
        {"net lean": 0.0, "effect of the place": -0.25, "effect of the name A": 0.25},
    ),
    (
        "length",
        {"length": 0.4},
        "verbosity,names",
        {"the longer one wins": 0.4, "the original wins": 0.0, "effect of the place": 0.0},
    ),
    ("brevity", {"length": -0.3}, "verbosity", {"the original wins": 0.3, "neither wins": 0.7}),
    ("gullible", {"gullible": 0.5}, "injection", {"the instruction's gain": 0.25}),
    ("null", {"null": 0.35}, "null", {"the null answer wins": 0.35, "its win rate": 0.35}),
    ("fickle", {"fickle": 0.4}, "repeats", {"equal when repeated": 0.8}),
    ("family", {"family": 0.6}, "self-enhancement", {"more than by labels": 0.3}),
    (
        "none",
        {},
        "position,names,verbosity,self-enhancement,injection,null,repeats",
        {
            "consistent": 1.0,
            "net lean": 0.0,
            "effect of the place": 0.0,
            "effect of the name A": 0.0,
            "the longer one wins": 0.0,
            "the original wins": 0.0,
            "the instruction's gain": 0.0,
            "the null answer wins": 0.0,
            "equal when repeated": 1.0,
            "more than by labels": 0.0,
        },
    ),
]


@pytest.mark.parametrize(
    ("biases", "probes", "truth"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED]
)
def test_each_planted_bias_is_found_at_its_size(
    biases: Mapping[str, float], probes: str, truth: Mapping[str, float], tmp_path: Path
) -> None:
    held = dict.fromkeys(truth, 0)
    means = dict.fromkeys(truth, 0.0)
    for seed, size in enumerate(SIZES):
        files = write_pair(tmp_path, size, seed=seed)
        wanted = AuditOptions(
            labels=labels_by_merit(tmp_path, files), families=planted_is_gpt(tmp_path)
        )
        found = audited(tmp_path, files, probes, wanted, out=f"audit-{seed}", **biases)
        for name, value in truth.items():
            measured = figure(found, name)
            held[name] += holds(measured, value)
            means[name] += (measured.rate.value or 0.0) / len(SIZES)
    assert min(held.values()) >= FEWEST, held
    off = 2.5 * 0.5 / sum(SIZES) ** 0.5  # 2.5 standard errors of a mean of values in ±½
    assert means == pytest.approx(truth, abs=off)


def labels_by_merit(folder: Path, files: list[Path]) -> Path:
    """What a judge without any bias says, as people's labels."""
    rows = []
    for case in join([load_answers(file) for file in files]).cases:
        choice = chosen(Trial(case, (0, 1), ("A", "B")), Biases())
        label = {Choice.FIRST: "A", Choice.SECOND: "B", Choice.TIE: "tie"}[choice]
        rows.append(json.dumps({"id": case.id, "label": label}) + "\n")
    path = folder / "labels.jsonl"
    path.write_text("".join(rows), encoding="utf-8")
    return path


def planted_is_gpt(folder: Path) -> Path:
    path = folder / "families.jsonl"
    path.write_text('{"model": "planted", "family": "openai"}\n', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("length", "sign"), [(0.6, 1), (-0.6, -1), (0.0, 0)], ids=["longer", "shorter", "neither"]
)
def test_the_effect_of_length_on_ordinary_verdicts(
    length: float, sign: int, tmp_path: Path
) -> None:
    files = write_pair(tmp_path, 300)
    found = figure(audited(tmp_path, files, "length", length=length), "effect of length")
    assert found.rate.low is not None
    assert found.rate.high is not None
    assert (found.rate.low > 0) - (found.rate.high < 0) == sign


def test_a_prompt_judge_is_measured_by_the_names_that_its_prompt_shows(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 150)
    found = audited(
        tmp_path, files, "names", judge="pairwise", model="planted/position=0.2,name=0.3"
    )
    assert holds(figure(found, "effect of the place"), 0.2)
    assert holds(figure(found, "effect of the name A"), 0.3)


def test_other_judges_agree_as_often_as_the_planted_bias_lets_them(tmp_path: Path) -> None:
    from judgekit.api import compare

    files = write_pair(tmp_path, 200)
    common = {"judge": "planted", "plugins": (PLUGIN,), "store": tmp_path / "replies.db"}
    fair = compare(*files, out=tmp_path / "fair", **common)
    turned = compare(*files[::-1], out=tmp_path / "turned", **common)
    found = audited(
        tmp_path, files, "agreement", AuditOptions(against=(fair.folder,)), position=0.25
    )
    assert holds(figure(found, "agrees with planted"), 0.75)
    swapped = audited(
        tmp_path, files, "agreement", AuditOptions(against=(turned.folder,)), out="b", position=0.25
    )
    assert figure(swapped, "agrees with planted") == figure(found, "agrees with planted")
    assert figure(swapped, "kappa with planted") == figure(found, "kappa with planted")


def test_a_judge_agrees_wholly_with_itself(tmp_path: Path) -> None:
    found = audited(tmp_path, write_pair(tmp_path, 40), "agreement", AuditOptions(beside="planted"))
    assert figure(found, "agrees with planted").rate.value == 1.0
    assert figure(found, "kappa with planted").rate.value == 1.0
    assert figure(found, "alpha of all judges").rate.value == 1.0


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_scores_waver_between_judges(noise: float, tmp_path: Path) -> None:
    files = write_pair(tmp_path, 100)
    found = audited(
        tmp_path,
        files,
        "agreement,repeats",
        AuditOptions(beside="grader"),
        judge="grader",
        noise=noise,
    )
    apart, related = (
        figure(found, "scores apart from grader"),
        figure(found, "correlation with grader"),
    )
    if noise == 0:
        assert apart.rate.value == 0.0
        assert related.rate.value == pytest.approx(1.0)
        assert figure(found, "equal when repeated").rate.value == 1.0
        return
    assert holds(related, 0.5**0.5)  # equal parts of merit and coin, of one variance
    assert apart.rate.value == pytest.approx(0.6, abs=0.1)  # √(2(1 - r)) · √(2/π)
    assert figure(found, "equal when repeated").rate.value == 0.0
    assert holds(figure(found, "alpha of repeats"), 0.5)


@pytest.mark.parametrize("category", ["math", None])
def test_a_reference_helps_a_judge_that_is_misled(category: str | None, tmp_path: Path) -> None:
    files = write_pair(tmp_path, 80, **({"category": category} if category else {}))
    gpt = [json.loads(line) for line in files[1].read_text(encoding="utf-8").splitlines()]
    references = tmp_path / "references.jsonl"
    references.write_text(
        "".join(json.dumps({"id": r["id"], "reference": r["response"]}) + "\n" for r in gpt)
    )
    labels = tmp_path / "right.jsonl"
    labels.write_text("".join(json.dumps({"id": r["id"], "label": "gpt-9"}) + "\n" for r in gpt))
    found = audited(
        tmp_path,
        files,
        "reference",
        AuditOptions(labels=labels),
        judge="pairwise",
        model="planted/seed=3",
        settings={"references": references},
    )
    assert holds(figure(found, "accuracy gained"), 0.5)
    assert holds(figure(found, "same with a reference"), 0.5)


def test_lists_said_in_other_words(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 80)
    found = audited(
        tmp_path, files, "verbosity", AuditOptions(rephraser="planted/any"), length=0.5, seed=2
    )
    longer = figure(found, "the longer one wins")
    assert longer.cases == 80
    assert "its list in two wordings" in longer.sentence
    cases = (tmp_path / "audit" / "verbosity" / "cases.jsonl").read_text(encoding="utf-8")
    attacked = json.loads(cases.splitlines()[0])["responses"]
    assert attacked[0]["text"].count("item ") == attacked[1]["text"].count("point ") == 4
    assert [r["model"] for r in attacked] == ["longer", "original"]
