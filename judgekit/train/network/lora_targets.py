"""Which of a model's modules get an adapter, by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from judgekit.errors import InputError
from judgekit.naming import unknown

__all__ = ["find_targets", "head_of", "is_target", "linear_modules", "untie"]

ALL = "all-linear"


def linear_modules(model: Any) -> dict[str, Any]:
    """The linear modules by name, those in 4 bits among them."""
    import torch
    from transformers.pytorch_utils import Conv1D  # GPT-2's own

    kinds = (torch.nn.Linear, Conv1D)
    return {name: module for name, module in model.named_modules() if isinstance(module, kinds)}


def head_of(model: Any) -> str | None:
    """The name of the module that makes logits; None of a model without (a classifier)."""
    head = model.get_output_embeddings()
    return next((n for n, m in model.named_modules() if head is not None and m is head), None)


def is_target(name: str | None, targets: Collection[str] | str) -> bool:
    """Whether peft gives the module an adapter: by whole names or their ends, or by a pattern."""
    if name is None:
        return False
    if isinstance(targets, str):
        return targets != ALL and re.fullmatch(targets, name) is not None
    return any(name == target or name.endswith(f".{target}") for target in targets)


def find_targets(model: Any, asked: Sequence[str], excluded: Collection[str] = ()) -> list[str]:
    """Module names for peft, in order; ``all-linear`` is every linear module but the head.

    `asked` are names or ends of names, `excluded` modules that are trained whole. Raises
    `InputError` for a name that no linear module has, with the nearest.
    """
    head = head_of(model)
    linear = [name for name in linear_modules(model) if not is_target(name, excluded)]
    found: set[str] = set()
    for target in asked:
        if target == ALL:
            found |= short([name for name in linear if name != head], linear)
        elif any(is_target(name, [target]) for name in linear):
            found.add(target)
        else:
            ends = {name.rsplit(".", 1)[-1] for name in linear}
            raise InputError(unknown("linear module", target, [ALL, *ends]))
    return sorted(found)


def short(names: Collection[str], among: Collection[str]) -> set[str]:
    """The ends of the names, where they say the same: as adapters are usually published."""
    ends = {name.rsplit(".", 1)[-1] for name in names}
    matched = {name for name in among if is_target(name, ends)}
    return ends if matched == set(names) else set(names)


def untie(model: Any) -> None:
    """Gives the head weights of its own where they are the embeddings'.

    An adapter of a tied head would change the embeddings as well when it is merged. The config
    then says so too, so that a folder saved of the model is read back as it is.
    """
    import torch

    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or head.weight is not embeddings.weight:
        return
    head.weight = torch.nn.Parameter(head.weight.detach().clone(), requires_grad=False)
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = False
    model.all_tied_weights_keys = model.get_expanded_tied_weights_keys(all_submodels=True)
