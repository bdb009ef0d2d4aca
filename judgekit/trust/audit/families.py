"""The family of a model, by its name."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from judgekit import io
from judgekit.errors import InputError

__all__ = ["Families", "read_families"]

ROWS = (".jsonl", ".json", ".gz")  # endings of files that hold rows, which name no model


@dataclass(frozen=True)
class Families:
    """`by_name` has the families of whole names, `by_word` those of a word in the name."""

    by_name: Mapping[str, str]
    by_word: Mapping[str, str]

    def of(self, name: str | None) -> str | None:
        """The family of a model; None where its name does not show it.

        Whole names go first. Then the last part of the name that shows a family counts
        (``gpt-4o`` of ``openai/gpt-4o``), and of several words in it the first (a
        *DeepSeek-R1-Distill-Llama* is DeepSeek's). In the name of a recording
        (``replay/FILE#JUDGE``) only what follows the ``#`` counts: the file may be called after
        the models that were judged.
        """
        if name is None:
            return None
        file = name.partition("/")[2]
        for candidate in (name, file):
            if candidate in self.by_name:
                return self.by_name[candidate]
        for part in reversed(model_part(name, file).split("/")):
            family = self.by_name.get(part) or self._family_by_word(part.casefold())
            if family is not None:
                return family
        return None

    def _family_by_word(self, part: str) -> str | None:
        matches = [
            (match.start(), family)
            for word, family in self.by_word.items()
            if (match := re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", part))
        ]
        return min(matches)[1] if matches else None


def model_part(name: str, file: str) -> str:
    """The part of a name that is the model's, and not that of a file with its replies."""
    part = name.rpartition("#")[2]
    is_file = part.endswith(ROWS) or os.path.isfile(file)  # noqa: PTH113 (any text is asked about)
    return "" if is_file else part


def read_families(path: Path | None) -> Families:
    """The built-in table, and before it the rows (``model``, ``family``) of a file.

    Raises:
        InputError: A row lacks one of the two.
    """
    table = tomllib.loads(
        files("judgekit.trust.audit").joinpath("families.toml").read_text(encoding="utf-8")
    )
    by_name: dict[str, str] = {}
    for row in io.read_rows(path) if path is not None else ():
        model, family = row.data.get("model"), row.data.get("family")
        if not isinstance(model, str) or not isinstance(family, str):
            raise InputError(f"{path}, {row.unit} {row.line}: each row needs model and family")
        by_name[model] = family
    by_word = {word: family for family, words in table.items() for word in words}
    return Families(by_name, by_word)
