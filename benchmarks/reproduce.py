"""Published figures from recorded judgements, by judgekit's own parsers, fold and statistics.

The first folder holds the judgements and `expected.json`; pairs and answers are looked up in all.
Every figure stands beside the expected one, and every recorded reply is read again. It ends with 1
where a figure or a reading differs and nothing names why, or where no known format reads the
replies, so that a figure rests on what its source read (`not read`).

    python benchmarks/reproduce.py --data DIR [--data DIR2 ...] [--json] [--only WORD]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from options import option_parser
from reproduce_alpaca import alpaca
from reproduce_data import Data, DataError
from reproduce_ledger import MISSING, Computed, Figure, State, compare
from reproduce_pairs import pairwise
from reproduce_readings import Readings
from reproduce_single import single
from reproduce_votes import votes

PARTS = (pairwise, alpaca, single, votes)
MISSES = 20  # readings of one judge that are shown; --json holds all
WHOLE = "mt_bench_agreement"  # a section that is one entry


def computed(data: Data, only: str) -> list[Computed]:
    return [entry for part in PARTS for entry in part(data, only)]


def figures(data: Data, results: Sequence[Computed], only: str) -> Iterator[Figure]:
    """Every figure expected, those of a file that was renamed too where its judge, or its path,
    names one only."""
    for section, entries in data.expected.items():
        of_section = [one for one in results if one.section == section]
        is_single = section == WHOLE or not isinstance(entries, Mapping)
        targets = {"": entries} if is_single else entries
        for key, entry in targets.items():
            name = f"{section}/{key}" if key else section
            if only in name:
                one = _matching(key, entry, of_section, targets)
                path = (section, key) if key else (section,)
                yield from compare(path, entry, one.figures if one else MISSING, one)


def _matching(
    key: str, entry: Any, results: Sequence[Computed], targets: Mapping[str, Any]
) -> Computed | None:
    details = entry if isinstance(entry, Mapping) else {}
    exact = [one for one in results if one.key == key]
    if exact:  # a model's preferences may stand in two files
        return next((one for one in exact if one.also == details.get("file")), exact[0])
    free = [one for one in results if one.key not in targets]
    known_by = {details.get("judge"), key.partition("|")[2], key.partition("@")[0], key}
    named = [one for one in free if one.also in known_by]
    if len(named) > 1:  # the same judge on several sets
        named = [one for one in named if one.figures.get("n_pairs") == details.get("n_pairs")]
    return named[0] if len(named) == 1 else None


def print_all(checks: Sequence[Figure], readings: Sequence[Readings]) -> None:
    print(f"{'figure':90} {'expected':>22} {'found':>22}")
    for figure in checks:
        print(
            f"{figure.name:90} {shown(figure.expected):>22} {shown(figure.found):>22}"
            + ("" if figure.state == "equal" else f"  {figure.state}: {figure.reason}")
        )
    print("\nreplies read again")
    for reading in readings:
        print(f"{reading.title}: {reading.how}; {reading.equal} equal")
        for words, n in reading.named.most_common():
            print(f"  {n} named: {words}")
        for miss in reading.wrong[:MISSES]:
            print(f"  wrong: {miss}")
        if len(reading.wrong) > MISSES:
            print(f"  and {len(reading.wrong) - MISSES:,} more are wrong")


def shown(value: Any) -> str:
    return f"{value:.8g}" if isinstance(value, float) else json.dumps(value)


def print_end(checks: Sequence[Figure], readings: Sequence[Readings]) -> None:
    """What is wrong once more, and the counts: the last line."""
    print()
    for figure in checks:
        if figure.state == "wrong":
            print(
                f"wrong: {figure.name}: expected {shown(figure.expected)}, found "
                f"{shown(figure.found)} ({figure.reason})"
            )
    for reading in readings:
        if reading.wrong:
            print(f"wrong: {reading.title}: {len(reading.wrong):,} readings, as {reading.wrong[0]}")
    print(
        "; ".join(
            f"{what}: " + ", ".join(f"{n:,} {state}" for state, n in of_state.items())
            for what, of_state in totals(checks, readings).items()
        )
    )


def totals(
    checks: Sequence[Figure], readings: Sequence[Readings]
) -> Mapping[str, Mapping[str, int]]:
    states = [figure.state for figure in checks]
    return {
        "figures": {
            state: states.count(state)
            for state in get_args(State)
            if state != "not read" or state in states
        },
        "completions": {
            "equal": sum(reading.equal for reading in readings),
            "named": sum(reading.named.total() for reading in readings),
            "wrong": sum(len(reading.wrong) for reading in readings),
        },
    }


def main() -> int:
    parser = option_parser(__doc__, "no effect: the whole script takes ten seconds")
    parser.add_argument("--data", action="append", nargs="+", type=Path, required=True)
    parser.add_argument("--only", default="", help="entries whose name holds this")
    args = parser.parse_args()
    try:
        data = Data([folder for folders in args.data for folder in folders])
        results = computed(data, args.only)
    except DataError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 2
    checks = list(figures(data, results, args.only))
    if not checks:
        print(f"reproduce: {_nothing(args.data[0][0], args.only)}", file=sys.stderr)
        return 2
    readings = [one.readings for one in results if one.readings is not None]
    of_state = totals(checks, readings)
    if args.json:
        # Not asdict of readings: it makes a Counter of pairs from a Counter.
        rows = {"figures": [asdict(f) for f in checks], "readings": [vars(r) for r in readings]}
        print(json.dumps({"totals": of_state} | rows))
    else:
        print_all(checks, readings)
        print_end(checks, readings)
    failed = of_state["figures"].get("not read", 0) + sum(n["wrong"] for n in of_state.values())
    return 1 if failed else 0


def _nothing(folder: Path, only: str) -> str:
    if only:
        return f"no entry of {folder / 'expected.json'} has {only!r} in its name; check --only"
    return f"{folder / 'expected.json'} holds no figures, so there is nothing to compare with"


if __name__ == "__main__":
    sys.exit(main())
