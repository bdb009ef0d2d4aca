from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from places import ROOT

from judgekit.installing import install_hint

METADATA = """Metadata-Version: 2.4
Name: judgekit
Version: 9
Requires-Dist: orjson>=3.10
Requires-Dist: nowhere-torch>=2.5; extra == "local"
Requires-Dist: pytest>=8,<99; extra == "local"
Requires-Dist: judgekit[local]; extra == "train"
Requires-Dist: nowhere-hub[fast]<4,>=3; extra == "train"
Requires-Dist: pytest>=8; extra == "test"
"""
HAZARD = re.compile(
    r"(pip install|requires|dependencies)\b[^`;]*[\s'\"\[]judgekit(?![\w./-])|judgekit\[[a-z]"
)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.dist-info` of an installed judgekit that is found before the real one."""
    info = tmp_path / "judgekit-9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    monkeypatch.syspath_prepend(tmp_path)
    return info


@pytest.mark.parametrize(
    ("extra", "packages"),
    [
        ("local", ["nowhere-torch>=2.5"]),
        ("train", ["nowhere-torch>=2.5", "nowhere-hub[fast]<4,>=3"]),
        ("test", ["pytest>=8"]),  # installed, but not importable: something is wrong with it
    ],
)
def test_names_the_missing_packages(installed: Path, extra: str, packages: Sequence[str]) -> None:
    words = " ".join(f"'{package}'" for package in packages)
    assert install_hint(extra) == f"run pip install {words}"


@pytest.mark.parametrize("editable", [True, False])
def test_a_checkout_names_its_folder(installed: Path, editable: bool) -> None:
    record = {"url": "file:///home/a%20b/judgekit", "dir_info": {"editable": editable}}
    (installed / "direct_url.json").write_text(json.dumps(record))
    in_folder = "run pip install -e '.[local]' in /home/a b/judgekit"
    assert (install_hint("local") == in_folder) is editable


def test_what_a_build_leaves_in_the_tree_is_no_install(
    installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left = tmp_path / "tree" / "judgekit.egg-info"
    left.mkdir(parents=True)
    (left / "PKG-INFO").write_text(METADATA)
    (left / "SOURCES.txt").write_text("pyproject.toml")
    monkeypatch.syspath_prepend(left.parent)
    record = {"url": "file:///home/me/judgekit", "dir_info": {"editable": True}}
    (installed / "direct_url.json").write_text(json.dumps(record))
    assert install_hint("local") == "run pip install -e '.[local]' in /home/me/judgekit"


def test_a_tree_that_is_not_installed_is_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata.Distribution, "discover", lambda **_: iter(()))
    assert install_hint("local") == f"run pip install -e '.[local]' in {ROOT}"


def tracked(*kinds: str) -> list[Path]:
    found = subprocess.run(["git", "ls-files", *kinds], cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        pytest.skip("the checkout has no git history to list its files by")
    return [ROOT / name for name in found.stdout.decode().split("\n") if (ROOT / name).is_file()]


def test_nothing_leads_to_the_package_of_another_owner() -> None:
    hazards = []
    for path in tracked("*.py", "*.md", "*.toml", "Makefile", "*.sh", "*.yml", "*.yaml"):
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            own_extra = path == ROOT / "pyproject.toml" and re.fullmatch(r'\s*"judgekit\[.*', line)
            if HAZARD.search(line) and not own_extra:
                hazards.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert hazards == []


def test_every_hint_names_an_extra_that_there_is() -> None:
    extras = importlib.metadata.metadata("judgekit").get_all("Provides-Extra") or []
    text = "\n".join(path.read_text(encoding="utf-8") for path in tracked("judgekit", "plugins"))
    named = set(re.findall(r"install_hint\([\"']([\w-]+)[\"']\)", text))
    assert named >= {"train", "local", "parquet", "sets", "llm-blender"}
    assert named <= set(extras)
