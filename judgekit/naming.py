"""Messages about unknown names: the closest known name, and all of them; words of other tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

__all__ = ["closest", "own_word", "unknown"]

# What other tools call a flag of ours, without dashes; the first that a command has counts.
FOREIGN: Mapping[str, tuple[str, ...]] = {
    "alpha": ("lora-alpha",),
    "bs": ("batch-size",),
    "ckpt": ("resume", "model"),
    "concurrent": ("concurrency",),
    "dropout": ("lora-dropout",),
    "epoch": ("epochs",),
    "eval-dataset": ("eval-data",),
    "eval-steps": ("eval-every",),
    "gradient-accumulation-steps": ("accumulate",),
    "grad-accum": ("accumulate",),
    "gradient-checkpointing": ("checkpoint-activations",),
    "load-in-4bit": ("quant",),
    "load-in-8bit": ("quant",),
    "log-to": ("report-to",),
    "logger": ("report-to",),
    "lora-rank": ("lora-r",),
    "lora-target-modules": ("lora-targets",),
    "lr": ("learning-rate",),
    "lr-scheduler": ("schedule",),
    "lr-scheduler-type": ("schedule",),
    "max-completion-tokens": ("max-tokens",),
    "max-new-tokens": ("max-tokens",),
    "max-seq-length": ("max-length",),
    "max-seq-len": ("max-length",),
    "max-samples": ("limit",),
    "max-steps": ("steps",),
    "max-workers": ("concurrency",),
    "micro-batch-size": ("batch-size",),
    "model-id": ("model",),
    "model-name": ("model",),
    "model-name-or-path": ("model",),
    "num-epochs": ("epochs",),
    "num-samples": ("samples", "limit"),
    "num-steps": ("steps",),
    "num-train-epochs": ("epochs",),
    "num-workers": ("concurrency",),
    "optim": ("optimizer",),
    "output": ("out",),
    "output-dir": ("out",),
    "output-file": ("out",),
    "per-device-train-batch-size": ("batch-size",),
    "precision": ("dtype",),
    "quantization": ("quant",),
    "quantize": ("quant",),
    "rank": ("lora-r",),
    "resume-from-checkpoint": ("resume",),
    "save-steps": ("save-every",),
    "save-total-limit": ("keep-checkpoints",),
    "target-modules": ("lora-targets",),
    "temp": ("temperature",),
    "torch-dtype": ("dtype",),
    "use-lora": ("lora",),
    "warmup-ratio": ("warmup",),
    "wd": ("weight-decay",),
    "workers": ("concurrency",),
}


def own_word(flag: str, known: Iterable[str]) -> str | None:
    """Our flag for one of another tool: ``--learning-rate`` for ``--lr``.

    Args:
        flag: The flag that is not known, in any spelling of its dashes.
        known: The flags that the command has.

    Returns:
        The flag; None where no other tool's word is known, or the command has no such flag.
    """
    names = set(known)
    words = FOREIGN.get(flag.lstrip("-").replace("_", "-").casefold(), ())
    same = "--" + flag.lstrip("-").replace("_", "-").casefold()
    return next((each for each in (same, *(f"--{word}" for word in words)) if each in names), None)

MANY = 24  # names, of which a line lists no more


def closest(word: str, names: Iterable[str]) -> str | None:
    """The known name that is closest to `word`, ignoring case; None if none is close."""
    by_folded = {name.casefold(): name for name in names}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def unknown(what: str, word: str, options: Iterable[str], *, there: str = "there are") -> str:
    """One line: ``no judge named 'x'; did you mean 'y'? installed: y, z`` (`there`: installed).

    Where there are many names and one of them is close, only that one is named.
    """
    names = sorted(options)
    near = closest(word, names)
    if near is not None and len(names) > MANY:
        return f"no {what} {word!r}; did you mean {near!r}?"
    suggestion = f"; did you mean {near!r}?" if near is not None else ";"
    return f"no {what} {word!r}{suggestion} {there}: {', '.join(names) or 'none'}"
