"""Verdicts from one forward pass: the log-probabilities of a few labels after a prompt.

Nothing is generated. The prompts of one judge have a common prefix (instructions, rubric). It is
computed once and its keys and values are shared by all rows; the rest of the prompts goes through
the model in batches of similar lengths.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from judgekit.errors import InputError
from judgekit.models.forward import base_model, cache_argument, forward_arguments

__all__ = ["can_reuse", "label_logprobs", "label_tokens"]

Tokens = tuple[int, ...]

MIN_SHARED = 16  # tokens; with fewer, a separate pass for them costs more than it saves
MAX_PADDING = 1 / 8  # share of a batch
SHIFTING_ROPES = ("dynamic", "longrope")  # rotate keys by the length of the whole prompt

log = logging.getLogger(__name__)


def label_logprobs(
    model: Any,
    rows: Sequence[tuple[Sequence[int], Sequence[int]]],
    *,
    token_budget: int = 8192,
    reuse: bool = True,
) -> list[list[float]]:
    """Log-probabilities (natural, over the whole vocabulary) of each row's labels.

    Equal prompts are computed once.

    Args:
        model: A causal language model of transformers in eval mode.
        rows: Pairs of token ids: a prompt, and the labels that may follow it.
        token_budget: The most tokens of a batch, padding included; a longer prompt is a batch of
            its own.
        reuse: Whether to compute the common prefix once, if the model allows it; if not, a warning
            says once why. The result differs from that of the plain pass by rounding only (1e-6 in
            fp32).

    Returns:
        For each row the log-probabilities of its labels, in order.

    Raises:
        ValueError: A prompt is empty.
    """
    wanted: dict[Tokens, list[int]] = {}
    for number, (prompt, _) in enumerate(rows):
        wanted.setdefault(tuple(prompt), []).append(number)
    if () in wanted:
        raise ValueError("a prompt has no tokens, so nothing can follow it")
    prompts = list(wanted)
    shared = shared_tokens(prompts) if reuse and len(prompts) > 1 else 0
    if shared < MIN_SHARED:
        shared = 0
    elif why := obstacle(model, max(map(len, prompts))):
        warn_once(
            f"{model_label(model)} {why}, so the prompts' common prefix is computed for each prompt"
        )
        shared = 0
    logprobs: list[list[float]] = [[]] * len(rows)
    with torch.inference_mode():
        past = prefix_states(model, prompts[0][:shared]) if shared else {}
        for batch in batches(prompts, shared, token_budget):
            for prompt, chances in zip(
                batch, next_token_logprobs(model, batch, shared, past), strict=True
            ):
                for number in wanted[prompt]:
                    logprobs[number] = chances[list(rows[number][1])].tolist()
    return logprobs


def can_reuse(model: Any, tokens: int | None = None) -> bool:
    """Whether a shared prefix's states can be reused without changing the result.

    They cannot if a layer keeps anything but keys and values, attends to a window shorter than the
    prompts, or has positions that depend on the length of the whole prompt; nor if the model takes
    no positions or no cache.

    Args:
        model: A model of transformers.
        tokens: The longest prompt's number of tokens; None for prompts of any length.
    """
    return obstacle(model, tokens) is None


def obstacle(model: Any, tokens: int | None) -> str | None:
    """Why `can_reuse` is false, as the predicate of "the model …"; None if it is true."""
    config = base_model(model).config.get_text_config(decoder=True)
    if config.is_encoder_decoder:
        return "is an encoder-decoder"
    if "position_ids" not in forward_arguments(model):
        return "takes no position_ids"
    if cache_argument(model) is None:
        return "takes no cache of keys and values"
    for kind in rope_types(config):
        if kind in SHIFTING_ROPES:
            return f"has rotary positions ({kind}) that depend on the length of the whole prompt"
    for layer in DynamicCache(config=config).layers:
        if type(layer) is DynamicSlidingWindowLayer:
            if tokens is None or tokens > layer.sliding_window:
                return f"attends to the last {layer.sliding_window} tokens only in some layers"
        elif type(layer) is not DynamicLayer:
            return "has layers that keep something else than keys and values"
    return None


def model_label(model: Any) -> str:
    """A model's name and class, for messages."""
    name = getattr(base_model(model).config, "name_or_path", "")
    kind = type(base_model(model)).__name__
    return f"{name} ({kind})" if name else kind


@cache
def warn_once(message: str) -> None:
    """Logs a warning the first time it is called with a message."""
    log.warning(message)


def label_tokens(tokenizer: Any, prefix_text: str, labels: Sequence[str]) -> list[int]:
    """The token id of each label right after `prefix_text`.

    Args:
        tokenizer: A tokenizer of transformers.
        prefix_text: The text before the label.
        labels: The labels.

    Returns:
        The token ids, in order.

    Raises:
        InputError: A label is not a single token there, is unknown to the tokenizer, or is the same
            token as another label.
    """

    def encode(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False))

    before = encode(prefix_text)
    labels_by_token: dict[int, str] = {}
    for label in labels:
        *start, token = encode(prefix_text + label) or [0]
        if start != before:
            why = "is not one token by itself"
        elif token == tokenizer.unk_token_id:
            why = "is no token"
        elif token in labels_by_token:
            why = f"is the same token as {labels_by_token[token]!r}"
        else:
            labels_by_token[token] = label
            continue
        raise InputError(
            f"the label {label!r} {why} after {prefix_text[-16:]!r} for this model's tokenizer, so "
            f"its probability cannot be read; use --verdict text, or a prompt with other labels"
        )
    return list(labels_by_token)


def rope_types(config: Any) -> Iterator[object]:
    """The kinds of rotary positions in a config: one for all layers, or one per kind of layer."""
    rope = getattr(config, "rope_parameters", None) or {}
    for parameters in (rope, *rope.values()):
        if isinstance(parameters, dict):
            yield parameters.get("rope_type")


def shared_tokens(prompts: Sequence[Tokens]) -> int:
    """The length of the prompts' common prefix, leaving each prompt at least its last token."""
    low, high = min(prompts), max(prompts)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
    return min(alike, min(map(len, prompts)) - 1)


def batches(
    prompts: Sequence[Tokens], shared: int, token_budget: int
) -> Iterator[Sequence[Tokens]]:
    """Batches of prompts with little padding, longest prompts first.

    The first `shared` tokens of each prompt are not part of the batch and do not count.
    """
    batch: list[Tokens] = []
    text_tokens = 0  # tokens in it that are not padding
    for prompt in sorted(prompts, key=len, reverse=True):
        tokens = len(prompt) - shared
        size = (len(batch) + 1) * (len(batch[0]) - shared if batch else tokens)
        if batch and (size > token_budget or text_tokens < size * (1 - MAX_PADDING) - tokens):
            yield batch
            batch, text_tokens = [], 0
        batch.append(prompt)
        text_tokens += tokens
    if batch:
        yield batch


def prefix_states(model: Any, prefix: Tokens) -> dict[str, Cache]:
    """Keys and values of the prefix, under the name of the argument that takes them."""
    ids = torch.tensor([prefix], device=model.device)
    name = cache_argument(model)
    if name is None:
        raise TypeError(f"{model_label(model)} takes no cache of keys and values")
    filled: Any = DynamicCache(config=base_model(model).config)
    model(input_ids=ids, **{name: filled}, use_cache=True, logits_to_keep=1)
    return {name: Cache([SharedLayer(layer.keys, layer.values) for layer in filled.layers])}


class SharedLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's keys and values (1, heads, shared, width), shared by all rows and never extended.

    A cache of transformers is copied for each batch and stores what the batch adds. Neither is
    needed here, since no pass follows.
    """

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.lazy_initialization(keys, values)
        self.keys, self.values = keys, values

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows = key_states.shape[0]
        return (
            torch.cat([self.keys.expand(rows, -1, -1, -1), key_states], dim=-2),
            torch.cat([self.values.expand(rows, -1, -1, -1), value_states], dim=-2),
        )


def next_token_logprobs(
    model: Any, prompts: Sequence[Tokens], shared: int, past: dict[str, Cache]
) -> torch.Tensor:
    """Log-probabilities of the next token, (rows, vocabulary), in fp32.

    Padding is on the left of what is not shared. So every row ends in the same column, and only
    that column's logits are computed.
    """
    longest = max(map(len, prompts)) - shared
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    seen = torch.ones(len(prompts), shared + longest, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        gap = longest - (len(prompt) - shared)
        ids[row, gap:] = torch.tensor(prompt[shared:])
        seen[row, shared : shared + gap] = 0
    inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": seen}
    if "position_ids" in forward_arguments(model):
        inputs["position_ids"] = (seen.cumsum(1) - 1).clamp(min=0)[:, shared:]
    inputs = {name: tensor.to(model.device) for name, tensor in inputs.items()}
    out = model(**inputs, **past, use_cache=bool(past), logits_to_keep=1)
    return torch.log_softmax(out.logits[:, -1].float(), dim=-1)
