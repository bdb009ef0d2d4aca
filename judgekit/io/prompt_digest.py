"""The digest of a labelled prompt, by which an aligned judge's file names what it was made from."""

from __future__ import annotations

import re

from judgekit.types import Case, digest

__all__ = ["normalised_prompt", "prompt_digest"]

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
