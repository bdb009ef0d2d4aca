"""Which judge judges and which engine answers: made once for all runs of a command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from judgekit.config import prices
from judgekit.config.files import UserConfig, load_user
from judgekit.config.prices import Price
from judgekit.config.settings import EngineSettings, Settings
from judgekit.errors import InputError
from judgekit.extension.engine import Engine, EngineFactory, EngineSetup
from judgekit.extension.registry import Registry, make_options
from judgekit.harness.dispatcher import Dispatcher, DispatchLimits
from judgekit.harness.limits import Admission, RetryPolicy
from judgekit.harness.plan import choose_arity
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.tally import Tally
from judgekit.jobs.inputs import JudgeInput
from judgekit.judging import Judge, JudgeSetup, PromptJudge
from judgekit.types import Sampling

__all__ = ["BoundEngine", "JudgeFactory", "check_price", "choose_judge"]

FIRST_CALLS = 20  # that must fail alike to end a run, at any concurrency


@dataclass(frozen=True)
class BoundEngine:
    """The engine that a model's name chooses, with its price where that is known.

    `settings` hold its time limits, retries and rates.
    """

    settings: EngineSettings
    factory: EngineFactory
    setup: EngineSetup
    price: Price | None
    _fingerprints: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, s: EngineSettings, model: str, registry: Registry, user: UserConfig) -> BoundEngine:
        """Finds the engine of ``ENGINE/MODEL``, or of ``ENDPOINT/MODEL``.

        An endpoint in a model's name holds for that model alone, so each juror may have its own.

        Args:
            s: How the engine is asked.
            model: The model's name as it was given.
            registry: The engines of all plugins.
            user: The user's configuration, which defines endpoints and prices.

        Raises:
            InputError: No engine or endpoint has that name, or the settings name another place
                beside an endpoint: texts must not go where nobody meant them to.
            PluginError: The engine's plugin cannot be loaded.
        """
        place, _, name = model.partition("/")
        named = user.endpoints.get(place) if name and place not in registry.engines else None
        if named and (s.base_url or s.endpoint):
            flag = "--base-url" if s.base_url else "--endpoint"
            raise InputError(
                f"the model {model!r} names the endpoint {place!r}, and {flag} another place; "
                f"leave {flag} out, or name the model {named.engine}/{name}"
            )
        factory, name = registry.engine(f"{named.engine}/{name}" if named else model)
        endpoint = named or (user.endpoint(s.endpoint) if s.endpoint else None)
        price = (endpoint.price if endpoint else None) or prices.price(name, user.prices)
        setup = EngineSetup(
            name,
            s.base_url,
            endpoint,
            s.concurrency,
            s.engine_options,
            s.max_reply_mb,
            price,
            s.seed,
            getattr(s, "verdict", "text") == "logits",
        )
        return cls(s, factory, setup, price)

    def engine(self) -> Engine:
        """Makes the engine anew; close it after use."""
        return self.factory(self.setup)

    async def fingerprint(self) -> str:
        """What answers (`Engine.fingerprint`), without asking anything.

        It is looked up once: of a local model it may be a digest of all weights.
        """
        if not self._fingerprints:
            engine = self.engine()
            try:
                self._fingerprints.append(engine.fingerprint)
            finally:
                await engine.aclose()
        return self._fingerprints[0]

    def dispatcher(
        self, engine: Engine, store: ReplyStore, tally: Tally, admission: Admission, run: str
    ) -> Dispatcher:
        """A dispatcher for a run's calls, with the retries and rates of the settings."""
        s, endpoint = self.settings, self.setup.endpoint
        limits = DispatchLimits(
            timeout=s.timeout,
            retry=RetryPolicy(s.retries, seconds=s.retry_seconds),
            rpm=s.rpm or (endpoint.rpm if endpoint else None),
            tpm=s.tpm or (endpoint.tpm if endpoint else None),
            retry_truncated=s.retry_truncated,
            first_window=max(FIRST_CALLS, s.concurrency),
            in_flight=s.concurrency,
        )
        return Dispatcher(engine, store, admission, limits, tally, run)


def check_price(s: EngineSettings, price: Price | None) -> None:
    """Refuses a limit in dollars (`InputError`) where the price of the model is not known."""
    if s.max_cost is not None and price is None:
        raise InputError(
            f"--max-cost needs the price of {s.model!r}, which is not known; give it in "
            f"[prices] of your configuration, or limit with --max-calls"
        )


class JudgeFactory:
    """Makes each judge that its settings ask for once, for all runs: some hold weights.

    Args:
        registry: The judges and engines of all plugins.
        settings: How the judge is made and asked.
        user: The user's configuration; read from its file where it is not given.
    """

    def __init__(
        self, registry: Registry, settings: Settings, user: UserConfig | None = None
    ) -> None:
        self.registry = registry
        self.settings = settings
        self._user = load_user() if user is None else user
        self._judges: dict[tuple[str, int], Judge] = {}
        self._engine: BoundEngine | None = None

    def judge(self, name: str, responses: int) -> Judge:
        """The judge of that name.

        Args:
            name: The judge's name, or a prompt file.
            responses: How many responses a case has.

        Raises:
            InputError: The judge does not fit such cases, or the settings.
            PluginError: The judge's plugin cannot be loaded.
        """
        kind = self.registry.judge(name)
        arity = choose_arity(kind.arity, responses)
        if arity is None:
            numbers = " or ".join(map(str, sorted(kind.arity)))
            raise InputError(
                f"the judge {name!r} judges {numbers} answers at a time, not {responses}; see "
                f"`judgekit plugins`"
            )
        check_model(self.settings, name, kind)
        if (name, arity) not in self._judges:
            self._judges[name, arity] = self._make(kind, arity, name)
        return self._judges[name, arity]

    def engine(self, judge: Judge) -> BoundEngine | None:
        """The engine that a judge of this factory asks; None for a judge that asks none."""
        s = self.settings
        if judge.model != "engine" or s.model is None:
            check_price(s, None)
            return None
        if self._engine is None:
            self._engine = BoundEngine.of(s, s.model, self.registry, self._user)
        check_price(s, self._engine.price)
        return self._engine

    def _make(self, kind: type[Judge], arity: int, name: str) -> Judge:
        s = self.settings
        prompts = self.registry.prompts_for(kind)
        return kind(
            JudgeSetup(
                arity=arity,
                prompts=prompts,
                options=make_options(kind, s.options, name),
                model=s.model,
                prompt=prompts.load(s.prompt) if s.prompt else None,
                sampling=Sampling(
                    s.temperature,
                    s.max_tokens,
                    s.top_p,
                    s.seed,
                    extra=tuple(s.model_args.items()),
                ),
                reask=s.reask,
                verdict=s.verdict,
            )
        )


USUAL_JUDGES: Mapping[str, str] = {"compare": "pairwise", "rank": "pairwise", "score": "additive"}
"""The judge that asks a model, by what a run does."""


def choose_judge(s: Settings, inputs: JudgeInput) -> str:
    """The name of the judge: the one that was given, else one that asks the model that was given,
    else `overlap` where every case has a reference.

    Raises:
        InputError: None of these applies.
    """
    usual = USUAL_JUDGES[inputs.kind]
    if s.judge is not None:
        return s.judge
    if s.model is not None:
        return usual
    if all(case.reference is not None for case in inputs.cases):
        return "overlap"
    if len(inputs.paths) < len(inputs.files):
        raise InputError(
            f"these answers have no references to compare with, so a judge is needed; for "
            f"instance judge={usual!r}, model='openai/gpt-4o-mini'"
        )
    names = shlex.join(map(str, inputs.files))
    command = f"judgekit {inputs.kind} {names}"
    raise InputError(
        "these answers have no references to compare with, so a judge is needed; for instance\n"
        f"  {command} --judge {usual} --model openai/gpt-4o-mini\n"
        f"  {command} --judge {usual} --model openai/MODEL --base-url http://127.0.0.1:8000/v1\n"
        f"  {command} --judge overlap --references references.jsonl"
    )


def check_model(s: Settings, name: str, judge: type[Judge]) -> None:
    """Refuses (`InputError`) settings that the judge cannot use, or lacks: a model, a limit."""
    if judge.model == "none" and s.model is not None:
        raise InputError(f"the judge {name!r} asks no model; leave out --model {s.model!r}")
    if judge.model == "engine" and s.model is None:
        raise InputError(
            f"the judge {name!r} asks a model: add --model openai/gpt-4o-mini, or one of a "
            f"server of yours with --model openai/NAME --base-url URL"
        )
    if judge.model == "weights" and s.model is None:
        raise InputError(f"the judge {name!r} needs its weights: add --model FOLDER or HUB-ID")
    if judge.model != "engine" and s.engine_options:
        raise InputError(
            f"the judge {name!r} asks no engine that would take {', '.join(s.engine_options)}; "
            f"leave it out, or see the judge's own options"
        )
    if s.verdict == "logits" and not issubclass(judge, PromptJudge):
        raise InputError(
            f"the judge {name!r} asks no prompt whose verdict --verdict logits could read; "
            f"leave --verdict out, or take a judge such as pairwise or additive"
        )
    for limit in ("max_calls", "max_cost"):
        if judge.model != "engine" and getattr(s, limit) is not None:
            flag = "--" + limit.replace("_", "-")
            raise InputError(
                f"the judge {name!r} makes no calls that {flag} could count; leave it out"
            )
