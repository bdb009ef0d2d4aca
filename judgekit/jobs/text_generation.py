"""Text generation: prompts put to an engine, within limits and with every reply stored.

`judgekit generate` writes the texts to a file; whatever else needs texts of a model asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from judgekit.harness.dispatcher import Tally
from judgekit.harness.limits import USUAL_REPLY, Admission, Budget, expected_tokens
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.sampling import Generated, GenerationTask, Sampler, generate
from judgekit.harness.trials import OnProgress
from judgekit.jobs.bindings import BoundEngine
from judgekit.types import StopReason

__all__ = ["GeneratedTexts", "GenerationEstimate", "TextGeneration"]


@dataclass(frozen=True)
class GeneratedTexts:
    """The candidates of all prompts, in order, a prompt's candidates together.

    `stop` says why there are fewer than planned, None where there are not. `cost_usd` is None where
    the price is not known.
    """

    candidates: tuple[Generated, ...]
    stop: StopReason | None
    cost_usd: float | None


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
    gives each run the limits of the engine's settings.
    """

    tasks: Sequence[GenerationTask]
    sampler: Sampler
    bound_engine: BoundEngine
    n: int = 1
    budget: Budget | None = None

    def with_budget(self, budget: Budget) -> TextGeneration:
        """The same within a budget that it shares with other runs."""
        return replace(self, budget=budget)

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
                admission = Admission(budget, price)
                candidates, stop = await generate(
                    self.tasks,
                    self.sampler,
                    self.bound_engine.dispatcher(engine, store, tally, admission),
                    n=self.n,
                    concurrency=s.concurrency,
                    on_progress=on_progress,
                )
            cost = tally.cost(price) if engine.stored and tally.calls else 0.0
            return GeneratedTexts(tuple(candidates), stop, cost)
        finally:
            await engine.aclose()
