"""The settings of each function as its keywords, for type checkers and editors.

Written by .ci/reference.py out of `judgekit.config.settings`; `make reference` renews it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

__all__ = ["CompareKeywords", "GenerateKeywords", "RankKeywords", "ScoreKeywords"]

AnyPath: TypeAlias = str | os.PathLike[str]


class EngineKeywords(TypedDict, total=False):
    """Keywords of all functions."""

    model: str | None
    top_p: float | None
    seed: int | None
    model_args: Mapping[str, Any]
    engine_args: Mapping[str, Any]
    quant: Literal["none", "4bit", "nf4", "fp4"] | None
    adapter: str | None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | None
    device: str | None
    retry_truncated: int | None
    base_url: str | None
    endpoint: str | None
    columns: Mapping[str, str]
    skip_bad_rows: bool
    limit: int | None
    concurrency: int
    timeout: float
    max_reply_mb: float
    retry_seconds: float
    retries: int | None
    rpm: float | None
    tpm: float | None
    max_calls: int | None
    max_cost: float | None
    store: AnyPath
    plugins: AnyPath | Sequence[AnyPath]


class JudgingKeywords(EngineKeywords, total=False):
    """Keywords of all functions that judge."""

    judge: str | None
    options: Mapping[str, Any]
    prompt: str | None
    repeats: int | None
    orders: Literal["both", "one", "adaptive"]
    tie_margin: float
    inconsistent: Literal["half", "drop"]
    reask: int
    until: float | None
    verdict: Literal["text", "logits"]
    temperature: float | None
    max_tokens: int | None
    prompts: AnyPath | None
    references: AnyPath | None
    join: Literal["strict", "inner"]
    out: AnyPath | None


class CompareKeywords(JudgingKeywords, total=False):
    """Keywords of `compare`."""

    jury: Literal["vote", "mean"] | None
    route: str | Sequence[str]


class ScoreKeywords(JudgingKeywords, total=False):
    """Keywords of `score`."""

    jury: Literal["vote", "mean"] | None


class RankKeywords(JudgingKeywords, total=False):
    """Keywords of `rank`."""

    games: int | None


class GenerateKeywords(EngineKeywords, total=False):
    """Keywords of `generate`."""

    temperature: float
    max_tokens: int
    n: int
    system: str | None
    system_file: AnyPath | None
    stop: str | Sequence[str]
    name: str | None
