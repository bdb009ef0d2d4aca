"""Small random checkpoints in the layouts of published ones.

The networks have random weights, but every weight, name and file of the published ones: loading,
tokenisation, truncation and computation are tested with them in a second and without a download.
"""

from __future__ import annotations

import json
import math
import string
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from places import EXAMPLES

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

__all__ = ["HEAD_SIZE", "write_pairrm"]

HEAD_SIZE = 64  # of every published DeBERTa-v3, from xsmall to large
CONTROL = ("[PAD]", "[CLS]", "[SEP]", "[UNK]")  # ids 0 to 3
# Upstream adds these last, as ordinary tokens that are matched in the normalised text.
PREFIXES = ("<|source|>", "<|candidate1|>", "<|candidate2|>", "<|candidate|>")


def write_pairrm(
    folder: Path,
    layout: Literal["ranker", "hf"] = "ranker",
    *,
    hidden: int = 128,
    layers: int = 2,
    seed: int = 0,
    n_tasks: int = 1,
) -> Path:
    """Writes a PairRM of random weights into `folder`, and gives the folder back.

    The same seed gives the same weights in both layouts: ``ranker`` is that of
    `llm-blender/PairRM` (its `model_name` is a DeBERTa with its tokenizer in `folder/base`, for
    upstream's own loader), ``hf`` that of `llm-blender/PairRM-hf`. `hidden` is a multiple of 64.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import DebertaV2Model

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = unigram_tokenizer()
    config = deberta_config(tokenizer, hidden, layers)
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        shapes = DebertaV2Model(config).state_dict()
    base = {name: random_weight(name, like.shape, generator) for name, like in shapes.items()}
    head = {
        "head_layer.1.weight": (hidden, 2 * hidden),
        "head_layer.1.bias": (hidden,),
        "head_layer.4.weight": (n_tasks, hidden),
        "head_layer.4.bias": (n_tasks,),
    }
    weights = {f"pretrained_model.{name}": value for name, value in base.items()}
    weights |= {name: random_weight(name, shape, generator) for name, shape in head.items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    write_tokenizer(tokenizer, folder)
    if layout == "ranker":
        write_base(folder / "base", config, base, tokenizer)
        settings = ranker_settings(folder / "base", n_tasks)
    else:
        settings = config.to_dict() | hf_settings(tokenizer, n_tasks)
    (folder / "config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return folder


def random_weight(name: str, shape: Any, generator: torch.Generator) -> torch.Tensor:
    """Large enough that texts, positions and orders change the logit, small enough to be stable."""
    import torch

    value = torch.randn(tuple(shape), generator=generator)
    if name.endswith("LayerNorm.weight"):
        return value.mul_(0.1).add_(1)
    if name.endswith("bias"):
        return value.mul_(0.1)
    return value if "embeddings" in name else value.mul_(1.5 / value.shape[-1] ** 0.5)


def ranker_settings(base: Path, n_tasks: int) -> dict[str, Any]:
    """`config.json` of the layout `llm-blender/PairRM`."""
    return {
        "ranker_type": "pairranker",
        "model_type": "deberta",
        "model_name": str(base),
        "cache_dir": None,
        "load_checkpoint": None,
        "source_maxlength": 1224,
        "candidate_maxlength": 412,
        "n_tasks": n_tasks,
        "num_pos": 5,
        "num_neg": 5,
        "sub_sampling_mode": "all_pair",
        "sub_sampling_ratio": 0.4,
        "loss_type": "instructgpt",
        "reduce_type": "linear",
        "inference_mode": "bubble",
        "drop_out": 0.05,
        "fp16": True,
    }


def hf_settings(tokenizer: Tokenizer, n_tasks: int) -> dict[str, Any]:
    """What `config.json` in the layout `llm-blender/PairRM-hf` has beside DeBERTa's entries."""
    names = ("source_prefix_id", "cand1_prefix_id", "cand2_prefix_id", "cand_prefix_id")
    ids = {n: tokenizer.token_to_id(token) for n, token in zip(names, PREFIXES, strict=True)}
    return ids | {
        "architectures": ["DebertaV2PairRM"],
        "n_tasks": n_tasks,
        "drop_out": 0.05,
        "sep_token_id": tokenizer.token_to_id("[SEP]"),
    }


def write_base(
    folder: Path, config: Any, weights: dict[str, torch.Tensor], tokenizer: Tokenizer
) -> None:
    """The DeBERTa that llm-blender loads before it loads the checkpoint's weights into it."""
    from safetensors.torch import save_file

    folder.mkdir(exist_ok=True)
    config.save_pretrained(folder)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    write_tokenizer(tokenizer, folder)


def write_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Writes the tokenizer's files."""
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",  # reads tokenizer.json as it is
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "mask_token": "[MASK]",
        "model_max_length": 10**30,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def deberta_config(tokenizer: Tokenizer, hidden: int, layers: int) -> Any:
    """The config of a small DeBERTa-v3."""
    from transformers import DebertaV2Config

    settings: dict[str, Any] = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": hidden // HEAD_SIZE,
        "intermediate_size": 4 * hidden,
        "relative_attention": True,
        "position_buckets": 256,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "max_position_embeddings": 512,
        "type_vocab_size": 0,
    }
    return DebertaV2Config(**settings)


def unigram_tokenizer() -> Tokenizer:
    """A tokenizer as SentencePiece would make it of the examples' texts, ids included.

    Its pieces are counted, not trained: training differs from run to run.
    """
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    tokenizer = Tokenizer(models.Unigram(pieces(), CONTROL.index("[UNK]"), byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Strip(),
            normalizers.NFKC(),
            normalizers.Replace(Regex("[\n\t\r]"), " "),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens([*CONTROL, AddedToken("[MASK]", special=True)])
    tokenizer.add_tokens(list(PREFIXES))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return tokenizer


def pieces(size: int = 600, longest: int = 8) -> list[tuple[str, float]]:
    """The vocabulary: pieces of words with their log-frequencies, the control tokens first."""
    counts: Counter[str] = Counter()
    for text in example_texts():
        for word in text.split():
            marked = f"▁{word}"
            ends = range(1, min(len(marked), longest) + 1)
            counts.update(marked[i : i + n] for n in ends for i in range(len(marked) - n + 1))
    chars = {*string.printable.strip(), "▁"}
    common = sorted(counts.keys() - chars, key=lambda p: (-counts[p] * len(p), p))
    kept = sorted(chars) + common[: size - len(chars) - len(CONTROL)]
    total = sum(counts[piece] for piece in kept)
    scores = [(piece, math.log(max(counts[piece], 0.5) / total)) for piece in kept]
    return [(token, 0.0) for token in CONTROL] + scores


def example_texts() -> list[str]:
    texts = []
    for file in sorted(EXAMPLES.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts += [row["prompt"], row["response"], row.get("reference") or ""]
    return texts
