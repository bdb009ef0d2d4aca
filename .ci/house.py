#!/usr/bin/env python3
"""Prints the house: rooms, floors, arrows and circles; and what is larger than the rules allow.

A room is a package or module directly in `judgekit`. A room's floor is the length of the longest
path of imports below it, so that rooms import only from lower floors. A circle is a group of
siblings, in any package, that import one another. `--check` exits with 1 if there is a circle, a
module of more than 350 lines or a function of more than 50.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "judgekit"
SIZED = ("judgekit", "plugins", "benchmarks", "examples", ".ci")
MODULE_LINES, FUNCTION_LINES = 350, 50

Arrows = Mapping[str, set[str]]


def arrows_among(graph: grimp.ImportGraph, package: str) -> dict[str, set[str]]:
    """Which children of a package import which, by anything within them."""
    children = sorted(graph.find_children(package))
    owner = {
        module: child for child in children for module in {child, *graph.find_descendants(child)}
    }
    arrows: dict[str, set[str]] = {child: set() for child in children}
    for module, child in owner.items():
        imported = graph.find_modules_directly_imported_by(module)
        arrows[child] |= {owner[other] for other in imported if other in owner} - {child}
    return arrows


def circles(arrows: Arrows) -> list[list[str]]:
    """Groups of more than one that all reach one another."""
    reach = {name: reachable(arrows, name) for name in arrows}
    groups = {frozenset(o for o in reach[n] if n in reach[o]) for n in arrows if n in reach[n]}
    return sorted(sorted(group) for group in groups)


def reachable(arrows: Arrows, start: str) -> set[str]:
    """All that can be reached from a node along arrows."""
    nodes: set[str] = set()
    ahead = [*arrows[start]]
    while ahead:
        name = ahead.pop()
        if name not in nodes:
            nodes.add(name)
            ahead += arrows[name]
    return nodes


def floors(arrows: Arrows) -> dict[str, int]:
    """The floor of each room; a circle is one room's height."""
    group = {name: min([name, *c]) for c in circles(arrows) for name in c}
    merged: dict[str, set[str]] = {}
    for name, others in arrows.items():
        leader = group.get(name, name)
        merged.setdefault(leader, set()).update({group.get(o, o) for o in others} - {leader})
    floor: dict[str, int] = {}
    for name in TopologicalSorter(merged).static_order():
        floor[name] = 1 + max((floor[other] for other in merged[name]), default=0)
    return {name: floor[group.get(name, name)] for name in arrows}


def too_long() -> Iterator[str]:
    """The modules and functions that are longer than the rules allow."""
    for path in sorted(path for folder in SIZED for path in (ROOT / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        where, lines = path.relative_to(ROOT), len(text.splitlines())
        if lines > MODULE_LINES:
            yield f"{where}: {lines} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                size = (node.end_lineno or first) - first + 1
                if size > FUNCTION_LINES:
                    yield f"{where}:{first}: {node.name} has {size} lines"


def survey() -> dict[str, object]:
    """The whole house as plain data."""
    graph = grimp.build_graph(PACKAGE)
    rooms = arrows_among(graph, PACKAGE)
    storey = floors(rooms)
    packages = [m for m in sorted(graph.modules) if graph.find_children(m)]
    by_floor: dict[int, list[str]] = {}
    for name, floor in sorted(storey.items()):
        by_floor.setdefault(floor, []).append(name.removeprefix(f"{PACKAGE}."))
    return {
        "rooms": len(rooms),
        "floors": {str(floor): by_floor[floor] for floor in sorted(by_floor, reverse=True)},
        "arrows": sum(map(len, rooms.values())),
        "circles": [c for package in packages for c in circles(arrows_among(graph, package))],
        "too_long": list(too_long()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a rule is broken")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    report = survey()
    if chosen.json:
        print(json.dumps(report, indent=1))
    else:
        show(report)
    if chosen.check and (report["circles"] or report["too_long"]):
        sys.exit(1)


def show(report: Mapping[str, object]) -> None:
    """Prints the house for people, the top floor first."""
    by_floor = report["floors"]
    assert isinstance(by_floor, dict)
    print(f"{report['rooms']} rooms on {len(by_floor)} floors, {report['arrows']} arrows")
    for floor, names in by_floor.items():
        print(f"{floor:>3}  {', '.join(names)}")
    for key, name in (("circles", "circle"), ("too_long", "too long")):
        listed = report[key]
        assert isinstance(listed, list)
        for item in listed:
            print(f"{name}: {item if isinstance(item, str) else ' <-> '.join(item)}")
        if not listed:
            print(f"{name}: none")


if __name__ == "__main__":
    main()
