"""Generating: prompts answered by any engine, as a file that can be judged.

`prepare_generation` reads everything and refuses what cannot work before anything is paid;
`GenerationJob.run` asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from judgekit import io
from judgekit.config.files import load_user
from judgekit.config.prices import Price
from judgekit.config.settings import GenerateSettings
from judgekit.errors import InputError
from judgekit.extension.engine import Engine
from judgekit.extension.registry import Registry
from judgekit.harness.dispatcher import Tally
from judgekit.harness.limits import USUAL_REPLY, Spent, expected_tokens
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.sampling import Generated, Sampler, Task, generate
from judgekit.harness.trials import OnProgress
from judgekit.io.write_answers import check_answers_file, write_answers
from judgekit.jobs.bindings import BoundEngine, check_price
from judgekit.jobs.metadata import stop_fields
from judgekit.types import Case, Sampling, StopReason

__all__ = [
    "Answers",
    "GenerationEstimate",
    "GenerationJob",
    "generation_over",
    "prepare_generation",
]

SCHEMA = "judgekit.generation/1"
MODEL_NEEDED = (
    "a model is needed to answer the prompts: add --model openai/gpt-4o-mini, or a local one with "
    "--model transformers/FOLDER"
)


@dataclass(frozen=True)
class Answers:
    """What was generated. `rows` are in the order of the prompts, a prompt's candidates together.

    `summary`: ``prompts * n`` = `answers` + the sum of `without_answer` (by status) +
    `not_asked`; `truncated` and `empty` ones are among the answers. `why` tells how most of those
    without an answer failed, empty where there are none.
    """

    rows: list[dict[str, Any]]
    summary: dict[str, Any]
    why: str = ""

    def write(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the rows as JSON Lines, the file whole or not at all.

        Raises `InputError` where other answers stand there (unless `force`), or there are none.
        """
        if not self.rows:
            raise InputError(f"no answers to write to {str(path)!r} ({self.why or 'none asked'})")
        write_answers(Path(path), self.rows, force=force)
        return Path(path)


@dataclass(frozen=True)
class GenerationEstimate:
    """`calls` is the most that will be asked: what the reply store holds is free. Tokens are
    counted roughly, four characters each."""

    prompts: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class GenerationJob:
    """Everything decided and checked; nothing asked yet. `model` is the name of the answers'."""

    settings: GenerateSettings
    intake: io.Intake[io.Prompt]
    prompts: Sequence[io.Prompt]
    sampler: Sampler
    bound_engine: BoundEngine
    model: str

    @property
    def price(self) -> Price | None:
        return self.bound_engine.price

    @property
    def remarks(self) -> list[str]:
        """A line where rows that cannot be used were left out."""
        return io.Joined([], (), (self.intake.counts,)).remarks

    def within(self, spent: Spent) -> GenerationJob:
        """The job with one budget for it and all others within the same."""
        return replace(self, bound_engine=replace(self.bound_engine, spent=spent))

    def tasks(self) -> list[Task]:
        """A task for each prompt, in their order."""
        return [
            Task(Case(named(p), p.messages, ()), each_turn=p.turns is not None)
            for p in self.prompts
        ]

    def row(self, prompt: io.Prompt, texts: Sequence[str], finish: str) -> dict[str, Any]:
        """A row of the file: the prompt as it stands in its own, with what goes along with it."""
        references = prompt.references
        along = {
            "reference": references[0] if len(references) == 1 else list(references) or None,
            "category": prompt.category,
            "cluster": prompt.cluster,
        }
        return {
            "id": named(prompt),
            "prompt": prompt.given,
            "response": texts[0] if prompt.turns is None and texts else list(texts),
            "model": self.model,
            "finish": finish,
        } | {name: value for name, value in along.items() if value is not None}

    def check_file(self, path: Path, *, force: bool = False) -> None:
        """Refuses (`InputError`) a file that the answers could not be written to in the end."""
        if path.exists() and path.samefile(self.intake.counts.file):
            raise InputError(f"{str(path)!r} holds the prompts; name another file with --out")
        check_answers_file(path, [self.row(p, (), "") for p in self.prompts], force=force)

    def estimate(self) -> GenerationEstimate:
        """What would be asked and cost, before anything is asked."""
        tasks, n = self.tasks(), self.settings.n
        usual = min(USUAL_REPLY, self.settings.max_tokens)
        calls = n * sum(task.turns for task in tasks)
        bare = sum(
            expected_tokens(self.sampler.call(task, [""] * turn, 0)) + turn * usual
            for task in tasks
            for turn in range(task.turns)
        )
        cost = None if self.price is None else self.price.cost(n * bare, calls * usual)
        return GenerationEstimate(len(tasks), calls, n * bare, calls * usual, cost)

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> Answers:
        """Asks what the reply store does not hold. Raises what stops a run (`EngineError`, …)."""
        s = self.settings
        tally.trials = s.n * len(self.prompts)
        engine = self.bound_engine.engine()
        try:
            with ReplyStore(s.store) as store:
                found, stop = await generate(
                    self.tasks(),
                    self.sampler,
                    self.bound_engine.dispatcher(engine, store, tally, self.bound_engine.budget()),
                    n=s.n,
                    concurrency=s.concurrency,
                    on_progress=on_progress,
                )
            return self._answers(found, stop, self._counts(engine, tally))
        finally:
            await engine.aclose()

    def _counts(self, engine: Engine, tally: Tally) -> dict[str, Any]:
        cost = tally.cost(self.price) if engine.stored and tally.calls else 0.0
        return {
            "calls": tally.calls,
            "calls_from_store": tally.calls_from_store,
            "tokens_in": tally.tokens_in,
            "tokens_out": tally.tokens_out,
            "cost_usd": None if cost is None else round(cost, 6),
        }

    def _answers(
        self, found: Sequence[Generated], stop: StopReason | None, counts: dict[str, Any]
    ) -> Answers:
        n = self.settings.n
        made = [(self.prompts[i // n], one) for i, one in enumerate(found) if one.texts]
        failed = Counter((one.status, one.error) for one in found if not one.texts)
        statuses = Counter(one.status.value for one in found if not one.texts)
        intake = self.intake.counts
        summary = {
            "schema": SCHEMA,
            "model": self.model,
            "engine": self.settings.model,
            "prompts": len(self.prompts),
            "n": n,
            "answers": len(made),
            "truncated": sum(one.finish == "length" for _, one in made),
            "empty": sum(not any(one.texts) for _, one in made),
            "without_answer": dict(statuses),
            "not_asked": n * len(self.prompts) - len(found),
            **stop_fields(stop),
            "left_out": {"duplicates": intake.duplicates, "unusable rows": intake.skipped},
            **counts,
        }
        why = ""
        if failed:
            [((status, error), count)] = failed.most_common(1)
            why = f"{count} of {len(found)} are {status.replace('_', ' ')}: {error}"
        return Answers([self.row(p, one.texts, one.finish) for p, one in made], summary, why)


def prepare_generation(
    file: Path, settings: GenerateSettings, registry: Registry | None = None
) -> GenerationJob:
    """Reads the prompts and finds the engine; asks nothing. `registry` saves loading the plugins.

    Raises `InputError`, `PluginError`.
    """
    s = settings
    if s.model is None:
        raise InputError(MODEL_NEEDED)
    intake = io.load_prompts(file, columns=s.columns, skip_bad_rows=s.skip_bad_rows)
    job = generation_over(intake, s, registry or Registry.load(files=s.plugins))
    check_prompts(job, file)
    return job


def generation_over(
    intake: io.Intake[io.Prompt], s: GenerateSettings, registry: Registry
) -> GenerationJob:
    """A generation of prompts that are read already. Raises `InputError`, `PluginError`."""
    if s.model is None:
        raise InputError(MODEL_NEEDED)
    bound_engine = BoundEngine.of(s, s.model, registry, load_user())
    check_price(s, bound_engine.price)
    sampling = Sampling(
        s.temperature, s.max_tokens, s.top_p, s.seed, s.stop, tuple(s.model_args.items())
    )
    return GenerationJob(
        s,
        intake,
        intake.kept[: s.limit],
        Sampler(sampling, system_of(s)),
        bound_engine,
        model_name(s, bound_engine),
    )


def named(prompt: io.Prompt) -> str:
    """The id, as the cases of files without ids are named where there is none."""
    return prompt.id or f"row-{prompt.line}"


def system_of(s: GenerateSettings) -> str:
    """The system prompt, from its file where it is in one."""
    if s.system_file is None:
        return s.system or ""
    try:
        return s.system_file.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise InputError(f"cannot read {str(s.system_file)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{str(s.system_file)!r} is not UTF-8; save it as UTF-8") from error


def model_name(s: GenerateSettings, bound_engine: BoundEngine) -> str:
    """``Mistral-7B`` or ``Mistral-7B+tuned``: of folders the last part, hub ids as they are."""
    parts = [bound_engine.setup.model, s.engine_options.get("adapter")]
    return s.name or "+".join(
        Path(part).resolve().name if Path(part).is_dir() else part for part in parts if part
    )


def check_prompts(job: GenerationJob, file: Path) -> None:
    """Refuses a second system prompt, and prompts that could not be written down in the end."""
    for prompt in job.prompts:
        where = f"{file}, {job.intake.unit} {prompt.line}"
        if job.sampler.system and any(m.role == "system" for m in prompt.messages):
            raise InputError(f"{where}: the prompt has a system message; leave out --system")
        try:
            orjson.dumps(prompt.given)
        except TypeError as error:
            raise InputError(f"{where}: the prompt cannot be written down ({error})") from error
