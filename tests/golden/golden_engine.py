"""A plugin's file: the engine `golden/MODEL`, which answers from the recorded reply store.

Its fingerprint is that of the recorded API, and it finds replies by a key that is composed here,
from the call's digest, without judgekit. A call that was never recorded is a failure. Every call
is written to the file that `GOLDEN_CALLS` names.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from judgekit import hookimpl
from judgekit.errors import CallFailure
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Reply

STORE = Path(__file__).with_name("store.db")
BASE_URL = "http://127.0.0.1:9/v1"
REPEATS = 3


class Golden:
    """One recorded model."""

    window = 1
    stored = True

    def __init__(self, model: str) -> None:
        self.fingerprint = f"openai {BASE_URL} {model}"

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        return [self._reply(call) for call in calls]

    async def aclose(self) -> None:
        """Holds nothing."""

    def _reply(self, call: Call) -> Reply | CallFailure:
        with Path(os.environ["GOLDEN_CALLS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(plain(call), default=str) + "\n")
        for repeat in range(REPEATS):
            found = kept(digest(self.fingerprint, call.digest, str(repeat)))
            if found is not None:
                return Reply(
                    text=found.get("text", ""),
                    finish=found["finish"],
                    thinking=found.get("thinking", ""),
                    tokens_in=found.get("in"),
                    tokens_out=found.get("out"),
                    label_logprobs=found.get("logprobs"),
                )
        return CallFailure("never recorded", f"the call {call.digest} is not in {STORE.name}")


def plain(call: Call) -> dict[str, Any]:
    """A call as JSON, with its digest."""
    parts = {f.name: getattr(call, f.name) for f in dataclasses.fields(call) if f.name != "trial"}
    parts["messages"] = [dataclasses.asdict(message) for message in call.messages]
    parts["sampling"] = dataclasses.asdict(call.sampling)
    return {"digest": call.digest, **parts}


def digest(*parts: str) -> str:
    """The digest of several texts, as keys were composed when the store was recorded."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def kept(key: str) -> dict[str, Any] | None:
    """The recorded reply under a key."""
    with closing(sqlite3.connect(f"{STORE.as_uri()}?mode=ro&immutable=1", uri=True)) as store:
        row = store.execute(
            "SELECT reply FROM replies WHERE key=?", (bytes.fromhex(key),)
        ).fetchone()
    return None if row is None else dict(json.loads(row[0]))


def engine(setup: EngineSetup) -> Golden:
    return Golden(setup.model)


@hookimpl
def judgekit_engines() -> dict[str, Any]:
    return {"golden": engine}
