"""A prompt that is ready to be rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from judgekit.errors import InputError
from judgekit.judging.templates.head import Head
from judgekit.types import Case, Message, Trial

__all__ = ["Body", "Rendered", "Template"]

Rendered = tuple[tuple[Message, ...], str]
"""The messages of a call, and the beginning of the answer (empty where there is none)."""


class Body(Protocol):
    """The text of a prompt, in any file format."""

    def render(self, trial: Trial, reference: str) -> Rendered:
        """Renders the call about `trial`; `reference` is empty if there is none."""
        ...

    def refusal(self, case: Case) -> str:
        """Why this case cannot be shown and what to do; empty if it can."""
        ...


@dataclass(frozen=True)
class Template:
    """A prompt.

    `digest` is that of its file's content (for a FastChat prompt, of its rows). `reminder` repeats
    the verdict format in a sentence or two, for asking again. `text` is the file's content; empty
    of a FastChat prompt.
    """

    name: str
    digest: str
    head: Head
    reminder: str
    body: Body = field(compare=False, repr=False)
    text: str = field(default="", compare=False, repr=False)

    def check_arity(self, arity: int) -> None:
        """Checks that the prompt shows `arity` answers.

        Raises:
            InputError: It shows another number of answers.
        """
        wanted = {1: '"single"', 2: '"pair"'}.get(arity)
        if wanted is None:
            raise InputError(f"prompt {self.name!r} cannot show {arity} answers; it takes 1 or 2")
        if wanted != f'"{self.head.shows}"':
            here = "pairs of answers are judged" if arity == 2 else "single answers are judged"
            raise InputError(
                f'prompt {self.name!r} says shows = "{self.head.shows}", but here {here}; '
                f"take a prompt whose head says shows = {wanted}"
            )

    def check_cases(self, cases: Sequence[Case], *, reference_given: bool = False) -> None:
        """Checks that the prompt can show all cases, before any call is made.

        Args:
            cases: The cases.
            reference_given: The judge passes a reference to `render` for cases without one.

        Raises:
            InputError: It cannot show some case.
        """
        refused = [
            (case.id, reason) for case in cases if (reason := self._refusal(case, reference_given))
        ]
        if refused:
            name, reason = refused[0]
            rest = f" (and {len(refused) - 1} more of {len(cases)})" if len(refused) > 1 else ""
            raise InputError(f"prompt {self.name!r} cannot show case {name!r}{rest}: {reason}")

    def _refusal(self, case: Case, reference_given: bool) -> str:
        if self.head.reference and not case.reference and not reference_given:
            return "it has no reference; give references or take a prompt that shows none"
        return self.body.refusal(case)

    def render(self, trial: Trial, *, reference: str | None = None) -> Rendered:
        """Renders messages and prefill.

        Args:
            trial: The trial.
            reference: A reference to show instead of the case's.
        """
        case_reference = trial.case.reference or ""
        return self.body.render(trial, case_reference if reference is None else reference)
