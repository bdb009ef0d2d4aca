"""The modules of a model that get an adapter, by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from judgekit.errors import InputError
from judgekit.naming import unknown

__all__ = ["find_targets", "head_of", "is_target", "linear_modules", "untie_for"]

ALL = "all-linear"


def linear_modules(model: Any) -> dict[str, Any]:
    """The linear modules by name, including those in 4 bits."""
    import torch
    from transformers.pytorch_utils import Conv1D  # GPT-2's own

    kinds = (torch.nn.Linear, Conv1D)
    return {name: module for name, module in model.named_modules() if isinstance(module, kinds)}


def head_of(model: Any) -> str | None:
    """The name of the module that computes logits; None for a model without (a classifier)."""
    head = model.get_output_embeddings()
    return next((n for n, m in model.named_modules() if head is not None and m is head), None)


def embeddings_of(model: Any) -> str | None:
    """The name of the module that embeds tokens."""
    embeddings = model.get_input_embeddings()
    return next((name for name, module in model.named_modules() if module is embeddings), None)


def is_target(name: str | None, targets: Collection[str] | str) -> bool:
    """Whether peft gives the module an adapter: by full names or suffixes, or by a pattern."""
    if name is None:
        return False
    if isinstance(targets, str):
        return targets != ALL and re.fullmatch(targets, name) is not None
    return any(name == target or name.endswith(f".{target}") for target in targets)


def find_targets(model: Any, names: Sequence[str], excluded: Collection[str] = ()) -> list[str]:
    """The sorted names of modules for peft; ``all-linear`` is every linear module but the head.

    Args:
        model: The model.
        names: Names or suffixes of names.
        excluded: Modules that are trained in full.

    Raises:
        InputError: No linear module has a name; the message gives the nearest.
    """
    head = head_of(model)
    linear = [name for name in linear_modules(model) if not is_target(name, excluded)]
    targets: set[str] = set()
    for target in names:
        if target == ALL:
            targets |= short([name for name in linear if name != head], linear)
        elif any(is_target(name, [target]) for name in linear):
            targets.add(target)
        else:
            ends = {name.rsplit(".", 1)[-1] for name in linear}
            raise InputError(unknown("linear module", target, [ALL, *ends]))
    return sorted(targets)


def short(names: Collection[str], among: Collection[str]) -> set[str]:
    """The names' suffixes if they match the same modules, as in most published adapters."""
    ends = {name.rsplit(".", 1)[-1] for name in names}
    matched = {name for name in among if is_target(name, ends)}
    return ends if matched == set(names) else set(names)


def untie_for(model: Any, targets: str | Collection[str]) -> bool:
    """Unties the head where an adapter changes it or the embeddings that it shares.

    A merged adapter would change both: the head where it was of the embeddings, and the other way
    round.

    Returns:
        Whether the adapter changes the head.
    """
    head = is_target(head_of(model), targets)
    if head or is_target(embeddings_of(model), targets):
        untie(model)
    return head


def untie(model: Any) -> None:
    """Gives a head that shares the embeddings' weights its own copy.

    When an adapter of a tied head is merged, it would change the embeddings as well. The config is
    changed too, so that a saved model is loaded as it was.
    """
    import torch

    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or head.weight is not embeddings.weight:
        return
    head.weight = torch.nn.Parameter(head.weight.detach().clone(), requires_grad=False)
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = False
    model.all_tied_weights_keys = model.get_expanded_tied_weights_keys(all_submodels=True)
