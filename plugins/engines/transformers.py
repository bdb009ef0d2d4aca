"""The engine `transformers/MODEL`: a chat model of transformers on this machine.

MODEL is a folder or a hub id. Weights are loaded at the first call that the reply store cannot
answer, so a run that is read again needs no GPU.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from judgekit.errors import CallFailure, EngineError, InputError
from judgekit.extension.engine import EngineSetup
from judgekit.models.loading import Checkpoint, Weights, find_checkpoint
from judgekit.naming import unknown
from judgekit.types import Call, Reply, Status, digest

from .transformers_chat import Chat, Prompt

if TYPE_CHECKING:
    from .transformers_rows import Row, Rows

__all__ = ["Options", "Transformers", "engine"]

VERSION = 1  # to be raised when the same weights answer the same call differently
ON_CPU = (8192, 64)  # tokens in a batch; calls in a window, which a killed run loses
ON_GPU = (65_536, 256)

ANY_LENGTH = 2**20  # tokens, where a model has no limit of its own

LabelQuery = tuple[tuple[int, ...], list[int]]  # a prompt's tokens and its labels'


@dataclass(frozen=True)
class Options:
    """The options of `--engine-arg`.

    `dtype`, `device`, `quant` and `adapter` as in `judgekit.models.loading.Weights`.
    `batch_tokens`: the most tokens of a batch, padding included; it is halved when memory runs out.
    `window`: the number of calls taken at once; their replies are stored together when the last is
    done. None: a default for the device.
    """

    dtype: Any = "auto"
    device: str = "auto"
    quant: Any = None
    adapter: str | None = None
    batch_tokens: int | None = None
    window: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Options:
        """Checks the options.

        Raises:
            InputError: There is no such option, or its value is invalid.
        """
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(
                    f"the engine transformers has {unknown('option', name, known, there='it has')}"
                )
        options = cls(**given)
        # The harness takes a window of 1 for an API and would send many calls at once.
        for name, least in (("batch_tokens", 1), ("window", 2)):
            number = getattr(options, name)
            if number is not None and (type(number) is not int or number < least):
                raise InputError(f"{name} must be a whole number from {least}, not {number!r}")
        return options


def engine(setup: EngineSetup) -> Transformers:
    """Makes the engine of `transformers/MODEL`.

    Args:
        setup: The user's settings.

    Raises:
        InputError: There is no such model, it has no chat template or cannot be batched, an option
            is invalid, a URL is given (a local model has none), or torch is not installed.
    """
    if setup.base_url is not None or setup.endpoint is not None:
        raise InputError(
            f"transformers/{setup.model} runs on this machine and has no URL; leave out "
            f"--base-url and --endpoint, or ask a server with --model openai/{setup.model}"
        )
    options = Options.of(setup.options)
    weights = Weights(
        setup.model,
        options.dtype,
        str(options.device),
        options.quant,
        None if options.adapter is None else str(options.adapter),
    )
    return Transformers(
        find_checkpoint(weights), batch_tokens=options.batch_tokens, window=options.window
    )


class Transformers:
    """One chat model; it answers windows of calls on a worker thread, one after another."""

    stored = True
    settled: ClassVar[Mapping[str, str]] = {}  # no parameter is ever refused

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        batch_tokens: int | None = None,
        window: int | None = None,
    ) -> None:
        check_cache(checkpoint)
        self._checkpoint = checkpoint
        self._chat = Chat(checkpoint.name, checkpoint.load_tokenizer())
        usual = ON_CPU if checkpoint.device.type == "cpu" else ON_GPU
        self._budget = batch_tokens or usual[0]
        self.window = window or usual[1]
        self._context = getattr(
            checkpoint.config.get_text_config(decoder=True), "max_position_embeddings", None
        )
        self._label_spellings: dict[tuple[str, ...], Mapping[int, str]] = {}
        self._loaded: tuple[Any, Rows] | None = None
        self.fingerprint = f"transformers {VERSION} {checkpoint.fingerprint}"

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        """The replies, in order.

        Raises:
            EngineError: No call can be answered: the weights cannot be loaded, the model keeps
                more than keys and values, a `--model-arg` is no variable of the chat template,
                or a label is not a single token.
        """
        given_up = threading.Event()
        try:
            return await asyncio.to_thread(self._answer, calls, given_up)
        except InputError as error:
            raise EngineError(str(error)) from error
        finally:
            given_up.set()  # a stopped run does not wait for the window

    async def aclose(self) -> None:
        """Releases the weights."""
        self._loaded = None

    def _answer(
        self, calls: Sequence[Call], given_up: threading.Event
    ) -> list[Reply | CallFailure]:
        written = [i for i, call in enumerate(calls) if call.generate]
        read = [i for i, call in enumerate(calls) if not call.generate]
        replies: dict[int, Reply | CallFailure] = {}
        replies |= zip(written, self._generate([calls[i] for i in written], given_up), strict=True)
        replies |= zip(read, self._read_labels([calls[i] for i in read]), strict=True)
        return [replies[i] for i in range(len(calls))]

    def _generate(
        self, calls: Sequence[Call], given_up: threading.Event
    ) -> list[Reply | CallFailure]:
        """Generates a reply to each call."""
        started = [self._row(call) for call in calls]
        rows = [row for row in started if not isinstance(row, CallFailure)]
        if rows:
            _, batches = self._model()
            batches.run(rows, given_up.is_set)
        return [
            row if isinstance(row, CallFailure) else reply_of(row, call)
            for row, call in zip(started, calls, strict=True)
        ]

    def _row(self, call: Call) -> Row | CallFailure:
        from .transformers_rows import Row

        try:
            prompt = self._chat.prompt(call)
            room = self._room(prompt)
        except CallFailure as failure:
            return failure
        s = call.sampling
        repeat = 0 if call.trial is None else call.trial.repeat
        return Row(
            prompt.ids,
            min(room, s.max_tokens or room),
            s.temperature or 0.0,
            1.0 if s.top_p is None else s.top_p,
            int(digest(call.digest, str(repeat), size=8), 16),
            s.stop,
            call.ends,
            self._spellings(call.labels),
        )

    def _room(self, prompt: Prompt) -> int:
        """The most tokens of an answer to a prompt.

        Raises:
            CallFailure: There is no room for an answer.
        """
        if self._context is None:
            return ANY_LENGTH
        room: int = self._context - len(prompt.ids)
        if room < 1:
            raise CallFailure(
                "too long",
                f"the prompt has {len(prompt.ids)} tokens, and the model takes {self._context} "
                f"with its answer",
                status=Status.TOO_LONG,
            )
        return room

    def _spellings(self, labels: tuple[str, ...]) -> Mapping[int, str]:
        if not labels:
            return {}
        if labels not in self._label_spellings:
            self._label_spellings[labels] = self._chat.spellings(labels)
        return self._label_spellings[labels]

    def _read_labels(self, calls: Sequence[Call]) -> list[Reply | CallFailure]:
        """The probabilities of each call's labels right after its prompt, without any text."""
        queries = [self._label_query(call) for call in calls]
        asked = [query for query in queries if not isinstance(query, CallFailure)]
        logprobs = iter(self._logprobs(asked, self._budget) if asked else ())
        return [
            query if isinstance(query, CallFailure) else read_reply(call, query, next(logprobs))
            for query, call in zip(queries, calls, strict=True)
        ]

    def _label_query(self, call: Call) -> LabelQuery | CallFailure:
        from judgekit.models.label_logits import label_tokens

        tokenizer = self._chat.tokenizer
        try:
            prompt = self._chat.prompt(call)
            self._room(prompt)
            gap = prompt.end[len(prompt.end.rstrip()) :]
            try:
                return prompt.ids, label_tokens(tokenizer, prompt.end, call.labels)
            except InputError:
                if not gap:
                    raise
            # Many tokenizers join a space and the next word in one token.
            stripped = self._chat.prompt(call, strip=True)
            labels = [gap + label for label in call.labels]
            return stripped.ids, label_tokens(tokenizer, stripped.end, labels)
        except CallFailure as failure:
            return failure

    def _logprobs(
        self, queries: Sequence[LabelQuery], token_budget: int
    ) -> list[list[float] | CallFailure]:
        """Each query's log-probabilities; half of them at a time if memory runs out."""
        from judgekit.models.label_logits import label_logprobs

        from .transformers_rows import free_memory, out_of_memory

        model, _ = self._model()
        try:
            return list(label_logprobs(model, queries, token_budget=token_budget))
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        free_memory(model.device)
        if len(queries) == 1:
            tokens = len(queries[0][0])
            return [CallFailure("out of memory", f"a prompt of {tokens} tokens does not fit alone")]
        half = len(queries) // 2
        parts = (queries[:half], queries[half:])
        return [logprobs for part in parts for logprobs in self._logprobs(part, token_budget // 2)]

    def _model(self) -> tuple[Any, Rows]:
        """The model and what generates with it, loaded at the first use."""
        if self._loaded is None:
            from judgekit.models.checkpoint_checks import end_token_ids
            from judgekit.models.forward import cache_argument

            from .transformers_rows import Rows

            model = self._checkpoint.load_model()
            if cache_argument(model) is None:
                raise batching_error(self._checkpoint.name)
            ends = end_token_ids(model.generation_config.eos_token_id, self._chat.tokenizer)
            rows = Rows(
                model,
                budget=self._budget,
                ends=frozenset(ends),
                decode=self._chat.text,
            )
            self._loaded = (model, rows)
        return self._loaded


def reply_of(row: Row, call: Call) -> Reply | CallFailure:
    """The reply of a finished row; it starts with the prefill."""
    if row.failure is not None:
        return row.failure
    return Reply(
        call.prefill + row.text,
        row.finish,
        tokens_in=len(row.prompt),
        tokens_out=len(row.ids),
        label_logprobs=row.label_logprobs,
    )


def read_reply(
    call: Call, query: LabelQuery, logprobs: list[float] | CallFailure
) -> Reply | CallFailure:
    """The reply to a call that only reads labels."""
    if isinstance(logprobs, CallFailure):
        return logprobs
    chances = dict(zip(call.labels, logprobs, strict=True))
    return Reply("", tokens_in=len(query[0]), tokens_out=0, label_logprobs=chances)


def check_cache(checkpoint: Checkpoint) -> None:
    """Checks that rows can join and leave a batch.

    Raises:
        InputError: The model keeps other states than keys and values.
    """
    from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

    layers = DynamicCache(config=checkpoint.config).layers
    other = {type(layer) for layer in layers} - {DynamicLayer, DynamicSlidingWindowLayer}
    if other or checkpoint.config.is_encoder_decoder:
        raise batching_error(checkpoint.name)


def batching_error(name: str) -> InputError:
    """The error for a model whose rows cannot join and leave a batch."""
    return InputError(
        f"{name!r} is no decoder that keeps keys and values alone, so this engine "
        f"cannot batch it; serve it and judge with --model openai/NAME --base-url URL"
    )
