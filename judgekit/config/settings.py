"""How to judge, and how to generate: the keywords of `judgekit.compare(...)` and
`judgekit.generate(...)`, and under the same names the flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

from judgekit.config.fields import as_json, fitted, setting
from judgekit.config.secrets import find_key, url_holds_key
from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.types import Orders

__all__ = ["EngineSettings", "GenerateSettings", "Settings"]

LEAST = {
    **dict.fromkeys(("concurrency", "limit", "repeats", "max_tokens", "retry_truncated"), 1),
    **dict.fromkeys(("n", "games"), 1),
    **dict.fromkeys(("retries", "reask", "max_calls", "max_cost", "temperature", "tie_margin"), 0),
}
JUDGE, ANSWERS, ENGINE, INPUT, RUN = "Judge", "Answers", "Engine", "Input", "Running"


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """What may be said of any run that asks an engine, beside its files."""

    model: str | None = setting(
        None,
        "What answers the calls: ENGINE/MODEL, as openai/gpt-4o-mini; or ENDPOINT/MODEL.",
        ENGINE,
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
    engine_args: Mapping[str, Any] = setting(
        dict,
        "One of the engine's own settings, as K=V; repeatable: batch_tokens=4096.",
        ENGINE,
        "--engine-arg",
    )
    quant: Literal["4bit"] | None = setting(None, "Hold a local model in 4 bits.", ENGINE)
    adapter: str | None = setting(None, "An adapter for a local model: folder or hub id.", ENGINE)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = setting(
        None, "What a local model computes in.", ENGINE
    )
    device: str | None = setting(None, "Where a local model runs: cpu, cuda, cuda:1.", ENGINE)
    retry_truncated: int | None = setting(
        None, "Ask a reply that was cut at its limit again with this limit, in tokens.", ENGINE
    )
    base_url: str | None = setting(None, "Where the API is served.", ENGINE)
    endpoint: str | None = setting(None, "An endpoint named in your own configuration.", ENGINE)
    columns: Mapping[str, str] = setting(
        dict, "Columns under other names: response=text,prompt=q.", INPUT
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
    plugins: tuple[Path, ...] = setting((), "A plugin's file to load.", RUN, "--plugin")

    def __post_init__(self) -> None:
        for name, value in fitted(type(self), vars(self)).items():
            object.__setattr__(self, name, value)
        for name, value in vars(self).items():
            least = LEAST.get(name)
            if value is not None and least is not None and value < least:
                raise InputError(f"{name} must be at least {least}, not {value!r}")
        for name in ("timeout", "rpm", "tpm", "top_p"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise InputError(f"{name} must be more than 0, not {value!r}")
        until = getattr(self, "until", None)
        if until is not None and not 0 <= until <= 0.5:
            raise InputError(
                f"until is half the width of a win rate's interval, in 0 to 0.5, not {until!r}"
            )
        if self.top_p is not None and self.top_p > 1:
            raise InputError(f"top_p must be at most 1, not {self.top_p!r}")
        self._refuse_keys()

    def _refuse_keys(self) -> None:
        """All settings are written down with what they made."""
        try:
            in_url = self.base_url is not None and url_holds_key(self.base_url)
        except ValueError as error:
            raise InputError(
                f"the base URL is none ({error}); give one like https://api.openai.com/v1"
            ) from error
        if in_url:
            raise InputError(
                "the base URL holds a user, a password or a key; name an endpoint with key_env in "
                "your configuration, so that the key stays in the environment"
            )
        for name, value in vars(self).items():
            place = find_key(value)
            if place is not None:
                raise InputError(
                    f"{place or name!r} looks like a key: keys come from the environment only, "
                    f"never from a flag; name the variable in an endpoint of your configuration"
                )

    @property
    def engine_options(self) -> dict[str, Any]:
        """What `EngineSetup.options` gets: `engine_args`, and those that have a name here.

        Raises `InputError` where both say the same thing.
        """
        named = {"quant": self.quant, "adapter": self.adapter}
        named |= {"dtype": self.dtype, "device": self.device}
        said = {name: value for name, value in named.items() if value is not None}
        for name in said.keys() & self.engine_args.keys():
            raise InputError(f"{name} is said twice: as --{name} and as --engine-arg {name}=…")
        return {**self.engine_args, **said}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """From keywords; an unknown one is an error that names the nearest."""
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(unknown("setting", name, known))
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON, for `run.json`; the base URL without its query."""
        plain = {name: as_json(value) for name, value in vars(self).items()}
        if self.base_url is not None:
            plain["base_url"] = self.base_url.partition("?")[0]
        return plain


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """What may be said of a judge."""

    judge: str | None = setting(
        None,
        "A judge by name (`judgekit plugins` lists them), or a prompt file ./rubric.md; "
        "JUDGE@ENGINE/MODEL says what it asks.",
        JUDGE,
    )
    options: Mapping[str, Any] = setting(dict, "The judge's own options, by name.", "")
    prompt: str | None = setting(
        None, "Another prompt: a name, a FILE.md, or FILE.jsonl#NAME of FastChat's.", JUDGE
    )
    repeats: int | None = setting(None, "How often each showing is repeated.", JUDGE)
    orders: Orders = setting(
        "both",
        "Show pairs in both orders, in one (half the calls, no consistency), or (adaptive) in the "
        "second only where the first verdict is not sure.",
        JUDGE,
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
    until: float | None = setting(
        None,
        "Stop a comparison once its win rate is known within this (0.02), or who is better is "
        "decided, by an interval that holds at every moment.",
        JUDGE,
    )
    verdict: Literal["text", "logits"] = setting(
        "text",
        "Read the verdict from a reply, or (logits) from its labels' probabilities: one pass, no "
        "reasons.",
        JUDGE,
    )


@dataclass(frozen=True, kw_only=True)
class Settings(EngineSettings, JudgeSettings):  # in this order, so that a judge's flags stand first
    """Everything one may say about a judged run, beside its files and the judge's own options."""

    prompts: Path | None = setting(None, "A file of prompts, for answers without them.", INPUT)
    references: Path | None = setting(None, "A file of reference answers.", INPUT)
    join: Literal["strict", "inner"] = setting(
        "strict", "inner: judge what both files have, and count the rest.", INPUT
    )
    out: Path | None = setting(None, "The run's folder, instead of one of its own in runs/.", RUN)
    # Only some commands take these, and have flags of their own for them.
    games: int | None = setting(None, "How many comparisons rank many models.", "")
    jury: Literal["vote", "mean"] | None = setting(None, "How several judges decide.", "")
    route: tuple[str, ...] = setting((), "Which categories another judge judges.", "")


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """What may be said of answers that are to be generated."""

    n: int = setting(1, "Answers to each prompt.", ANSWERS)
    system: str | None = setting(None, "A system prompt, before each prompt.", ANSWERS)
    system_file: Path | None = setting(None, "A file that holds the system prompt.", ANSWERS)
    stop: tuple[str, ...] = setting((), "Texts that end an answer.", "")
    name: str | None = setting(
        None, "The name in the column `model`, instead of the model's own.", ANSWERS
    )


@dataclass(frozen=True, kw_only=True)
class GenerateSettings(EngineSettings, AnswerSettings):
    """Everything one may say about generating answers, beside the prompts and where they go."""

    temperature: float = setting(0.7, "Sampling temperature; 0 takes the likeliest.", ENGINE)
    max_tokens: int = setting(
        1024, "Limit of an answer, in tokens; a reasoning model thinks inside it.", ENGINE
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n > 1 and self.temperature == 0:
            raise InputError(
                f"at temperature 0 an answer is the likeliest, so {self.n} of them would be one; "
                f"leave --temperature out or raise it, or leave out --n"
            )
        if self.system is not None and self.system_file is not None:
            raise InputError("the system prompt is said twice: as --system and as --system-file")
