"""Lists rewritten by a model, for the probe ``verbosity``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from judgekit.harness.sampling import GenerationTask
from judgekit.jobs.text_generation import TextGeneration
from judgekit.judging.templates import Prompts
from judgekit.trust.audit.lists import Listing, find_list
from judgekit.types import Case, Response, Trial, digest

__all__ = ["list_id", "rephrasing_of", "with_lists"]

PROMPT = "rephrase"


def with_lists(rephraser: TextGeneration, listings: Sequence[Listing]) -> TextGeneration:
    """The generation with a task for each list; the same list is asked once."""
    template = Prompts([Path(__file__).parent / "prompts"]).load(PROMPT)
    tasks = {}
    for listing in listings:
        name, text = list_id(listing), text_of(listing)
        case = Case(name, (), (Response(text, "list"),), cluster=name)
        messages, _ = template.render(Trial(case, (0,), ("A",)))
        tasks[name] = GenerationTask(Case(name, messages, ()))
    return replace(rephraser, tasks=tuple(tasks.values()))


def list_id(listing: Listing) -> str:
    """The id of a list's task, made from its content."""
    return f"list-{digest(text_of(listing), size=8)}"


def text_of(listing: Listing) -> str:
    """The list as text."""
    return listing.rendered(listing.items)


def rephrasing_of(listing: Listing, reply: str | None) -> Sequence[str]:
    """The items of a reply; empty where it is no list of as many items."""
    rewritten = None if reply is None else find_list(reply)
    if rewritten is None or len(rewritten.items) != len(listing.items):
        return ()
    return rewritten.items
