"""Who is appointed: the judge, one for all the comparisons of a command, and who answers calls."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from judgekit import io
from judgekit.config import prices
from judgekit.config.files import UserConfig
from judgekit.config.prices import Price
from judgekit.config.settings import EngineSettings, Settings
from judgekit.errors import InputError
from judgekit.extension.engine import Engine, EngineFactory, EngineSetup
from judgekit.extension.registry import Registry, make_options
from judgekit.harness.dispatcher import Dispatcher, DispatchLimits, Tally
from judgekit.harness.limits import Budget, RetryPolicy, Spent
from judgekit.harness.plan import choose_arity
from judgekit.harness.reply_store import ReplyStore
from judgekit.judging import Judge, JudgeSetup, PromptJudge
from judgekit.types import Sampling

__all__ = ["BoundEngine", "JudgeFactory", "check_price", "choose_judge"]


@dataclass(frozen=True)
class BoundEngine:
    """The engine that a model's name chooses, its price where known, and what holds it back.

    `spent`: what the runs that share its limits have used so far; None where each has its own.
    """

    settings: EngineSettings
    factory: EngineFactory
    setup: EngineSetup
    price: Price | None
    spent: Spent | None = None

    @classmethod
    def of(cls, s: EngineSettings, model: str, registry: Registry, user: UserConfig) -> BoundEngine:
        """Of ``ENGINE/MODEL``, or ``ENDPOINT/MODEL`` with an endpoint of the user's configuration.

        The endpoint in a model's name is that model's own, so each seat of a jury may have another.
        Raises `InputError` and `PluginError` where there is none such, and where another place is
        said beside it: nobody's texts go to one that they did not mean.
        """
        place, _, name = model.partition("/")
        own = user.endpoints.get(place) if name and place not in registry.engines else None
        if own and (s.base_url or s.endpoint):
            flag = "--base-url" if s.base_url else "--endpoint"
            raise InputError(
                f"the model {model!r} names the endpoint {place!r}, and {flag} another place; "
                f"leave {flag} out, or name the model {own.engine}/{name}"
            )
        factory, name = registry.engine(f"{own.engine}/{name}" if own else model)
        endpoint = own or (user.endpoint(s.endpoint) if s.endpoint else None)
        setup = EngineSetup(name, s.base_url, endpoint, s.concurrency, s.engine_options)
        price = (endpoint.price if endpoint else None) or prices.price(name, user.prices)
        return cls(s, factory, setup, price)

    def engine(self) -> Engine:
        """The engine, made anew."""
        return self.factory(self.setup)

    def budget(self) -> Budget:
        """What the run may ask and spend, with those before it where they share its limits."""
        return Budget(self.settings.max_calls, self.settings.max_cost, self.price, self.spent)

    def dispatcher(
        self, engine: Engine, store: ReplyStore, tally: Tally, budget: Budget
    ) -> Dispatcher:
        """Where a run's calls are handed in, within the limits that were set."""
        s, endpoint = self.settings, self.setup.endpoint
        limits = DispatchLimits(
            timeout=s.timeout,
            retry=RetryPolicy(s.retries),
            rpm=s.rpm or (endpoint.rpm if endpoint else None),
            tpm=s.tpm or (endpoint.tpm if endpoint else None),
            retry_truncated=s.retry_truncated,
        )
        return Dispatcher(engine, store, budget, limits, tally)


def check_price(s: EngineSettings, price: Price | None) -> None:
    """Refuses a limit in dollars where nobody knows what a call costs."""
    if s.max_cost is not None and price is None:
        raise InputError(
            f"--max-cost needs the price of {s.model!r}, which is not known; give it in "
            f"[prices] of your configuration, or limit with --max-calls"
        )


class JudgeFactory:
    """Makes each judge that these settings ask for once: some hold weights."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self.registry = registry
        self.settings = settings
        self._made: dict[tuple[str, int], Judge] = {}

    def judge(self, name: str, responses: int) -> Judge:
        """The judge of that name for cases of so many responses.

        Raises `InputError` where it does not fit them, or the settings.
        """
        kind = self.registry.judge(name)
        arity = choose_arity(kind.arity, responses)
        if arity is None:
            raise InputError(
                f"the judge {name!r} judges {sorted(kind.arity)} answers at a time, "
                f"not {responses}; see `judgekit plugins`"
            )
        check_model(self.settings, name, kind)
        if (name, arity) not in self._made:
            self._made[name, arity] = self._make(kind, arity)
        return self._made[name, arity]

    def _make(self, kind: type[Judge], arity: int) -> Judge:
        s = self.settings
        prompts = self.registry.prompts_for(kind)
        return kind(
            JudgeSetup(
                arity=arity,
                prompts=prompts,
                options=make_options(kind, s.options),
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


def choose_judge(
    s: Settings, inputs: io.Joined, files: Sequence[Path], *, ranking: bool = False
) -> str:
    """The judge said, else one for the model said, else `overlap` where there are references."""
    pairs = ranking or len(inputs.models) == 2
    asking = "pairwise" if pairs else "additive"
    if s.judge is not None:
        return s.judge
    if s.model is not None:
        return asking
    if all(case.reference is not None for case in inputs.cases):
        return "overlap"
    names = shlex.join(str(f) for f in files)
    verb = "rank" if ranking else "compare" if pairs else "score"
    raise InputError(
        "these answers have no references to measure against, so a judge is needed; for instance\n"
        f"  judgekit {verb} {names} --judge {asking} --model openai/gpt-4o-mini\n"
        f"  judgekit {verb} {names} --judge {asking} --model openai/MODEL "
        f"--base-url http://127.0.0.1:8000/v1\n"
        f"  judgekit {verb} {names} --judge overlap --references references.jsonl"
    )


def check_model(s: Settings, name: str, judge: type[Judge]) -> None:
    """Refuses a judge without the model it asks, or with one, or a limit, that it has no use of."""
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
