"""PairRM as the package `llm-blender` computes it (Jiang et al. 2023, arXiv:2306.02561).

Tokenising, truncation, network and ranking are upstream's, run as they are. Only its import and
its loader are not: the package imports on transformers 4 alone, and its loader fetches the
backbone's weights, which the checkpoint holds, a second time.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import transformers

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.models.deberta import Size
from judgekit.models.pairrm import (
    ENCODER,
    SPARE,
    PairRM,
    by_prompts,
    network_size,
    read_config,
)
from judgekit.models.pairrm_tokens import Limits
from judgekit.models.tensors import Tensors
from judgekit.types import digest

__all__ = ["Blender"]

PREFIXES = ("<|source|>", "<|candidate1|>", "<|candidate2|>", "<|candidate|>")
SPECIAL = {f"{name}_token": f"[{name.upper()}]" for name in ("cls", "sep", "pad", "unk")}
DEBERTA_V3: dict[str, Any] = {  # what all its sizes share (He et al. 2021, arXiv:2111.09543)
    "relative_attention": True,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "type_vocab_size": 0,
}


@dataclass(frozen=True)
class Blender:
    """Upstream's PairRM. `fingerprint` is a digest of its weights, tokenizer and settings."""

    fingerprint: str
    upstream: Any = field(repr=False)  # llm_blender.Blender

    @classmethod
    def load(cls, path_or_hub_id: str, device: str = "auto") -> Blender:
        """Reads a folder, or a model of the hub, in the layout of PairRM or of PairRM-hf.

        `device` is torch's name of it; ``auto`` is the GPU where there is one. As upstream does,
        a GPU computes in half precision unless the checkpoint says ``"fp16": false``.
        Raises `InputError` where the package is missing, and as `PairRM.load`.
        """
        package = import_upstream()
        found = PairRM.load(path_or_hub_id, device=device)  # finds and checks, reads no weights
        blender = assemble(package, found.folder)
        half = found.device.type != "cpu" and blender.ranker_config.fp16
        blender.ranker = (blender.ranker.half() if half else blender.ranker.float()).eval()
        blender.ranker.to(found.device)
        blender.ranker_config.device = found.device
        return cls(digest(found.fingerprint, "fp16" if half else "fp32"), blender)

    def logits(self, pairs: Sequence[tuple[str, str, str]], *, batch_size: int = 1) -> list[float]:
        """For each (prompt, first answer, second answer) the logit that the first is better.

        With a `batch_size` of 1 each pair is computed by itself. Else so many prompts, with their
        pairs side by side, are a batch, and the longest of them decides where answers are cut.
        Raises ValueError for a text that holds one of upstream's prefix tokens.
        """
        self.check(text for pair in pairs for text in pair)
        prompts = [prompt for prompt, _, _ in pairs]
        alone = batch_size == 1
        groups = ([i] for i in range(len(pairs))) if alone else by_prompts(prompts, batch_size)
        found: list[float] = []
        for group in groups:
            sources, first, second = zip(*(pairs[i] for i in group), strict=True)
            logits = self.upstream.compare(
                sources,
                first,
                second,
                mode="[A,B]",  # this order alone; the other is the caller's to ask
                return_logits=True,
                batch_size=len(group),
                disable_tqdm=True,
            )
            found += map(float, logits)
        return found

    def rank(
        self, prompts: Sequence[str], candidates: Sequence[Sequence[str]], *, batch_size: int = 8
    ) -> list[list[int]]:
        """Each candidate's rank among its prompt's; 1 is the best, equals share the better rank.

        Raises ValueError where the prompts have unequal numbers of candidates, and as `logits`.
        """
        rows = self.ranked(prompts, candidates, batch_size, return_scores=False)
        return [[int(rank) for rank in row] for row in rows]

    def scores(
        self, prompts: Sequence[str], candidates: Sequence[Sequence[str]], *, batch_size: int = 8
    ) -> list[list[float]]:
        """What `rank` ranks by: mean over the n candidates j of logit(i, j) - logit(j, i)."""
        rows = self.ranked(prompts, candidates, batch_size, return_scores=True)
        return [[float(score) for score in row] for row in rows]

    def ranked(
        self,
        prompts: Sequence[str],
        candidates: Sequence[Sequence[str]],
        batch_size: int,
        *,
        return_scores: bool,
    ) -> Any:
        """Upstream's `rank` as it is: an array (prompts, candidates)."""
        if len({len(some) for some in candidates}) > 1:
            raise ValueError("llm-blender ranks prompts with equally many candidates only")
        if not prompts:
            return []
        self.check(chain(prompts, *candidates))
        return self.upstream.rank(
            list(prompts),
            [list(some) for some in candidates],
            return_scores=return_scores,
            batch_size=batch_size,
            disable_tqdm=True,
        )

    def check(self, texts: Iterable[str]) -> None:
        """Refuses what upstream would read at the wrong place, or break on, batch and all."""
        normalizer = self.upstream.ranker_tokenizer.backend_tokenizer.normalizer
        for text in texts:
            # Upstream's tokens are found in the normalised text, so full-width ones count as well.
            normal = normalizer.normalize_str(text) if normalizer else text
            held = next((p for p in PREFIXES if p in text or p in normal), None)
            if held:
                raise ValueError(
                    f"llm-blender cannot judge a text that holds {held!r}; the native backend can"
                )


@cache
def import_upstream() -> ModuleType:
    """The package `llm_blender`; transformers is left as it was.

    Raises `InputError` where it, or what it needs, is not installed.
    """
    try:
        hub = importlib.import_module("transformers.utils.hub")
        constants = importlib.import_module("huggingface_hub.constants")
        # A name of transformers 4, which upstream makes a path of; only its own loader reads it.
        with named(hub, "TRANSFORMERS_CACHE", constants.HF_HUB_CACHE):
            return importlib.import_module("llm_blender")
    except ModuleNotFoundError as error:
        raise InputError(
            f"the backend 'llm-blender' needs the package {error.name!r}; "
            f"{install_hint('llm-blender')}"
        ) from error


@contextmanager
def named(module: ModuleType, name: str, value: object) -> Iterator[None]:
    """The module with this name in it, which is taken out again unless it was there."""
    if hasattr(module, name):
        yield
        return
    setattr(module, name, value)
    try:
        yield
    finally:
        delattr(module, name)


def assemble(package: ModuleType, folder: Path) -> Any:
    """An `llm_blender.Blender` with its ranker from `folder`, a checked checkpoint, alone."""
    from llm_blender.pair_ranker.model_util import build_collator
    from llm_blender.pair_ranker.ranker import CrossCompareReranker

    settings, tensors, limits = read_config(folder), Tensors(folder), Limits()
    size, tasks = network_size(folder, tensors, settings)
    known = {each.name for each in fields(package.RankerConfig)}
    config = package.RankerConfig(**{k: v for k, v in settings.items() if k in known})
    config.ranker_type, config.n_tasks = "pairranker", tasks  # PairRM-hf's settings name no type
    config.source_maxlength = config.source_maxlength or limits.source
    config.candidate_maxlength = config.candidate_maxlength or limits.candidate
    tokenizer = upstream_tokenizer(folder)
    collator = build_collator(
        config.ranker_type, tokenizer, config.source_maxlength, config.candidate_maxlength
    )
    backbone = transformers.DebertaV2Model(backbone_config(size))
    backbone.config.out_hidden_state_size = size.hidden
    ranker = CrossCompareReranker(backbone, config, tokenizer)
    weights = (name for name in tensors.shapes if name != ENCODER + SPARE)
    ranker.load_state_dict({name: tensors.read(name) for name in weights})

    # Its initialiser would set up the root logger to say that no fuser is loaded.
    blender = package.Blender.__new__(package.Blender)
    blender.blender_config = package.BlenderConfig(use_tqdm=False)
    blender.ranker_config, blender.ranker = config, ranker
    blender.ranker_tokenizer, blender.ranker_collator = tokenizer, collator
    return blender


def upstream_tokenizer(folder: Path) -> Any:
    """The checkpoint's tokenizer with what upstream calls on it."""
    # Not AutoTokenizer: the DeBERTa class of transformers 5 makes a normaliser of its own.
    read: Any = transformers.PreTrainedTokenizerFast
    tokenizer = read(tokenizer_file=str(folder / "tokenizer.json"), **SPECIAL)
    tokenizer.batch_encode_plus = tokenizer  # transformers 4's other name of calling it
    return tokenizer


def backbone_config(size: Size) -> Any:
    """The backbone's configuration, which upstream's loader takes from its `model_name`."""
    sizes: dict[str, Any] = {
        "vocab_size": size.vocabulary,
        "hidden_size": size.hidden,
        "pooler_hidden_size": size.hidden,
        "intermediate_size": size.inner,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "position_buckets": size.buckets,
        "max_position_embeddings": size.farthest,
        "layer_norm_eps": size.epsilon,
    }
    return transformers.DebertaV2Config(**sizes, **DEBERTA_V3)
