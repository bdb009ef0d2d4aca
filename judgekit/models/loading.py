"""Loads causal language models and tokenizers from a folder or the hub, in full or in 4 bits.

Finding a checkpoint reads its small files only, so that errors show before anything is asked; the
weights are read when they are first needed. Only safetensors are read, and no code that comes with
a checkpoint is run.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from judgekit.errors import EngineError, InputError
from judgekit.installing import install_hint
from judgekit.models.adapters import load_adapter
from judgekit.models.checkpoint_checks import ADAPTER_WEIGHTS, check_vocabulary
from judgekit.models.folder_checks import read_json_object
from judgekit.models.folders import find_folder, folder_digest
from judgekit.models.four_bit import Kind, bitsandbytes_config, guard_4bit
from judgekit.models.library_errors import library_errors, one_line
from judgekit.models.library_warnings import hide_kernel_warning
from judgekit.naming import unknown
from judgekit.types import digest

__all__ = [
    "Checkpoint",
    "DType",
    "Quant",
    "Weights",
    "default_dtype",
    "find_adapter",
    "find_checkpoint",
    "find_device",
    "load_weights",
    "loading_errors",
    "quiet_libraries",
]

DType = Literal["auto", "float32", "bfloat16", "float16"]
Quant = Literal["none", "4bit", "nf4", "fp4"]  # one set, for judging and training


@dataclass(frozen=True, slots=True)
class Weights:
    """Which weights to load, and in which precision.

    `model` and `adapter` (of peft) are folders or hub ids. `dtype` ``auto`` is float32 on a CPU,
    bfloat16 on GPUs that have it, float16 on others. `device` ``auto`` is a GPU if there is one.
    `quant` is ``nf4`` (or ``4bit``, the same) or ``fp4``, see `four_bit.bitsandbytes_config`;
    `dtype` is then the precision of the computation; ``none`` is the same as None. `double_quant`
    also quantises the scales, to 8 bits.

    Raises:
        InputError: There is no such `dtype` or `quant`.
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
        if self.quant == "none":
            object.__setattr__(self, "quant", None)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that has been found. `device` and `dtype` are torch's."""

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
        """Digest of all that decides the model's output: weights, adapter, quantisation and dtype.

        Takes seconds for billions of weights, unless they are in the hub's cache, which knows the
        digests.
        """
        adapter = folder_digest(self.adapter) if self.adapter else ""
        default = self.quant == "nf4" and self.double_quant  # the same as 4bit
        quant = "4bit" if default else self.quant or ""
        single = () if self.double_quant or not quant else ("single",)
        return digest(folder_digest(self.folder), adapter, quant, str(self.dtype), *single)

    def load_tokenizer(self) -> Any:
        """Loads the tokenizer.

        Raises:
            InputError: It cannot be read.
        """
        import transformers

        auto: Any = transformers.AutoTokenizer
        with quiet_libraries(), library_errors(f"cannot read the tokenizer of {self.name!r}"):
            tokenizer = auto.from_pretrained(self.folder, trust_remote_code=False)
        check_vocabulary(self.name, tokenizer, self.config)
        return tokenizer

    def load_model(self) -> Any:
        """Loads the model with its adapter, on its device, in eval mode.

        A model in 4 bits is safe to train as well.

        Raises:
            EngineError: The weights cannot be loaded, or some are missing.
        """
        import transformers

        with loading_errors(self.name):
            model, missing = load_weights(self, transformers.AutoModelForCausalLM)
            if self.adapter is not None:
                model = load_adapter(model, self.adapter)
        if missing:
            raise EngineError(
                f"{self.name!r} is no causal language model: it lacks {len(missing)} of its "
                f"weights ({missing[0]!r}), which would be random"
            )
        return model.eval()


def load_weights(
    at: Checkpoint, auto: Any, keep: Sequence[str] = (), **config: Any
) -> tuple[Any, list[str]]:
    """Loads the model without its adapter; to be called within `loading_errors`.

    Args:
        at: The checkpoint.
        auto: transformers' auto class of the wanted model.
        keep: Names of modules that are not quantised.
        **config: Changes to the checkpoint's config.

    Returns:
        The model, and the sorted names of weights that the files lack.
    """
    if at.quant:
        kind: Kind = "fp4" if at.quant == "fp4" else "nf4"
        held = bitsandbytes_config(at.config, at.dtype, kind, double_quant=at.double_quant)
        if keep:
            held.llm_int8_skip_modules = [*(held.llm_int8_skip_modules or ()), *keep]
        config["quantization_config"] = held  # None would override a quantised folder's config
    model, loading_info = auto.from_pretrained(
        at.folder,
        dtype=at.dtype,
        device_map={"": at.device},
        use_safetensors=True,
        trust_remote_code=False,
        output_loading_info=True,
        **config,
    )
    guard_4bit(model, loading_info["missing_keys"])
    return model, sorted(loading_info["missing_keys"])


def find_checkpoint(weights: Weights) -> Checkpoint:
    """Finds a checkpoint, downloads it if it is a hub id, and checks what can be checked.

    Raises:
        InputError: torch is not installed, there is no such model or adapter, it has no
            safetensors, an adapter is given as the model, or the device or quantisation is
            impossible.
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
    with quiet_libraries(), library_errors(f"cannot read the model {weights.model!r}"):
        config = auto.from_pretrained(folder, trust_remote_code=False)
    if weights.quant and getattr(config, "quantization_config", None):
        raise InputError(f"{weights.model!r} is quantised already; leave out quant")
    device = find_device(weights.device)
    dtype = default_dtype(device) if weights.dtype == "auto" else getattr(torch, weights.dtype)
    return Checkpoint(
        weights.model, folder, adapter, weights.quant, device, dtype, config, weights.double_quant
    )


def find_adapter(name: str) -> Path:
    """Finds the folder of an adapter saved by peft.

    Args:
        name: A folder or a hub id.

    Raises:
        InputError: There is none, or it is no adapter.
    """
    folder = find_folder("adapter", name)
    if not (folder / "adapter_config.json").is_file():
        raise InputError(
            f"{name!r} is no adapter: it has no adapter_config.json; name a folder saved by peft"
        )
    # Of any other file peft would read a pickle, whatever else lies beside it.
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise InputError(
            f"{name!r} has no {ADAPTER_WEIGHTS}; pickles (adapter_model.bin) are not read: save "
            f"the adapter as safetensors"
        )
    return folder


def refuse_adapter(name: str, folder: Path) -> None:
    """Refuses an adapter given as a model.

    Raises:
        InputError: The folder is an adapter; the message names its base model.
    """
    file = folder / "adapter_config.json"
    if file.is_file() and not (folder / "config.json").is_file():
        base = read_json_object(file).get("base_model_name_or_path")
        raise InputError(
            f"{name!r} is an adapter of {base!r}: name that as the model, and this as its adapter"
        )


def find_device(asked: str) -> Any:
    """The torch device of a name; ``auto`` is a GPU if there is one.

    Raises:
        InputError: The device cannot be used.
    """
    import torch

    if asked == "auto":
        mps = torch.backends.mps.is_available()
        asked = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        return torch.zeros(1, device=asked).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(f"cannot use the device {asked!r}: {one_line(error)}") from error


def default_dtype(device: Any) -> Any:
    """The dtype to compute in on a device by default; see `Weights`."""
    import torch

    if device.type == "cpu":
        return torch.float32
    native = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16


@contextmanager
def loading_errors(name: str) -> Iterator[None]:
    """Turns errors while weights are read into an `EngineError` of one line.

    Args:
        name: The model's name in the message.
    """
    with library_errors(f"cannot load {name!r}", EngineError), quiet_libraries():
        yield


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Hides the libraries' progress bars, and their warnings about each other."""
    import transformers

    hide_kernel_warning()
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
