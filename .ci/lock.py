"""Renews constraints.txt: the version of every package that `.[dev]` needs.

    make lock                          # prints what changes, and writes it
    python3.11 .ci/lock.py --dry-run   # prints what would change

pip resolves in a fresh environment, with nothing held back but torch, whose version is changed by
hand: a looser one takes several gigabytes of CUDA packages. It has to run on the oldest Python
that is supported, because a version that is chosen for a newer one may not install there.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "constraints.txt"
HEADER = """\
# The version of every package that `pip install -e '.[dev]'` takes, for `make` and CI: pip's `-c`.
# Written by `make lock`. Only torch is changed by hand.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--dry-run", action="store_true", help="print what would change only")
    options = parser.parse_args()
    check_python()
    before = read(LOCK.read_text())
    after = resolve({"torch": before["torch"]})
    print("\n".join(changes(before, after)) or "nothing changes")
    if not options.dry_run:
        lines = [f"{name}=={version}\n" for name, version in sorted(after.items())]
        LOCK.write_text(HEADER + "".join(lines))


def check_python() -> None:
    """Exits unless this is the oldest Python that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    if "{}.{}".format(*sys.version_info) != oldest:
        sys.exit(f"the lock is made by Python {oldest}: make lock PYTHON=python{oldest}")


def read(lock: str) -> dict[str, str]:
    """The version of each package that a lock names."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", lock, re.MULTILINE))


def resolve(pins: Mapping[str, str]) -> dict[str, str]:
    """The version of each package that `.[dev]` needs now, those in `pins` at theirs."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        constraints, report = Path(folder, "pins.txt"), Path(folder, "report.json")
        constraints.write_text("".join(f"{name}=={pins[name]}\n" for name in pins))
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        how = ["--dry-run", "--ignore-installed", "--report", str(report), "-c", str(constraints)]
        subprocess.run([*pip, *how, ".[dev]"], cwd=ROOT, check=True)
        packages = json.loads(report.read_text())["install"]
    versions = {normal(item["metadata"]["name"]): item["metadata"]["version"] for item in packages}
    del versions["judgekit"]
    # A local label (`+cpu`) names a build that other indexes do not have.
    return {name: version.partition("+")[0] for name, version in versions.items()}


def normal(name: str) -> str:
    """A package's name as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """One line for each package that comes, goes or changes its version."""
    return [
        f"{name}: {before.get(name, 'none')} -> {after.get(name, 'none')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


if __name__ == "__main__":
    main()
