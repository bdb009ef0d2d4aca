"""The identity of a run: a digest of everything that decides what its files say.

Equal identities mean equal results from the same replies, so a run goes into a folder of its
identity, and a finished folder is only ever replaced by a run of the same identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import orjson

from judgekit.config.fields import as_json
from judgekit.config.settings import Settings
from judgekit.types import digest

__all__ = ["RULES", "deciding_settings", "options_identity", "run_identity"]

RULES = 2
"""Raised when the same replies come to mean something else (parsers, fold, metrics), or when the
identity is made otherwise. A folder with lower rules was made by an older version, whose runs are
not replaced. 2: options and sampling enter by their values, not by their `repr`."""


def deciding_settings(settings: Settings) -> dict[str, Any]:
    """The settings that decide by their value what a run says, as JSON, by name.

    Other settings decide through what they lead to, such as the engine's fingerprint.
    """
    deciding = [f.name for f in fields(settings) if f.metadata["decides"] == "value"]
    return {name: as_json(getattr(settings, name)) for name in deciding}


def options_identity(options: object) -> dict[str, Any]:
    """A judge's options by name, as JSON."""
    if is_dataclass(options) and not isinstance(options, type):
        return {name: as_json(value) for name, value in asdict(options).items()}
    return {name: as_json(value) for name, value in vars(options).items()}


def run_identity(decides: Mapping[str, Any]) -> str:
    """The identity of a run, from all that decides it."""
    return digest(orjson.dumps(decides, option=orjson.OPT_SORT_KEYS).decode(), size=8)
