"""No reply lost or paid for twice, no verdict guessed: kill -9, server faults, odd replies."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from mockapi import Mock, write_answers
from processes import executable, run_command

__all__ = ["faults", "kill"]

JUDGE = ("--judge", "pairwise", "--model", "openai/mock")
SAME = ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json")


def compare_words(server: Mock, a: Path, b: Path, out: str, store: str, *more: str) -> list[str]:
    words = ["compare", str(a), str(b), *JUDGE, "--base-url", server.api, "--json"]
    return [*words, "--out", out, "--store", store, *more]


def kill(server: Mock, folder: Path, quick: bool) -> dict[str, Any]:
    """kill -9 at random moments, then the same command again, compared with an undisturbed run."""
    a, b = write_answers(folder, 200 if quick else 400)
    server.configure(latency="fixed:0.05")
    run_command("judgekit", *compare_words(server, a, b, "calm", "calm.db"), cwd=folder)
    began = time.perf_counter()
    server.configure(latency="fixed:0.05")
    run_command("judgekit", *compare_words(server, a, b, "timed", "timed.db"), cwd=folder)
    duration = time.perf_counter() - began
    draw = random.Random(11)
    repeated = on_the_wire = different = killed = 0
    rounds = 3 if quick else 10
    for number in range(rounds):
        server.configure(latency="fixed:0.05")
        words = compare_words(server, a, b, f"out-{number}", f"{number}.db")
        process = subprocess.Popen(
            [executable("judgekit"), *words], cwd=folder, stdout=subprocess.DEVNULL
        )
        time.sleep(duration * (0.4 + 0.5 * draw.random()))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        replies = count_replies(folder / f"{number}.db")
        before = server.get("/stats")["requests"]
        run_command("judgekit", *words, cwd=folder)
        after = server.get("/stats")
        # Replies in flight when the process died were never acknowledged, so they may be asked
        # again. Replies in the store must not be.
        repeated += after["requests"] - before - (2 * count_lines(a) - replies)
        on_the_wire += after["repeats_after_ok"]
        different += any(
            (folder / f"out-{number}" / name).read_bytes() != (folder / "calm" / name).read_bytes()
            for name in SAME
        )
    return {
        "runs killed": f"{killed} of {rounds}",
        "acknowledged replies asked again": repeated,
        "replies on the wire at the kill, asked again": on_the_wire,
        "runs whose files differ": different,
    }


def count_lines(file: Path) -> int:
    with file.open() as lines:
        return sum(1 for _ in lines)


def count_replies(store: Path) -> int:
    """Number of replies in a store, read without judgekit."""
    import sqlite3

    if not store.exists():
        return 0
    connection = sqlite3.connect(store)
    try:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return (
            int(connection.execute("SELECT count(*) FROM replies").fetchone()[0]) if tables else 0
        )
    finally:
        connection.close()


def faults(server: Mock, folder: Path, quick: bool) -> dict[str, Any]:
    """Transport faults lose and change nothing; a malformed verdict is counted, never guessed."""
    a, b = write_answers(folder, 400 if quick else 805)
    results: dict[str, Any] = {}
    server.configure(latency="fixed:0.02")
    clean = run_judge(server, folder, a, b, "clean")
    transport = {"p_429": 0.02, "p_500": 0.02, "p_reset": 0.01, "retry_after": 0.2}
    server.configure(**transport)
    faulty = run_judge(server, folder, a, b, "faulty")
    results["5 % of 429, 500, resets: cases unfinished"] = faulty["undecided"]
    results["5 % of 429, 500, resets: verdicts that differ"] = count_differences(
        folder, "clean", "faulty"
    )
    server.configure(**dict.fromkeys(transport, 0), p_hang=0.01)
    began = time.perf_counter()
    hanging = run_judge(server, folder, a, b, "hanging", "--timeout", "2")
    results["1 % never answered: cases unfinished"] = hanging["undecided"]
    results["1 % never answered, timeout 2 s: seconds"] = round(time.perf_counter() - began, 1)
    server.configure(p_hang=0, p_noverdict=0.01, p_trunc=0.005, p_null=0.005)
    odd = run_judge(server, folder, a, b, "odd")
    results["2 % malformed: statuses"] = {k: v for k, v in odd["statuses"].items() if v}
    results["2 % malformed: verdicts guessed"] = count_differences(folder, "clean", "odd")
    results["clean: statuses"] = {k: v for k, v in clean["statuses"].items() if v}
    server.configure(p_noverdict=0, p_trunc=0, p_null=0)
    return results


def run_judge(
    server: Mock, folder: Path, a: Path, b: Path, name: str, *more: str
) -> dict[str, Any]:
    words = compare_words(server, a, b, name, f"{name}.db", *more)
    return dict(json.loads(run_command("judgekit", *words, cwd=folder).output))


def count_differences(folder: Path, one: str, other: str) -> int:
    """Number of valid verdicts in `other` that differ from those in `one`."""
    verdicts = []
    for name in (one, other):
        with (folder / name / "judgements.jsonl").open() as rows:
            verdicts.append([(r["status"], r["choice"]) for r in map(json.loads, rows)])
    return sum(
        theirs[0] == "valid" and theirs != mine for mine, theirs in zip(*verdicts, strict=True)
    )
