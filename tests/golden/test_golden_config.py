"""Configuration files with every key that they may hold are read as they were."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from golden import GOLDEN, assert_holds, load

from judgekit.config.files import load_project, load_user
from judgekit.config.settings import Settings

FOLDER = GOLDEN / "config"
EXPECTED = load("config/expected.json")
DEFAULTS = {"retries"}  # which the recorded file does not give, and whose default has changed


def test_a_project(tmp_path: Path) -> None:
    (tmp_path / "judgekit.toml").write_bytes((FOLDER / "judgekit.toml").read_bytes())
    settings = Settings.of(load_project(tmp_path).under({})).as_dict()
    for name in ("store", "out"):
        settings[name] = Path(settings[name]).relative_to(tmp_path).as_posix()
    recorded = {name: v for name, v in EXPECTED["project"].items() if name not in DEFAULTS}
    assert_holds(settings, recorded)


def test_the_users_own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(FOLDER / "config.toml"))
    found = asdict(load_user())
    del found["path"]
    assert_holds(json.loads(json.dumps(found)), EXPECTED["user"])
