"""How a run was made, for its ``run.json``."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from judgekit.config.prices import Price
from judgekit.config.settings import Settings
from judgekit.harness.bookings import Totals
from judgekit.harness.tally import Tally
from judgekit.io import Input
from judgekit.judging.parsing.version import PARSERS_VERSION
from judgekit.runs import PartMetadata, RunCounts, RunMetadata
from judgekit.types import RunKind, StopReason

__all__ = ["run_counts", "run_metadata"]


def run_metadata(
    files: Sequence[Input],
    settings: Settings,
    started: datetime.datetime,
    counts: RunCounts,
    stop: StopReason | None,
    *,
    kind: RunKind,
    decides: Mapping[str, Any],
    settled: Mapping[str, Any] | None = None,
    parts: Sequence[PartMetadata] = (),
    learned: Collection[str] = (),
) -> RunMetadata:
    """How a run that ends now was made.

    Args:
        files: The input files.
        settings: What the run was asked to do.
        started: When it began, in UTC.
        counts: What it asked and used.
        stop: Why it ended before its last case, where it did.
        kind: What it does with its cases.
        decides: All that decides what the run says.
        settled: What the engine chose by itself.
        parts: The judges of a jury or a route.
        learned: The labelled prompts from which they have learned.
    """
    ended = datetime.datetime.now(datetime.UTC)
    return RunMetadata(
        kind=kind,
        judgekit=version("judgekit"),
        python=platform.python_version(),
        files=tuple(str(f) for f in files),
        settings=settings.as_dict(),
        started=started.isoformat(timespec="seconds"),
        ended=ended.isoformat(timespec="seconds"),
        seconds=round((ended - started).total_seconds(), 3),
        stop=stop,
        counts=counts,
        decides=decides,
        settled=settled or {},
        parts=tuple(parts),
        parsers=PARSERS_VERSION,
        learned=tuple(sorted(learned)),
    )


def run_counts(tally: Tally, booked: Totals | None, price: Price | None) -> RunCounts:
    """What a run asked and used, over all the times that it was started.

    Args:
        tally: What it did this time.
        booked: The sum of its bookings in the store; None of a run that pays nobody.
        price: The price of calls that were made when none was known.
    """
    used = booked or Totals(
        tally.calls,
        tally.attempts,
        tally.tokens_in,
        tally.tokens_out,
        tally.without_usage,
        tokens_cached=tally.tokens_cached,
        tokens_written=tally.tokens_written,
    )
    cost = 0.0 if booked is None else used.cost(price)
    return RunCounts(
        trials=tally.trials,
        judged=tally.judged,
        calls=used.calls,
        calls_now=None if booked is None else tally.calls,
        attempts=used.requests,
        calls_from_store=tally.calls_from_store,
        reused=None if booked is None else tally.reused,
        tokens_in=used.tokens_in,
        tokens_out=used.tokens_out,
        without_usage=used.without_usage,
        cost_usd=None if cost is None else round(cost, 6),
        failures=dict(tally.failures),
        retries=dict(tally.retries),
        tokens_cached=used.tokens_cached,
        tokens_written=used.tokens_written,
        unpriced=price.unpriced(used.tokens_cached, used.tokens_written) if price else 0,
    )
