"""Reward models: networks that score the last answer of a conversation with one number.

Any sequence-classification checkpoint of transformers with one output and a chat template. The
score is the network's raw output: higher is better, and the scale is the model's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from judgekit.errors import EngineError, InputError
from judgekit.models import loading
from judgekit.models.reward_chat import EncodedConversation, RewardChat
from judgekit.types import Message

__all__ = ["RewardModel"]

HEADS = ("score", "classifier")  # transformers' names of the last layer; it is not quantised
UNLIMITED = 10**9  # tokenizers say 10^30 if they know no limit


class RewardModel:
    """A reward model; its weights are read when the first score is asked.

    `fingerprint` is a digest of weights, config, tokenizer, dtype and quantisation.

    Args:
        name: A folder or a hub id.
        dtype: As in `judgekit.models.loading.Weights`.
        device: As in `judgekit.models.loading.Weights`.
        quant: As in `judgekit.models.loading.Weights`.
        max_length: The most tokens of a conversation, at most the model's limit; None for that
            limit.
        batch_tokens: The most tokens of a batch, padding included; a longer conversation is a batch
            of its own.

    Raises:
        InputError: torch is not installed, there is no such model, it has no safetensors, more than
            one output or no chat template, or a setting is impossible.
    """

    def __init__(
        self,
        name: str,
        *,
        dtype: loading.DType = "auto",
        device: str = "auto",
        quant: loading.Quant | None = None,
        max_length: int | None = None,
        batch_tokens: int = 16_384,
    ) -> None:
        if batch_tokens < 1:
            raise InputError(f"batch_tokens must be at least 1, not {batch_tokens!r}")
        self.checkpoint = loading.find_checkpoint(loading.Weights(name, dtype, device, quant))
        config = self.checkpoint.config
        if config.num_labels != 1:
            raise InputError(
                f"{name!r} has {config.num_labels} outputs and a reward model has one; "
                f"a chat model judges with --judge additive --model transformers/{name}"
            )
        tokenizer = self.checkpoint.load_tokenizer()
        self.max_length = length_limit(name, max_length, config, tokenizer)
        self.batch_tokens = batch_tokens
        self._chat = RewardChat(name, tokenizer, self.max_length)

    @property
    def fingerprint(self) -> str:
        return self.checkpoint.fingerprint

    def encode(self, conversation: Sequence[Message]) -> EncodedConversation:
        """Encodes a conversation, whose last message is the answer, as tokens.

        If it is too long, the oldest turns are left out, then the beginning of the question; the
        remark says so.

        Raises:
            ConversationTooLong: It does not fit even so.
            UnrenderableConversation: The chat template cannot render it.
        """
        return self._chat.encode(conversation)

    def score(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Scores rows of token ids; other rows change a score by rounding only.

        Args:
            rows: Token ids of each conversation, of any lengths.

        Returns:
            The raw output for each row, in order.

        Raises:
            EngineError: The weights cannot be loaded.
        """
        scores = [0.0] * len(rows)
        for batch in batches([len(row) for row in rows], self.batch_tokens):
            values = self._forward([rows[i] for i in batch])
            for i, value in zip(batch, values, strict=True):
                scores[i] = value
        return scores

    def _forward(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """One padded batch. Padding is on the right, where it moves no position."""
        import torch

        pad = self._padding({row[-1] for row in rows})
        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), pad)
        mask = torch.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
            mask[i, : len(row)] = 1
        device = self.checkpoint.device
        with torch.inference_mode():
            output = self._network(input_ids=ids.to(device), attention_mask=mask.to(device))
        values: list[float] = output.logits.float().squeeze(-1).tolist()
        return values

    def _padding(self, ends: set[int]) -> int:
        """The id to pad rows with that end on the ids `ends`.

        A decoder finds the end of a row as the last token that is not the padding id. A checkpoint
        that names the id was trained with it. One without reads the very last token; this works for
        every row if no row ends with the id.
        """
        config = self.checkpoint.config.get_text_config()
        if config.pad_token_id is not None and 0 <= config.pad_token_id < config.vocab_size:
            return int(config.pad_token_id)
        free = next(i for i in range(len(ends) + 1) if i not in ends)
        self._network.config.get_text_config().pad_token_id = free
        return free

    @cached_property
    def _network(self) -> Any:
        at = self.checkpoint
        with loading.loading_errors(at.name):
            network, missing = load_network(at)
        if missing:
            raise EngineError(
                f"{at.name!r} is no reward model: it lacks {len(missing)} of its weights "
                f"({missing[0]!r}), which would be random"
            )
        network.config.get_text_config().use_cache = False  # a single pass needs no cache
        return network.eval()


def load_network(at: loading.Checkpoint) -> tuple[Any, list[str]]:
    """The sequence classifier on its device, and the names of weights that its files lack."""
    import transformers

    library: Any = transformers
    return loading.load_weights(at, library.AutoModelForSequenceClassification, HEADS)


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Batches of row indices, longest rows first, padded to at most `budget` tokens.

    Args:
        lengths: The number of tokens of each row.
        budget: The most tokens of a batch, padding included.
    """
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def length_limit(name: str, asked: int | None, config: Any, tokenizer: Any) -> int | None:
    """The most tokens of a conversation: `asked`, checked against the model's limit.

    Raises:
        InputError: `asked` is not within 1 and the limit.
    """
    positions = getattr(config.get_text_config(), "max_position_embeddings", None)
    known = [n for n in (tokenizer.model_max_length, positions) if n and 0 < n < UNLIMITED]
    most = min(known, default=None)
    if asked is None:
        return most
    if asked < 1 or (most is not None and asked > most):
        bound = "at least 1" if most is None else f"1 to {most}"
        raise InputError(f"max_length must be {bound} for {name!r}, not {asked!r}")
    return asked
