"""Settings of everything that asks an engine: what answers, what is read, how it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

from judgekit.config.endpoints import parse_base_url
from judgekit.config.fields import as_json, check_range, fit_values, setting
from judgekit.config.secrets import find_key, url_holds_key
from judgekit.errors import InputError
from judgekit.naming import unknown

__all__ = [
    "ENGINE",
    "FILES",
    "INPUT",
    "NOT_BENCH",
    "NOT_DRIFT",
    "EngineSettings",
    "of_engine",
    "of_run",
]

ENGINE, INPUT, RUN = "Engine", "Input", "Running"
MIN_RPM, MIN_TPM, MAX_RATE = 0.01, 1, 10**9

EVERY = frozenset({"align", "audit", "bench", "compare", "drift", "generate", "rank", "score"})
NOT_DRIFT = EVERY - {"drift"}  # its cases are those of the frozen run, and its replies are new
NOT_BENCH = EVERY - {"align", "bench"}  # labelled sets say how pairs are shown and counted
FILES = EVERY - {"align", "bench", "drift"}  # the commands that read files of answers

of_engine = partial(setting, panel=ENGINE, asks=True)
of_run = partial(setting, panel=RUN)


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """Settings of any run that asks an engine."""

    model: str | None = of_engine(
        None,
        "The model that answers: ENGINE/MODEL such as openai/gpt-4o-mini, or ENDPOINT/MODEL.",
        in_file="judge",
        decides="value",
    )
    temperature: float | None = of_engine(
        None, "Sampling temperature.", in_file="judge", decides="resolved", least=0
    )
    max_tokens: int | None = of_engine(
        None,
        "Limit of a reply, in tokens; reasoning counts.",
        in_file="judge",
        decides="resolved",
        least=1,
    )
    top_p: float | None = of_engine(None, "Nucleus sampling.", decides="resolved", above=0, most=1)
    seed: int | None = of_engine(
        None, "Sampling seed, if the engine takes one.", decides="resolved"
    )
    model_args: Mapping[str, Any] = of_engine(
        dict,
        "An extra field of the engine's request, K=V. Repeatable.",
        flag="--model-arg",
        decides="resolved",
    )
    engine_args: Mapping[str, Any] = of_engine(
        dict,
        "A setting of the engine itself, K=V, such as batch_tokens=4096. Repeatable.",
        flag="--engine-arg",
        decides="resolved",
    )
    quant: Literal["none", "4bit", "nf4", "fp4"] | None = of_engine(
        None, "Quantization of a local model (4bit means nf4).", decides="resolved"
    )
    adapter: str | None = of_engine(
        None, "Adapter of a local model: a folder or a hub id.", decides="resolved"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | None = of_engine(
        None, "Data type of a local model.", decides="resolved"
    )
    device: str | None = of_engine(
        None, "Device of a local model: cpu, cuda, cuda:1.", decides="resolved"
    )
    retry_truncated: int | None = of_engine(
        None,
        "Ask again with this limit, in tokens, if a reply was cut.",
        decides="value",
        least=1,
    )
    base_url: str | None = of_engine(None, "URL of the API.", decides="resolved")
    endpoint: str | None = of_engine(
        None,
        "An endpoint of your own configuration, by name.",
        in_file="judge",
        decides="resolved",
    )
    columns: Mapping[str, str] = setting(
        dict,
        "Columns under other names: response=text,prompt=q.",
        INPUT,
        scope=NOT_DRIFT,
        in_file="all",
        decides="value",
    )
    skip_bad_rows: bool = setting(
        False,
        "Leave out unreadable rows and count them, instead of stopping.",
        INPUT,
        scope=FILES,
        decides="value",
    )
    limit: int | None = setting(None, "Only the first N cases.", INPUT, decides="value", least=1)
    concurrency: int = of_run(64, "Calls in flight at once.", in_file="all", least=1, most=10_000)
    timeout: float = of_run(
        120.0,
        "Seconds after which one attempt at a call fails.",
        in_file="all",
        above=0,
        most=86_400,
    )
    max_reply_mb: float = of_run(
        32.0, "Limit of one reply's body, in megabytes, packed or not.", least=0.01, most=4096
    )
    retry_seconds: float = of_run(
        180.0, "Seconds for which a failed call is tried again.", least=0, most=86_400
    )
    retries: int | None = of_run(
        None, "Retries of a failed call, at most; by default only time limits them.", least=0
    )
    rpm: float | None = of_run(None, "Limit of requests per minute.", least=MIN_RPM, most=MAX_RATE)
    tpm: float | None = of_run(None, "Limit of tokens per minute.", least=MIN_TPM, most=MAX_RATE)
    max_calls: int | None = of_run(
        None,
        "Stop after this many calls, over all starts of the run.",
        in_file="judge",
        asks=True,
        least=0,
    )
    max_cost: float | None = of_run(
        None,
        "Stop before the cost of all starts of the run exceeds this, in US dollars.",
        in_file="judge",
        asks=True,
        least=0,
    )
    store: Path = of_run(
        Path(".judgekit/replies.db"),
        "The reply store, which keeps every reply.",
        scope=NOT_DRIFT,
        in_file="all",
    )
    plugins: tuple[Path, ...] = of_run(
        (), "A plugin's Python file to load. Repeatable.", flag="--plugin", decides="resolved"
    )

    def __post_init__(self) -> None:
        for name, value in fit_values(type(self), vars(self)).items():
            object.__setattr__(self, name, value)
        until = getattr(self, "until", None)
        if until is not None and not 0 <= until <= 0.5:
            raise InputError(
                f"until is half the width of a win rate's interval, in 0 to 0.5, not {until!r}"
            )
        for declared in fields(self):
            check_range(declared, getattr(self, declared.name))
        self._refuse_keys()

    def _refuse_keys(self) -> None:
        """Refuses keys: all settings are written into the run's folder."""
        if self.base_url is not None and url_holds_key(parse_base_url(self.base_url).geturl()):
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
        """The options of the engine (`EngineSetup.options`): `engine_args` and the named ones.

        Raises:
            InputError: An option is given twice.
        """
        quant = None if self.quant == "none" else self.quant
        named = {"quant": quant, "adapter": self.adapter}
        named |= {"dtype": self.dtype, "device": self.device}
        given = {name: value for name, value in named.items() if value is not None}
        for name in given.keys() & self.engine_args.keys():
            raise InputError(
                f"{name} is given twice: as --{name} and as --engine-arg {name}=…; leave one out"
            )
        return {**self.engine_args, **given}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Settings from keywords.

        Raises:
            InputError: A keyword is unknown (the message names the closest one), or a value is
                not of its type or range.
        """
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(unknown("setting", name, known))
        return cls(**given)

    def deciding(self) -> dict[str, Any]:
        """The settings that decide a run's identity by their own value, as JSON.

        Those that are None are left out, so that a new optional setting changes no identity.
        """
        named = [f.name for f in fields(self) if f.metadata["decides"] == "value"]
        values = {name: as_json(getattr(self, name)) for name in named}
        return {name: value for name, value in values.items() if value is not None}

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON, for `run.json`; the base URL without its query and fragment."""
        plain = {name: as_json(value) for name, value in vars(self).items()}
        if self.base_url is not None:
            plain["base_url"] = self.base_url.partition("?")[0].partition("#")[0]
        return plain
