"""What a prompt file was aligned with: the table ``[aligned]`` of its head."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from judgekit.naming import unknown

__all__ = ["Aligned", "aligned_complaint", "read_aligned"]

DIGEST = re.compile(r"[0-9a-f]{16}")
PARTS = ("train", "pick", "test", "left_out")


@dataclass(frozen=True, slots=True)
class Aligned:
    """The labelled prompts that a judge was aligned with, and where it came from.

    Attributes:
        train: Digests (`judgekit.io.prompt_digest`) of the prompts whose labels the examples and
            the instructions were made from.
        pick: Those by which one of several candidates was picked.
        test: Those that it was tested with; it knows nothing of their labels.
        left_out: Near-duplicates of prompts of a later part. It has not learned from them, but may
            have from one that resembles them.
        judge: The judge that was aligned.
        model: The model that it was aligned for.
        result: What the test showed, in one sentence.
    """

    train: tuple[str, ...] = ()
    pick: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    judge: str = ""
    model: str = ""
    result: str = ""

    @property
    def used(self) -> frozenset[str]:
        """The prompts that no measure of this judge may use: it has learned from their labels, or
        from those of prompts that resemble them."""
        return frozenset((*self.train, *self.pick, *self.left_out))


def aligned_complaint(value: Any) -> str:
    """What a table ``[aligned]`` should be; empty if it is that."""
    names = [field.name for field in fields(Aligned)]
    if not isinstance(value, Mapping):
        return "a table [aligned] as `judgekit align` writes it"
    for key, entry in value.items():
        if key not in names:
            return unknown("key of [aligned] is called", key, names)
        if key in PARTS and not (isinstance(entry, list) and all(map(is_digest, entry))):
            return f"in {key} a list of digests, of 16 hexadecimal digits each"
        if key not in PARTS and not isinstance(entry, str):
            return f"a text in {key}"
    return ""


def read_aligned(table: Mapping[str, Any]) -> Aligned:
    """The table without a complaint as a dataclass."""
    values: dict[str, Any] = {k: tuple(v) if k in PARTS else v for k, v in table.items()}
    return Aligned(**values)


def is_digest(value: object) -> bool:
    """Whether a value names a prompt."""
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None
