"""PairRM: a network that says which of two answers to a prompt is better.

Jiang et al. 2023, arXiv:2306.02561. Reads the checkpoints `llm-blender/PairRM` and
`llm-blender/PairRM-hf` and computes the same scores as the package `llm-blender`, without that
package and without computing any padding token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import linear

from judgekit.errors import InputError
from judgekit.models.deberta import Deberta, Precision, Size
from judgekit.models.folder_checks import read_json_object
from judgekit.models.folders import find_folder, folder_digest
from judgekit.models.loading import default_dtype, find_device
from judgekit.models.pairrm_tokens import Encoded, Limits, PairTokenizer, TruncatedCounts
from judgekit.models.tensors import Tensors
from judgekit.naming import unknown

__all__ = ["Encoded", "PairRM", "PairScore", "TruncatedCounts"]

Pair = tuple[str, str, str]  # a prompt, its first answer, its second
Rule = Literal["item", "batch"]

NUMBERS = (  # of config.json, that decide the network or the length of texts
    *("num_attention_heads", "max_position_embeddings", "layer_norm_eps"),
    *("source_maxlength", "candidate_maxlength"),
)
ENCODER = "pretrained_model."
SPARE = "embeddings.position_ids"  # positions that old versions of transformers stored
PACK = 4096  # tokens; larger packs are no faster on a CPU and need more memory


@dataclass(frozen=True, slots=True)
class PairScore:
    """The logit that the first answer is better, and the truncated tokens."""

    logit: float
    truncated: TruncatedCounts


class PairRM:
    """A PairRM; its weights are read when they are first needed."""

    def __init__(
        self, folder: Path, *, precision: Precision, device: torch.device, rule: Rule
    ) -> None:
        """See `load`, which finds folder and device."""
        self.folder = folder
        self.precision = precision
        self.device = device
        self.rule = rule
        config = read_config(folder)
        self._tensors = Tensors(folder)
        self._size, self._tasks = network_size(folder, self._tensors, config)
        limits = Limits()
        limits = Limits(
            config.get("source_maxlength") or limits.source,
            config.get("candidate_maxlength") or limits.candidate,
        )
        self._tokenizer = PairTokenizer(folder, limits)
        if self._tokenizer.size > self._size.vocabulary:
            raise InputError(
                f"the tokenizer of {str(folder)!r} knows {self._tokenizer.size} tokens and its "
                f"network {self._size.vocabulary}; take both from one checkpoint"
            )

    @classmethod
    def load(
        cls,
        path_or_hub_id: str,
        *,
        dtype: Literal["auto", "float32", "bfloat16", "int8"] = "auto",
        device: str = "auto",
        rule: Rule = "item",
    ) -> PairRM:
        """Finds a PairRM, in the layout of PairRM or of PairRM-hf.

        Args:
            path_or_hub_id: A folder or a hub id.
            dtype: ``auto`` is float32 on a CPU and bfloat16 on GPUs that have it; ``int8`` runs on
                a CPU only.
            device: A torch device; ``auto`` is a GPU if there is one.
            rule: What limits an answer's length: its own prompt (``item``), or the longest prompt
                in its batch (``batch``), as in `llm_blender`.

        Raises:
            InputError: There is no such model, it has no safetensors or is no PairRM, or a setting
                is impossible.
        """
        if dtype not in ("auto", *get_args(Precision)):
            raise InputError(unknown("dtype", str(dtype), ("auto", *get_args(Precision))))
        if rule not in get_args(Rule):
            raise InputError(unknown("rule", str(rule), get_args(Rule)))
        place = find_device(device)
        if dtype == "int8" and place.type != "cpu":
            raise InputError(f"int8 runs on the CPU, not on {str(place)!r}; take bfloat16 there")
        if dtype == "auto":
            dtype = "bfloat16" if default_dtype(place) is torch.bfloat16 else "float32"
        folder = find_folder("PairRM", path_or_hub_id)
        return cls(folder, precision=dtype, device=place, rule=rule)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of weights, config and tokenizer; not of dtype and device."""
        return folder_digest(self.folder)

    def encode(self, prompt: str, a: str, b: str) -> Encoded:
        """One pair as tokens, truncated by the rule ``item``."""
        return self._tokenizer.encode([(prompt, a, b)], [[0]])[0]

    def logits(
        self, pairs: Sequence[Pair], *, token_budget: int = PACK, batch_size: int = 8
    ) -> list[float]:
        """The logits that the first answer is better; see `score` for the arguments.

        The two orders of a pair are two questions; neither logit follows from the other.
        """
        return [
            s.logit for s in self.score(pairs, token_budget=token_budget, batch_size=batch_size)
        ]

    def score(
        self, pairs: Sequence[Pair], *, token_budget: int = PACK, batch_size: int = 8
    ) -> list[PairScore]:
        """Scores triples (prompt, first answer, second answer).

        Args:
            pairs: The triples.
            token_budget: The most tokens computed at once; a longer pair is computed alone. It
                changes a logit by rounding only.
            batch_size: The number of prompts, with their consecutive pairs, in a batch of the rule
                ``batch``; unused by the rule ``item``.

        Returns:
            The logits with what was truncated, in order.

        Raises:
            EngineError: The weights cannot be read.
        """
        groups = (
            [[i] for i in range(len(pairs))]
            if self.rule == "item"
            else list(prompt_batches([prompt for prompt, _, _ in pairs], batch_size))
        )
        encoded = self._tokenizer.encode(pairs, groups)
        logits: dict[int, float] = {}
        for pack in packs([len(e.ids) for e in encoded], token_budget):
            rows = [encoded[i] for i in pack]
            states = self._encoder([row.ids for row in rows], [row.positions for row in rows])
            logits |= zip(pack, self._head(states).tolist(), strict=True)
        return [PairScore(logits[i], e.truncated) for i, e in enumerate(encoded)]

    @cached_property
    def _encoder(self) -> Deberta:
        def read(name: str) -> Tensor:
            return self._tensors.read(ENCODER + name)

        return Deberta(self._size, read, self.precision, self.device)

    @cached_property
    def _head(self) -> Head:
        shapes = head_shapes(self._size.hidden, self._tasks)
        return Head(*(self._tensors.read(n).to(self.device, torch.float32) for n in shapes))


@dataclass(frozen=True, slots=True)
class Head:
    """The last layers: a score per task for each answer, and their mean difference."""

    up: Tensor
    up_bias: Tensor
    down: Tensor
    down_bias: Tensor

    @torch.inference_mode()
    def __call__(self, states: Tensor) -> Tensor:
        """(n, 3, hidden) states at the markers of prompt, first and second answer → (n,) logits."""
        prompt = states[:, :1].expand(-1, 2, -1)
        answers = torch.cat([prompt, states[:, 1:]], dim=-1)
        scores = linear(torch.tanh(linear(answers, self.up, self.up_bias)), self.down)
        first, second = (scores + self.down_bias).unbind(1)
        return (first - second).mean(-1)


def head_shapes(hidden: int, tasks: int) -> dict[str, tuple[int, ...]]:
    """The shapes of the head's tensors, in the order of `Head`'s fields."""
    return {
        "head_layer.1.weight": (hidden, 2 * hidden),
        "head_layer.1.bias": (hidden,),
        "head_layer.4.weight": (tasks, hidden),
        "head_layer.4.bias": (tasks,),
    }


def network_size(folder: Path, tensors: Tensors, config: Mapping[str, Any]) -> tuple[Size, int]:
    """The encoder's size and the head's number of tasks, from the tensors' shapes.

    Raises:
        InputError: A tensor is missing, superfluous or of another shape: another architecture would
            give scores as well, but wrong ones.
    """
    have = {name: shape for name, shape in tensors.shapes.items() if name != ENCODER + SPARE}
    try:
        size = Size.of(
            {n.removeprefix(ENCODER): s for n, s in have.items() if n.startswith(ENCODER)}, config
        )
        tasks = have["head_layer.4.bias"][0]
    except KeyError as error:
        raise InputError(f"{str(folder)!r} is no PairRM: it has no {error.args[0]!r}") from error
    want = {ENCODER + name: shape for name, shape in size.shapes().items()}
    want |= head_shapes(size.hidden, tasks)
    odd = [name for name in sorted(have | want) if have.get(name) != want.get(name)]
    if odd:
        raise InputError(
            f"{str(folder)!r} is no PairRM on DeBERTa-v3: its {odd[0]!r} is "
            f"{have.get(odd[0], 'missing')}, not {want.get(odd[0], 'missing')}"
        )
    return size, tasks


def read_config(folder: Path) -> dict[str, Any]:
    """Reads `config.json`: a RankerConfig of `llm_blender`, or DeBERTa's.

    Raises:
        InputError: It cannot be read, or is no JSON object, or a number in it is none.
    """
    file = folder / "config.json"
    config = read_json_object(file)
    for name in NUMBERS:
        value = config.get(name)
        if value is not None and not (type(value) in (int, float) and 0 < value < 2**31):
            raise InputError(f"{str(file)!r}: {name} is a number above 0, not {value!r:.80}")
    return config


def prompt_batches(prompts: Sequence[str], size: int) -> Iterator[list[int]]:
    """Indices in batches of `size` prompts; consecutive equal prompts count as one."""
    runs = groupby(range(len(prompts)), key=prompts.__getitem__)
    each = (list(run) for _, run in runs)
    while batch := list(islice(each, size)):
        yield list(chain.from_iterable(batch))


def packs(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Indices of sequences, longest first, in packs of at most `budget` tokens."""
    pack: list[int] = []
    tokens = 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if pack and tokens + lengths[i] > budget:
            yield pack
            pack, tokens = [], 0
        pack.append(i)
        tokens += lengths[i]
    if pack:
        yield pack
