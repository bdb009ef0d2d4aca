"""PairRM as a judge: a network trained to compare two answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.judging import BatchJudge, JudgeSetup
from judgekit.models.pairrm_text import pair_texts
from judgekit.types import Choice, Trial, Verdict

__all__ = ["PairRM"]

VERSION = "1"  # of `pair_texts`; scores stored by another version are not reused
BATCH = 8  # prompts, for the rule `batch`; llm-blender's default


@dataclass(frozen=True)
class Options:
    """The options of `--judge pairrm`."""

    dtype: Literal["auto", "float32", "bfloat16", "int8"] = field(
        default="auto",
        metadata={"help": "auto (float32 on a CPU, else bfloat16), float32, bfloat16 or int8"},
    )
    device: str = field(
        default="auto", metadata={"help": "auto (a GPU if there is one), cpu, cuda, cuda:1, mps"}
    )
    rule: Literal["item", "batch"] = field(
        default="item",
        metadata={
            "help": "what limits an answer's length: its own prompt or the batch's longest one"
        },
    )
    backend: Literal["native", "llm-blender"] = field(
        default="native",
        metadata={"help": "implementation: judgekit's own (native) or the package llm-blender"},
    )
    batch_tokens: int = field(
        default=4096, metadata={"help": "most tokens computed at once; there is no padding"}
    )

    def __post_init__(self) -> None:
        if self.batch_tokens < 1:
            raise ValueError(f"batch_tokens must be at least 1, not {self.batch_tokens!r}")
        if self.backend == "llm-blender" and self.dtype != "auto":
            raise ValueError(f"llm-blender chooses its own dtype; leave out {self.dtype!r}")


Pairs = Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Backend:
    """An implementation: `score` gives each pair's logit, and in words what was truncated."""

    score: Callable[[Pairs], list[tuple[float, str]]]
    identity: tuple[str, ...]


class PairRM(BatchJudge):
    """Compares two answers with PairRM (Jiang et al. 2023): a logit that the first is better.

    The probability is its logistic function, the choice its sign. Two orders are merged by the mean
    of their probabilities. Texts that are too long for the network are truncated at the end, and
    the reasoning says by how much. The prompt contains the shared turns of a conversation; if each
    model answered the earlier turns itself, each answer contains all of its own.
    """

    arity = frozenset({2})
    model = "weights"
    merge = "mean"
    window = 64  # the most trials that a killed run loses; larger windows are no faster
    Options = Options

    def __init__(self, setup: JudgeSetup) -> None:
        """Finds the weights.

        Raises:
            InputError: A package, the weights or the device are missing.
        """
        super().__init__(setup)
        if setup.model is None:
            raise InputError("the judge 'pairrm' needs its weights: --model FOLDER or HUB-ID")
        make = llm_blender_backend if self.options.backend == "llm-blender" else native_backend
        self._backend = make(setup.model, self.options)

    @property
    def identity(self) -> tuple[str, ...]:
        return ("pairrm", VERSION, self.options.backend, self.options.rule, *self._backend.identity)

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        """Judges each trial; a tie only if the logit is 0."""
        scored = self._backend.score([pair_texts(trial.case, *trial.order) for trial in trials])
        return [verdict(logit, cut) for logit, cut in scored]


def native_backend(model: str, options: Options) -> Backend:
    """PairRM computed by judgekit; the weights are read when they are first needed."""
    try:
        from judgekit.models import pairrm
    except ModuleNotFoundError as error:
        raise InputError(
            f"the judge 'pairrm' needs the package {error.name!r}; {install_hint('local')}"
        ) from error
    network = pairrm.PairRM.load(
        model, dtype=options.dtype, device=options.device, rule=options.rule
    )

    def score(pairs: Pairs) -> list[tuple[float, str]]:
        results = network.score(pairs, token_budget=options.batch_tokens, batch_size=BATCH)
        return [(one.logit, str(one.truncated)) for one in results]

    return Backend(score, (network.fingerprint, network.precision, network.device.type))


def llm_blender_backend(model: str, options: Options) -> Backend:
    """PairRM computed by the package llm-blender, which does not report what it truncates."""
    try:
        from judgekit.models.blender import Blender
    except ModuleNotFoundError as error:
        raise InputError(
            f"the backend 'llm-blender' needs the package {error.name!r}; "
            f"{install_hint('llm-blender')}"
        ) from error
    network = Blender.load(model, options.device)
    size = BATCH if options.rule == "batch" else 1

    def score(pairs: Pairs) -> list[tuple[float, str]]:
        return [(logit, "") for logit in network.logits(pairs, batch_size=size)]

    return Backend(score, (network.fingerprint, options.device))


def verdict(logit: float, cut: str) -> Verdict:
    """The verdict of a logit.

    A logit that is not a number makes a probability that the harness refuses.
    """
    choice = Choice.TIE if logit == 0 else Choice.FIRST if logit > 0 else Choice.SECOND
    reasoning = f"logit {logit:.3f}; cut: {cut}" if cut else f"logit {logit:.3f}"
    # tanh does not overflow, which exp does beyond a logit of -709.
    return Verdict.chose(choice, probability=(1 + math.tanh(logit / 2)) / 2, reasoning=reasoning)
