"""What the pages' commands need: files, runs, models. `PAGES` says which page needs what."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from answers import write_answers, write_jsonl
from doc_examples import Example, Terminal
from places import EXAMPLES

__all__ = ["PAGES", "Page"]

Need = Callable[[Path], object]

QUALITY = ("GOOD", "POOR", "plain")


def answer(n: int, model: int) -> str:
    """An answer that the mock judge finds good, poor or neither, by the words it holds."""
    word = QUALITY[(n * (model + 1) + n // 3 + model) % 3]
    return f"{word} answer of model {model} to question {n}." + " It goes on." * (n % (model + 2))


def examples(folder: Path) -> None:
    """The two files, the prompt file and the plugin of examples/."""
    shutil.copytree(EXAMPLES, folder / "examples")


def answers(folder: Path) -> None:
    """a.jsonl, b.jsonl, c.jsonl: three models' answers to 24 prompts, with references."""
    categories = ("math", "reasoning", "coding", "writing")
    for model, name in enumerate("abc"):
        rows = [
            {
                "id": f"q{n}",
                "prompt": f"Question {n}?",
                "response": answer(n, model),
                "model": name,
                "category": categories[n % 4],
            }
            | ({"reference": f"GOOD answer to question {n}."} if n % 4 < 3 else {})
            for n in range(24)
        ]
        write_jsonl(folder / f"{name}.jsonl", rows)


def newer(folder: Path) -> None:
    """old.jsonl and new.jsonl, the second of which is better."""
    for name, model in (("old", 1), ("new", 0)):
        write_answers(folder / f"{name}.jsonl", [answer(n, model) for n in range(24)])


def run(words: str) -> Need:
    """A finished run, made by a command."""

    def make(folder: Path) -> None:
        terminal = Terminal()
        said = terminal.run(Example("a page's need", words, ()))
        assert terminal.code == 0, said

    return make


@dataclass(frozen=True)
class Page:
    """What a page's commands find in their folder, and whether running them takes long.

    `not_run`: how commands begin that the tests leave alone, with the reason.
    """

    needs: tuple[Need, ...] = ()
    slow: bool = False
    not_run: Mapping[str, str] = field(default_factory=dict)


PAGES: Mapping[str, Page] = {
    "README.md": Page((examples, answers)),
}
