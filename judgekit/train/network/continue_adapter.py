"""Going on from an adapter: it is trained further, and what it was stays beside it.

Merging it into 4-bit weights would lose most of it: its changes are smaller than the steps between
4-bit values. So the adapter itself is trained, and the reference is a frozen copy of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import orjson

from judgekit.errors import InputError
from judgekit.models.loading import reading
from judgekit.train.network.lora_targets import head_of, is_target, untie

__all__ = ["continue_adapter", "read_config"]

START = "start"
HEADS = frozenset({"lm_head", "score", "classifier"})


def read_config(adapter: Path, name: str) -> dict[str, Any]:
    """An adapter's `adapter_config.json`. Raises `InputError` where it is no LoRA."""
    try:
        config: Any = orjson.loads((adapter / "adapter_config.json").read_bytes())
    except ValueError as error:
        raise InputError(f"cannot read the adapter {name!r}: {error}") from error
    if not isinstance(config, dict):
        raise InputError(f"cannot read the adapter {name!r}: its config is no JSON object")
    if config.get("peft_type") != "LORA":
        raise InputError(f"{name!r} is of the kind {config.get('peft_type')!r}; LoRA is supported")
    return config


def continue_adapter(model: Any, adapter: Path, task: str) -> Any:
    """The model with the adapter of that folder, to be trained further; all else frozen.

    `task` is peft's (``CAUSAL_LM``, ``SEQ_CLS``); an adapter of a language model starts a
    classifier, too. Inside `model.disable_adapter()` the adapter is what it was in the folder, so
    that code which asks for the reference need not know of this.

    Raises `InputError` where it is no LoRA or does not fit the model, `EngineError` where it
    cannot be read.
    """
    import peft

    library: Any = peft
    config = read_config(adapter, adapter.name)
    targets = config.get("target_modules") or ()
    if is_target(head_of(model), targets):
        untie(model)
    how = library.LoraConfig.from_pretrained(adapter)
    how.task_type, how.inference_mode = task, False
    how.base_model_name_or_path = None  # peft would warn of a model that lies elsewhere now
    with reading(str(adapter)):
        model = library.get_peft_model(model, how)
        load_adapter_weights(model, adapter, anew=HEADS if task == "SEQ_CLS" else frozenset())
        if task != "SEQ_CLS":  # there is no reference to rewards
            model.load_adapter(adapter, START, torch_device=str(model.device))
            model.disable_adapter = disabling_to_start(model)
    return model


def load_adapter_weights(model: Any, adapter: Path, *, anew: frozenset[str]) -> None:
    """Puts the folder's weights into the model's new adapter.

    peft passes over what is missing or too much, and random weights would be trained. So all must
    be there, but what belongs to the heads `anew`: a language model's adapter has no score head.
    Raises `InputError`.
    """
    import peft
    from safetensors.torch import load_file

    library: Any = peft
    weights = load_file(adapter / "adapter_model.safetensors")
    held = library.get_peft_model_state_dict(model, save_embedding_layers=False)
    # peft may have saved embeddings beside the adapter, under the names that the model has.
    own = {n: w for n, w in model.named_parameters(remove_duplicate=False) if n in weights}
    wanted = held | own
    for name in sorted(wanted.keys() | weights.keys()):
        there, here = shape(weights, name), shape(wanted, name)
        if there == here or ("missing" in (there, here) and anew & set(name.split("."))):
            continue
        raise InputError(
            f"the adapter {str(adapter)!r} does not fit the model: {name!r} is {there} in the "
            f"adapter and {here} in the model; name the model that it was trained on"
        )
    library.set_peft_model_state_dict(model, held | weights)


def shape(tensors: Mapping[str, Any], name: str) -> str:
    """``[4, 64]``, or ``missing``."""
    return str(list(tensors[name].shape)) if name in tensors else "missing"


def disabling_to_start(model: Any) -> Callable[[], AbstractContextManager[None]]:
    """In place of `PeftModel.disable_adapter`: the frozen copy instead of no adapter."""

    @contextmanager
    def started() -> Iterator[None]:
        trained = model.active_adapter
        model.set_adapter(START)
        try:
            yield
        finally:
            model.set_adapter(trained)
            for name, weight in model.named_parameters():
                if f".{START}." in name:
                    weight.requires_grad_(False)

    return started
