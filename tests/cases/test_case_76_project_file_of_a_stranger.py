"""A project file of a stranger is read or refused in one line, whatever it holds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from judgekit.config.files import load_project, load_user
from judgekit.errors import InputError

HOSTILE = {
    "nested tables": "options = " + "{a=" * 2000 + "1" + "}" * 2000,
    "some nested tables": "options = " + "{a=" * 100 + "1" + "}" * 100,
    "dotted": "a" + ".a" * 500 + " = 1",
    "nested arrays": "options = " + "[" * 3000 + "]" * 3000,
    "some nested arrays": "model = " + "[" * 100 + "]" * 100,
    "arrays and tables": "options = " + "[{a=" * 500 + "1" + "}]" * 500,
    "digits": "repeats = " + "9" * 5000,
    "fewer digits": "repeats = " + "9" * 4000,
    "hexadecimal digits": "repeats = 0x" + "f" * 5000,
    "negative digits": "repeats = -" + "9" * 5000,
    "long text": 'concurrency = "' + "a" * 100_000 + '"',
    "large": 'judge = "' + "a" * 100_000_000 + '"',
    "many": "".join(f"a{n} = 1\n" for n in range(60_000)),
    "no UTF-8": "judge = \udcff",
    **{
        f"store in {place}": f'store = "{place}"'
        for place in (".git/x.db", ".git", "sub/.git/x", ".GIT/x", "./.git/x", ".git./x", ".hg/x")
    },
    "out in .git": 'out = ".git/hooks"',
    "store through a link": 'store = "link/x.db"',
    "out through a link": 'out = "link/hooks"',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "link").symlink_to(".git")
    text = HOSTILE[kind].encode("utf-8", "surrogateescape")
    (tmp_path / "judgekit.toml").write_bytes(text)
    began = time.perf_counter()
    with pytest.raises(InputError) as refused:
        load_project(tmp_path)
    assert "judgekit.toml" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("kind", ["nested tables", "digits", "large", "some nested tables"])
def test_so_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").write_text(HOSTILE[kind])
    with pytest.raises(InputError, match=r"mine\.toml") as refused:
        load_user()
    assert "\n" not in str(refused.value)


def test_a_usual_place_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "judgekit.toml").write_text('store = "github/x.db"\nout = "runs/.gitted"\n')
    assert load_project(tmp_path).choices["store"] == tmp_path / "github/x.db"
