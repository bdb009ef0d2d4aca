"""How an audit runs: its folders, what it asks twice, its budget, and what it cannot tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl
from answers_audited import PLUGIN, audited, figure, reasons, recording, write_pair

from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.trust.audit import PROBES, AuditOptions, chosen_probes, estimates, prepare_audit
from judgekit.trust.audit.attacks import attacks

ENGINE = {"judge": "pairwise", "model": "planted/any"}


def test_each_showing_is_a_run_of_its_own_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 10)
    probes = "position,names,injection,repeats"
    first = audited(tmp_path, files, probes, **ENGINE)
    assert {f.name for f in (tmp_path / "audit").iterdir()} == {
        "audit.json", "plain", "names", "injection", "repeats",
    }  # fmt: skip
    assert first.calls == 4 * 20  # of the repeats, one half is the plain run
    assert first.report.findings[1].runs == ("plain", "names")
    written = (tmp_path / "audit" / "audit.json").read_bytes()
    again = audited(tmp_path, files, probes, **ENGINE)
    assert (again.calls, again.calls_now, again.reused) == (first.calls, 0, first.reused)
    assert again.calls_from_store == 5 * 20
    assert (tmp_path / "audit" / "audit.json").read_bytes() == written
    assert json.loads(written) == json.loads(json.dumps(again.report.to_dict()))


def test_the_plain_run_is_what_compare_would_give(tmp_path: Path) -> None:
    from judgekit.api import compare

    files = write_pair(tmp_path, 10)
    audited(tmp_path, files, "position", position=0.5)
    audited_run = (tmp_path / "audit" / "plain" / "outcomes.jsonl").read_bytes()
    compared = compare(
        *files,
        judge="planted",
        options={"position": 0.5},
        plugins=(PLUGIN,),
        store=tmp_path / "replies.db",
        out=tmp_path / "audit" / "plain",  # the same identity, or it would be refused
    )
    assert compared.folder == tmp_path / "audit" / "plain"
    assert (compared.folder / "outcomes.jsonl").read_bytes() == audited_run


@pytest.mark.parametrize(
    ("probe", "how", "reason"),
    [
        ("position", {"judge": "grader"}, "the judge sees one answer at a time"),
        ("names", {"judge": "grader"}, "the judge sees one answer at a time"),
        ("self-enhancement", {}, "the family of the judge 'planted' is not known"),
        ("agreement", {}, "there is no other judge"),
        ("reference", {}, "the judge asks no model"),
        ("reference", ENGINE, "has a reference; give --references"),
        ("self-enhancement", ENGINE, "the family of the judge 'pairwise@planted/any' is not known"),
        ("self-enhancement", {**ENGINE, "model": "planted/phi"}, "neither answer is of the judge"),
        ("reference", {**ENGINE, "judge": "reference"}, "the judge is shown references already"),
    ],
)
def test_what_the_data_cannot_tell_is_said(
    probe: str, how: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    found = audited(tmp_path, write_pair(tmp_path, 6, category="math"), probe, **how)
    assert found.report.empty
    assert reasons(found)[probe].startswith(reason) or reason in reasons(found)[probe]


def test_without_lists_verbosity_is_not_identified(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 1)  # only every other answer has a list
    found = audited(tmp_path, files, "verbosity", AuditOptions(rephraser="planted/any"))
    assert "no answer holds a list" in reasons(found)["verbosity"]
    assert found.calls == 0


def test_a_prompt_without_names_cannot_prefer_one(tmp_path: Path) -> None:
    rubric = tmp_path / "rubric.md"
    rubric.write_text(
        '+++\nshows = "pair"\nreads = "token"\n+++\n=== user ===\n'
        "{{ prompt }}{{ first | replace('answer-A', 'one') | replace('answer-B', 'one') }}"
        "{{ second | replace('answer-A', 'two') | replace('answer-B', 'two') }}\nWhich?\n",
        encoding="utf-8",
    )
    found = audited(
        tmp_path, write_pair(tmp_path, 4), "names", judge=str(rubric), model="planted/any"
    )
    assert "does not show the names A and B" in reasons(found)["names"]


def test_a_recording_answers_for_no_case_but_its_own(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 4)
    model = recording(tmp_path, "said.jsonl", "[[A]]", 4)
    found = audited(tmp_path, files, ",".join(PROBES), judge="pairwise", model=model)
    assert found.calls_from_store == 0
    assert figure(found, "biased to first").rate.value == 1.0
    for probe in ("names", "verbosity", "injection", "null"):
        assert "8 of 8 trials are failed (no recording" in reasons(found)[probe]
    assert "no trial has two valid verdicts" in reasons(found)["repeats"]


@pytest.mark.parametrize(
    ("category", "named", "reason"),
    [
        ("writing", "q0", "most of them of 'writing'"),
        ("math", "q3", "gives none to a case judged here"),
    ],
)
def test_references_that_do_not_help_are_not_asked_for(
    category: str, named: str, reason: str, tmp_path: Path
) -> None:
    files = write_pair(tmp_path, 4, category=category)
    references = write_jsonl(tmp_path / "right.jsonl", [{"id": named, "reference": "apple"}])
    settings = {"references": references, "limit": 2}
    found = audited(tmp_path, files, "reference", settings=settings, **ENGINE)
    assert reason in reasons(found)["reference"]
    assert "give --references" not in reasons(found)["reference"]


def test_one_budget_for_all_runs(tmp_path: Path) -> None:
    found = audited(
        tmp_path, write_pair(tmp_path, 10), "names,null", settings={"max_calls": 30}, **ENGINE
    )
    assert found.calls == 30
    names, null = found.report.findings
    assert "(30 made, 20 by the runs before)" in names.stopped
    assert figure(found, "effect of the place").cases == 5
    assert "nothing was judged of 'null'" in null.reason


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"orders": "one"}, "an audit shows both orders"),
        ({"until": 0.1}, "an audit judges every case"),
    ],
)
def test_settings_that_an_audit_refuses(
    settings: dict[str, Any], error: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=error):
        audited(tmp_path, write_pair(tmp_path, 2), "position", settings=settings)


def test_single_answers_are_refused(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 2)
    with pytest.raises(InputError, match="holds single answers; an audit needs two files"):
        audited(tmp_path, files[:1], "null", judge="grader")


def test_a_folder_that_holds_a_run_is_refused(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 2)
    audited(tmp_path, files, "position")
    with pytest.raises(InputError, match="holds a run; choose another folder"):
        audited(tmp_path, files, "position", out="audit/plain")


def test_an_unknown_probe_is_refused() -> None:
    with pytest.raises(InputError, match="no probe named 'postion'; did you mean 'position'"):
        chosen_probes("postion")


def test_estimates_count_each_showing_once(tmp_path: Path) -> None:
    files = write_pair(tmp_path, 10)
    settings = Settings(
        judge="pairwise",
        model="planted/any",
        plugins=(PLUGIN,),
        store=tmp_path / "replies.db",
    )
    given = prepare_audit(files, settings, AuditOptions(rephraser="planted/any"))
    found = estimates(given, chosen_probes(None))
    assert found.needed_by["plain"] == [
        "position", "names", "length", "injection",
    ]  # fmt: skip
    assert {name: e.calls for name, e in found.runs.items()} == {
        "plain": 20, "names": 20, "lists": 10, "verbosity": 20, "injection": 20, "null": 20,
        "repeats": 40,
    }  # fmt: skip
    assert set(found.reasons) == {"self-enhancement", "agreement", "reference"}
    assert not (tmp_path / "replies.db").exists()


def test_the_attacks_are_different_texts() -> None:
    found = attacks()
    texts = [found.null, *found.instructions.values()]
    assert len(set(texts)) == len(texts) >= 4
    assert all(text.strip() for text in texts)


def test_the_recorded_position_bias_of_gpt_4(shared: Path, tmp_path: Path) -> None:
    """GPT-4 on the phi-3 pairs chose the first twice in 28 % and the second in 4 % of the cases."""
    expected = json.loads((shared / "data" / "expected.json").read_text(encoding="utf-8"))
    record = shared / "data" / "judgements" / "mtbench_phi3_gpt-4.jsonl.gz"
    whole = expected["pairwise"]["mtbench_phi3_gpt-4|gpt-4/pair-v2"]
    pairs = tmp_path / "pairs.jsonl"
    rows = (shared / "data" / "pairs" / "mtbench_phi3.jsonl").read_text(encoding="utf-8")
    kept = [
        line
        for line in rows.split("\n")
        if line and json.loads(line)["category"] in whole["by_category"]
    ]
    pairs.write_text("\n".join(kept) + "\n", encoding="utf-8")
    found = audited(
        tmp_path, [pairs], "position", judge="pairwise", model=f"replay/{record}#gpt-4/pair-v2"
    )
    for name, key in (
        ("consistent", "pct_consistent"),
        ("biased to first", "pct_biased_first"),
        ("biased to second", "pct_biased_second"),
        ("half-ties", "pct_tie_vs_decisive"),
        ("no verdict", "pct_any_null"),
        ("first share", "first_share"),
    ):
        value = figure(found, name).rate.value
        assert value is not None
        assert 100 * value == pytest.approx(whole[key])
    lean = figure(found, "net lean")
    assert lean.rate.low is not None
    assert lean.rate.low > 0
