"""Text generation: prompts put to an engine, within limits and with every reply stored.

`judgekit generate` writes the texts to a file; whatever else needs texts of a model asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from judgekit.config.files import load_user
from judgekit.config.settings import EngineSettings, GenerateSettings, Settings
from judgekit.extension.registry import Registry
from judgekit.harness.limits import USUAL_REPLY, Budget, expected_tokens
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.sampling import Generated, GenerationTask, Sampler, generate
from judgekit.harness.tally import Tally
from judgekit.harness.trials import OnProgress
from judgekit.jobs.bindings import BoundEngine, check_price
from judgekit.jobs.judge_runner import admission_of
from judgekit.jobs.metadata import run_counts
from judgekit.judging import Judge
from judgekit.runs import RunCounts
from judgekit.types import Sampling, StopReason, digest

__all__ = ["GeneratedTexts", "GenerationEstimate", "TextGeneration", "prepare_text_model"]


@dataclass(frozen=True)
class GeneratedTexts:
    """The candidates of all prompts, in order, a prompt's candidates together.

    `stop` says why there are fewer than planned, None where there are not. `counts` is what was
    asked and used, over all the times that the same was generated.
    """

    candidates: tuple[Generated, ...]
    stop: StopReason | None
    counts: RunCounts


@dataclass(frozen=True)
class GenerationEstimate:
    """What a generation would ask and cost.

    `calls` is an upper limit: replies in the store are free. Tokens are estimated at four
    characters each. `cost_usd` is None where the price is not known.
    """

    prompts: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None

    def as_dict(self) -> dict[str, int | float | None]:
        """The fields by name."""
        return dict(vars(self))


@dataclass(frozen=True)
class TextGeneration:
    """Prompts, how they are asked, and who answers them; nothing asked yet.

    Each task gets `n` candidates. `budget` is shared with other runs of the same command; None
    gives each run the limits of the engine's settings. `part_of` names what it is a part of.
    """

    tasks: Sequence[GenerationTask]
    sampler: Sampler
    bound_engine: BoundEngine
    n: int = 1
    budget: Budget | None = None
    part_of: str = ""

    def payer(self, fingerprint: str) -> str:
        """Under which name the store books the calls: equal where the same is generated.

        Args:
            fingerprint: What answers (`Engine.fingerprint`).
        """
        calls = [
            self.sampler.call(task, [""] * turn, 0).digest
            for task in self.tasks
            for turn in range(task.turns)
        ]
        identity = digest("generate", fingerprint, str(self.n), *calls, size=8)
        return f"{self.part_of}/{identity}" if self.part_of else identity

    @property
    def candidates(self) -> int:
        """How many candidates are wanted in all."""
        return self.n * len(self.tasks)

    def estimate(self) -> GenerationEstimate:
        """What would be asked and cost, before anything is asked."""
        limit = self.sampler.sampling.max_tokens
        reply = USUAL_REPLY if limit is None else min(USUAL_REPLY, limit)
        calls = self.n * sum(task.turns for task in self.tasks)
        prompts = sum(
            expected_tokens(self.sampler.call(task, [""] * turn, 0)) + turn * reply
            for task in self.tasks
            for turn in range(task.turns)
        )
        price = self.bound_engine.price
        cost = None if price is None else price.cost(self.n * prompts, calls * reply)
        return GenerationEstimate(len(self.tasks), calls, self.n * prompts, calls * reply, cost)

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> GeneratedTexts:
        """Asks what the reply store does not hold.

        Args:
            tally: Counts what is done.
            on_progress: Called after each candidate.

        Raises:
            EngineError: No call can be answered.
            StoreError: The reply store cannot be used.
        """
        s, price = self.bound_engine.settings, self.bound_engine.price
        tally.trials = self.candidates
        budget = self.budget or Budget(s.max_calls, s.max_cost)
        engine = self.bound_engine.engine()
        try:
            with ReplyStore(s.store) as store:
                payer = self.payer(engine.fingerprint)
                candidates, stop = await generate(
                    self.tasks,
                    self.sampler,
                    self.bound_engine.dispatcher(
                        engine, store, tally, admission_of(payer, store, budget, price), payer
                    ),
                    n=self.n,
                    concurrency=s.concurrency,
                    on_progress=on_progress,
                )
                booked = store.totals(payer) if engine.stored else None
            return GeneratedTexts(tuple(candidates), stop, run_counts(tally, booked, price))
        finally:
            await engine.aclose()


def prepare_text_model(settings: Settings, registry: Registry, model: str) -> TextGeneration:
    """A generation by a model that works beside a judge; it has no tasks yet.

    The model is asked as judges are: at temperature 0 unless the settings say otherwise.

    Raises:
        InputError: The model's engine or price is not known.
        PluginError: The engine's plugin cannot be loaded.
    """
    usual = Judge.sampling
    engine: dict[str, Any] = {
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
