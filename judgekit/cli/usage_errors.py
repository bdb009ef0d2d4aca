"""What is wrong with a command line, in one line that names what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from judgekit.naming import closest

__all__ = ["usage_message"]

SAME_ELSEWHERE = {
    "batch": "batch-size",
    "bs": "batch-size",
    "ctx-len": "max-length",
    "gradient-accumulation": "accumulate",
    "gradient-accumulation-steps": "accumulate",
    "gradient-checkpointing": "checkpoint-activations",
    "gpu": "device",
    "load-in-4bit": "quant",
    "lora-rank": "lora-r",
    "lr": "learning-rate",
    "lr-scheduler-type": "schedule",
    "max-grad-norm-clip": "max-grad-norm",
    "max-new-tokens": "max-tokens",
    "max-seq-len": "max-length",
    "max-seq-length": "max-length",
    "max-steps": "steps",
    "num-epochs": "epochs",
    "num-train-epochs": "epochs",
    "num-workers": "concurrency",
    "optim": "optimizer",
    "output": "out",
    "output-dir": "out",
    "parallel": "concurrency",
    "per-device-train-batch-size": "batch-size",
    "quantization": "quant",
    "rank": "lora-r",
    "save-steps": "save-every",
    "target-modules": "lora-targets",
    "temp": "temperature",
    "topp": "top-p",
    "torch-dtype": "dtype",
    "warmup-ratio": "warmup",
    "workers": "concurrency",
}
"""Options of comparable tools, each with ours of the same meaning."""


def usage_message(error: Any) -> str:
    """The line for an error that typer's parser raised.

    Args:
        error: A usage error of typer's.

    Returns:
        The line, without ``judgekit:``.
    """
    name = getattr(error, "option_name", None)
    if type(error).__name__ == "NoSuchOption" and name and error.ctx is not None:
        return unknown_option(name, error.ctx)
    return " ".join(error.format_message().split())


def unknown_option(flag: str, context: Any) -> str:
    """What is said of an option that a command does not have."""
    command = " ".join(context.command_path.split()[1:])
    word = flag.lstrip("-")
    known = [opt[2:] for param in context.command.params for opt in param.opts if opt[:2] == "--"]
    parts = [f"{command or 'judgekit'} has no option {flag}"]
    same = SAME_ELSEWHERE.get(word)
    near = same if same in known else closest(word, known)
    registry = context.find_root().obj  # None in a command that does not judge
    owners = registry.judges_with(word.replace("-", "_")) if registry is not None else []
    takers = list(commands_with(word))
    if owners:
        judges = " and ".join(owners)
        parts.append(f"it is an option of the judge{'s' * (len(owners) > 1)} {judges}")
    elif takers:
        parts.append(f"it works only with {' and '.join(f'`judgekit {name}`' for name in takers)}")
    elif near is not None:
        parts.append(f"did you mean --{near}?")
    else:
        words = " ".join(["judgekit", *command.split(), "--help"])
        parts.append(f"`{words}` lists what it has")
    return "; ".join(parts)


def commands_with(word: str) -> Iterator[str]:
    """The judging commands that have a setting of this name, where not all have it."""
    from judgekit.config.settings import Settings

    scopes: Mapping[str, Any] = {f.name: f.metadata["scope"] for f in fields(Settings)}
    yield from sorted(scopes.get(word.replace("-", "_")) or ())
