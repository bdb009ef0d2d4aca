"""A job: one judged comparison or scoring, from its cases to its run's folder.

`judgekit.jobs.prepare` makes it, and refuses what cannot work; `Job.run` judges.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb
from pathlib import Path
from typing import Any

import orjson

from judgekit import io, runs, stats
from judgekit.config.prices import Price
from judgekit.config.settings import Settings
from judgekit.extension.engine import Engine
from judgekit.extension.registry import Registry
from judgekit.harness.dispatcher import Tally
from judgekit.harness.limits import Spent
from judgekit.harness.plan import Plan
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.trials import OnProgress
from judgekit.jobs.active_ranking import ActiveRanking
from judgekit.jobs.adaptive_orders import AdaptiveOrders, run_adaptively
from judgekit.jobs.bindings import BoundEngine
from judgekit.jobs.judge_runner import trial_runner
from judgekit.jobs.metadata import run_metadata
from judgekit.judging import Judge, PromptJudge
from judgekit.stats import Rate
from judgekit.stats.outcomes.fold import fold, identical_outcome
from judgekit.stats.outcomes.rank import rank
from judgekit.stats.stopping import FEWEST, Stopping
from judgekit.stats.summaries.document import AnySummary
from judgekit.types import Case, Judgement, Outcome, Pair, Ranking, RunKind, StopReason, digest

__all__ = ["Job"]

RULES = 1  # raised when fold or parsers change what the same replies mean


@dataclass(frozen=True)
class Job:
    """Everything decided and checked; nothing asked yet."""

    settings: Settings
    judge_name: str
    judge: Judge
    plan: Plan
    inputs: io.Joined
    files: tuple[Path, ...]
    digests: tuple[str, ...]  # of the files, those of prompts and references last
    bound_engine: BoundEngine | None
    registry: Registry
    ranking: bool = False

    @property
    def comparing(self) -> bool:
        return len(self.inputs.models) > 1

    @property
    def price(self) -> Price | None:
        """What the engine's tokens cost, where there is an engine and its price is known."""
        return self.bound_engine.price if self.bound_engine else None

    @property
    def trials(self) -> int:
        """How many trials are planned; at most so many where the run chooses its games."""
        if self.settings.games is None:
            return self.plan.count()
        possible = sum(comb(len(case.responses), 2) for case in self.plan.cases)
        showings = self.plan.repeats * (1 + self.plan.both_orders)
        return min(possible, self.settings.games) * showings

    def within(self, spent: Spent) -> Job:
        """The job with one budget for it and all others within the same."""
        return replace(
            self, bound_engine=self.bound_engine and replace(self.bound_engine, spent=spent)
        )

    @property
    def kind(self) -> RunKind:
        """What the run does with its cases."""
        if self.ranking:
            return "rank"
        return "compare" if self.comparing else "score"

    def blank(self) -> AnySummary:
        """The summary as of no cases: the names of all metrics."""
        return self.summary([], None, None, self.adaptive())

    def decides(self, fingerprint: str) -> dict[str, Any]:
        """All that decides what the run says, the engine's fingerprint among it."""
        s = self.settings
        template = self.judge.template if isinstance(self.judge, PromptJudge) else None
        return (
            {
                "rules": RULES,
                "judge": self.judge_name,
                "judge_code": self.registry.code_of(type(self.judge)),
                "judge_identity": list(self.judge.identity),
                "model": s.model,
                "engine": fingerprint,
                "prompt": s.prompt,
                "prompt_digest": template.digest if template else "",
                "options": {k: repr(v) for k, v in vars(self.judge.options).items()},
                "sampling": repr(self.judge.asks_with),
                "reask": s.reask,
                "verdict": s.verdict,
                "retry_truncated": s.retry_truncated,
                "arity": self.plan.arity,
                "repeats": self.plan.repeats,
                "orders": s.orders,
                "merge": self.judge.merge,
                "tie_margin": s.tie_margin,
                "inconsistent": s.inconsistent,
                "models": list(self.inputs.models),
                "inputs": list(self.digests),
                "columns": dict(s.columns),
                "join": s.join,
                "skip_bad_rows": s.skip_bad_rows,
                "limit": s.limit,
            }
            | ({"task": "rank"} if self.ranking else {})
            | {name: v for name in ("until", "games") if (v := getattr(s, name)) is not None}
        )

    def identity(self, fingerprint: str) -> str:
        """Names the run: equal where everything that decides it is."""
        decides = self.decides(fingerprint)
        return digest(orjson.dumps(decides, option=orjson.OPT_SORT_KEYS).decode(), size=8)

    def folder(self, identity: str) -> Path:
        """Where the run goes."""
        if self.settings.out is not None:
            return self.settings.out
        return Path("runs") / runs.folder_name(self.inputs.models, self.judge_name, identity)

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> Path:
        """Judges, folds, summarises and writes; returns the run's folder."""
        engine = self.bound_engine.engine() if self.bound_engine else None
        try:
            return await self._run(engine, tally, on_progress)
        finally:
            if engine is not None:
                await engine.aclose()

    async def _run(
        self, engine: Engine | None, tally: Tally, on_progress: OnProgress | None
    ) -> Path:
        fingerprint = engine.fingerprint if engine else ""
        identity = self.identity(fingerprint)
        folder = self.folder(identity)
        runs.check_folder(folder, identity)
        started = datetime.datetime.now(datetime.UTC)
        tally.trials = self.trials
        outcomes: list[Outcome | Ranking] = []
        watch, adaptive = self.watch(), self.adaptive()
        chosen = self.chosen_games()
        with (
            ReplyStore(self.settings.store) as store,
            runs.RunWriter(folder, identity) as writer,
        ):

            def on_case(case: Case, judgements: Sequence[Judgement]) -> StopReason | None:
                games = chosen.of_case[case.id] if chosen else None
                outcome = self.outcome(case, judgements, games)
                outcomes.append(outcome)
                writer.add(case, judgements, outcome)
                return watch.add(outcome) if watch and isinstance(outcome, Outcome) else None

            ask = trial_runner(self.judge, self.bound_engine, engine, store, tally, on_progress)
            if chosen is not None:
                stop = await chosen.run(ask, on_case, self.ranked)
            elif adaptive is not None:
                stretch = max(4 * self.settings.concurrency, engine.window if engine else 0)
                stretch = FEWEST if watch else stretch  # no more than it may need
                stop = await run_adaptively(self.plan, ask, on_case, adaptive, stretch=stretch)
            else:
                stop = await ask(self.plan, on_case)
            paid = engine is not None and engine.stored
            cost = tally.cost(self.price) if paid and tally.calls else 0.0
            metadata = run_metadata(
                self.files,
                self.settings,
                started,
                tally,
                stop,
                cost,
                kind=self.kind,
                decides=self.decides(fingerprint),
                settled=dict(getattr(engine, "settled", {})),
            )
            anytime = watch.interval if watch else None
            writer.finish(self.summary(outcomes, stop, anytime, adaptive), metadata)
        if self.settings.out is None:
            runs.write_latest(folder)
        return folder

    def watch(self) -> Stopping | None:
        """What tells that the run knows enough, where `--until` asks for it."""
        if self.settings.until is None:
            return None
        return Stopping(
            [case.cluster or case.id for case in self.plan.cases],
            until=self.settings.until,
            inconsistent=self.settings.inconsistent,
        )

    def chosen_games(self) -> ActiveRanking | None:
        """What chooses who meets whom, where `--games` asks for it."""
        if self.settings.games is None:
            return None
        return ActiveRanking(self.plan, self.settings.games, self.settings.inconsistent)

    def adaptive(self) -> AdaptiveOrders | None:
        """What learns where the second order is not needed, where `--orders adaptive` asks for
        it; judges of single answers show no order."""
        if self.settings.orders != "adaptive" or self.plan.arity == 1:
            return None
        return AdaptiveOrders(self.judge.merge, self.settings.inconsistent)

    def outcome(
        self,
        case: Case,
        judgements: Sequence[Judgement],
        games: Sequence[Pair] | None = None,
    ) -> Outcome | Ranking:
        """One case folded as this job's judge and settings say."""
        if self.ranking:
            return self.ranked(case, judgements, games)
        if self.comparing and case.identical:
            return identical_outcome(case)
        return fold(
            case,
            judgements,
            merge=self.judge.merge,
            tie_margin=self.settings.tie_margin,
            both_orders=self._both_orders(judgements),
        )

    def ranked(
        self, case: Case, judgements: Sequence[Judgement], games: Sequence[Pair] | None
    ) -> Ranking:
        """One case's ranking; of `games` alone, where the run chose them."""
        return rank(
            case,
            judgements,
            arity=self.plan.arity,
            merge=self.judge.merge,
            tie_margin=self.settings.tie_margin,
            both_orders=self.plan.both_orders,
            games=games,
        )

    def _both_orders(self, judgements: Sequence[Judgement]) -> bool:
        """Whether a case was to be shown in both orders."""
        if self.settings.orders == "adaptive":
            return len({judgement.trial.order for judgement in judgements}) > 1
        return self.plan.both_orders

    def summary(
        self,
        outcomes: Sequence[Outcome | Ranking],
        stop: StopReason | None = None,
        anytime: Rate | None = None,
        adaptive: AdaptiveOrders | None = None,
    ) -> AnySummary:
        """What the run says: a pure function of its outcomes.

        Args:
            outcomes: One per judged case, in order.
            stop: Why the run ended before its last case, where it did.
            anytime: As `Summary.anytime_win_rate_a`.
            adaptive: What an adaptive run learned and left out.
        """
        return replace(
            self._metrics(outcomes, anytime, adaptive),
            heading=self.judge.heading,
            cases_planned=len(self.plan.cases),
            stop=stop,
            left_out=dict(self.inputs.left_out),
            repaired=self.inputs.repaired,
        )

    def _metrics(
        self,
        outcomes: Sequence[Outcome | Ranking],
        anytime: Rate | None,
        adaptive: AdaptiveOrders | None,
    ) -> AnySummary:
        models, s = self.inputs.models, self.settings
        if self.ranking:
            rankings = [o for o in outcomes if isinstance(o, Ranking)]
            chosen = self.chosen_games()
            return stats.summarise_rankings(
                rankings,
                judge=self.judge_name,
                model=s.model,
                inconsistent=s.inconsistent,
                ratings=chosen.ratings(rankings) if chosen else None,
            )
        folded = [o for o in outcomes if isinstance(o, Outcome)]
        if not self.comparing:
            return stats.summarise_scores(folded, a=models[0], judge=self.judge_name, model=s.model)
        compared = stats.summarise(
            folded,
            a=models[0],
            b=models[1],
            judge=self.judge_name,
            model=s.model,
            inconsistent=s.inconsistent,
            anytime=anytime,
            placed=None if adaptive is None else adaptive.calibration,
        )
        return replace(compared, adaptive=None if adaptive is None else adaptive.metrics())
