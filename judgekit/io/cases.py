"""Cases made of rows, and the counts of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from judgekit.io.case_columns import Columns
from judgekit.io.given import Input
from judgekit.io.intake import Counts
from judgekit.types import Case, Message, Response, digest

__all__ = ["Joined", "case_at", "label"]


@dataclass(frozen=True)
class Joined:
    """Cases, and a count of every row that is in none.

    `models` are unique display names, in the order of each case's responses. `counts` are per
    file. `unmatched` counts, by reason, the rows without a partner in another file. `lacking` has
    the place of each case's row without a value in some needed column, by the case's id; `columns`
    are the names of all columns that there are, where any is needed.
    """

    cases: list[Case]
    models: tuple[str, ...]
    counts: tuple[Counts, ...]
    unmatched: Mapping[str, int] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    @property
    def left_out(self) -> dict[str, int]:
        """All rows that are in no case, by reason (``"a.jsonl: duplicates"``)."""
        files = [count.file for count in self.counts]
        reasons = Counter(self.unmatched)
        for count in self.counts:
            name = label(count.file, files)
            reasons[f"{name}: empty rows"] += count.empty
            reasons[f"{name}: unusable rows"] += count.skipped
            reasons[f"{name}: duplicates"] += count.duplicates
        return {reason: number for reason, number in reasons.items() if number}

    @property
    def remarks(self) -> list[str]:
        """A line for each file with empty or skipped rows: how many, and why the first few."""
        kinds = [
            (f"{count.file}: {what}", number, why)
            for count in self.counts
            for what, number, why in (
                ("empty rows passed over", count.empty, count.why_empty),
                ("unusable rows left out", count.skipped, count.why_skipped),
            )
        ]
        return [
            f"{what}: {number} ({'; '.join(why)}{' …' if number > len(why) else ''})"
            for what, number, why in kinds
            if number
        ]

    @property
    def repaired(self) -> int:
        """Rows in which lone surrogates were replaced by U+FFFD."""
        return sum(count.repaired for count in self.counts)


def label(file: Input, among: Sequence[Input]) -> str:
    """The file's name; the whole path where another has the same name."""
    return file.name if [other.name for other in among].count(file.name) == 1 else str(file)


def case_at(
    turn: int,
    name: str,
    prompt: tuple[Message, ...],
    answers: Sequence[tuple[str, ...]],
    models: Sequence[str],
    references: tuple[str | None, ...],
    category: str | None,
    columns: Columns = (),
    messages: Sequence[tuple[Message, ...]] = (),
) -> Case:
    """The case of judged turn `turn` (from 0) of a row.

    `answers` has each model's answers to all turns; those before `turn` are its history.
    `messages` are those of conversations that are judged as a whole.
    """
    last_turn = len(answers[0]) - 1
    earlier = references[:turn]
    return Case(
        name,
        prompt if turn == last_turn else _up_to(prompt, turn),
        tuple(
            Response(texts[turn], model, texts[:turn], after)
            for texts, model, after in zip(
                answers, models, messages or [()] * len(models), strict=True
            )
        ),
        references[turn] if references else None,
        category,
        _cluster(prompt),
        tuple(text or "" for text in earlier) if any(earlier) else (),
        columns,
    )


def _up_to(prompt: tuple[Message, ...], turn: int) -> tuple[Message, ...]:
    """The prompt to its user turn `turn`, counted from 0."""
    users = [place for place, message in enumerate(prompt) if message.role == "user"]
    return prompt[: users[turn] + 1]


def _cluster(prompt: tuple[Message, ...]) -> str:
    """The name of the chat that a case is from, made from its system prompt and first user turn."""
    systems = (message.content for message in prompt if message.instructs)
    first = next((message.content for message in prompt if message.role == "user"), "")
    return digest(*systems, first, size=8)
