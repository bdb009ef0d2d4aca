"""The digest of a labelled prompt, by which an aligned judge's file names what it was made from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from judgekit.errors import InputError
from judgekit.types import Case, digest

__all__ = ["LEARNED", "check_unseen", "normalised_prompt", "prompt_digest"]

LEARNED = "used to align the judge"
"""Why labelled cases are left out of a measure of a judge that has learned from their labels."""

FEWEST = 10  # labelled prompts that must remain
WORDS = re.compile(r"\w+")


def normalised_prompt(case: Case) -> str:
    """The words of the chat's system prompt and first user turn, in lower case.

    As a case's cluster, it is the same for all turns of a chat. Case, punctuation and white space
    are left out: prompts that differ in nothing else are one prompt. A prompt without words is
    taken as it is.
    """
    systems = [message.content for message in case.prompt if message.instructs]
    first = next((message.content for message in case.prompt if message.role == "user"), "")
    text = "\n".join([*systems, first])
    return " ".join(WORDS.findall(text.casefold())) or text


def prompt_digest(case: Case) -> str:
    """16 hex digits that name a case's prompt, as `normalised_prompt` reads it."""
    return digest("judgekit.prompt", normalised_prompt(case), size=8)


def check_unseen(place: str, cases: Iterable[Case], learned: Collection[str]) -> None:
    """Refuses labels of which too few remain for a judge that has learned from the others.

    Args:
        place: What holds the labels, for the message.
        cases: The labelled cases.
        learned: The digests of the prompts that the judge has learned from.

    Raises:
        InputError: It has learned from some of them, and fewer than ten prompts remain.
    """
    prompts = {prompt_digest(case) for case in cases}
    unseen = prompts.difference(learned)
    if len(unseen) < min(len(prompts), FEWEST):
        raise InputError(
            f"{place}: the judge was aligned with {len(prompts) - len(unseen)} of its "
            f"{len(prompts)} labelled prompts, and {len(unseen)} others say too little; measure it "
            f"with at least {FEWEST} that it has not learned from"
        )
