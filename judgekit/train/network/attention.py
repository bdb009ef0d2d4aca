"""Attention over a packed row: each completion attends to its prompt and to itself alone.

The attention is registered with transformers under its own name. Called without `spans`, for
example when the model generates, it is the default attention, so that it can stay in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from judgekit.models.forward import base_model
from judgekit.train.data.packing import Batch

__all__ = [
    "NAME",
    "Spans",
    "UnsupportedModel",
    "attach",
    "hidden_states",
    "temporarily_attached",
]

NAME = "judgekit_shared_prompt"
FOREIGN = {
    "softcap": "caps its attention scores",
    "s_aux": "has attention sinks",
    "position_bias": "adds a bias to its attention scores",
}


class UnsupportedModel(Exception):  # noqa: N818 (not an error: the model takes the padded path)
    """The model cannot share prompts; the message is the predicate of "the model …"."""


class Spans:
    """The positions of a batch's examples in its row, and the masks that all layers share.

    `windows` holds the sliding window that each layer passed, in the order of the calls.
    """

    def __init__(self, lengths: Sequence[Sequence[int]]) -> None:
        self.lengths = lengths
        self.windows: list[int | None] = []
        self._masks: dict[tuple[int, int, int | None, int], Tensor] = {}

    def mask(self, like: Tensor, queries: int, keys: int, window: int | None, folds: int) -> Tensor:
        """Which keys each query attends to: [folds * queries, keys], True where it does.

        The last query is at the last key; a query attends to `window` keys, itself included.
        """
        kind = (queries, keys, window, folds)
        if kind not in self._masks:
            mask = torch.ones(queries, keys, dtype=torch.bool, device=like.device)
            mask = mask.tril(keys - queries)
            if window is not None:
                mask = mask.triu(keys - queries - window + 1)
            self._masks[kind] = mask.repeat(folds, 1)
        return self._masks[kind]


def attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    spans: Spans | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """The attention of one layer, as transformers calls it: [1, heads, T, width] →
    [1, T, heads, width].

    A prompt and its first completion are one causal sequence. Each further completion attends to
    the prompt's keys and its own. Raises `UnsupportedModel` for arguments that it cannot compute.
    """
    if spans is None:
        attention = standard()
        options = {"dropout": dropout, "scaling": scaling, "sliding_window": sliding_window}
        out: tuple[Tensor, None] = attention(
            module, query, key, value, attention_mask, **options, **others
        )
        return out
    for name, what in FOREIGN.items():
        if others.get(name) is not None:
            raise UnsupportedModel(what)
    spans.windows.append(sliding_window)
    parts: list[Tensor] = []
    start = 0
    for prompt, first, *other_lengths in spans.lengths:
        end = start + prompt + first
        block = slice(start, end)
        part = query[:, :, block], key[:, :, block], value[:, :, block]
        parts.append(causal(*part, spans, sliding_window, dropout, scaling))
        for length in other_lengths:
            completion = slice(end, end + length)
            end += length
            if length:
                keys, values = (
                    torch.cat((x[:, :, start : start + prompt], x[:, :, completion]), 2)
                    for x in (key, value)
                )
                part = query[:, :, completion], keys, values
                parts.append(causal(*part, spans, sliding_window, dropout, scaling))
        start = end
    return torch.cat([part.transpose(1, 2) for part in parts], 1), None


def causal(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    spans: Spans,
    window: int | None,
    dropout: float,
    scaling: float | None,
) -> Tensor:
    """Causal attention of the last positions to all: [1, heads, queries, width].

    Keys shared by several heads are never repeated: kernels without a mask know groups, and with a
    mask the queries of a group are stacked over the same keys.
    """
    queries, keys, width = query.shape[2], key.shape[2], query.shape[3]
    groups = query.shape[1] // key.shape[1]
    if window is not None and window >= keys:
        window = None
    if queries == keys and window is None:
        return scaled_dot_product_attention(
            query,
            key,
            value,
            dropout_p=dropout,
            is_causal=True,
            scale=scaling,
            enable_gqa=groups > 1,
        )
    folded = query.reshape(1, key.shape[1], groups * queries, width)
    mask = spans.mask(query, queries, keys, window, groups)
    out = scaled_dot_product_attention(
        folded, key, value, attn_mask=mask, dropout_p=dropout, scale=scaling
    )
    return out.reshape(1, query.shape[1], queries, value.shape[3])


def standard() -> Any:
    """The default attention of transformers."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    functions: Any = ALL_ATTENTION_FUNCTIONS
    return functions["sdpa"]


def attach(model: Any) -> None:
    """Gives the model this attention for good.

    For a forward pass alone is not enough: with activation checkpointing the backward pass computes
    it again. Raises `UnsupportedModel` where the model's attention cannot be replaced.
    """
    import transformers
    from transformers.masking_utils import sdpa_mask

    library: Any = transformers
    library.AttentionInterface.register(NAME, attend)
    library.AttentionMaskInterface.register(NAME, sdpa_mask)
    network = base_model(model)
    # How transformers itself tests whether a model takes its attention from the interface.
    if not network._can_set_attn_implementation():
        raise UnsupportedModel("has its own attention, which cannot be replaced")
    network.set_attn_implementation(NAME)


@contextmanager
def temporarily_attached(model: Any) -> Iterator[None]:
    """Gives the model this attention inside the context, and its former one afterwards."""
    network = base_model(model)
    before = network.config._attn_implementation
    attach(model)
    try:
        yield
    finally:
        network.set_attn_implementation(before)


def hidden_states(model: Any, batch: Batch) -> tuple[Tensor, Spans]:
    """The last hidden states of a packed row, [T, width], and the spans with the layers' windows.

    The model must have this attention.
    """
    network = base_model(model)
    spans = Spans(batch["spans"])
    row = batch["input_ids"]
    out = network.base_model(
        input_ids=row,
        position_ids=batch["position_ids"],
        # A mask with four axes counts as finished: no [T, T] mask is made for each batch.
        attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device=row.device),
        use_cache=False,
        spans=spans,
    )
    return out.last_hidden_state[0], spans
