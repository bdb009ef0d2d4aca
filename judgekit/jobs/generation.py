"""Generating answers: the prompts of a file answered by any engine, as a file that can be judged.

`prepare_generation` reads everything and refuses what cannot work before anything is paid;
`GenerationJob.run` asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit import io
from judgekit.config.files import load_user
from judgekit.config.prices import Price
from judgekit.config.settings import GenerateSettings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.harness.sampling import Generated, GenerationTask, Sampler
from judgekit.harness.tally import Tally
from judgekit.harness.trials import OnProgress
from judgekit.io.jsonl import json_text
from judgekit.io.write_answers import check_answers_file, write_answers
from judgekit.jobs.bindings import BoundEngine, check_price
from judgekit.jobs.event_loop import in_loop
from judgekit.jobs.text_generation import GeneratedTexts, GenerationEstimate, TextGeneration
from judgekit.runs import RunCounts
from judgekit.stats.plain import encode
from judgekit.types import Case, Sampling

__all__ = [
    "Answers",
    "GenerationEstimate",
    "GenerationJob",
    "prepare_generation",
    "run_generation",
]

SCHEMA = "judgekit.generation/1"


@dataclass(frozen=True)
class Answers:
    """The generated answers.

    `rows` are in the order of the prompts, a prompt's candidates together. In `summary`,
    ``prompts * n`` is `answers` + the sum of `without_answer` (by status) + `not_asked`; the
    `truncated` and `empty` ones are among the answers. `counts` is what was asked. `why` says how
    most of those without an answer failed; it is empty where there are none.
    """

    rows: list[dict[str, Any]]
    summary: dict[str, Any]
    counts: RunCounts
    why: str = ""

    def __repr__(self) -> str:
        return f"<Answers {len(self.rows)} to {self.summary['prompts']} prompts>"

    def write(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the rows as JSON Lines, the whole file or nothing.

        Args:
            path: The file, NAME.jsonl.
            force: Whether other answers in that file are replaced.

        Returns:
            The file's path.

        Raises:
            InputError: The file holds other answers, or there are none to write.
        """
        if not self.rows:
            raise InputError(f"no answers to write to {str(path)!r} ({self.why or 'none asked'})")
        write_answers(Path(path), self.rows, force=force)
        return Path(path)


@dataclass(frozen=True)
class GenerationJob:
    """Everything decided and checked; nothing asked yet.

    `model` is the name of the answers' model in the file.
    """

    settings: GenerateSettings
    intake: io.Intake[io.Prompt]
    prompts: Sequence[io.Prompt]
    generation: TextGeneration
    model: str

    @property
    def price(self) -> Price | None:
        """The price of the engine's tokens, None where it is not known."""
        return self.generation.bound_engine.price

    @property
    def remarks(self) -> list[str]:
        """A line where rows that cannot be used were left out."""
        return io.Joined([], (), (self.intake.counts,)).remarks

    def row(self, prompt: io.Prompt, texts: Sequence[str], finish: str) -> dict[str, Any]:
        """A row of the file: the prompt as its own file has it, its columns, and the answer."""
        references = prompt.references
        columns = {
            "reference": references[0] if len(references) == 1 else list(references) or None,
            "category": prompt.category,
            "cluster": prompt.cluster,
        }
        return {
            "id": prompt_id(prompt),
            "prompt": prompt.given,
            "response": texts[0] if prompt.turns is None and texts else list(texts),
            "model": self.model,
            "finish": finish,
        } | {name: value for name, value in columns.items() if value is not None}

    def check_file(self, path: Path, *, force: bool = False) -> None:
        """Checks, before anything is asked, that the answers can be written in the end.

        Args:
            path: The file, NAME.jsonl.
            force: Whether other answers in that file may be replaced.

        Raises:
            InputError: They cannot.
        """
        prompts_file = self.intake.counts.file
        if path.exists() and isinstance(prompts_file, Path) and path.samefile(prompts_file):
            raise InputError(f"{str(path)!r} holds the prompts; name another file with --out")
        check_answers_file(path, [self.row(p, (), "") for p in self.prompts], force=force)

    def estimate(self) -> GenerationEstimate:
        """What would be asked and cost, before anything is asked."""
        return self.generation.estimate()

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> Answers:
        """Asks what the reply store does not hold. See `TextGeneration.run`."""
        return self._answers(await self.generation.run(tally, on_progress))

    def _answers(self, generated: GeneratedTexts) -> Answers:
        n, candidates = self.settings.n, generated.candidates
        answered = [(self.prompts[i // n], one) for i, one in enumerate(candidates) if one.texts]
        intake, counts, stop = self.intake.counts, generated.counts, generated.stop
        summary = {
            "schema": SCHEMA,
            "model": self.model,
            "engine": self.settings.model,
            "prompts": len(self.prompts),
            "n": n,
            "answers": len(answered),
            "truncated": sum(one.finish == "length" for _, one in answered),
            "empty": sum(not any(one.texts) for _, one in answered),
            "without_answer": dict(Counter(o.status.value for o in candidates if not o.texts)),
            "not_asked": self.generation.candidates - len(candidates),
            "stopped": "" if stop is None else stop.text,
            "stop": encode(stop),
            "left_out": {
                "duplicates": intake.duplicates,
                "empty rows": intake.empty,
                "unusable rows": intake.skipped,
            },
            "calls": counts.calls,
            "calls_now": counts.calls_now,
            "calls_from_store": counts.calls_from_store,
            "reused": counts.reused,
            "tokens_in": counts.tokens_in,
            "tokens_out": counts.tokens_out,
            "tokens_cached": counts.tokens_cached,
            "without_usage": counts.without_usage,
            "cost_usd": counts.cost_usd,
        }
        rows = [self.row(p, one.texts, one.finish) for p, one in answered]
        return Answers(rows, summary, counts, commonest_failure(candidates))


def commonest_failure(candidates: Sequence[Generated]) -> str:
    """How most candidates without an answer failed, in words; empty where there are none."""
    failed = Counter((one.status, one.error) for one in candidates if not one.texts)
    if not failed:
        return ""
    [((status, error), count)] = failed.most_common(1)
    return f"{count} of {len(candidates)} are {status.replace('_', ' ')}: {error}"


def prepare_generation(
    file: io.Input, settings: GenerateSettings, registry: Registry | None = None
) -> GenerationJob:
    """Reads the prompts and finds the engine; asks nothing.

    Args:
        file: Prompts, or answers or pairs with prompts.
        settings: How to generate.
        registry: The plugins; loaded where it is not given.

    Raises:
        InputError: The file cannot be used, or no model is named.
        PluginError: The engine's plugin cannot be loaded.
    """
    s = settings
    if s.model is None:
        raise InputError(
            "a model is needed to answer the prompts: add --model openai/gpt-4o-mini, or a local "
            "one with --model transformers/FOLDER"
        )
    intake = io.load_prompts(file, columns=s.columns, skip_bad_rows=s.skip_bad_rows)
    registry = registry or Registry.load(files=s.plugins)
    bound_engine = BoundEngine.of(s, s.model, registry, load_user())
    check_price(s, bound_engine.price)
    sampling = Sampling(
        s.temperature, s.max_tokens, s.top_p, s.seed, s.stop, tuple(s.model_args.items())
    )
    prompts = intake.kept[: s.limit]
    sampler = Sampler(sampling, system_prompt(s))
    check_prompts(prompts, sampler, f"{file}, {intake.unit}")
    tasks = [
        GenerationTask(Case(prompt_id(p), p.messages, ()), each_turn=p.turns is not None)
        for p in prompts
    ]
    generation = TextGeneration(tasks, sampler, bound_engine, s.n)
    return GenerationJob(s, intake, prompts, generation, model_name(s, bound_engine))


def run_generation(
    job: GenerationJob, tally: Tally | None = None, on_progress: OnProgress | None = None
) -> Answers:
    """Runs a prepared generation to its end; in a notebook on a thread of its own.

    Args:
        job: What to run.
        tally: Counts what is done; a progress bar may read it.
        on_progress: Called after each candidate.

    Raises:
        EngineError: No call can be answered.
        StoreError: The reply store cannot be used.
    """
    counted = tally or Tally()
    return in_loop(lambda: job.run(counted, on_progress))


def prompt_id(prompt: io.Prompt) -> str:
    """The prompt's id, or ``row-N`` by its line, as cases of files without ids are named."""
    return prompt.id or f"row-{prompt.line}"


def system_prompt(s: GenerateSettings) -> str:
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


def check_prompts(prompts: Sequence[io.Prompt], sampler: Sampler, place: str) -> None:
    """Refuses (`InputError`) a second system prompt, and prompts that JSON cannot hold.

    `place`: the file and the word for its lines, for messages.
    """
    for prompt in prompts:
        where = f"{place} {prompt.line}"
        if sampler.system and any(m.instructs for m in prompt.messages):
            raise InputError(f"{where}: the prompt has a system message; leave out --system")
        try:
            json_text(prompt.given)
        except TypeError as error:
            raise InputError(f"{where}: the prompt cannot be written down ({error})") from error
