"""Lists written anew by a model, for the verbosity probe: a run like any other.

A list is the one "answer" of a case, and the reply is read as a verdict: valid where it is a list
of as many items, with the reply as its reasoning. So retries, the reply store and budgets hold
here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from judgekit.config.settings import Settings
from judgekit.extension.registry import Registry
from judgekit.harness.plan import Plan
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.inputs import JudgeInput
from judgekit.jobs.job import Job
from judgekit.jobs.prepare import job_for
from judgekit.judging import JudgeSetup, PromptJudge
from judgekit.judging.templates import Prompts
from judgekit.trust.audit.lists import Listing, find_list
from judgekit.trust.audit.probe import Judged
from judgekit.types import Case, Reply, Response, Status, Trial, Verdict, digest

__all__ = ["Rephraser", "list_case", "rephraser_job", "rephrasings"]

MODEL = "list"


class Rephraser(PromptJudge):
    """Reads a reply as the list written anew; its score is the number of items."""

    arity = frozenset({1})
    names = ("A",)
    prompt = "rephrase"

    def parse(self, reply: Reply, trial: Trial) -> Verdict:
        if reply.finish == "length":
            return Verdict.without(Status.TRUNCATED, "the list was cut", reasoning=reply.text)
        wanted, found = find_list(trial.shown[0].text), find_list(reply.text)
        if wanted is None or found is None or len(found.items) != len(wanted.items):
            why = "the reply is no list of as many items"
            return Verdict.without(Status.UNPARSED, why, reasoning=reply.text)
        return Verdict.scored(float(len(found.items)), reasoning=reply.text)


def rephraser_job(inputs: JudgeInput, settings: Settings, registry: Registry, model: str) -> Job:
    """A job that asks `model` for lists; it has no cases yet."""
    asking = replace(settings, judge=None, model=model, options={}, prompt=None, repeats=None)
    job = job_for(inputs, JudgeFactory(registry, asking), out=settings.out)
    judge = Rephraser(JudgeSetup(arity=1, prompts=Prompts([Path(__file__).parent / "prompts"])))
    return replace(job, judge=judge, judge_name=MODEL, plan=Plan((), 1, judge.names))


def list_case(listing: Listing) -> Case:
    """A list as the one answer of a case, named by its content."""
    text = listing.rendered(listing.items)
    name = f"list-{digest(text, size=8)}"
    return Case(name, (), (Response(text, MODEL),), cluster=name)


def rephrasings(judged: Judged) -> Mapping[str, tuple[str, ...]]:
    """The new items by the id of the list's case; lists that were not rightly written are left
    out."""
    valid: Iterable[Mapping[str, object]] = (
        row for row in judged.judgements() if row["status"] == Status.VALID
    )
    found = {str(row["case"]): find_list(str(row["reasoning"])) for row in valid}
    return {case: listing.items for case, listing in found.items() if listing is not None}
