"""Verdicts without text, read from the probabilities of the labels that a verdict may be.

The answer is prefilled up to its verdict, and the engine gives the log-probability of each label
there over the whole vocabulary. Their sum is the probability that the model gives any verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from judgekit.errors import InputError
from judgekit.judging.parsing.formats import parser
from judgekit.judging.templates import Head
from judgekit.types import Choice, Reply, Status, Verdict

__all__ = ["Labels"]

LEAST_MASS = 0.01  # total probability of the labels; below it the model gives no verdict
MOST_STEPS = 101  # as many as in a scale of 0 to 100

OPENINGS = {
    "label": "[[",
    "token": "",
    "rating": "Rating: [[",
    "score": "{label}: ",
    "class": "{label}: ",
}
"""The text right before the verdict, for the formats that can be read in this way."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one format.

    `meaning` maps each label, as written, to its choice, its score, or the place of its class;
    `opening` is the text before it. `classes` are those that a classifier may say.
    """

    opening: str
    meaning: Mapping[str, Choice | int]
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, head: Head, names: tuple[str, ...]) -> Labels:
        """The labels of a prompt: the names and the tie, or the whole numbers of its scale.

        Args:
            head: The prompt's head.
            names: The names of the answers.

        Raises:
            InputError: A verdict of the format is more than one label, or the scale is missing or
                too long.
        """
        if head.reads not in OPENINGS:
            raise InputError(
                f"--verdict logits reads prompts with reads = {', '.join(map(repr, OPENINGS))}, "
                f"not {head.reads!r}; use --verdict text, or another --prompt"
            )
        opening = OPENINGS[head.reads].format(label=head.label)
        if head.shows == "pair":
            return cls(opening, parser(head.reads).labels(head, names))
        if head.reads == "class":
            places = {name: place for place, name in enumerate(head.classes)}
            return cls(opening, places, head.classes)
        steps: range | tuple[()] = ()
        if head.scale is not None:
            steps = range(math.ceil(head.scale[0]), math.floor(head.scale[1]) + 1)
        if not 2 <= len(steps) <= MOST_STEPS:
            raise InputError(
                f"--verdict logits needs a scale of 2 to {MOST_STEPS} whole numbers, and the "
                f"prompt's head has scale = {head.scale and list(head.scale)!r}; "
                f"use --verdict text, or another --prompt"
            )
        return cls(opening, {str(step): step for step in steps})

    def prefill(self, begun: str) -> str:
        """The answer up to its verdict; `begun` is the prompt's own prefill."""
        return begun if begun.endswith(self.opening) else begun + self.opening

    def read(self, reply: Reply) -> Verdict:
        """Reads the verdict from the labels' log-probabilities.

        For a pair the most likely label (a tie if several are equally likely), with the probability
        P(first) + P(tie)/2; for a single answer the expected score Σ p·score, or the most likely
        class (`ambiguous` if several are equally likely). All are over the labels' probabilities,
        normalised to sum to 1.
        """
        if reply.finish in ("refusal", "content_filter"):
            return Verdict.without(Status.REFUSED, reply.finish)
        if reply.label_logprobs is None:
            return Verdict.without(Status.UNPARSED, "the engine gives no label probabilities")
        chances = {
            label: math.exp(min(0.0, logprob))
            for label, logprob in reply.label_logprobs.items()
            if label in self.meaning and not math.isnan(logprob)
        }
        mass = sum(chances.values())
        if mass < LEAST_MASS:
            return Verdict.without(Status.UNPARSED, "the model wanted to say something else")
        shares: dict[Choice | int, float] = {}
        for label, chance in chances.items():
            meaning = self.meaning[label]
            shares[meaning] = shares.get(meaning, 0.0) + chance / mass
        if self.classes:
            return self._read_class(shares)
        scores = [share * step for step, share in shares.items() if not isinstance(step, Choice)]
        if scores:
            return Verdict.scored(math.fsum(scores))
        top = max(shares.values())
        best = [choice for choice in Choice if shares.get(choice) == top]
        probability = shares.get(Choice.FIRST, 0.0) + shares.get(Choice.TIE, 0.0) / 2
        return Verdict.chose(
            best[0] if len(best) == 1 else Choice.TIE, probability=min(1.0, probability)
        )

    def _read_class(self, shares: Mapping[Choice | int, float]) -> Verdict:
        """The most likely class, with the probability of each."""
        chances = tuple((name, shares.get(i, 0.0)) for i, name in enumerate(self.classes))
        top = max(chance for _, chance in chances)
        best = [name for name, chance in chances if chance == top]
        if len(best) > 1:
            return Verdict.without(Status.AMBIGUOUS, f"{' and '.join(best)} are equally likely")
        return Verdict.classified(best[0], probabilities=chances)
