"""Verdicts from one forward pass: the log-probabilities of a few labels after a prompt.

Nothing is generated. The prompts of one judge begin alike (instructions, rubric), so what they
share is computed once and its keys and values are shown to every row; the rest goes through the
model in batches of about equal length.
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
from judgekit.models.forward import accepted, cache_argument, unwrapped

__all__ = ["can_reuse", "label_logprobs", "label_tokens"]

Tokens = tuple[int, ...]

WORTH = 16  # shared tokens below which a pass of their own costs more than it saves
PADDING = 1 / 8  # the most of a batch that may be padding
SHIFTING_ROPES = ("dynamic", "longrope")  # turn every key by the length of the whole prompt

log = logging.getLogger(__name__)


def label_logprobs(
    model: Any,
    rows: Sequence[tuple[Sequence[int], Sequence[int]]],
    *,
    token_budget: int = 8192,
    reuse: bool = True,
) -> list[list[float]]:
    """Each row's log-probabilities (natural, over the whole vocabulary) of its labels.

    `model` is a causal language model of transformers in eval mode; a row is the ids of a prompt
    and the ids of the labels that may come next. `token_budget`: the most tokens in one batch,
    padding included (a longer prompt goes alone). `reuse`: compute what all prompts begin with
    once, where the model allows it; the result is that of the plain pass within rounding (1e-6
    in fp32). Where the model does not, a warning is logged once that says why. Equal prompts are
    computed once.
    Raises ValueError for an empty prompt.
    """
    wanted: dict[Tokens, list[int]] = {}
    for number, (prompt, _) in enumerate(rows):
        wanted.setdefault(tuple(prompt), []).append(number)
    if () in wanted:
        raise ValueError("a prompt has no tokens, so nothing can follow it")
    prompts = list(wanted)
    shared = shared_tokens(prompts) if reuse and len(prompts) > 1 else 0
    if shared < WORTH:
        shared = 0
    elif why := obstacle(model, max(map(len, prompts))):
        warn_once(f"{called(model)} {why}, so what all prompts begin with is computed for each")
        shared = 0
    found: list[list[float]] = [[]] * len(rows)
    with torch.inference_mode():
        past = prefix_states(model, prompts[0][:shared]) if shared else {}
        for batch in batches(prompts, shared, token_budget):
            for prompt, chances in zip(batch, next_token(model, batch, shared, past), strict=True):
                for number in wanted[prompt]:
                    found[number] = chances[list(rows[number][1])].tolist()
    return found


def can_reuse(model: Any, tokens: int | None = None) -> bool:
    """Whether the states of a shared beginning may be shown to prompts of up to `tokens` tokens
    (None: of any length) without changing the result.

    They may not where a layer keeps anything else than keys and values, looks back over a window
    that is shorter than the prompts, or turns its positions by the length of the whole prompt;
    nor where positions or states cannot be given to the model.
    """
    return obstacle(model, tokens) is None


def obstacle(model: Any, tokens: int | None) -> str | None:
    """Why `can_reuse` says no, as the predicate of "the model …"; None where it says yes."""
    config = unwrapped(model).config.get_text_config(decoder=True)
    if config.is_encoder_decoder:
        return "is an encoder-decoder"
    if "position_ids" not in accepted(model):
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


def called(model: Any) -> str:
    """A model's name and class, for a message."""
    name = getattr(unwrapped(model).config, "name_or_path", "")
    kind = type(unwrapped(model)).__name__
    return f"{name} ({kind})" if name else kind


@cache
def warn_once(message: str) -> None:
    """Logs a warning the first time that it is given."""
    log.warning(message)


def label_tokens(tokenizer: Any, prefix_text: str, labels: Sequence[str]) -> list[int]:
    """The token id of each label where it stands, right after `prefix_text`.

    Raises `InputError` where a label is not one token there, is unknown to the tokenizer, or is
    the same token as another.
    """

    def encode(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False))

    before = encode(prefix_text)
    found: dict[int, str] = {}
    for label in labels:
        *start, token = encode(prefix_text + label) or [0]
        if start != before:
            why = "is not one token by itself"
        elif token == tokenizer.unk_token_id:
            why = "is no token"
        elif token in found:
            why = f"is the same token as {found[token]!r}"
        else:
            found[token] = label
            continue
        raise InputError(
            f"the label {label!r} {why} after {prefix_text[-16:]!r} for this model's tokenizer, so "
            f"its probability cannot be read; use --verdict text, or a prompt with other labels"
        )
    return list(found)


def rope_types(config: Any) -> Iterator[object]:
    """The kinds of rotary positions in a config: one for all layers, or one per kind of layer."""
    rope = getattr(config, "rope_parameters", None) or {}
    for found in (rope, *rope.values()):
        if isinstance(found, dict):
            yield found.get("rope_type")


def shared_tokens(prompts: Sequence[Tokens]) -> int:
    """How many tokens all prompts begin with, leaving each at least its last for itself."""
    low, high = min(prompts), max(prompts)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
    return min(alike, min(map(len, prompts)) - 1)


def batches(
    prompts: Sequence[Tokens], shared: int, token_budget: int
) -> Iterator[Sequence[Tokens]]:
    """The prompts from the longest to the shortest, in batches with little padding.

    `shared` tokens of each are not in the batch, and count for nothing.
    """
    batch: list[Tokens] = []
    own = 0  # tokens in it that are not padding
    for prompt in sorted(prompts, key=len, reverse=True):
        tokens = len(prompt) - shared
        size = (len(batch) + 1) * (len(batch[0]) - shared if batch else tokens)
        if batch and (size > token_budget or own < size * (1 - PADDING) - tokens):
            yield batch
            batch, own = [], 0
        batch.append(prompt)
        own += tokens
    if batch:
        yield batch


def prefix_states(model: Any, prefix: Tokens) -> dict[str, Cache]:
    """Keys and values of the shared beginning, for a batch of any size, under the name of the
    argument that takes them."""
    ids = torch.tensor([prefix], device=model.device)
    name = cache_argument(model)
    if name is None:
        raise TypeError(f"{called(model)} takes no cache of keys and values")
    filled: Any = DynamicCache(config=unwrapped(model).config)
    model(input_ids=ids, **{name: filled}, use_cache=True, logits_to_keep=1)
    return {name: Cache([SharedLayer(layer.keys, layer.values) for layer in filled.layers])}


class SharedLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's keys and values (1, heads, shared, width), shown to every row and never grown.

    A cache of transformers is copied for each batch and keeps what the batch adds; here neither
    is wanted, since nothing comes after the pass.
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


def next_token(
    model: Any, prompts: Sequence[Tokens], shared: int, past: dict[str, Cache]
) -> torch.Tensor:
    """Log-probabilities of the next token, (rows, vocabulary), in fp32.

    Padding stands on the left of what is not shared: every row then ends in the same place, and
    only that one is turned into logits.
    """
    longest = max(map(len, prompts)) - shared
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    seen = torch.ones(len(prompts), shared + longest, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        gap = longest - (len(prompt) - shared)
        ids[row, gap:] = torch.tensor(prompt[shared:])
        seen[row, shared : shared + gap] = 0
    inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": seen}
    if "position_ids" in accepted(model):
        inputs["position_ids"] = (seen.cumsum(1) - 1).clamp(min=0)[:, shared:]
    inputs = {name: tensor.to(model.device) for name, tensor in inputs.items()}
    out = model(**inputs, **past, use_cache=bool(past), logits_to_keep=1)
    return torch.log_softmax(out.logits[:, -1].float(), dim=-1)
