"""Answers for the audit's tests, and an audit of them by the planted judge."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from answers import write_jsonl

from judgekit.config.settings import Settings
from judgekit.trust.audit import (
    Audit,
    AuditMetric,
    AuditOptions,
    chosen_probes,
    examine,
    prepare_audit,
)

PLUGIN = Path(__file__).with_name("planted_biases.py")
MODELS = ("claude-9", "gpt-9")
SOME = """apple river stone cloud table engine paper window garden music silver planet winter
bridge candle forest market ocean pencil rocket"""
WORDS = SOME.split()
ALONE = AuditOptions()


def write_pair(folder: Path, n: int, *, seed: int = 0, **columns: Any) -> list[Path]:
    """Two files of answers of random words and lengths, every other one with a list."""
    return [write_model(folder, model, n, seed, columns) for model in MODELS]


def write_model(folder: Path, model: str, n: int, seed: int, columns: Mapping[str, Any]) -> Path:
    draw = random.Random(f"{model} {seed}")
    rows = []
    for i in range(n):
        text = " ".join(draw.choices(WORDS, k=draw.randint(8, 40)))
        if i % 2:
            text += "".join(f"\n{k}. point {draw.choice(WORDS)} {k}" for k in range(1, 5))
        row = {"id": f"q{i}", "prompt": f"Question {i} of {seed}?", "response": text}
        rows.append(row | {"model": model} | columns)
    path = folder / f"{model}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def audited(
    folder: Path,
    files: list[Path],
    probes: str,
    wanted: AuditOptions = ALONE,
    *,
    out: str = "audit",
    judge: str = "planted",
    model: str | None = None,
    settings: Mapping[str, Any] | None = None,
    **options: float,
) -> Audit:
    """An audit by a judge of the plugin, into `folder`/`out`."""
    chosen = Settings(
        judge=judge,
        model=model,
        options=options,
        plugins=(PLUGIN,),
        store=folder / "replies.db",
        **(settings or {}),
    )
    given = prepare_audit(files, chosen, wanted)
    return examine(given, chosen_probes(probes), folder / out)


def figure(audit: Audit, name: str) -> AuditMetric:
    """The one figure of that name."""
    [found] = [f for finding in audit.report.findings for f in finding.metrics if f.name == name]
    return found


def holds(figure: AuditMetric, truth: float) -> bool:
    low, high = figure.rate.low, figure.rate.high
    assert low is not None
    assert high is not None
    return low - 1e-9 <= truth <= high + 1e-9


def reasons(audit: Any) -> dict[str, str]:
    return {f.probe: f.reason for f in audit.report.findings if f.reason}


def recording(folder: Path, name: str, completion: str, n: int) -> str:
    """A recording of one and the same reply to `n` cases in both orders, as a model's name."""
    rows = [
        {"pair_id": f"q{i}", "order": order, "completion": completion}
        for i in range(n)
        for order in ("AB", "BA")
    ]
    path = write_jsonl(folder / name, rows)
    return f"replay/{path}"
