"""Lists rewritten by a model, for the probe ``verbosity``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from judgekit.config.files import load_user
from judgekit.config.settings import EngineSettings, GenerateSettings, Settings
from judgekit.extension.registry import Registry
from judgekit.harness.sampling import GenerationTask, Sampler
from judgekit.jobs.bindings import BoundEngine, check_price
from judgekit.jobs.text_generation import TextGeneration
from judgekit.judging import Judge
from judgekit.judging.templates import Prompts
from judgekit.trust.audit.lists import Listing, find_list
from judgekit.types import Case, Response, Sampling, Trial, digest

__all__ = ["list_id", "prepare_rephraser", "rephrasing_of", "with_lists"]

PROMPT = "rephrase"


def prepare_rephraser(settings: Settings, registry: Registry, model: str) -> TextGeneration:
    """A generation by `model` without tasks; `with_lists` gives it some.

    The model is asked as judges are: at temperature 0 unless the settings say otherwise.

    Raises:
        InputError: The model's engine or price is not known.
        PluginError: The engine's plugin cannot be loaded.
    """
    usual = Judge.sampling
    engine = {
        f.name: value
        for f in fields(EngineSettings)
        if (value := getattr(settings, f.name)) is not None
    }
    sampling = {"temperature": usual.temperature, "max_tokens": usual.max_tokens}
    s = GenerateSettings.of(sampling | engine | {"model": model})
    bound_engine = BoundEngine.of(s, model, registry, load_user())
    check_price(s, bound_engine.price)
    asks_with = Sampling(
        s.temperature, s.max_tokens, s.top_p, s.seed, extra=tuple(s.model_args.items())
    )
    return TextGeneration((), Sampler(asks_with), bound_engine)


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
