"""How long the command line takes to start, against a bare typer application.

Measured is the CPU time (user and system) of whole processes: `judgekit --help` and `judgekit
compare` of the two example files by `overlap`, each against `--help` of a typer application with
two empty commands. The three run in turns and share one folder of compiled bytecode, which a first
round fills; reported are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["measure"]

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MOST = {"ratio": 1.6, "ratio_compare": 3.0}
BARE = '''
import typer

app = typer.Typer()


@app.command()
def first(name: str) -> None:
    """Does nothing."""


@app.command()
def second(name: str) -> None:
    """Does nothing, either."""


app()
'''


def measure(rounds: int) -> dict[str, float]:
    """Runs the three programs in turns.

    Args:
        rounds: How often each is run, after one run that is not counted.

    Returns:
        Median CPU seconds of each, `ratio` and `ratio_compare`, and whether both are `ok`.
    """
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "bare.py").write_text(BARE, encoding="utf-8")
        kit = [sys.executable, "-m", "judgekit"]
        files = [str(EXAMPLES / name) for name in ("tuned.jsonl", "base.jsonl")]
        programs = {
            "bare": [sys.executable, "bare.py", "--help"],
            "help": [*kit, "--help"],
            "compare": [*kit, "compare", *files, "--judge", "overlap"],
        }
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(here / "bytecode")
        seconds: dict[str, list[float]] = {name: [] for name in programs}
        for turn in range(rounds + 1):
            for name, program in programs.items():
                cpu_time = cpu_seconds(program, here, environment)
                if turn:
                    seconds[name].append(cpu_time)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratios = {
        "ratio": medians["help"] / medians["bare"],
        "ratio_compare": medians["compare"] / medians["bare"],
    }
    ok = all(ratios[name] <= most for name, most in MOST.items())
    return {f"{name}_cpu_s": value for name, value in medians.items()} | ratios | {"ok": ok}


def cpu_seconds(program: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """CPU seconds of one process, which must end well. Its output is thrown away."""
    process = subprocess.Popen(
        program,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(program)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 runs of each instead of 21")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    results = measure(5 if chosen.quick else 21)
    if chosen.json:
        print(json.dumps({k: v if v in (True, False) else round(v, 4) for k, v in results.items()}))
        return
    print(f"bare typer application  {results['bare_cpu_s']:.3f} s of CPU time")
    for name, ratio in (("help", "ratio"), ("compare", "ratio_compare")):
        most = f"(at most {MOST[ratio]})"
        print(
            f"judgekit {name:15}{results[name + '_cpu_s']:.3f} s, {results[ratio]:.2f} times {most}"
        )


if __name__ == "__main__":
    main()
