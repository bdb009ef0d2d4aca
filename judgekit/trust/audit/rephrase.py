"""Lists rewritten by a model, for the probe ``verbosity``: prompts of a generation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from judgekit import io
from judgekit.config.settings import EngineSettings, GenerateSettings, Settings
from judgekit.extension.registry import Registry
from judgekit.jobs.generation import GenerationJob, generation_over
from judgekit.judging import Judge
from judgekit.judging.templates import Prompts
from judgekit.trust.audit.lists import Listing, find_list
from judgekit.types import Case, Response, Trial, digest

__all__ = ["list_id", "rephraser_job", "rephrasing_of", "with_lists"]

PROMPT = "rephrase"
UNASKED = ("limit", "columns")  # settings of the answers' file


def rephraser_job(file: Path, settings: Settings, registry: Registry, model: str) -> GenerationJob:
    """A generation by `model` without prompts; `with_lists` gives it some.

    The model is asked as judges are: at temperature 0 unless the settings say otherwise.
    """
    usual = Judge.sampling
    engine = {
        f.name: value
        for f in fields(EngineSettings)
        if f.name not in UNASKED and (value := getattr(settings, f.name)) is not None
    }
    sampling = {"temperature": usual.temperature, "max_tokens": usual.max_tokens}
    asking = GenerateSettings.of(sampling | engine | {"model": model})
    return generation_over(intake_of(file, []), asking, registry)


def with_lists(job: GenerationJob, listings: Sequence[Listing]) -> GenerationJob:
    """The generation with a prompt for each list; the same list is asked once."""
    texts = {list_id(listing): text_of(listing) for listing in listings}
    template = Prompts([Path(__file__).parent / "prompts"]).load(PROMPT)
    prompts = []
    for number, (name, text) in enumerate(texts.items(), 1):
        case = Case(name, (), (Response(text, "list"),), cluster=name)
        messages, _ = template.render(Trial(case, (0,), ("A",)))
        prompts.append(io.Prompt(number, name, messages, None, text))
    return replace(job, intake=intake_of(job.intake.counts.file, prompts), prompts=prompts)


def intake_of(file: Path, prompts: list[io.Prompt]) -> io.Intake[io.Prompt]:
    """Prompts that were made of a file's answers."""
    n = len(prompts)
    return io.Intake(prompts, [], io.Counts(file, n, n), "line")


def list_id(listing: Listing) -> str:
    """The id of a list's prompt, made from its content."""
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
