"""The numbers of a recipe: which can be."""

from __future__ import annotations

from math import inf

from judgekit.errors import InputError
from judgekit.train.recipes.language_model import Recipe

__all__ = ["check_numbers"]

# The least that may be, the most, and whether the least and the most may be themselves.
RANGES: dict[str, tuple[float, float, bool, bool]] = {
    "learning_rate": (0, inf, False, False),
    "warmup": (0, 1, True, True),
    "weight_decay": (0, inf, True, False),
    "max_grad_norm": (0, inf, False, False),
    "epochs": (0, inf, False, False),
    "steps": (1, inf, True, False),
    "batch_size": (1, inf, True, False),
    "accumulate": (1, inf, True, False),
    "limit": (1, inf, True, False),
    "eval_share": (0, 1, True, False),
    "eval_every": (1, inf, True, False),
    "save_every": (1, inf, True, False),
    "keep_checkpoints": (1, inf, True, False),
    "samples": (0, inf, True, False),
}


def check_numbers(recipe: Recipe) -> None:
    """Raises `InputError` for the first number that cannot be; what None means is left open."""
    for name, (least, most, least_too, most_too) in RANGES.items():
        value = getattr(recipe, name)
        if value is None:
            continue
        low = value >= least if least_too else value > least
        high = value <= most if most_too else value < most
        if not (low and high):
            above = f"at least {least}" if least_too else f"more than {least}"
            below = "" if most == inf else f" and {'at most' if most_too else 'less than'} {most}"
            raise InputError(f"{name} must be {above}{below}, not {value!r}")
