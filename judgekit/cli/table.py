"""The table of commands: names, help lines and the modules that are imported when called."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COMMANDS", "RENAMED", "Entry"]

HOME = "judgekit.cli.commands"
SETTINGS = "judgekit.config.settings"


@dataclass(frozen=True, slots=True)
class Entry:
    """One command.

    Attributes:
        help: The line in `judgekit --help`; for a command also the first line of its docstring.
        place: Where it is, ``MODULE:NAME``: a function, or a `typer.Typer` with more commands.
        settings: The class of settings whose fields are its flags, ``MODULE:NAME``.
        judge: Whether the options of the judge that the command line names are flags as well.
        plugins: Whether it needs the installed plugins, as its context's `obj`.
    """

    help: str
    place: str
    settings: str = ""
    judge: bool = False
    plugins: bool = False


def judging(help_line: str, name: str, *, judge: bool = True) -> Entry:
    """A command that judges."""
    return Entry(
        help_line, f"{HOME}.{name}:{name}", f"{SETTINGS}:Settings", judge=judge, plugins=True
    )


COMMANDS = {
    "compare": judging(
        "Compare two files of answers, prompt by prompt, in both orders.", "compare"
    ),
    "score": judging("Score each answer of a file on its own.", "score"),
    "rank": judging(
        "Rank the answers to each prompt: each pair compared, or each answer scored.", "rank"
    ),
    "audit": judging(
        "Measure a judge's biases on your own answers: position, names, length, lists and more.",
        "audit",
    ),
    "bench": judging("Measure a judge's accuracy on labelled pairs.", "bench", judge=False),
    "align": judging("Improve a judge on people's labels, and test whether it is better.", "align"),
    "drift": judging(
        "Judge an earlier run's cases again, and exit with 1 if the judge has drifted.",
        "drift",
        judge=False,
    ),
    "gate": Entry(
        "Exit with 1 if a finished run meets a condition, or is worse than its baseline.",
        f"{HOME}.gate:gate",
    ),
    "show": Entry("Show the cases of a run side by side.", f"{HOME}.show:show"),
    "report": Entry(
        "Write a report of finished runs: one HTML file with every metric and case.",
        f"{HOME}.report:report",
    ),
    "stats": Entry("Show the statistics of a run.", f"{HOME}.stats:stats"),
    "explain": Entry(
        "Explain a metric of a run's summary: definition, unit, denominator and formula.",
        f"{HOME}.explain:explain",
    ),
    "runs": Entry("List runs and what they cost, and compare two of them.", f"{HOME}.runs:app"),
    "pairs": Entry("Write the preference pairs of a run, in TRL's formats.", f"{HOME}.pairs:pairs"),
    "generate": Entry(
        "Answer prompts with any model, so that the answers can be judged.",
        f"{HOME}.generate:generate",
        f"{SETTINGS}:GenerateSettings",
        plugins=True,
    ),
    "train": Entry(
        "Train on preferences or answers: dpo, sft, reward, ranker; merge an adapter.",
        f"{HOME}.train:app",
    ),
    "plugins": Entry(
        "List the installed plugins and what is broken, or write a new one.",
        f"{HOME}.plugins:app",
        plugins=True,
    ),
}

RENAMED = {"merge": ("train", "merge")}
"""Old words of commands, which stay for one release, and where the commands are."""
