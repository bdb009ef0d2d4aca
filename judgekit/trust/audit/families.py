"""Whose a model is, by its name."""

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

ROWS = (".jsonl", ".json", ".gz")  # ends of files that hold rows, which is no model's name


@dataclass(frozen=True)
class Families:
    """`said`: families by whole names. `words`: families by a word in the name."""

    said: Mapping[str, str]
    words: Mapping[str, str]

    def of(self, name: str | None) -> str | None:
        """The family of a model, None where nothing tells.

        Said names go first. Else the last part of the name counts that tells (``gpt-4o`` of
        ``openai/gpt-4o``), and of several words in it the first (a *DeepSeek-R1-Distill-Llama* is
        DeepSeek's). Of a recording (``replay/FILE#JUDGE``) only what stands after the ``#`` tells:
        its file may be called after the models that were judged.
        """
        if name is None:
            return None
        file = name.partition("/")[2]
        for said in (name, file):
            if said in self.said:
                return self.said[said]
        for part in reversed(telling(name, file).split("/")):
            found = self.said.get(part) or self._by_word(part.casefold())
            if found is not None:
                return found
        return None

    def _by_word(self, part: str) -> str | None:
        found = [
            (match.start(), family)
            for word, family in self.words.items()
            if (match := re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", part))
        ]
        return min(found)[1] if found else None


def telling(name: str, file: str) -> str:
    """What of a model's name is the model's, and not that of the file that holds its replies."""
    told = name.rpartition("#")[2]
    held = told.endswith(ROWS) or os.path.isfile(file)  # noqa: PTH113 (any text is asked about)
    return "" if held else told


def read_families(path: Path | None) -> Families:
    """The built-in table, and the rows (``model``, ``family``) of a file before it.

    Raises `InputError` for a row without them.
    """
    table = tomllib.loads(
        files("judgekit.trust.audit").joinpath("families.toml").read_text(encoding="utf-8")
    )
    said: dict[str, str] = {}
    for row in io.read_rows(path) if path is not None else ():
        model, family = row.data.get("model"), row.data.get("family")
        if not isinstance(model, str) or not isinstance(family, str):
            raise InputError(f"{path}, {row.unit} {row.line}: each row needs model and family")
        said[model] = family
    return Families(said, {word: family for family, words in table.items() for word in words})
