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
    return [made for part in PARTS for made in part(data, only)]


def figures(data: Data, made: Sequence[Computed], only: str) -> Iterator[Figure]:
    """Every figure expected, those of a file that was renamed too where its judge, or its path,
    names one only."""
    for section, entries in data.expected.items():
        own = [one for one in made if one.section == section]
        whole = section == WHOLE or not isinstance(entries, Mapping)
        wanted = {"": entries} if whole else entries
        for key, entry in wanted.items():
            name = f"{section}/{key}" if key else section
            if only in name:
                one = _matching(key, entry, own, wanted)
                path = (section, key) if key else (section,)
                yield from compare(path, entry, one.figures if one else MISSING, one)


def _matching(
    key: str, entry: Any, made: Sequence[Computed], wanted: Mapping[str, Any]
) -> Computed | None:
    told = entry if isinstance(entry, Mapping) else {}
    exact = [one for one in made if one.key == key]
    if exact:  # a model's preferences may stand in two files
        return next((one for one in exact if one.also == told.get("file")), exact[0])
    free = [one for one in made if one.key not in wanted]
    known_by = {told.get("judge"), key.partition("|")[2], key.partition("@")[0], key}
    named = [one for one in free if one.also in known_by]
    if len(named) > 1:  # the same judge on several sets
        named = [one for one in named if one.figures.get("n_pairs") == told.get("n_pairs")]
    return named[0] if len(named) == 1 else None


def print_all(found: Sequence[Figure], readings: Sequence[Readings]) -> None:
    print(f"{'figure':90} {'expected':>22} {'found':>22}")
    for figure in found:
        print(
            f"{figure.name:90} {shown(figure.expected):>22} {shown(figure.found):>22}"
            + ("" if figure.state == "equal" else f"  {figure.state}: {figure.reason}")
        )
    print("\nreplies read again")
    for own in readings:
        print(f"{own.title}: {own.how}; {own.equal} equal")
        for words, n in own.named.most_common():
            print(f"  {n} named: {words}")
        for miss in own.wrong[:MISSES]:
            print(f"  wrong: {miss}")
        if len(own.wrong) > MISSES:
            print(f"  and {len(own.wrong) - MISSES:,} more are wrong")


def shown(value: Any) -> str:
    return f"{value:.8g}" if isinstance(value, float) else json.dumps(value)


def print_end(found: Sequence[Figure], readings: Sequence[Readings]) -> None:
    """What is wrong once more, and the counts: the last line."""
    print()
    for figure in found:
        if figure.state == "wrong":
            print(
                f"wrong: {figure.name}: expected {shown(figure.expected)}, found "
                f"{shown(figure.found)} ({figure.reason})"
            )
    for own in readings:
        if own.wrong:
            print(f"wrong: {own.title}: {len(own.wrong):,} readings, as {own.wrong[0]}")
    print(
        "; ".join(
            f"{what}: " + ", ".join(f"{n:,} {state}" for state, n in of_state.items())
            for what, of_state in totals(found, readings).items()
        )
    )


def totals(
    found: Sequence[Figure], readings: Sequence[Readings]
) -> Mapping[str, Mapping[str, int]]:
    states = [figure.state for figure in found]
    return {
        "figures": {
            state: states.count(state)
            for state in get_args(State)
            if state != "not read" or state in states
        },
        "completions": {
            "equal": sum(own.equal for own in readings),
            "named": sum(own.named.total() for own in readings),
            "wrong": sum(len(own.wrong) for own in readings),
        },
    }


def main() -> int:
    parser = option_parser(__doc__, "no effect: the whole script takes ten seconds")
    parser.add_argument("--data", action="append", nargs="+", type=Path, required=True)
    parser.add_argument("--only", default="", help="entries whose name holds this")
    args = parser.parse_args()
    try:
        data = Data([folder for given in args.data for folder in given])
        made = computed(data, args.only)
    except DataError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 2
    found = list(figures(data, made, args.only))
    if not found:
        print(f"reproduce: {_nothing(args.data[0][0], args.only)}", file=sys.stderr)
        return 2
    readings = [one.readings for one in made if one.readings is not None]
    of_state = totals(found, readings)
    if args.json:
        # Not asdict of readings: it makes a Counter of pairs from a Counter.
        rows = {"figures": [asdict(f) for f in found], "readings": [vars(r) for r in readings]}
        print(json.dumps({"totals": of_state} | rows))
    else:
        print_all(found, readings)
        print_end(found, readings)
    failed = of_state["figures"].get("not read", 0) + sum(n["wrong"] for n in of_state.values())
    return 1 if failed else 0


def _nothing(folder: Path, only: str) -> str:
    if only:
        return f"no entry of {folder / 'expected.json'} has {only!r} in its name; check --only"
    return f"{folder / 'expected.json'} holds no figures, so there is nothing to compare with"


if __name__ == "__main__":
    sys.exit(main())
