"""The errors, by who has to act.

::

    JudgekitError
    ├── InputError      the user: a file, a flag or a configuration is wrong (exit code 2)
    ├── PluginError     the plugin's author, or who installed it (exit code 2)
    ├── EngineError     no call can be answered: wrong key, unknown model, no server (exit code 2)
    ├── StoreError      the reply store cannot be opened or written (exit code 2)
    ├── TrainingError   a training cannot go on: loss not finite, out of memory (exit code 2)
    └── CallFailure     this one call has no reply; the run goes on

Every message is one line: what is wrong, the value, and what to do. It holds no secret.
"""

from __future__ import annotations

from judgekit.redaction import redact_message
from judgekit.types import Status, Usage

__all__ = [
    "CallFailure",
    "EngineError",
    "InputError",
    "JudgekitError",
    "PluginError",
    "StoreError",
    "TrainingError",
]


class JudgekitError(Exception):
    """The root of all errors that judgekit raises on purpose.

    Args:
        message: What is wrong and what to do. Secrets in it are redacted.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(redact_message(message))


class InputError(JudgekitError):
    """A file, a flag or a setting is wrong."""


class PluginError(JudgekitError):
    """A plugin is missing, broken or clashes with another."""


class EngineError(JudgekitError):
    """The engine can answer no call at all; the run stops."""


class StoreError(JudgekitError):
    """The reply store cannot be opened or written."""


class TrainingError(JudgekitError):
    """A training stopped; its message says what to change. Checkpoints stay."""


class CallFailure(JudgekitError):  # noqa: N818 (a failure is counted, not an error)
    """One call got no usable reply. Its trial is counted under `status`, and the run continues.

    Args:
        name: The short name under which summaries count it: ``"timeout"``, ``"http 500"``.
        message: What happened; the name if it is empty.
        status: The status of the trial's verdict.
        retryable: Whether the same call may succeed later.
        after: Seconds for which the server asked to wait.
        billed: The tokens of the prompt and of the reply that the server counted all the same, and
            of the former those of its cache (`Usage`).
        retries: The most retries, where each attempt may be paid for; None leaves it to the run.
        common: Whether the cause is likely to lie in what all calls share. If a run's first calls
            all fail so, with the same message, the run ends.
    """

    def __init__(
        self,
        name: str,
        message: str = "",
        *,
        status: Status = Status.FAILED,
        retryable: bool = False,
        after: float | None = None,
        billed: tuple[int | None, ...] = (None, None),
        retries: int | None = None,
        common: bool = False,
    ) -> None:
        super().__init__(message or name)
        self.name = name
        self.status = status
        self.retryable = retryable
        self.after = after
        self.billed = Usage.of(*billed)
        self.retries = retries
        self.common = common
