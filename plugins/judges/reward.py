"""A reward model as a judge: one number for one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from judgekit.errors import InputError
from judgekit.judging import BatchJudge, JudgeSetup
from judgekit.models.loading import DType, Quant
from judgekit.models.reward import RewardModel
from judgekit.models.reward_chat import (
    ConversationTooLong,
    EncodedConversation,
    UnrenderableConversation,
)
from judgekit.types import Message, Status, Trial, Verdict

__all__ = ["Reward"]

VERSION = "1"  # of this code; scores stored by another version are not reused


@dataclass(frozen=True)
class Options:
    """The options of `--judge reward`."""

    dtype: DType = field(
        default="auto",
        metadata={"help": "auto (float32 on a CPU, else 16 bits), float32, bfloat16 or float16"},
    )
    device: str = field(
        default="auto", metadata={"help": "auto (a GPU if there is one), cpu, cuda, cuda:1, mps"}
    )
    quant: Quant | None = field(
        default=None,
        metadata={"help": "hold the weights in 4 bits: nf4 (or 4bit) or fp4; none: as they are"},
    )
    max_length: int | None = field(
        default=None,
        metadata={"help": "most tokens of a conversation; default: the model's limit"},
    )
    batch_tokens: int = field(
        default=16_384, metadata={"help": "most tokens computed at once, padding included"}
    )


class Reward(BatchJudge):
    """Scores one answer by the raw output of a sequence-classification reward model.

    Higher is better; the scale is the model's own. A comparison compares the two scores. The
    reasoning says what was left out of a long conversation; an answer that does not fit at all is
    `too_long`.
    """

    arity = frozenset({1})
    model = "weights"
    window = 64  # the most trials that a killed run loses; enough for full batches
    Options = Options

    def __init__(self, setup: JudgeSetup) -> None:
        """Finds the weights.

        Raises:
            InputError: As `judgekit.models.reward.RewardModel`.
        """
        super().__init__(setup)
        if setup.model is None:
            raise InputError("the judge 'reward' needs its weights: --model FOLDER or HUB-ID")
        options: Options = self.options
        self.weights = RewardModel(
            setup.model,
            dtype=options.dtype,
            device=options.device,
            quant=options.quant,
            max_length=options.max_length,
            batch_tokens=options.batch_tokens,
        )

    @property
    def identity(self) -> tuple[str, ...]:
        weights, at = self.weights, self.weights.checkpoint
        what = (weights.fingerprint, str(at.dtype), at.device.type, str(weights.max_length))
        return ("reward", VERSION, *what)

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        """Scores each trial's answer at the end of its conversation."""
        shown = [self._encode(trial) for trial in trials]
        scores = iter(
            self.weights.score([one.ids for one in shown if isinstance(one, EncodedConversation)])
        )
        return [
            one if isinstance(one, Verdict) else Verdict.scored(next(scores), reasoning=one.remark)
            for one in shown
        ]

    def _encode(self, trial: Trial) -> EncodedConversation | Verdict:
        """The tokens of a trial, or the verdict that says why there are none."""
        [answer], [index] = trial.shown, trial.order
        messages = (*trial.case.conversation(index), Message("assistant", answer.text))
        try:
            return self.weights.encode(messages)
        except ConversationTooLong as error:
            return Verdict.without(Status.TOO_LONG, str(error))
        except UnrenderableConversation as error:
            return Verdict.without(Status.FAILED, str(error))
