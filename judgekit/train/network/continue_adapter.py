"""Continuing an adapter: it is trained further, and a frozen copy of it is the reference.

Merging it into 4-bit weights instead would lose most of it: its changes are smaller than the steps
between 4-bit values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.models.folder_checks import read_json_object
from judgekit.models.loading import loading_errors
from judgekit.train.network.lora_targets import untie_for

__all__ = ["continue_adapter", "read_config"]

INITIAL = "start"  # the frozen copy's name in peft
HEADS = frozenset({"lm_head", "score", "classifier"})


def read_config(adapter: Path, name: str) -> dict[str, Any]:
    """An adapter's `adapter_config.json`. Raises `InputError` where it is no LoRA."""
    config = read_json_object(adapter / "adapter_config.json")
    if config.get("peft_type") != "LORA":
        kind = config.get("peft_type")
        raise InputError(f"{name!r} is an adapter of type {kind!r}; only LoRA is supported")
    return config


def continue_adapter(model: Any, adapter: Path, task: str) -> Any:
    """Loads an adapter into a model to train it further; everything else is frozen.

    Inside `model.disable_adapter()` the adapter is as it was in the folder, so that code which
    computes the reference works unchanged.

    Args:
        model: The model without an adapter.
        adapter: The adapter's folder.
        task: peft's task, ``CAUSAL_LM`` or ``SEQ_CLS``; an adapter of a language model can start a
            classifier as well.

    Returns:
        The model with the adapter.

    Raises:
        InputError: It is no LoRA or does not fit the model.
        EngineError: It cannot be read.
    """
    import peft

    library: Any = peft
    config = read_config(adapter, adapter.name)
    targets = config.get("target_modules") or ()
    untie_for(model, targets)
    with loading_errors(str(adapter)):
        how = library.LoraConfig.from_pretrained(adapter)
        how.task_type, how.inference_mode = task, False
        how.base_model_name_or_path = None  # peft would warn about a model that has moved
        model = library.get_peft_model(model, how)
        load_adapter_weights(model, adapter, anew=HEADS if task == "SEQ_CLS" else frozenset())
        if task != "SEQ_CLS":  # reward models have no reference
            model.load_adapter(adapter, INITIAL, torch_device=str(model.device))
            model.disable_adapter = initial_adapter_context(model)
    return model


def load_adapter_weights(model: Any, adapter: Path, *, anew: frozenset[str]) -> None:
    """Loads the folder's weights into the model's new adapter.

    peft ignores missing and additional weights, and would train random ones. So every weight must
    be there, except those of the heads in `anew`: a language model's adapter has no score head.
    Raises `InputError`.
    """
    import peft
    from safetensors.torch import load_file

    library: Any = peft
    weights = load_file(adapter / "adapter_model.safetensors")
    adapter_state = library.get_peft_model_state_dict(model, save_embedding_layers=False)
    # peft may have saved embeddings beside the adapter, under the names that the model has.
    embeddings = {n: w for n, w in model.named_parameters(remove_duplicate=False) if n in weights}
    model_state = adapter_state | embeddings
    for name in sorted(model_state.keys() | weights.keys()):
        there, here = shape(weights, name), shape(model_state, name)
        if there == here or ("missing" in (there, here) and anew & set(name.split("."))):
            continue
        raise InputError(
            f"the adapter {str(adapter)!r} does not fit the model: {name!r} is {there} in the "
            f"adapter and {here} in the model; name the model that it was trained on"
        )
    library.set_peft_model_state_dict(model, adapter_state | weights)


def shape(tensors: Mapping[str, Any], name: str) -> str:
    """``[4, 64]``, or ``missing``."""
    return str(list(tensors[name].shape)) if name in tensors else "missing"


def initial_adapter_context(model: Any) -> Callable[[], AbstractContextManager[None]]:
    """A replacement of `PeftModel.disable_adapter`: the frozen copy instead of no adapter."""

    @contextmanager
    def started() -> Iterator[None]:
        trained = model.active_adapter
        model.set_adapter(INITIAL)
        try:
            yield
        finally:
            model.set_adapter(trained)
            for name, weight in model.named_parameters():
                if f".{INITIAL}." in name:
                    weight.requires_grad_(False)

    return started
