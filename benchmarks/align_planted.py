"""A judge with a planted fault that an example puts right, as an engine; and its labelled pairs.

A plugin file: `--plugin benchmarks/align_planted.py --model planted/SEED`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from judgekit import hookimpl
from judgekit.extension.engine import EngineFactory, EngineSetup
from judgekit.types import Call, Reply, digest

__all__ = ["RIGHT_ONCE", "labelled_rows"]

NOISE = 0.08  # of the verdicts are wrong, whatever the prompt says
FIRST = 0.03  # of the verdicts name the first answer, whatever the answers say
RIGHT_ONCE = 1 - NOISE - FIRST / 2  # of the verdicts of a judge without the fault
WORDS = [
    "river",
    "stone",
    "lamp",
    "orchard",
    "signal",
    "copper",
    "window",
    "harbour",
    "ladder",
    "season",
    "mirror",
    "thread",
    "bridge",
    "candle",
    "engine",
    "garden",
    "hammer",
    "island",
    "jacket",
    "kettle",
]
RULES = "It judges at random.\n<rules>\nBe careful, and read both answers to the end.\n</rules>"


def labelled_rows(seed: int, prompts: int, faulty: float) -> list[dict[str, Any]]:
    """Pairs with the better answer known; a share of them is of the kind that the judge gets wrong.

    Of this kind the better answer is the short one with a source, and the other one is polite.
    """
    draw = random.Random(seed)
    rows = []
    for number in range(prompts):
        topic = " ".join(draw.sample(WORDS, 5))
        good, poor = f"GOOD answer on {topic}.", f"POOR answer on {topic}."
        if draw.random() < faulty:
            good, poor = f"By SOURCE {number}: {topic}.", f"With pleasure, POLITE: {topic}, I hope."
        first = draw.random() < 0.5
        rows.append(
            {
                "id": f"q{number}",
                "prompt": f"Question {number} of {seed}: what of {topic}?",
                "response_a": good if first else poor,
                "response_b": poor if first else good,
                "label": "A" if first else "B",
            }
        )
    return rows


class Planted:
    """Prefers the polite answer to the one with a source until it has been shown an example.

    Its noise depends on the whole call, so that any other prompt has other random errors.
    """

    window = 1
    stored = True

    def __init__(self, setup: EngineSetup) -> None:
        self.fingerprint = f"planted {setup.model}"

    @property
    def settled(self) -> Mapping[str, str]:
        """Nothing was refused."""
        return {}

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply]:
        """Judges each pair, and proposes rules that help nobody."""
        return [Reply(self.text(call), tokens_in=100, tokens_out=10) for call in calls]

    async def aclose(self) -> None:
        """Holds nothing."""

    def text(self, call: Call) -> str:
        """The reply to a call."""
        asked = call.messages[-1].content
        if "<rules>" in asked:
            return RULES
        noise = int(digest(self.fingerprint, call.digest, size=6), 16) / 16**12
        if noise < FIRST:
            return "[[A]]"
        first, _, second = asked.partition("<answer-B ")
        cured = "SOURCE" in call.messages[0].content
        better = "SOURCE" if cured else "POLITE"
        a_wins = better in first or (better not in second and "GOOD" in first)
        return f"[[{'AB'[a_wins == (noise < FIRST + NOISE)]}]]"


@hookimpl
def judgekit_engines() -> Mapping[str, EngineFactory]:
    """The engine by its name."""
    return {"planted": Planted}
