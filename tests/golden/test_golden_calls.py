"""What is asked has the digests that it had, and is kept as it was, under the same keys."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from commands import Cli
from golden import GOLDEN, assert_holds, command_names, load, read_rows, replies_of

from judgekit.extension.engine import EngineSetup
from judgekit.extension.registry import Registry
from judgekit.types import Call, Message, Sampling

COMMANDS = {command["name"]: command for command in load("calls.json")["commands"]}
PLUGIN = GOLDEN / "golden_engine.py"


@pytest.mark.parametrize("name", command_names())
def test_calls_and_keys(
    cli: Cli, recorded: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    log = recorded / "calls.jsonl"
    log.touch()
    monkeypatch.setenv("GOLDEN_CALLS", str(log))
    command = COMMANDS[name]
    words = [word.replace("openai/", "golden/") for word in command["words"]]
    out = "out.jsonl" if words[0] == "generate" else "out"
    # What drift asks goes into a store of its own.
    drifting = words[0] == "drift"
    store = recorded / ("out/replies.db" if drifting else "fresh.db")
    flags = ["--out", out, "--plugin", PLUGIN, *([] if drifting else ["--store", store])]
    said = cli(*words, *flags)
    assert said.code == 0, said.err
    asked = {call["digest"]: call for call in read_rows(log)}
    example = command.get("example")
    if example is not None and example["digest"] not in asked:
        same = [c for c in asked.values() if c["messages"][-1] == example["messages"][-1]]
        assert same == [example], "the digest of this call was another"
    assert sorted(asked) == command["calls"]
    found = replies_of(store)
    if name.startswith("overlap") and version("sacrebleu") != load("weights.json")["sacrebleu"]:
        assert len(found) == len(command["keys"])  # the library's version is part of its keys
        return
    assert sorted(found) == command["keys"]
    kept = replies_of(recorded / "store.db")
    assert_holds(found, {key: kept[key] for key in found})


@pytest.mark.parametrize("row", load("digests.json")["calls"], ids=lambda row: row["digest"])
def test_digests_of_calls(row: dict[str, Any]) -> None:
    fields = dict(row["call"])
    fields["messages"] = tuple(Message(**message) for message in fields["messages"])
    sampling = dict(fields.pop("sampling", {}))
    sampling = {
        "stop": tuple(sampling.pop("stop", ())),
        "extra": tuple((name, value) for name, value in sampling.pop("extra", ())),
        **sampling,
    }
    for name in ("labels", "ends"):
        fields[name] = tuple(fields.get(name, ()))
    assert Call(sampling=Sampling(**sampling), **fields).digest == row["digest"]


@pytest.mark.parametrize("row", load("digests.json")["engines"], ids=lambda row: row["spec"])
def test_fingerprints_of_engines(row: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in row["environment"].items():
        monkeypatch.setenv(name, value)
    factory, model = Registry.load().engine(row["spec"])
    assert factory(EngineSetup(model, row["base_url"])).fingerprint == row["fingerprint"]
