"""What is damaged, and the commands that then read it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TARGETS", "Target"]

Words = Sequence[str]
Run = Callable[[Words], None]

COMPARE = ("compare", "a.jsonl", "b.jsonl", "--judge", "overlap", "--out", "new")
JUDGE = ("compare", "a.jsonl", "b.jsonl", "--judge", "pairwise")
ENGINE = ("--plugin", "engine.py", "--model", "fixed/m", "--store", "store.db")
TRAIN = (
    *("train", "dpo", "pairs.jsonl", "--model", "m", "--out", "out", "--steps", "2"),
    *("--batch-size", "1", "--accumulate", "1", "--save-every", "1", "--samples", "1"),
    *("--device", "cpu", "--quant", "none", "--optimizer", "adamw", "--eval-share", "0.2"),
)
FIXED = """
from judgekit import hookimpl
from judgekit.types import Reply


class Fixed:
    fingerprint, window, stored = "fixed", 1, True

    async def answer(self, calls):
        return [Reply(text="Both are fine. [[A]]") for _ in calls]

    async def aclose(self):
        pass


@hookimpl
def judgekit_engines():
    return {"fixed": lambda setup: Fixed()}
"""


@dataclass(frozen=True)
class Target:
    """One kind of file.

    Attributes:
        make: Makes valid files in the working directory, with a function that runs a command.
        files: Patterns of the files to damage.
        commands: The commands that read them; one is drawn each time.
        rounds: How often in `make test`; 0 for what only `make fuzz` damages.
    """

    make: Callable[[Run], None]
    files: Sequence[str]
    commands: Sequence[Words]
    rounds: int


def write_answers(words: int = 3) -> None:
    """The files ``a.jsonl`` and ``b.jsonl`` with six answers each."""
    for name in ("a", "b"):
        rows = [
            {
                "id": f"q{n}",
                "prompt": f"Say {n}.",
                "response": f"{name} says {n} " * words,
                "reference": f"it is {n}",
                "category": "math",
                "model": name,
            }
            for n in range(6)
        ]
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def run_folder(run: Run) -> None:
    write_answers()
    run((*COMPARE[:-1], "run"))
    shutil.copytree("run", "other")


def store(run: Run) -> None:
    write_answers()
    Path("engine.py").write_text(FIXED)
    run((*JUDGE, *ENGINE, "--out", "run"))
    shutil.rmtree("run")
    for log in Path().glob("store.db-*"):
        log.unlink()


def answers(run: Run) -> None:
    del run
    write_answers()
    rows = [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]
    head = ",".join(rows[0])
    lines = [",".join(f'"{value}"' for value in row.values()) for row in rows]
    Path("a.csv").write_text("\n".join([head, *lines]) + "\n")
    Path("a.json").write_text(json.dumps(rows))


def project(run: Run) -> None:
    del run
    write_answers()
    Path("judgekit.toml").write_text(
        'judge = "overlap"\nrepeats = 1\norders = "both"\nmax-calls = 100\nstore = "s.db"\n'
        'tie-margin = 0.5\n\n[options]\nmetric = "chrf"\n'
    )


def model(run: Run) -> None:
    from checkpoints_llama import write_llama

    del run
    write_llama(Path("m"))
    write_answers(1)
    row = {"prompt": "say", "chosen": "good", "rejected": "bad"}
    Path("pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for _ in range(5)))


def ranker(run: Run) -> None:
    from checkpoints import write_pairrm

    del run
    write_pairrm(Path("ranker"), "hf", hidden=64, layers=1)
    write_answers(1)


def checkpoint(run: Run) -> None:
    model(run)
    run(TRAIN)
    Path("out/train.json").unlink()


TARGETS: Mapping[str, Target] = {
    "run folder": Target(
        run_folder,
        ("run/*.json", "run/*.jsonl"),
        (
            *(("show", "run"), ("stats", "run"), ("stats", "run", "--json"), ("runs", "list", ".")),
            *(("runs", "diff", "run", "other"), ("gate", "run", "--min-win-rate", "0.1")),
            *(("pairs", "run", "-o", "new.jsonl"), ("drift", "run"), (*COMPARE[:-1], "run")),
        ),
        rounds=0,
    ),
    "reply store": Target(store, ("store.db",), ((*JUDGE, *ENGINE, "--out", "new"),), rounds=60),
    "answers": Target(
        answers,
        ("a.*",),
        (
            COMPARE,
            ("compare", "a.csv", "b.jsonl", *COMPARE[3:]),
            ("compare", "a.json", "b.jsonl", *COMPARE[3:]),
            ("score", "a.jsonl", "--judge", "overlap", "--out", "new"),
        ),
        rounds=70,
    ),
    "project file": Target(project, ("judgekit.toml",), (COMPARE[:3],), rounds=60),
    "model": Target(
        model,
        ("m/*",),
        ((*TRAIN, "--dry-run"), (*JUDGE, "--model", "transformers/./m", "--max-tokens", "2")),
        rounds=20,
    ),
    "ranker": Target(
        ranker,
        ("ranker/*",),
        (("compare", "a.jsonl", "b.jsonl", "--judge", "pairrm", "--model", "./ranker"),),
        rounds=20,
    ),
    "checkpoint": Target(
        checkpoint, ("out/*.json*", "out/checkpoints/*/*"), ((*TRAIN, "--resume"),), rounds=10
    ),
}
