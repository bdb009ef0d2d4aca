"""Which parameter of a request a server refuses, by the words of its error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from judgekit.errors import EngineError
from judgekit.types import Call

from .http_failure import ServerError

__all__ = ["check_own_argument", "is_refusal", "refused_parameter", "refuses_system"]

REFUSAL = re.compile(
    r"unsupported|(?:not|n't|no longer) (?:be )?(?:support|permit|allow|recogni|enabled|available)"
    r"|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields)|only the default"
    r"|additional propert|deprecated|not implemented|extra_forbidden"
    r"|only be set to|cannot both be",
    re.IGNORECASE,
)
SYSTEM = re.compile(r"\bsystem\b|developer instruction", re.IGNORECASE)


def is_refusal(error: ServerError) -> bool:
    """Whether an error says that something of a request is not supported."""
    return REFUSAL.search(error.text) is not None


def refuses_system(error: ServerError) -> bool:
    """Whether a refusal may be that of a system message."""
    return SYSTEM.search(error.text) is not None


def refused_parameter(
    error: ServerError, names: Iterable[str], sent: Mapping[str, Any]
) -> str | None:
    """The sent parameter that the server names: as the cause, else first in its message.

    Args:
        error: The server's error.
        names: The parameters that are looked for.
        sent: What was sent, by name.
    """
    sent_names = [name for name in names if name in sent]
    if error.param in sent_names:
        return error.param
    places = {
        name: match.start()
        for name in sent_names
        if (match := re.search(rf"\b{re.escape(name)}\b", error.text))
    }
    return min(places, key=places.__getitem__) if places else None


def check_own_argument(name: str | None, call: Call, error: ServerError, model: str) -> None:
    """Ends the run (`EngineError`) if the server refuses one of the user's own arguments."""
    if name is not None and name in dict(call.sampling.extra):
        raise EngineError(
            f"the server refuses the model argument {name!r} for {model!r}: "
            f"{error.message}; leave it out or change it"
        )
