"""The engine `openai/MODEL`: any server of OpenAI's chat completions.

The `openai` package provides address and headers where more than a key is configured
(`openai_address`); its client is not used.
"""

from __future__ import annotations

from judgekit.errors import InputError
from judgekit.extension.engine import EngineSetup

from .http_engine import HttpEngine
from .openai_address import address
from .openai_dialect import OpenAIDialect

__all__ = ["engine"]


def engine(setup: EngineSetup) -> HttpEngine:
    """Makes the engine of `openai/MODEL`.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The model is missing, or the base URL is invalid.
        EngineError: The key is missing, or must not be sent to that address.
    """
    if not setup.model:
        raise InputError("no model named; write --model openai/MODEL")
    return HttpEngine("openai", OpenAIDialect(setup.model), address(setup), setup.max_reply_mb)
