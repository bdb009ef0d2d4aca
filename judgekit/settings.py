"""How to judge: the keywords of `judgekit.compare(...)` and, under the same names, the flags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from judgekit.errors import InputError
from judgekit.harness.plan import Orders
from judgekit.naming import unknown

__all__ = ["Settings", "setting"]


def setting(default: Any, text: str, panel: str, flag: str = "") -> Any:
    """A field of `Settings`: its default, its help, the panel it is shown in, its own flag."""
    meta = {"help": text, "panel": panel, "flag": flag}
    if default is dict:
        return field(default_factory=dict, metadata=meta)
    return field(default=default, metadata=meta)


SECRET = re.compile(r"key|secret|password|authorization|token$", re.IGNORECASE)
JUDGE, ENGINE, INPUT, RUN = "Judge", "Engine", "Input", "Running"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything one may say about a run, beside its files and the judge's own options."""

    judge: str | None = setting(
        None,
        "A judge by name (`judgekit plugins` lists them), or a prompt file ./rubric.md.",
        JUDGE,
    )
    model: str | None = setting(
        None, "What answers the judge's calls: ENGINE/MODEL, as openai/gpt-4o-mini.", JUDGE
    )
    options: Mapping[str, Any] = setting(dict, "The judge's own options, by name.", "")
    prompt: str | None = setting(
        None, "Another prompt: a name, a FILE.md, or FILE.jsonl#NAME of FastChat's.", JUDGE
    )
    repeats: int | None = setting(None, "How often each showing is repeated.", JUDGE)
    orders: Orders = setting(
        "both", "Show pairs in both orders, or in one (half the calls, no consistency).", JUDGE
    )
    tie_margin: float = setting(
        0.0, "Scores closer than this are a tie, where a judge of single answers compares.", JUDGE
    )
    inconsistent: Literal["half", "drop"] = setting(
        "half", "Count a case whose two orders disagree as half a win each, or leave it out.", JUDGE
    )
    reask: int = setting(
        0, "Ask an unparsed reply again up to N times, with the format's reminder.", JUDGE
    )
    temperature: float | None = setting(None, "Sampling temperature.", ENGINE)
    max_tokens: int | None = setting(
        None, "Limit of a reply, in tokens; a reasoning model thinks inside it.", ENGINE
    )
    top_p: float | None = setting(None, "Nucleus sampling.", ENGINE)
    seed: int | None = setting(None, "Sampling seed, where the engine takes one.", ENGINE)
    model_args: Mapping[str, Any] = setting(
        dict,
        "One more argument of the engine's request, as K=V; repeatable.",
        ENGINE,
        "--model-arg",
    )
    retry_truncated: int | None = setting(
        None, "Ask a reply that was cut at its limit again with this limit, in tokens.", ENGINE
    )
    base_url: str | None = setting(None, "Where the API is served.", ENGINE)
    endpoint: str | None = setting(None, "An endpoint named in your own configuration.", ENGINE)
    columns: Mapping[str, str] = setting(
        dict, "Columns under other names: response=text,prompt=q.", INPUT
    )
    prompts: Path | None = setting(None, "A file of prompts, for answers without them.", INPUT)
    references: Path | None = setting(None, "A file of reference answers.", INPUT)
    join: Literal["strict", "inner"] = setting(
        "strict", "inner: judge what both files have, and count the rest.", INPUT
    )
    skip_bad_rows: bool = setting(
        False, "Leave out rows that cannot be read, counted, instead of stopping.", INPUT
    )
    limit: int | None = setting(None, "Only the first N cases.", INPUT)
    concurrency: int = setting(64, "Calls under way at once.", RUN)
    timeout: float = setting(120.0, "Seconds until one attempt at a call is given up.", RUN)
    retries: int = setting(6, "How often a failed call is tried again.", RUN)
    rpm: float | None = setting(None, "At most this many requests a minute.", RUN)
    tpm: float | None = setting(None, "At most this many tokens a minute.", RUN)
    max_calls: int | None = setting(None, "Stop before the call after this many.", RUN)
    max_cost: float | None = setting(None, "Stop before more than this is spent, in dollars.", RUN)
    store: Path = setting(
        Path(".judgekit/replies.db"), "The reply store: every answer paid for is kept there.", RUN
    )
    out: Path | None = setting(None, "The run's folder, instead of one of its own in runs/.", RUN)
    plugins: tuple[Path, ...] = setting((), "A plugin's file to load.", RUN, "--plugin")

    def __post_init__(self) -> None:
        smallest = {"concurrency": 1, "limit": 1, "repeats": 1, "retries": 0, "reask": 0}
        for name, least in smallest.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise InputError(f"{name} must be at least {least}, not {value!r}")
        for name in self.model_args:
            if SECRET.search(name):
                raise InputError(
                    f"{name!r} looks like a key: keys come from the environment only, never from "
                    f"a flag; name the variable in an endpoint of your configuration"
                )
        if self.base_url is not None and "@" in self.base_url:
            raise InputError("the base URL holds a user or password; keep keys in the environment")
        for name in ("timeout", "rpm", "tpm"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise InputError(f"{name} must be more than 0, not {value!r}")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """From keywords; an unknown one is an error that names the nearest."""
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(unknown("setting", name, known))
        return cls(**given)
