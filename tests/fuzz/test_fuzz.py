"""Damaged files of every kind: a command ends with a known exit code and one line.

`make test` draws the same damage each time; `make fuzz` goes on for a while from there
(`JUDGEKIT_FUZZ_SECONDS` for each kind).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import Said
from fuzz_mutations import damage
from fuzz_targets import TARGETS

torch = pytest.importorskip("torch")

SECONDS = float(os.environ.get("JUDGEKIT_FUZZ_SECONDS", "0"))
FIRST = int(os.environ.get("JUDGEKIT_FUZZ_FIRST", "0"))
LONGEST = 30  # seconds of one command
KNOWN = {0, 1, 2, 3, 4, 5}  # exit codes; 70 would be a fault of ours


class TooLong(BaseException):
    """A command that does not end."""


@contextmanager
def limited() -> Iterator[None]:
    """Ends a command that takes too long."""

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> Said:
    """A command in this process, with warnings as a user has them."""
    from judgekit.cli import main

    capsys.readouterr()
    code: object = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with limited():
                main(list(words))
        except SystemExit as ended:
            code = ended.code or 0
        except TooLong:
            code = 99
    assert isinstance(code, int)
    return Said(code, *capsys.readouterr())


def fault(said: Said) -> str | None:
    """What is wrong with how a command ended; None if nothing is."""
    if said.code == 99:
        return f"not ended after {LONGEST} s"
    if said.code not in KNOWN:
        return f"exit code {said.code}: {said.err[-600:]}"
    if "Traceback (most recent call last)" in said.err + said.out:
        return f"a traceback: {said.err[-600:]}"
    if said.code == 2 and not said.err.splitlines()[-1:][0].startswith("judgekit: "):
        return f"no line says why: {said.err[-600:]}"
    return None


def seeds(rounds: int) -> Iterator[int]:
    """The numbers of the rounds: as many as asked for, or as there is time for."""
    end = time.monotonic() + SECONDS
    number = FIRST
    while number < FIRST + rounds if not SECONDS else time.monotonic() < end:
        yield number
        number += 1


@pytest.mark.usefixtures("one_thread")
@pytest.mark.timeout(max(300, SECONDS + 120))
@pytest.mark.parametrize("name", TARGETS)
def test_damaged_files(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target, whole, folder = TARGETS[name], tmp_path / "whole", tmp_path / "damaged"
    whole.mkdir()
    monkeypatch.chdir(whole)
    made: list[Said] = []
    target.make(lambda words: made.append(run(words, capsys)))
    assert all(said.code == 0 for said in made), made[-1].err
    found: dict[str, str] = {}
    for seed in seeds(target.rounds):
        monkeypatch.chdir(tmp_path)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        monkeypatch.chdir(folder)
        draw = random.Random(f"{name} {seed}")
        files = sorted(f for p in target.files for f in Path().glob(p) if f.is_file())
        how = [damage(draw, draw.choice(files)) for _ in range(draw.choice((1, 1, 1, 2)))]
        words = draw.choice(target.commands)
        if (wrong := fault(run(words, capsys))) is not None:
            found.setdefault(wrong, f"seed {seed}: {'; '.join(how)}: judgekit {' '.join(words)}")
    monkeypatch.chdir(tmp_path)
    report = "\n\n".join(f"{example}\n  {wrong}" for wrong, example in found.items())
    assert not found, f"{len(found)} faults\n{report}"
