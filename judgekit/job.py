"""A job: one judged comparison or scoring, from its files to its run's folder.

`prepare` reads everything and refuses what cannot work before anything is paid; `Job.run` judges.
"""

from __future__ import annotations

import datetime
import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from judgekit import config, io, prices, record, stats
from judgekit.engines import Engine, EngineSetup, Price
from judgekit.errors import InputError
from judgekit.harness.ask import Desk, DeskLimits, Tally
from judgekit.harness.fold import fold, identical_outcome
from judgekit.harness.limits import Budget, RetryPolicy
from judgekit.harness.plan import Plan, choose_arity
from judgekit.harness.replies import ReplyStore
from judgekit.harness.run import OnCase, OnProgress, run_batches, run_trials
from judgekit.judging import BatchJudge, Judge, JudgeSetup
from judgekit.registry import Registry, make_options
from judgekit.settings import Settings
from judgekit.types import Case, Judgement, Outcome, Sampling, digest

__all__ = ["Job", "prepare"]

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
    engine_setup: EngineSetup | None
    registry: Registry
    price: Price | None

    @property
    def comparing(self) -> bool:
        return len(self.inputs.models) > 1

    def engine(self) -> Engine:
        """The engine that `--model` names, made anew."""
        if self.engine_setup is None or self.settings.model is None:
            raise AssertionError("this judge takes no engine")
        factory, _ = self.registry.engine(self.settings.model)
        return factory(self.engine_setup)

    def decides(self, fingerprint: str) -> dict[str, Any]:
        """All that decides what the run says, the engine's fingerprint among it."""
        s = self.settings
        files = [f for f in (*self.files, s.prompts, s.references) if f is not None]
        return {
            "rules": RULES,
            "judge": self.judge_name,
            "judge_identity": list(self.judge.identity),
            "model": s.model,
            "engine": fingerprint,
            "prompt": s.prompt,
            "options": {k: repr(v) for k, v in vars(self.judge.options).items()},
            "sampling": repr(self.judge.asks_with),
            "reask": s.reask,
            "retry_truncated": s.retry_truncated,
            "arity": self.plan.arity,
            "repeats": self.plan.repeats,
            "orders": s.orders,
            "merge": self.judge.merge,
            "tie_margin": s.tie_margin,
            "inconsistent": s.inconsistent,
            "models": list(self.inputs.models),
            "inputs": [io.input_digest(f) for f in files],
            "columns": dict(s.columns),
            "join": s.join,
            "skip_bad_rows": s.skip_bad_rows,
            "limit": s.limit,
        }

    def folder(self, identity: str) -> Path:
        """Where the run goes."""
        if self.settings.out is not None:
            return self.settings.out
        return Path("runs") / record.folder_name(self.inputs.models, self.judge_name, identity)

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> Path:
        """Judges, folds, summarises and writes; returns the run's folder."""
        engine = None if self.engine_setup is None else self.engine()
        try:
            return await self._run(engine, tally, on_progress)
        finally:
            if engine is not None:
                await engine.aclose()

    async def _run(
        self, engine: Engine | None, tally: Tally, on_progress: OnProgress | None
    ) -> Path:
        decides = self.decides(engine.fingerprint if engine else "")
        identity = digest(orjson.dumps(decides, option=orjson.OPT_SORT_KEYS).decode(), size=8)
        folder = self.folder(identity)
        record.check_folder(folder, identity)
        started = datetime.datetime.now(datetime.UTC)
        tally.trials = self.plan.count()
        outcomes: list[Outcome] = []
        with (
            ReplyStore(self.settings.store) as store,
            record.RunWriter(folder, identity) as writer,
        ):

            def on_case(case: Case, judgements: Sequence[Judgement]) -> None:
                outcome = self.outcome(case, judgements)
                outcomes.append(outcome)
                writer.add(case, judgements, outcome)

            stopped = await self._judge(engine, store, tally, on_case, on_progress)
            paid = engine is not None and engine.stored
            cost = tally.cost(self.price) if paid and tally.calls else 0.0
            facts = self._facts(started, tally, stopped, cost)
            facts["decides"] = decides
            facts["settled"] = dict(getattr(engine, "settled", {}))
            writer.finish(self.summary(outcomes, stopped), facts)
        if self.settings.out is None:
            record.write_latest(folder)
        return folder

    async def _judge(
        self,
        engine: Engine | None,
        store: ReplyStore,
        tally: Tally,
        on_case: OnCase,
        on_progress: OnProgress | None,
    ) -> str:
        if isinstance(self.judge, BatchJudge):
            await run_batches(self.plan, self.judge, store, tally, on_case, on_progress=on_progress)
            return ""
        if engine is None:
            raise InputError(f"the judge {self.judge_name!r} asks an engine, and has none")
        s = self.settings
        endpoint = self.engine_setup.endpoint if self.engine_setup else None
        limits = DeskLimits(
            timeout=s.timeout,
            retry=RetryPolicy(s.retries),
            rpm=s.rpm or (endpoint.rpm if endpoint else None),
            tpm=s.tpm or (endpoint.tpm if endpoint else None),
            retry_truncated=s.retry_truncated,
        )
        desk = Desk(engine, store, Budget(s.max_calls, s.max_cost, self.price), limits, tally)
        return await run_trials(
            self.plan,
            self.judge,
            desk,
            on_case,
            concurrency=s.concurrency,
            on_progress=on_progress,
        )

    def outcome(self, case: Case, judgements: Sequence[Judgement]) -> Outcome:
        """One case folded as this job's judge and settings say."""
        if self.comparing and case.identical:
            return identical_outcome(case)
        return fold(
            case,
            judgements,
            merge=self.judge.merge,
            tie_margin=self.settings.tie_margin,
            both_orders=self.plan.both_orders,
        )

    def summary(self, outcomes: Sequence[Outcome], stopped: str) -> dict[str, Any]:
        """`summary.json`: a pure function of the outcomes."""
        models, s = self.inputs.models, self.settings
        if self.comparing:
            said = stats.summarise(
                outcomes,
                a=models[0],
                b=models[1],
                judge=self.judge_name,
                model=s.model,
                inconsistent=s.inconsistent,
            ).as_dict()
        else:
            said = stats.summarise_scores(
                outcomes, a=models[0], judge=self.judge_name, model=s.model
            ).as_dict()
        return said | {
            "heading": self.judge.heading,
            "cases_planned": len(self.plan.cases),
            "stopped": stopped,
            "left_out": dict(self.inputs.left_out),
            "repaired": self.inputs.repaired,
        }

    def _facts(
        self, started: datetime.datetime, tally: Tally, stopped: str, cost: float | None
    ) -> dict[str, Any]:
        """What `run.json` holds beside the identity."""
        ended = datetime.datetime.now(datetime.UTC)
        return {
            "judgekit": version("judgekit"),
            "python": platform.python_version(),
            "files": [str(f) for f in self.files],
            "settings": {k: plain(v) for k, v in vars(self.settings).items()},
            "started": started.isoformat(timespec="seconds"),
            "ended": ended.isoformat(timespec="seconds"),
            "seconds": round((ended - started).total_seconds(), 3),
            "stopped": stopped,
            "counts": {
                "trials": tally.trials,
                "judged": tally.judged,
                "calls": tally.calls,
                "attempts": tally.attempts,
                "calls_from_store": tally.calls_from_store,
                "tokens_in": tally.tokens_in,
                "tokens_out": tally.tokens_out,
                "without_usage": tally.without_usage,
                "cost_usd": None if cost is None else round(cost, 6),
                "failures": dict(tally.failures),
                "retries": dict(tally.retries),
            },
        }


def plain(value: Any) -> Any:
    """A setting as JSON."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, tuple) else value


def prepare(files: Sequence[Path], settings: Settings) -> Job:
    """Reads the files, finds judge and engine, and checks that they fit; asks nothing."""
    registry = Registry.load(files=settings.plugins)
    user = config.load_user()
    inputs = read_inputs(files, settings)
    settings = choose_judge(settings, inputs, files)
    if settings.judge is None:
        raise AssertionError("choose_judge leaves a judge or raises")
    judge_class = registry.judge(settings.judge)
    arity = choose_arity(judge_class.arity, len(inputs.models))
    if arity is None:
        raise InputError(
            f"the judge {settings.judge!r} judges {sorted(judge_class.arity)} answers at a time, "
            f"not {len(inputs.models)}; see `judgekit plugins`"
        )
    needs_model(settings, judge_class)
    prompts = registry.prompts_for(judge_class)
    judge = judge_class(
        JudgeSetup(
            arity=arity,
            prompts=prompts,
            options=make_options(judge_class, settings.options),
            model=settings.model,
            prompt=prompts.load(settings.prompt) if settings.prompt else None,
            sampling=Sampling(
                settings.temperature,
                settings.max_tokens,
                settings.top_p,
                settings.seed,
                extra=tuple(settings.model_args.items()),
            ),
            reask=settings.reask,
        )
    )
    cases = inputs.cases[: settings.limit]
    judge.check(cases)
    setup, price = None, None
    if judge_class.model == "engine" and settings.model is not None:
        _, model = registry.engine(settings.model)
        endpoint = user.endpoint(settings.endpoint) if settings.endpoint else None
        setup = EngineSetup(
            model, settings.base_url, endpoint, settings.concurrency, dict(settings.model_args)
        )
        price = (endpoint.price if endpoint else None) or prices.price(model, user.prices)
    if settings.max_cost is not None and price is None and setup is not None:
        raise InputError(
            f"--max-cost needs the price of {settings.model!r}, which is not known; give it in "
            f"[prices] of your configuration, or limit with --max-calls"
        )
    plan = Plan(
        cases,
        arity,
        judge_class.names,
        settings.repeats or judge_class.repeats,
        settings.orders,
    )
    return Job(
        settings,
        Path(settings.judge).stem if "/" in settings.judge else settings.judge,
        judge,
        plan,
        inputs,
        tuple(files),
        setup,
        registry,
        price,
    )


def read_inputs(files: Sequence[Path], s: Settings) -> io.Joined:
    """The files' cases: one file of answers or of pairs, or two files of answers."""
    how: dict[str, Any] = {
        "columns": s.columns,
        "prompts": s.prompts,
        "references": s.references,
        "skip_bad_rows": s.skip_bad_rows,
    }
    if len(files) == 1 and io.holds_pairs(files[0], columns=s.columns):
        return io.load_pairs(files[0], **how)
    return io.join([io.load_answers(f, **how) for f in files], how=s.join)


def choose_judge(s: Settings, inputs: io.Joined, files: Sequence[Path]) -> Settings:
    """The judge said, else one for the model said, else `overlap` where there are references."""
    if s.judge is not None:
        return s
    if s.model is not None:
        return replace(s, judge="pairwise" if len(inputs.models) == 2 else "additive")
    if all(case.reference is not None for case in inputs.cases):
        return replace(s, judge="overlap")
    names = shlex.join(str(f) for f in files)
    verb = "compare" if len(inputs.models) == 2 else "score"
    asked = "pairwise" if verb == "compare" else "additive"
    raise InputError(
        "these answers have no references to measure against, so a judge is needed; for instance\n"
        f"  judgekit {verb} {names} --judge {asked} --model openai/gpt-4o-mini\n"
        f"  judgekit {verb} {names} --judge {asked} --model openai/MODEL "
        f"--base-url http://127.0.0.1:8000/v1\n"
        f"  judgekit {verb} {names} --judge overlap --references references.jsonl"
    )


def needs_model(s: Settings, judge: type[Judge]) -> None:
    """Refuses a judge without the model it asks, or with one that it would not use."""
    if judge.model == "none" and s.model is not None:
        raise InputError(f"the judge {s.judge!r} asks no model; leave out --model {s.model!r}")
    if judge.model == "engine" and s.model is None:
        raise InputError(
            f"the judge {s.judge!r} asks a model: add --model openai/gpt-4o-mini, or one of a "
            f"server of yours with --model openai/NAME --base-url URL"
        )
    if judge.model == "weights" and s.model is None:
        raise InputError(f"the judge {s.judge!r} needs its weights: add --model FOLDER or HUB-ID")
