"""The ranges of a recipe's numbers."""

from __future__ import annotations

from math import inf

from judgekit.errors import InputError
from judgekit.train.recipes.recipe import Recipe

__all__ = ["check_numbers"]

# Lower bound, upper bound, and whether each bound is itself allowed.
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
    """Raises `InputError` for the first number outside its range; None is always allowed."""
    for name, (least, most, least_too, most_too) in RANGES.items():
        value = vars(recipe).get(name)
        if value is None:  # left open, or a number that this kind of recipe has not
            continue
        low = value >= least if least_too else value > least
        high = value <= most if most_too else value < most
        if not (low and high):
            above = f"at least {least}" if least_too else f"more than {least}"
            below = "" if most == inf else f" and {'at most' if most_too else 'less than'} {most}"
            raise InputError(f"{name} must be {above}{below}, not {value!r}")
