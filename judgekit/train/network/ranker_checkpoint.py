"""The checkpoints of rankers, in the layout of `llm-blender/PairRM-hf`.

The folder holds DeBERTa's `config.json` with PairRM's additions, `model.safetensors` with the names
of both published checkpoints, and `tokenizer.json`; the judge `pairrm` and upstream read it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from judgekit.errors import EngineError, InputError
from judgekit.io.files import write_file
from judgekit.models.deberta import Size
from judgekit.models.folders import find_folder
from judgekit.models.library_errors import library_errors
from judgekit.models.loading import loading_errors, quiet_libraries
from judgekit.models.pairrm import network_size, read_config
from judgekit.models.pairrm_tokens import CANDIDATE, FIRST, SECOND, SOURCE, Limits
from judgekit.models.tensors import Tensors
from judgekit.train.network.ranker_network import RankerNetwork
from judgekit.train.recipes.ranker import Ranker

__all__ = ["RankerCheckpoint", "find_checkpoint"]

TOKENIZER = "tokenizer.json"
PREFIXES = {  # in upstream's order, which decides their ids; and PairRM-hf's names of these
    SOURCE: "source_prefix_id",
    FIRST: "cand1_prefix_id",
    SECOND: "cand2_prefix_id",
    CANDIDATE: "cand_prefix_id",
}
HEAD = "head_layer.4.bias"  # only a PairRM has it


@dataclass(frozen=True)
class RankerCheckpoint:
    """A PairRM or an encoder to start from, found and checked; its weights are not read yet.

    Attributes:
        folder: The checkpoint's folder.
        config: DeBERTa's config.
        size: The encoder's size.
        tasks: Outputs of the head; 0 for an encoder, whose head will be new.
        limits: Token limits of prompts and answers.
        tokenizer: The tokenizer, with PairRM's prefixes.
    """

    folder: Path
    config: Mapping[str, Any]
    size: Size
    tasks: int
    limits: Limits
    tokenizer: Any = field(repr=False)

    @property
    def vocabulary(self) -> int:
        """Rows of the embeddings; they grow with a tokenizer that has more tokens."""
        return max(self.size.vocabulary, int(self.tokenizer.get_vocab_size()))

    def empty_network(self, recipe: Ranker, tasks: int) -> RankerNetwork:
        """The network without trained weights, on torch's default device."""
        import transformers

        library: Any = transformers
        config = library.DebertaV2Config(**{**self.config, "vocab_size": self.vocabulary})
        return RankerNetwork(
            library.DebertaV2Model(config),
            replace(self.size, vocabulary=self.vocabulary),
            tasks,
            (self.tokenizer.token_to_id(FIRST), self.tokenizer.token_to_id(SECOND)),
            dropout=recipe.dropout,
            precision=recipe.dtype,
            recompute=recipe.checkpoint_activations,
        )

    def network(self, recipe: Ranker, tasks: int) -> RankerNetwork:
        """The network with its weights in float32; new weights are drawn with the recipe's seed.

        Raises `EngineError` where the weights cannot be read.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            network = self.empty_network(recipe, tasks)
            if not self.tasks:
                network.pretrained_model = self._encoder()
        if self.tasks:
            tensors = Tensors(self.folder)
            network.load_state_dict({n: tensors.read(n).float() for n in network.state_dict()})
        return network

    def save(self, network: RankerNetwork, folder: Path, dropout: float) -> None:
        """Writes the folder's config, weights and tokenizer."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {n: w.detach().cpu().contiguous() for n, w in network.state_dict().items()}
        save_file(weights, folder / "model.safetensors", {"format": "pt"})
        self.save_tokenizer(folder)
        settings = {
            **self.config,
            "architectures": ["DebertaV2PairRM"],
            "dtype": "float32",
            "vocab_size": network.size.vocabulary,
            "n_tasks": network.tasks,
            "drop_out": dropout,
            "source_maxlength": self.limits.source,
            "candidate_maxlength": self.limits.candidate,
            "sep_token_id": self.tokenizer.token_to_id("[SEP]"),
            **{name: self.tokenizer.token_to_id(text) for text, name in PREFIXES.items()},
        }
        write_file(folder / "config.json", (json.dumps(settings, indent=2) + "\n").encode())

    def save_tokenizer(self, folder: Path) -> None:
        """Writes the tokenizer that the network is trained with."""
        self.tokenizer.save(str(folder / TOKENIZER))

    def _encoder(self) -> Any:
        """transformers' encoder with its weights."""
        import transformers

        library: Any = transformers
        with loading_errors(str(self.folder)), quiet_libraries():
            encoder, info = library.DebertaV2Model.from_pretrained(
                self.folder,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
            if self.vocabulary > self.size.vocabulary:
                encoder.resize_token_embeddings(self.vocabulary)
        if info["missing_keys"]:
            lacks = sorted(info["missing_keys"])
            raise EngineError(
                f"{str(self.folder)!r} lacks {len(lacks)} of its weights ({lacks[0]!r}), which "
                f"would be random"
            )
        return encoder


def find_checkpoint(recipe: Ranker) -> RankerCheckpoint:
    """Finds the recipe's model (a hub id is downloaded) and reads its small files.

    Raises `InputError`: no such model, no safetensors, neither a PairRM nor a DeBERTa-v3, no
    `tokenizer.json`.
    """
    folder = find_folder("ranker or encoder", recipe.model)
    raw_config, tensors = read_config(folder), Tensors(folder)
    if HEAD in tensors.shapes:
        size, tasks = network_size(folder, tensors, raw_config)
    else:
        size, tasks = encoder_size(folder, raw_config), 0
    defaults = Limits()
    limits = Limits(
        recipe.source_maxlength or raw_config.get("source_maxlength") or defaults.source,
        recipe.candidate_maxlength or raw_config.get("candidate_maxlength") or defaults.candidate,
    )
    config = raw_config if raw_config.get("model_type") == "deberta-v2" else backbone(size)
    return RankerCheckpoint(
        folder, config, size, tasks, limits, read_tokenizer(folder, new=not tasks)
    )


def encoder_size(folder: Path, config: Mapping[str, Any]) -> Size:
    """The size of a DeBERTa-v3 encoder. Raises `InputError` for any other model."""
    import transformers

    library: Any = transformers
    kind = config.get("model_type")
    if kind != "deberta-v2":
        raise InputError(
            f"{str(folder)!r} is neither a PairRM nor a DeBERTa-v3: its model_type is {kind!r}"
        )
    with torch.device("meta"), library_errors(f"cannot read the model {str(folder)!r}"):
        model = library.DebertaV2Model(library.DebertaV2Config(**config))
    shapes = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    try:
        size = Size.of(shapes, config)
    except KeyError as error:
        raise InputError(f"{str(folder)!r} has no {error.args[0]!r}, as DeBERTa-v3 has") from error
    odd = sorted(shapes.items() ^ size.shapes().items())
    if odd:
        raise InputError(f"{str(folder)!r} differs from DeBERTa-v3 in {odd[0][0]!r}")
    return size


def backbone(size: Size) -> dict[str, Any]:
    """DeBERTa's config, for a checkpoint that has a ranker's config instead."""
    from judgekit.models.blender import backbone_config

    settings: dict[str, Any] = backbone_config(size).to_dict()
    return settings


def read_tokenizer(folder: Path, *, new: bool) -> Any:
    """The folder's tokenizer; a `new` one gets PairRM's four prefixes appended."""
    file = folder / TOKENIZER
    if not file.is_file():
        raise InputError(
            f"no {TOKENIZER} in {str(folder)!r}; llm-blender/PairRM-hf has DeBERTa-v3's, "
            f"with the prefixes: copy it there"
        )
    with library_errors(f"cannot read {str(file)!r}"):
        tokenizer: Any = Tokenizer.from_file(str(file))
    if new:
        tokenizer.add_tokens(list(PREFIXES))  # existing ones keep their ids
    lost = [t for t in ("[CLS]", "[SEP]", *PREFIXES) if tokenizer.token_to_id(t) is None]
    if lost:
        raise InputError(f"no token {lost[0]!r} in {str(file)!r}; take PairRM's or DeBERTa-v3's")
    return tokenizer
