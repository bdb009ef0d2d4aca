"""Speed, fault tolerance and memory of judging through an API.

    python benchmarks/judge_throughput.py              # everything, about ten minutes
    python benchmarks/judge_throughput.py --quick      # about a minute
    python benchmarks/judge_throughput.py --only speed --json
    python benchmarks/judge_throughput.py --engine anthropic --engine gemini

Parts: `speed` (share of the ideal rate, compared with a bare aiohttp loop; CPU time per judgement),
`kill` (kill -9 and resume), `faults` (429, 500, resets, hangs, malformed verdicts), `start` (CPU
time of ``judgekit --help``; the rate of a whole command, start-up included), `large` (many cases
from the reply store), `engines` (each engine's rate beside that of `openai` in the same rounds; the
only part where `--engine` is given). Every run is the installed `judgekit` command in its own
process, against a mock server on this machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import robustness
from mockapi import DEFAULT_SERVER, DIALECT_SERVER, Mock, mock_server, write_answers
from options import option_parser
from processes import measure, run_command

LATENCY = 0.2
ENGINES = ("openai", "anthropic", "gemini")
ARGUMENTS = ("--judge", "pairwise", "--model", "openai/mock")


def main() -> None:
    options = parse()
    parts: dict[str, Callable[[Mock, Path, bool], dict[str, Any]]] = {
        "speed": speed,
        "kill": robustness.kill,
        "faults": robustness.faults,
        "start": start,
        "large": large,
        "engines": partial(engines, options.engine or ENGINES),
    }
    results: dict[str, Any] = {}
    for name in options.only or (["engines"] if options.engine else parts):
        script = DIALECT_SERVER if name == "engines" else options.server
        with mock_server(script) as server, tempfile.TemporaryDirectory() as folder:
            results[name] = parts[name](server, Path(folder), options.quick)
        print(f"{name}:")
        for key, value in results[name].items():
            print(f"  {key:<44} {value}")
    if options.json:
        print(json.dumps(results))


def parse() -> argparse.Namespace:
    parser = option_parser(__doc__, "smaller and fewer runs")
    parser.add_argument("--only", nargs="*", help="run only these parts")
    parser.add_argument(
        "--engine",
        action="append",
        choices=ENGINES,
        help="measure only this engine, beside openai; repeatable",
    )
    parser.add_argument(
        "--server", type=Path, default=DEFAULT_SERVER, help="script of the mock server"
    )
    return parser.parse_args()


def speed(server: Mock, folder: Path, quick: bool) -> dict[str, Any]:
    """judgekit and a bare loop in turn, with 64 and with 512 calls in flight; medians."""
    results: dict[str, Any] = {}
    rounds = 2 if quick else 5
    for in_flight, cases in ((64, 400 if quick else 805), (512, 2048 if quick else 5120)):
        a, b = write_answers(folder, cases)
        runs: dict[str, list[dict[str, float]]] = {"judgekit": [], "bare": []}
        for number in range(rounds):
            for who in ("bare", "judgekit"):
                server.configure(latency=f"fixed:{LATENCY}")
                store = folder / f"{who}-{in_flight}-{number}.db"
                args = [who, "openai", str(a), str(b), server.api, str(in_flight), str(store)]
                runs[who].append(measure("throughput_worker.py", *args))
        ideal = 2 * cases * LATENCY / in_flight
        share = {who: [100 * ideal / r["wall"] for r in rs] for who, rs in runs.items()}
        cpu = {who: [1000 * r["cpu"] / (2 * cases) for r in rs] for who, rs in runs.items()}
        for who in runs:
            results[f"{who} at {in_flight}: % of ideal"] = round(statistics.median(share[who]), 1)
            results[f"{who} at {in_flight}: CPU-ms per judgement"] = round(
                statistics.median(cpu[who]), 3
            )
        ratios = [ours / loop for ours, loop in zip(share["judgekit"], share["bare"], strict=True)]
        results[f"at {in_flight}: % of the bare loop"] = round(100 * statistics.median(ratios), 1)
    return results


def engines(names: Sequence[str], server: Mock, folder: Path, quick: bool) -> dict[str, Any]:
    """The engines in turn, `openai` first or last, against one server of all dialects.

    Medians, but the ratio is that of each engine's fastest round: what else the machine does makes
    a round slower, never faster.
    """
    rounds, cases, in_flight = (5, 200, 64) if quick else (15, 405, 64)
    a, b = write_answers(folder, cases)
    order = list(dict.fromkeys(("openai", *names)))
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in order}
    for number in range(rounds):
        for name in order[:: 1 if number % 2 else -1]:
            server.configure(latency=f"fixed:{LATENCY}")
            store = folder / f"{name}-{number}.db"
            args = ["judgekit", name, str(a), str(b), server.api, str(in_flight), str(store)]
            runs[name].append(measure("throughput_worker.py", *args))
    ideal = 2 * cases * LATENCY / in_flight
    results: dict[str, Any] = {}
    for name, measured in runs.items():
        shares = [100 * ideal / run["wall"] for run in measured]
        cpu = [1000 * run["cpu"] / (2 * cases) for run in measured]
        results[f"{name} at {in_flight}: % of ideal"] = round(statistics.median(shares), 1)
        results[f"{name} at {in_flight}: CPU-ms per judgement"] = round(statistics.median(cpu), 3)
        fastest = [min(run["wall"] for run in each) for each in (runs["openai"], measured)]
        results[f"{name} at {in_flight}: % of openai"] = round(100 * fastest[0] / fastest[1], 1)
    return results


def start(server: Mock, folder: Path, quick: bool) -> dict[str, Any]:
    """CPU seconds of `judgekit --help`; the rate of a whole command, start-up included."""
    rounds, cases, in_flight = (3, 800, 64) if quick else (9, 800, 64)
    cpu = [run_command("judgekit", "--help", cwd=folder).cpu for _ in range(rounds)]
    a, b = write_answers(folder, cases)
    ideal = 2 * cases * LATENCY / in_flight
    shares = []
    for number in range(rounds):
        server.configure(latency=f"fixed:{LATENCY}")
        words = ["compare", str(a), str(b), *ARGUMENTS, "--base-url", server.api, "--json"]
        words += ["--concurrency", str(in_flight), "--store", f"start-{number}.db"]
        result = run_command("judgekit", *words, "--out", f"start-{number}", cwd=folder)
        shares.append(100 * ideal / result.wall)
    return {
        "judgekit --help: CPU-s": round(statistics.median(cpu), 3),
        f"{2 * cases} calls at {in_flight}, start-up included: % of ideal": round(
            statistics.median(shares), 1
        ),
    }


def large(server: Mock, folder: Path, quick: bool) -> dict[str, Any]:
    """The same command twice on many cases: the second time all replies are in the store."""
    cases = 10_000 if quick else 100_000
    a, b = write_answers(folder, cases, characters=500)
    server.configure(latency="fixed:0", think=8)
    words = ["compare", str(a), str(b), *ARGUMENTS, "--base-url", server.api, "--json"]
    words += ["--concurrency", "128"]
    first = run_command("judgekit", *words, cwd=folder)
    again = run_command("judgekit", *words, cwd=folder)
    counts = json.loads(again.output)
    if counts["calls_now"] or counts["calls_from_store"] != 2 * cases:
        raise SystemExit(f"not all from the store: {counts['calls_now']} calls")
    return {
        "cases": cases,
        "asked: wall s": round(first.wall, 1),
        "from the store: wall s": round(again.wall, 1),
        "from the store: CPU-s": round(again.cpu, 1),
        "from the store: peak MB": round(again.peak_mb),
    }


if __name__ == "__main__":
    main()
