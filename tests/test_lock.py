"""constraints.txt pins every package that the development environment needs, on each Python."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from places import ROOT

PINS = dict(re.findall(r"^(\S+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))


def needed(python: str) -> dict[str, list[Requirement]]:
    """What `.[dev]` requires on a Python, by package, as far as is installed here."""
    environment = {**default_environment(), "python_version": python}
    environment["python_full_version"] = f"{python}.0"
    found: dict[str, list[Requirement]] = {}
    ahead, seen = [("judgekit", frozenset({"dev"}))], set()
    while ahead:
        name, extras = ahead.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:  # of another Python
            continue
        for requirement in map(Requirement, requires):
            marker = requirement.marker
            if marker and not any(
                marker.evaluate({**environment, "extra": extra}) for extra in {"", *extras}
            ):
                continue
            needs = canonicalize_name(requirement.name)
            found.setdefault(needs, []).append(requirement)
            ahead.append((needs, frozenset(requirement.extras)))
    del found["judgekit"]
    return found


def installed(name: str) -> str | None:
    """The version that is installed here, without its local label."""
    try:
        return Version(distribution(name).version).public
    except PackageNotFoundError:
        return None


def test_no_pin_is_of_one_build() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[a-z0-9.]+", pin) for pin in pins)
    assert len(pins) == len(PINS)
    assert list(PINS) == sorted(PINS)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_package_is_pinned_within_its_bounds(python: str) -> None:
    packages = needed(python)
    pinned = packages.keys() & PINS.keys()
    if other := sorted(name for name in pinned if installed(name) not in (None, PINS[name])):
        pytest.skip(f"this environment was not made from the lock: {', '.join(other)}")
    wrong = [
        f"{name}: {requirement}, pinned {PINS.get(name)}"
        for name, requirements in packages.items()
        for requirement in requirements
        if name not in PINS or not requirement.specifier.contains(PINS[name], prereleases=True)
    ]
    assert wrong == []
