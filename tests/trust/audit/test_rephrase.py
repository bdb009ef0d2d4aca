"""Lists that a model rewrites: what is asked, and which replies count."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers_audited import PLUGIN, audited, reasons, write_pair

from judgekit.config.settings import Settings
from judgekit.extension.registry import Registry
from judgekit.jobs.text_generation import prepare_text_model
from judgekit.judging import JudgeSetup, PromptJudge
from judgekit.judging.templates import Prompts
from judgekit.trust import audit
from judgekit.trust.audit import AuditOptions
from judgekit.trust.audit.lists import find_list
from judgekit.trust.audit.rephrase import rephrasing_of, with_lists
from judgekit.types import Case, Response, Sampling, Trial


class OneList(PromptJudge):
    """How lists were asked for by an earlier release: as a judge of single answers."""

    arity = frozenset({1})
    names = ("A",)
    prompt = "rephrase"


@pytest.mark.parametrize("how", [{}, {"temperature": 0.5, "max_tokens": 99, "seed": 7}])
def test_replies_of_an_earlier_release_are_found(how: dict[str, float]) -> None:
    listing = find_list("- one\n- two")
    assert listing is not None
    settings = Settings.of({"plugins": (PLUGIN,), **how})
    registry = Registry.load(files=settings.plugins)
    job = with_lists(prepare_text_model(settings, registry, "planted/any"), [listing])
    [task] = job.tasks
    prompts = Prompts([Path(audit.__file__).parent / "prompts"])
    judge = OneList(JudgeSetup(arity=1, prompts=prompts, sampling=Sampling(**how)))  # type: ignore[arg-type]
    case = Case(task.case.id, (), (Response("- one\n- two", "list"),), cluster=task.case.id)
    before = judge.call(Trial(case, (0,), ("A",)))
    assert job.sampler.call(task, [], 0).digest == before.digest


@pytest.mark.parametrize(
    ("reply", "items"),
    [
        ("1. ONE\n2. TWO", ("ONE", "TWO")),
        ("Here you are:\n- ONE\n- TWO", ("ONE", "TWO")),
        ("- ONE\n- TWO\n- THREE", ()),
        ("ONE and TWO", ()),
        (None, ()),
    ],
)
def test_a_reply_counts_where_it_has_as_many_items(
    reply: str | None, items: tuple[str, ...]
) -> None:
    listing = find_list("- one\n- two")
    assert listing is not None
    assert tuple(rephrasing_of(listing, reply)) == items


def test_where_no_list_may_be_asked_the_probe_says_why(tmp_path: Path) -> None:
    found = audited(
        tmp_path,
        write_pair(tmp_path, 4),
        "names,verbosity",
        AuditOptions(rephraser="planted/any"),
        judge="pairwise",
        model="planted/any",
        settings={"max_calls": 16},
    )
    assert found.calls == 16
    assert "no text was generated for 'lists'" in reasons(found)["verbosity"]
    assert "--max-calls 16 (16 made" in reasons(found)["verbosity"]
