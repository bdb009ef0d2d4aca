"""What judges need of a file's rows beside prompts and answers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NOTHING", "Needs"]


@dataclass(frozen=True, slots=True)
class Needs:
    """What the readers keep of each row beside prompt and answer.

    `columns` are names of further columns (`judgekit.types.Case.columns`). `conversations`: whole
    conversations are judged, so a case's prompt is their opening, up to the first message of the
    user, and each response holds the messages after it (`judgekit.types.Response.messages`).
    """

    columns: tuple[str, ...] = ()
    conversations: bool = False


NOTHING = Needs()
