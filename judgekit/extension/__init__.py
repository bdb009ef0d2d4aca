"""What the author of a plugin uses beside `judgekit.judging`: hooks, engines and labelled sets.

The names below stay where they are; the modules behind them may move.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judgekit.config.endpoints import Endpoint
    from judgekit.config.prices import Price
    from judgekit.errors import CallFailure, EngineError, InputError, PluginError
    from judgekit.extension.engine import Engine, EngineFactory, EngineSetup
    from judgekit.extension.hookspecs import hookimpl
    from judgekit.extension.registry import Registry
    from judgekit.io.labelled_set import LabelledSet, SetFactory, SetSetup
    from judgekit.types import Call, Message, Reply, Sampling

__all__ = [
    "Call",
    "CallFailure",
    "Endpoint",
    "Engine",
    "EngineError",
    "EngineFactory",
    "EngineSetup",
    "InputError",
    "LabelledSet",
    "Message",
    "PluginError",
    "Price",
    "Registry",
    "Reply",
    "Sampling",
    "SetFactory",
    "SetSetup",
    "hookimpl",
]

HOMES = {
    "judgekit.config.endpoints": ("Endpoint",),
    "judgekit.config.prices": ("Price",),
    "judgekit.errors": ("CallFailure", "EngineError", "InputError", "PluginError"),
    "judgekit.extension.engine": ("Engine", "EngineFactory", "EngineSetup"),
    "judgekit.extension.hookspecs": ("hookimpl",),
    "judgekit.extension.registry": ("Registry",),
    "judgekit.io.labelled_set": ("LabelledSet", "SetFactory", "SetSetup"),
    "judgekit.types": ("Call", "Message", "Reply", "Sampling"),
}


def __getattr__(name: str) -> Any:
    # Imported when used: a plugin's import costs nothing heavy.
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
