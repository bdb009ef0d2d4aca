"""The engine that docs/guides/engines.md shows to authors works as it stands there."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from places import DOCS

from judgekit.errors import CallFailure
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Message, Reply

PAGE = DOCS / "guides" / "engines.md"


def test_the_example_answers() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    engine = names["judgekit_engines"]()["shout"](EngineSetup("loud"))
    calls = [Call((Message("user", text),)) for text in ("hear me", "")]
    reply, failed = asyncio.run(engine.answer(calls))
    assert reply == Reply("HEAR ME")
    assert isinstance(failed, CallFailure)
    assert engine.fingerprint == "shout loud"
