"""Weights in 4 bits through bitsandbytes, and protection from a fault on some CPUs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from judgekit.errors import EngineError

__all__ = ["Kind", "bitsandbytes_config", "guard_4bit", "quantised_layers"]

Kind = Literal["nf4", "fp4"]
BLOCK = 64  # CPU kernels crash if the number of inputs is no multiple of this


def bitsandbytes_config(
    config: Any, dtype: Any, kind: Kind = "nf4", *, double_quant: bool = True
) -> Any:
    """The quantisation config with which transformers loads a causal language model in 4 bits.

    The default is NF4 with double quantisation (QLoRA, Dettmers et al. 2023, arXiv:2305.14314).
    Layers whose number of inputs is no multiple of 64 are not quantised.

    Args:
        config: The model's config.
        dtype: torch's dtype of the computation.
        kind: The 4-bit data type.
        double_quant: Whether to quantise the scales as well.

    Returns:
        A `transformers.BitsAndBytesConfig`.

    Raises:
        ValueError: No layer can be quantised.
    """
    import transformers

    library: Any = transformers
    return library.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=kind,
        bnb_4bit_use_double_quant=double_quant,
        bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=skipped_modules(config),
    )


def skipped_modules(config: Any) -> list[str] | None:
    """Modules not to quantise; None for transformers' default, which is the head."""
    import torch
    import transformers

    auto: Any = transformers.AutoModelForCausalLM
    with torch.device("meta"):
        model = auto.from_config(config, trust_remote_code=False)
    head = model.get_output_embeddings()
    linear = {
        name: module.in_features % BLOCK
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not head
    }
    odd = [name for name, rest in linear.items() if rest]
    if len(odd) == len(linear):
        raise ValueError(
            f"none of its layers can be held in 4 bits, for each would need a multiple of {BLOCK} "
            f"inputs; leave out quant"
        )
    if not odd:
        return None
    return odd + [name for name, module in model.named_modules() if module is head]


def guard_4bit(model: Any, missing: Collection[str] = ()) -> None:
    """Keeps bitsandbytes from repacking 4-bit weights for the CPU in place.

    On CPUs with AVX512_BF16, the first forward pass in eval mode would change the weights for good.
    Gradients after it, merging and saving would all be wrong, without an error.

    Args:
        model: The model.
        missing: Weights that its files lack, of which the caller speaks.

    Raises:
        EngineError: A layer that should be in 4 bits is not: the config says so, but not the files.
    """
    for name, module in quantised_layers(model).items():
        held = getattr(module.weight, "quant_state", None)
        if held is None and f"{name}.weight" not in missing:
            raise EngineError(
                f"config.json says that the weights are in 4 bits, and {name!r} is not; remove "
                f"quantization_config from it"
            )
        module.support_avx512bf16_for_cpu = False


def quantised_layers(model: Any) -> dict[str, Any]:
    """The modules that bitsandbytes holds in 4 bits, by name."""
    if not getattr(model, "is_loaded_in_4bit", False):
        return {}
    import bitsandbytes

    library: Any = bitsandbytes
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, library.nn.Linear4bit)
    }
