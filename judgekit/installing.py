"""How to install what is missing, for the way in which judgekit itself was installed.

An unrelated package owns the name `judgekit` on the public index, so no hint may lead there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["install_hint"]

NAME = "judgekit"
REQUIREMENT = re.compile(  # as build tools write it: name[extras]range; extra == "of"
    r"(?P<name>[\w.-]+)\s*(\[(?P<extras>[^]]*)\])?\s*(?P<range>[^;]*?)\s*"
    r"(;.*\bextra == ['\"](?P<of>[\w.-]+)['\"])?"
)


def install_hint(extra: str) -> str:
    """The command that installs the packages of one of judgekit's extras.

    Args:
        extra: The extra's name in pyproject.toml, such as ``"train"``.

    Returns:
        ``run pip install -e '.[train]' in FOLDER`` in a checkout. Otherwise a command that names
        the packages that are missing with their version ranges, or all packages of the extra if
        none is missing (a package may be installed and yet not be importable).
    """
    installed = find_own()
    folder = checkout(installed)
    if folder is not None or installed is None:
        return f"run pip install -e '.[{extra}]' in {folder or Path(__file__).parents[1]}"
    needed = dict(requirements(installed, extra))
    missing = [text for name, text in needed.items() if find_distribution(name) is None]
    return "run pip install " + " ".join(f"'{text}'" for text in missing or needed.values())


def find_own() -> Distribution | None:
    """The installed judgekit; None for a source tree that is not installed.

    setuptools leaves metadata in each source tree that it builds, and from within the tree Python
    finds that first. Only it lists its sources.
    """
    copies = distributions(name=NAME)
    return next((one for one in copies if one.read_text("SOURCES.txt") is None), None)


def find_distribution(name: str) -> Distribution | None:
    """An installed distribution; None if there is none of that name."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def checkout(installed: Distribution | None) -> Path | None:
    """The folder that an editable install points to; None for any other install."""
    record = json.loads((installed and installed.read_text("direct_url.json")) or "{}")
    if not record.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(record["url"]).path))


def requirements(installed: Distribution, extra: str) -> Iterator[tuple[str, str]]:
    """The packages of an extra, each as its name and ``name[extras]range``.

    An extra that includes another one requires ``judgekit[OTHER]``, which is followed.
    """
    for text in installed.requires or ():
        match = REQUIREMENT.fullmatch(text)
        if match is None or match["of"] != extra:
            continue
        if match["name"] == installed.name:
            for other in match["extras"].split(","):
                yield from requirements(installed, other.strip())
        else:
            extras = f"[{match['extras']}]" if match["extras"] else ""
            yield match["name"], match["name"] + extras + match["range"]
