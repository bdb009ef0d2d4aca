"""How a judge asks its engine."""

from __future__ import annotations

from typing import Protocol

from judgekit.types import Call, Reply

__all__ = ["Ask"]


class Ask(Protocol):
    """Asks the engine on behalf of one trial, or takes the reply from the reply store."""

    async def __call__(self, call: Call, *, shared: bool = False) -> Reply:
        """Asks one call.

        Args:
            call: The call.
            shared: The call depends on neither order nor repeat, so it is asked once per case.

        Returns:
            The reply.

        Raises:
            CallFailure: There is no reply. A judge lets it pass: the trial is counted under its
                status.
        """
        ...
