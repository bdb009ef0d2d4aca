"""What `run.json` tells of how a run was made."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from judgekit.config.settings import Settings
from judgekit.harness.dispatcher import Tally
from judgekit.types import StopReason

__all__ = ["facts", "stop_fields"]


def facts(
    files: Sequence[Path],
    settings: Settings,
    started: datetime.datetime,
    tally: Tally,
    stop: StopReason | None,
    cost: float | None,
) -> dict[str, Any]:
    """What `run.json` holds beside the identity and what decides it; ends now. `cost` in dollars,
    None where unknown."""
    ended = datetime.datetime.now(datetime.UTC)
    return {
        "judgekit": version("judgekit"),
        "python": platform.python_version(),
        "files": [str(f) for f in files],
        "settings": settings.as_dict(),
        "started": started.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "seconds": round((ended - started).total_seconds(), 3),
        **stop_fields(stop),
        "counts": {
            "trials": tally.trials,
            "judged": tally.judged,
            "calls": tally.calls,
            "attempts": tally.attempts,
            "calls_from_store": tally.calls_from_store,
            "tokens_in": tally.tokens_in,
            "tokens_out": tally.tokens_out,
            "without_usage": tally.without_usage,
            "cost_usd": None if cost is None else round(cost, 6),
            "failures": dict(tally.failures),
            "retries": dict(tally.retries),
        },
    }


def stop_fields(stop: StopReason | None) -> dict[str, Any]:
    """Why a run ended before its plan, as `run.json` and `summary.json` hold it.

    Returns:
        ``stopped``, the reason in words, empty where there is none; and ``stop``, its kind and
        text, None where there is none.
    """
    if stop is None:
        return {"stopped": "", "stop": None}
    return {"stopped": stop.text, "stop": {"kind": stop.kind.value, "text": stop.text}}
