"""Labelled sets: pairs of answers with the better one known. For the authors of sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from judgekit.errors import PluginError
from judgekit.io.needs import NOTHING, Needs
from judgekit.types import Case, Label

__all__ = ["LabelledSet", "SetFactory", "SetSetup"]


@dataclass(frozen=True)
class LabelledSet:
    """Cases of two responses, each with its label.

    `labels`, `languages` and `groups` are by case id; only labels are needed for every case. The
    cases of one group (the pairs of one question with several wrong answers) are right together or
    not at all, and a case without a group is one by itself. `left_out` counts rows of the source
    that are no case here, by reason. `note` says what a reader of its metrics has to know.
    `votes`: the labels of several people, of cases that have them.
    """

    name: str
    cases: tuple[Case, ...]
    labels: Mapping[str, Label]
    source: str
    licence: str
    languages: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    votes: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len({case.id for case in self.cases}) < len(self.cases):
            raise PluginError(f"two cases of the set {self.name!r} have one id; give each its own")
        for case in self.cases:
            if len(case.responses) != 2 or self.labels.get(case.id) not in (0, 1, "tie"):
                raise PluginError(
                    f"case {case.id!r} of the set {self.name!r} has {len(case.responses)} "
                    f"responses and the label {self.labels.get(case.id)!r}; a labelled case has "
                    f"two, and the label 0, 1 or 'tie'"
                )

    def group(self, case: Case) -> str:
        """The group of a case: its cases are right together or not at all.

        Args:
            case: One of `cases`.

        Returns:
            The group's name; the case's own id where it stands alone.
        """
        return self.groups.get(case.id, case.id)


@dataclass(frozen=True)
class SetSetup:
    """What the user asked of a set.

    `name` is the set's name in reports. `location` is a local file to read instead of the
    published set. `columns` names columns that have other names there. `needs` is what the
    judges need of each row beside prompt and answers; the cases keep it.
    """

    name: str
    location: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    needs: Needs = NOTHING


SetFactory = Callable[[SetSetup], LabelledSet]
