"""What a model's forward pass takes, asked of its signature and never of a version.

transformers 5.24 renamed the argument for keys and values, and a model with code of its own may
keep the older name on any release.
"""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["base_model", "cache_argument", "forward_arguments"]

CACHE_NAMES = ("cache", "past_key_values")  # the newer first: a model in transition may take both


def base_model(model: Any) -> Any:
    """The transformers model itself, with its adapters but without peft's wrapper."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def forward_arguments(model: Any) -> frozenset[str]:
    """The argument names of a model's forward pass, looking through peft's wrapper."""
    return frozenset(inspect.signature(base_model(model).forward).parameters)


def cache_argument(model: Any) -> str | None:
    """The argument of the forward pass that takes keys and values of earlier tokens.

    Args:
        model: A model of transformers, also within peft's wrapper.

    Returns:
        The argument's name; None for a model that has none, Mamba for example.
    """
    names = forward_arguments(model)
    return next((name for name in CACHE_NAMES if name in names), None)
