"""Fresh interpreters and packages, for tests of what is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["pip_install", "python"]


def python(*arguments: str, cwd: Path, path: Path | None = None) -> str:
    """The output of a fresh interpreter, which must succeed; `path` is prepended to its path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pip_install(package: Path, target: Path) -> None:
    """Installs a copy of a package into a folder, offline; the copy, as building leaves traces."""
    source = target.with_name(target.name + "-source")
    shutil.copytree(package, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index")
    to = ("--no-deps", "--no-build-isolation", "--target", str(target), str(source))
    python(*pip, *to, cwd=source)
