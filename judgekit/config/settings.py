"""How to judge, and how to generate: the keywords of `judgekit.compare(...)` and
`judgekit.generate(...)`, and under the same names the flags.

What is known of a setting stands on its field: commands, place in ``judgekit.toml``, range, and
whether it decides a run's identity. Lists of settings are derived from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from judgekit.config.engine_settings import (
    FILES,
    INPUT,
    NOT_BENCH,
    NOT_DRIFT,
    EngineSettings,
    of_engine,
    of_run,
)
from judgekit.config.fields import setting
from judgekit.errors import InputError
from judgekit.types import Orders

__all__ = ["EngineSettings", "GenerateSettings", "Settings"]

JUDGE, ANSWERS = "Judge", "Answers"

of_judge = partial(setting, panel=JUDGE)


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """Settings of a judge."""

    judge: str | None = of_judge(
        None,
        "A judge by name, a prompt file ./judge.md, or JUDGE@ENGINE/MODEL; or a comma-separated "
        "jury.",
        in_file="judge",
        decides="resolved",
    )
    options: Mapping[str, Any] = setting(
        dict, "The judge's own options, by name.", "", in_file="judge", decides="resolved"
    )
    prompt: str | None = of_judge(
        None,
        "Another prompt: a name, a FILE.md, or FILE.jsonl#NAME in FastChat's format.",
        in_file="judge",
        decides="value",
    )
    repeats: int | None = of_judge(
        None, "How often each order is shown.", in_file="judge", decides="resolved", least=1
    )
    orders: Orders = of_judge(
        "both",
        "Orders in which pairs are shown: both, one, or adaptive (one unless it is unsure).",
        scope=NOT_BENCH,
        decides="value",
    )
    tie_margin: float = of_judge(
        0.0,
        "Scores of single answers that differ by less than this are a tie.",
        in_file="judge",
        decides="value",
        least=0,
    )
    inconsistent: Literal["half", "drop"] = of_judge(
        "half",
        "Count a case whose orders disagree as half a win each, or drop it.",
        scope=NOT_BENCH,
        in_file="judge",
        decides="value",
    )
    reask: int = of_judge(
        0,
        "Ask again up to N times if a reply holds no verdict.",
        in_file="judge",
        decides="value",
        asks=True,
        least=0,
    )
    until: float | None = of_judge(
        None,
        "Stop once the win rate is known to within this (such as 0.02), or the winner is certain.",
        scope=FILES,
        decides="value",
        least=0,
        most=0.5,
    )
    verdict: Literal["text", "logits"] = of_judge(
        "text",
        "Read the verdict from the reply, or from its labels' probabilities (no reasoning).",
        decides="value",
        asks=True,
    )


@dataclass(frozen=True, kw_only=True)
class Settings(EngineSettings, JudgeSettings):  # in this order, so that a judge's flags stand first
    """All settings of a judged run, except its files and the options of the judge."""

    prompts: Path | None = setting(
        None,
        "A file of prompts, for answers without them.",
        INPUT,
        scope=FILES,
        decides="resolved",
    )
    references: Path | None = setting(
        None, "A file of reference answers.", INPUT, scope=NOT_DRIFT, decides="resolved"
    )
    join: Literal["strict", "inner"] = setting(
        "strict",
        "inner: judge the cases that all files hold, and count the others.",
        INPUT,
        scope=FILES,
        decides="value",
    )
    out: Path | None = of_run(None, "The run's folder, instead of one in runs/.", in_file="judge")
    games: int | None = of_judge(
        None,
        "Rate many models by N comparisons in all, chosen where the order is most open.",
        scope={"rank"},
        decides="value",
        least=1,
    )
    jury: Literal["vote", "mean"] | None = of_judge(
        None,
        "How several judges decide a case. Default: vote; for scores, mean.",
        scope={"compare", "score"},
        decides="resolved",
    )
    route: tuple[str, ...] = of_judge(
        (),
        "Another judge for some categories: 'category=math,coding: JUDGE'. Repeatable.",
        scope={"compare"},
        decides="resolved",
        repeat=True,
    )


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """Settings of answers that are generated."""

    n: int = setting(1, "Answers per prompt.", ANSWERS, least=1)
    system: str | None = setting(None, "A system prompt.", ANSWERS)
    system_file: Path | None = setting(None, "A file that holds the system prompt.", ANSWERS)
    stop: tuple[str, ...] = setting(
        (), "A text that ends an answer. Repeatable.", ANSWERS, repeat=True
    )
    name: str | None = setting(
        None, "The name in the column `model`, instead of the model's own.", ANSWERS
    )


@dataclass(frozen=True, kw_only=True)
class GenerateSettings(AnswerSettings, EngineSettings):  # so that the model's flags stand first
    """All settings of generating answers, except the prompts and the output file."""

    temperature: float = of_engine(
        0.7, "Sampling temperature; 0 takes the likeliest token.", least=0
    )
    max_tokens: int = of_engine(
        1024, "Limit of an answer, in tokens; reasoning counts towards it.", least=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n > 1 and self.temperature == 0:
            raise InputError(
                f"at temperature 0 every answer is the same, so {self.n} of them would be one; "
                f"leave --temperature out or raise it, or leave out --n"
            )
        if self.system is not None and self.system_file is not None:
            raise InputError(
                "the system prompt is given twice: as --system and as --system-file; leave one out"
            )
