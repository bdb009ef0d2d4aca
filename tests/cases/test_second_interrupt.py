"""The first Ctrl-C stops a run, and the second ends the process at once; replies stay stored."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from answers import kept_replies, write_answers
from commands import Start

STUCK = """
import asyncio, time
from judgekit import hookimpl
from judgekit.types import Reply

class Stuck:
    fingerprint, window, stored = "stuck", 1, True
    asked = 0

    async def answer(self, calls):
        Stuck.asked += 1
        if Stuck.asked <= 3:
            return [Reply("[[A]]")]
        open("stuck", "w").close()
        await asyncio.to_thread(time.sleep, 60)

    async def aclose(self):
        open("closing", "w").close()

@hookimpl
def judgekit_engines():
    return {"stuck": lambda setup: Stuck()}
"""


def wait_for(file: Path) -> None:
    until = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < until, f"{file.name} never came"
        time.sleep(0.01)


def test_the_second_ctrl_c_ends_at_once(here: Path, start: Start) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write_answers(here / name, [f"{n} of {name}" for n in range(4)])
    (here / "stuck.py").write_text(STUCK)
    words = ["compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--model", "stuck/m"]
    process = start(*words, "--plugin", "stuck.py", "--concurrency", "1")
    wait_for(here / "stuck")
    process.send_signal(signal.SIGINT)
    wait_for(here / "closing")
    time.sleep(0.3)
    assert process.poll() is None, "a thread that cannot be stopped is waited for"
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - began < 5
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert kept_replies(here / ".judgekit/replies.db") == 3
