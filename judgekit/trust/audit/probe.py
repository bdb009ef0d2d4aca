"""What a probe is: the runs it needs, and the metrics it reads from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from judgekit.jobs.text_generation import TextGeneration
from judgekit.trust.audit.audit_input import AuditInput
from judgekit.trust.audit.metric import AuditMetric
from judgekit.trust.audit.probe_runs import FinishedRuns, PlannedRun

__all__ = ["PlannedGeneration", "Probe"]


@dataclass(frozen=True)
class PlannedGeneration:
    """Texts that a model has to write before a probe can plan its runs."""

    name: str
    generation: TextGeneration


class Probe(Protocol):
    """Measures one bias of a judge.

    `name` is its name in ``--probes``, and `about` the question it answers.
    """

    name: str
    about: str

    def generation(self, audit: AuditInput) -> PlannedGeneration | None:  # noqa: ARG002
        """The texts to generate first; by default none.

        `runs` finds them in `AuditInput.generated`.

        Args:
            audit: The judge and the cases.

        Returns:
            The texts to generate, or None.

        Raises:
            Unidentified: The data cannot tell what the probe measures.
        """
        return None

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        """The cases to be judged. Two probes that plan a run of one name share it.

        Args:
            audit: The judge and the cases, with the generated texts.

        Returns:
            The runs that the probe needs.

        Raises:
            Unidentified: The data cannot tell what the probe measures.
        """
        ...

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:
        """The metrics, from the finished runs by their names.

        Each run has a valid verdict. The run of a rater without any is missing, and
        `AuditInput.silent` says why.

        Args:
            audit: The judge and the cases.
            finished: The finished runs by their names.

        Returns:
            The metrics, in the order of the tables.

        Raises:
            Unidentified: The runs do not tell what the probe measures.
        """
        ...
