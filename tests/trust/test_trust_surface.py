"""What `judgekit.trust` exports, and that importing it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from judgekit import trust


def test_every_name_is_there_and_documented() -> None:
    assert sorted(trust.__all__) == sorted(trust.ORIGINS)
    assert dir(trust) == sorted(trust.__all__)
    for name in trust.__all__:
        member = getattr(trust, name)
        if callable(member):
            assert member.__doc__, name


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'prepare_bnch'"):
        trust.prepare_bnch  # noqa: B018


def test_importing_it_imports_none_of_its_parts() -> None:
    code = (
        "import sys, judgekit.trust\n"
        "loaded = [m for m in sys.modules if m.startswith(('judgekit.trust.', 'judgekit.jobs'))]\n"
        "print(loaded)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
