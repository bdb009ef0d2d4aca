"""Prints the oldest versions that pyproject.toml allows, as constraints for pip.

    python .ci/lowest.py transformers > lowest.txt

Those of the base installation, and of the packages that are named. It needs `packaging`.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def main() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    named = [line for line in extras if Requirement(line).name in sys.argv[1:]]
    for line in sorted({*lowest(project["dependencies"]), *lowest(named)}):
        print(line)


def lowest(requirements: list[str]) -> Iterator[str]:
    """Each requirement at its lower bound."""
    for requirement in map(Requirement, requirements):
        bounds = [part.version for part in requirement.specifier if part.operator == ">="]
        if len(bounds) != 1:
            sys.exit(f"{PROJECT.name}: {requirement} has no single lower bound")
        marker = f"; {requirement.marker}" if requirement.marker else ""
        yield f"{requirement.name}=={bounds[0]}{marker}"


if __name__ == "__main__":
    main()
