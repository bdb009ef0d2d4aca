"""DeBERTa-v3's encoder without padding (He et al. 2021, arXiv:2111.09543).

Sequences are concatenated in one matrix: what works token by token (projections, feed-forward,
norms) never sees a padding token, and attention runs on one sequence at a time. The last layer is
computed only at the positions that are read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm, linear
from torch.utils.checkpoint import checkpoint

from judgekit.models.dense import Dense, dense

__all__ = ["Deberta", "Precision", "Size", "Weights"]

Precision = Literal["float32", "bfloat16", "int8"]
Weights = Callable[[str], Tensor]  # a tensor of the checkpoint by its name

HEAD_SIZE = 64  # in every published DeBERTa-v3, from xsmall to large
IN_CACHE = 2**18  # attention scores per CPU thread: 1 MiB in fp32


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a DeBERTa-v3.

    Relative positions fall into 2 * `buckets` buckets: exact up to `buckets` / 2 tokens, and ever
    coarser up to `farthest`.
    """

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    buckets: int = 256
    farthest: int = 512
    epsilon: float = 1e-7

    @classmethod
    def of(cls, shapes: Mapping[str, Sequence[int]], config: Mapping[str, Any]) -> Size:
        """Reads the size from the shapes of the tensors, and from `config.json` if it is DeBERTa's.

        Raises:
            KeyError: A tensor that is needed for it is missing, or is no matrix.
        """
        vocabulary, hidden = matrix(shapes, "embeddings.word_embeddings.weight")
        inner, _ = matrix(shapes, "encoder.layer.0.intermediate.dense.weight")
        places, _ = matrix(shapes, "encoder.rel_embeddings.weight")
        return cls(
            hidden,
            sum(name.endswith("attention.self.query_proj.weight") for name in shapes),
            config.get("num_attention_heads") or hidden // HEAD_SIZE,
            inner,
            vocabulary,
            places // 2,
            config.get("max_position_embeddings") or 512,
            config.get("layer_norm_eps") or 1e-7,
        )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of exactly those tensors that a DeBERTa of this size has."""
        h = (self.hidden,)
        shapes: dict[str, tuple[int, ...]] = {
            "embeddings.word_embeddings.weight": (self.vocabulary, self.hidden),
            "encoder.rel_embeddings.weight": (2 * self.buckets, self.hidden),
        }
        norms = ["embeddings.LayerNorm", "encoder.LayerNorm"]
        for layer in (f"encoder.layer.{i}." for i in range(self.layers)):
            norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
            square = [f"attention.self.{name}_proj" for name in ("query", "key", "value")]
            for name in (*square, "attention.output.dense"):
                shapes |= {f"{layer}{name}.weight": h * 2, f"{layer}{name}.bias": h}
            up, down = f"{layer}intermediate.dense", f"{layer}output.dense"
            shapes |= {f"{up}.weight": (self.inner, *h), f"{up}.bias": (self.inner,)}
            shapes |= {f"{down}.weight": (*h, self.inner), f"{down}.bias": h}
        return shapes | {f"{norm}.{part}": h for norm in norms for part in ("weight", "bias")}


def matrix(shapes: Mapping[str, Sequence[int]], name: str) -> tuple[int, int]:
    """Rows and columns of a matrix. Raises `KeyError` where there is none of that name."""
    match shapes[name]:
        case [rows, columns]:
            return rows, columns
    raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, x: Tensor) -> Tensor:
        return layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class Segment:
    """One sequence of a pack: its tokens are rows `start` to `stop`.

    `buckets` (tokens, tokens) holds the bucket of the distance between two tokens, counted from
    `first`; `last` is the highest bucket that occurs, plus one.
    """

    start: int
    stop: int
    buckets: Tensor
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    `place_keys` (heads, head size, 2 * buckets) and `place_queries` (heads, 2 * buckets, head size)
    are the projected relative positions, scaled like the scores.
    """

    query_key_value: Dense
    out: Dense
    up: Dense
    down: Dense
    attention_norm: Norm
    norm: Norm
    place_keys: Tensor
    place_queries: Tensor
    heads: int

    def __call__(self, x: Tensor, pack: Sequence[Segment], read: Tensor | None = None) -> Tensor:
        """(tokens, hidden) → the same.

        With `read`, (sequences, k) positions within each sequence, → (sequences * k, hidden).
        """
        size = x.shape[1] // self.heads
        parts = self.query_key_value(x).view(-1, 3, self.heads, size).permute(1, 2, 0, 3)
        if read is not None:
            starts = torch.tensor([s.start for s in pack], device=x.device)
            x = x[(read + starts[:, None]).flatten()]
        mixed = []
        for i, segment in enumerate(pack):
            query, key, value = parts[:, :, segment.start : segment.stop]
            buckets = segment.buckets
            if read is not None:
                query, buckets = query[:, read[i]], buckets[read[i]]
            mixed.append(self.attend(query, key, value, segment, buckets))
        x = self.attention_norm(self.out(torch.cat(mixed)).add_(x))
        return self.norm(self.down(gelu(self.up(x))).add_(x))

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        segment: Segment,
        buckets: Tensor,
    ) -> Tensor:
        """Disentangled attention of one sequence → (queries, hidden).

        score(i, j) = (q_i·k_j + q_i·pk_b(i-j) + k_j·pq_b(i-j)) / sqrt(3 d), where b is the bucket
        of a distance (equation 4 of arXiv:2006.03654).

        Args:
            query: (heads, queries, d).
            key: (heads, tokens, d).
            value: (heads, tokens, d).
            segment: The sequence.
            buckets: (queries, tokens).
        """
        heads, _, size = query.shape
        occurring = slice(segment.first, segment.last)
        places = buckets.expand(heads, *buckets.shape)
        mixed = []
        step = heads
        if query.device.type == "cpu":  # few heads at a time, so that the scores stay in cache
            step = max(1, torch.get_num_threads() * IN_CACHE // buckets.numel())
        for some in (slice(h, min(h + step, heads)) for h in range(0, heads, step)):
            q, k, at = query[some], key[some].transpose(1, 2), places[some]
            scores = torch.bmm(q, self.place_keys[some, :, occurring]).gather(2, at)
            scores += torch.bmm(self.place_queries[some, occurring], k).gather(1, at)
            scores.baddbmm_(q, k, alpha=1 / math.sqrt(3 * size))
            mixed.append(torch.bmm(scores.softmax(-1), value[some]))
        return torch.cat(mixed).transpose(0, 1).flatten(1)


class Deberta:
    """The encoder.

    Calling it is for inference. `states` can be differentiated by float weights, as long as they
    keep the values they had at creation, because it stores what is computed from them.

    Args:
        size: The network's size.
        weights: Tensors by the checkpoint's names without a prefix.
        precision: ``int8`` holds and multiplies the projections in 8 bits, the rest is float32.
        device: The torch device.
    """

    def __init__(
        self, size: Size, weights: Weights, precision: Precision, device: torch.device
    ) -> None:
        self.size = size
        self._device = device
        self._precision = precision
        self._weights = weights
        self._embeddings = self._read("embeddings.word_embeddings.weight")
        self._norm = self._read_norm("embeddings.LayerNorm")
        # In float32 for any precision, since it is computed once.
        norm = [weights(f"encoder.LayerNorm.{part}").float() for part in ("weight", "bias")]
        places = Norm(norm[0], norm[1], size.epsilon)(
            weights("encoder.rel_embeddings.weight").float()
        )
        self._layers = [self._layer(f"encoder.layer.{i}.", places) for i in range(size.layers)]
        del self._weights

    @torch.inference_mode()
    def __call__(self, rows: Sequence[Sequence[int]], read: Sequence[Sequence[int]]) -> Tensor:
        """States at some positions, for inference.

        Args:
            rows: Token ids of n sequences.
            read: k positions in each sequence.

        Returns:
            (n, k, hidden), float32.
        """
        ids = torch.tensor(list(chain.from_iterable(rows)), device=self._device)
        places = torch.tensor(read, device=self._device)
        return self.states(ids, [len(row) for row in rows], places)

    def states(
        self, ids: Tensor, lengths: Sequence[int], read: Tensor, *, recompute: bool = False
    ) -> Tensor:
        """States at some positions, differentiable.

        Args:
            ids: Token ids of n sequences, concatenated.
            lengths: The n sequences' lengths in tokens.
            read: (n, k) positions in each sequence.
            recompute: Whether to recompute layers in the backward pass, to save memory.

        Returns:
            (n, k, hidden), float32.
        """
        pack = self._pack(lengths)
        x = self._norm(embedding(ids, self._embeddings))
        for layer in self._layers[:-1]:
            x = checkpoint(layer, x, pack, use_reentrant=False) if recompute else layer(x, pack)
        return self._layers[-1](x, pack, read).float().view(*read.shape, -1)

    def _pack(self, lengths: Sequence[int]) -> list[Segment]:
        known: dict[int, tuple[Tensor, int, int]] = {}
        for length in lengths:
            if length not in known:
                known[length] = self._buckets(length)
        ends = pairwise(accumulate(lengths, initial=0))
        return [Segment(a, b, *known[b - a]) for a, b in ends]

    def _buckets(self, length: int) -> tuple[Tensor, int, int]:
        """The bucket of each distance in a sequence, from the lowest that occurs; see `Segment`."""
        table = bucket(torch.arange(1 - length, length), self.size)
        first, last = int(table[0]), int(table[-1]) + 1
        places = torch.arange(length)
        index = (table - first)[places[:, None] - places + length - 1]
        return index.to(self._device), first, last

    def _read(self, name: str) -> Tensor:
        kind = torch.bfloat16 if self._precision == "bfloat16" else torch.float32
        return self._weights(name).to(self._device, kind)

    def _read_norm(self, name: str) -> Norm:
        return Norm(self._read(f"{name}.weight"), self._read(f"{name}.bias"), self.size.epsilon)

    def _read_dense(self, *names: str) -> Dense:
        """The projections of these names as one, side by side."""
        weight = torch.cat([self._read(f"{name}.weight") for name in names])
        bias = torch.cat([self._read(f"{name}.bias") for name in names])
        return dense(weight, bias, in_8_bits=self._precision == "int8")

    def _layer(self, layer: str, places: Tensor) -> Layer:
        attention = f"{layer}attention.self."
        return Layer(
            self._read_dense(
                f"{attention}query_proj", f"{attention}key_proj", f"{attention}value_proj"
            ),
            self._read_dense(f"{layer}attention.output.dense"),
            self._read_dense(f"{layer}intermediate.dense"),
            self._read_dense(f"{layer}output.dense"),
            self._read_norm(f"{layer}attention.output.LayerNorm"),
            self._read_norm(f"{layer}output.LayerNorm"),
            self._places(f"{attention}key_proj", places).transpose(1, 2).contiguous(),
            self._places(f"{attention}query_proj", places),
            self.size.heads,
        )

    def _places(self, name: str, places: Tensor) -> Tensor:
        """The projected relative positions: (heads, 2 * buckets, head size)."""
        weight, bias = (self._weights(f"{name}.{part}").float() for part in ("weight", "bias"))
        size = self.size.hidden // self.size.heads
        split = linear(places, weight, bias).view(-1, self.size.heads, size).transpose(0, 1)
        return split.div(math.sqrt(3 * size)).to(self._device, self._embeddings.dtype).contiguous()


def bucket(distances: Tensor, size: Size) -> Tensor:
    """Signed distances in tokens → buckets 0 to 2 * `size.buckets` - 1, logarithmic if large.

    As DeBERTa-v2 and v3 were trained (buckets of Raffel et al. 2020, rounded up).
    """
    middle = size.buckets // 2
    far = distances.abs().clamp(min=middle).float()
    steps = torch.log(far / middle) / math.log((size.farthest - 1) / middle) * (middle - 1)
    coarse = (torch.ceil(steps) + middle).long() * distances.sign()
    near = distances.abs() <= middle
    buckets = torch.where(near, distances, coarse) + size.buckets
    return buckets.clamp(0, 2 * size.buckets - 1)
