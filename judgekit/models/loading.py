"""Causal language models and their tokenizers, from a folder or the hub, whole or in 4 bits.

Finding a checkpoint reads its small files only, so that what cannot work is refused before
anything is asked; the weights are read when they are first needed. Only safetensors are read,
and no code that comes with a checkpoint is run.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from judgekit.errors import EngineError, InputError
from judgekit.installing import install_hint
from judgekit.models.adapters import adapted
from judgekit.models.folders import find_folder, folder_digest, one_line
from judgekit.models.four_bit import Kind, guard_4bit, in_4bit
from judgekit.models.hushed import hush
from judgekit.naming import unknown
from judgekit.types import digest

__all__ = [
    "Checkpoint",
    "DType",
    "Quant",
    "Weights",
    "find",
    "find_adapter",
    "find_device",
    "load_weights",
    "natural_dtype",
    "quietly",
    "reading",
]

DType = Literal["auto", "float32", "bfloat16", "float16"]
Quant = Literal["4bit", "nf4", "fp4"]


@dataclass(frozen=True, slots=True)
class Weights:
    """Which weights, and how to hold them.

    `model` and `adapter` (of peft) are folders or hub ids. `dtype` ``auto``: float32 on the CPU,
    bfloat16 on a GPU that has it, float16 on others. `device` ``auto``: a GPU where there is one.
    `quant`: ``nf4`` (in short ``4bit``) or ``fp4``, see `four_bit.in_4bit`; `dtype` is then what
    it computes in, and `double_quant` holds the scales in 8 bits.
    """

    model: str
    dtype: DType = "auto"
    device: str = "auto"
    quant: Quant | None = None
    adapter: str | None = None
    double_quant: bool = True

    def __post_init__(self) -> None:
        if self.dtype not in get_args(DType):
            raise InputError(unknown("dtype", str(self.dtype), get_args(DType)))
        if self.quant is not None and self.quant not in get_args(Quant):
            raise InputError(unknown("quant", str(self.quant), get_args(Quant)))


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was found and can be loaded. `device` and `dtype` are torch's own."""

    name: str
    folder: Path
    adapter: Path | None
    quant: Quant | None
    device: Any
    dtype: Any
    config: Any
    double_quant: bool = True

    @cached_property
    def fingerprint(self) -> str:
        """Digest of all that decides what the model says: weights, adapter, quant and dtype.

        Takes seconds for billions of weights, except in the hub's cache, which knows the digests.
        """
        adapter = folder_digest(self.adapter) if self.adapter else ""
        usual = self.quant == "nf4" and self.double_quant  # what 4bit is short for
        quant = "4bit" if usual else self.quant or ""
        single = () if self.double_quant or not quant else ("single",)
        return digest(folder_digest(self.folder), adapter, quant, str(self.dtype), *single)

    def load_tokenizer(self) -> Any:
        """The tokenizer. Raises `InputError` where it cannot be read."""
        import transformers

        auto: Any = transformers.AutoTokenizer
        with quietly():
            try:
                return auto.from_pretrained(self.folder)
            except (OSError, ValueError, KeyError, ImportError) as error:
                raise InputError(
                    f"cannot read the tokenizer of {self.name!r}: {one_line(error)}"
                ) from error

    def load_model(self) -> Any:
        """The model with its adapter, on its device, in eval mode; in 4 bits safe to train, too.

        Raises `EngineError` where the weights cannot be loaded or are not all there.
        """
        import transformers

        with reading(self.name):
            model, missing = load_weights(self, transformers.AutoModelForCausalLM)
            if self.adapter is not None:
                model = adapted(model, self.adapter)
        if missing:
            raise EngineError(
                f"{self.name!r} is no causal language model: it lacks {len(missing)} of its "
                f"weights ({missing[0]!r}), which would be random"
            )
        return model.eval()


def load_weights(
    at: Checkpoint, auto: Any, whole: Sequence[str] = (), **config: Any
) -> tuple[Any, list[str]]:
    """The model without its adapter, and the names of weights that its files lack.

    `auto` is transformers' class for what it is to be, `whole` names modules that are not held in
    4 bits, `config` changes what its config says. To be used within `reading`.
    """
    if at.quant:
        kind: Kind = "fp4" if at.quant == "fp4" else "nf4"
        held = in_4bit(at.config, at.dtype, kind, double_quant=at.double_quant)
        if whole:
            held.llm_int8_skip_modules = [*(held.llm_int8_skip_modules or ()), *whole]
        config["quantization_config"] = held  # None would hide what a quantised folder says
    model, found = auto.from_pretrained(
        at.folder,
        dtype=at.dtype,
        device_map={"": at.device},
        use_safetensors=True,
        output_loading_info=True,
        **config,
    )
    guard_4bit(model)
    return model, sorted(found["missing_keys"])


def find(weights: Weights) -> Checkpoint:
    """Finds a checkpoint, downloading it where it is a hub id, and checks what can be checked.

    Raises `InputError`: torch is not installed, no such model or adapter, no safetensors, an
    adapter where a model should be, a device or a quantisation that cannot be.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise InputError(
            f"local models need torch and transformers ({error}); {install_hint('local')}"
        ) from error
    folder = find_folder("model", weights.model)
    refuse_adapter(weights.model, folder)
    adapter = None if weights.adapter is None else find_adapter(weights.adapter)
    auto: Any = transformers.AutoConfig
    try:
        with quietly():
            config = auto.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"cannot read the model {weights.model!r}: {one_line(error)}") from error
    if weights.quant and getattr(config, "quantization_config", None):
        raise InputError(f"{weights.model!r} is quantised already; leave out quant")
    device = find_device(weights.device)
    dtype = natural_dtype(device) if weights.dtype == "auto" else getattr(torch, weights.dtype)
    return Checkpoint(
        weights.model, folder, adapter, weights.quant, device, dtype, config, weights.double_quant
    )


def find_adapter(name: str) -> Path:
    """The folder of an adapter as peft saves it."""
    folder = find_folder("adapter", name)
    if not (folder / "adapter_config.json").is_file():
        raise InputError(
            f"{name!r} is no adapter: it has no adapter_config.json; name a folder saved by peft"
        )
    return folder


def refuse_adapter(name: str, folder: Path) -> None:
    """Refuses an adapter where a whole model is wanted, and says what it belongs to."""
    file = folder / "adapter_config.json"
    if file.is_file() and not (folder / "config.json").is_file():
        base = json.loads(file.read_bytes()).get("base_model_name_or_path")
        raise InputError(
            f"{name!r} is an adapter of {base!r}: name that as the model, and this as its adapter"
        )


def find_device(asked: str) -> Any:
    """The torch device by name; ``auto`` is a GPU where there is one.

    Raises `InputError` where it cannot be used.
    """
    import torch

    if asked == "auto":
        mps = torch.backends.mps.is_available()
        asked = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        return torch.zeros(1, device=asked).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(f"cannot use the device {asked!r}: {one_line(error)}") from error


def natural_dtype(device: Any) -> Any:
    """What to compute in where nobody said: see `Weights`."""
    import torch

    if device.type == "cpu":
        return torch.float32
    native = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turns what can go wrong while weights are read into one line, an `EngineError`."""
    import safetensors

    try:
        with quietly():
            yield
    # ImportError: a quantised checkpoint wants a package of its own.
    except (
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
        ImportError,
        safetensors.SafetensorError,
    ) as error:
        raise EngineError(f"cannot load {name!r}: {one_line(error)}") from error


@contextmanager
def quietly() -> Iterator[None]:
    """Without the libraries' progress bars, and their warnings about one another."""
    import transformers

    hush()
    logging: Any = transformers.utils.logging
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
