"""A whole command with each provider: keys stay unsaid, and what an API lacks is refused first."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import write_answers
from commands import Cli
from servers import JudgeServer

KEY = "Zq7/lab+secret-9917="  # of no known form
PROVIDERS = ("openai", "anthropic", "gemini")


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    write_answers(here / "a.jsonl", ["GOOD one", "an answer"])
    write_answers(here / "b.jsonl", ["POOR one", "another"])


@pytest.fixture
def ask(server: JudgeServer) -> list[str]:
    return ["compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--base-url", server.base_url]


@pytest.fixture(params=PROVIDERS)
def lab(
    request: pytest.FixtureRequest,
    here: Path,
    server: JudgeServer,
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:
    """A command that asks an endpoint of the user's configuration, in a provider's dialect."""
    entry = f'base_url = "{server.base_url}"\nkey_env = "LAB_KEY"\nengine = "{request.param}"\n'
    (here / "config.toml").write_text(f"[endpoints.lab]\n{entry}")
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(here / "config.toml"))
    monkeypatch.setenv("LAB_KEY", KEY)
    return ["compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--model", "lab/m"]


def test_a_key_that_a_server_repeats_is_in_no_file_and_on_no_screen(
    cli: Cli, lab: list[str], server: JudgeServer, here: Path
) -> None:
    server.says = lambda _: f"You sent {KEY}.\n[[A]]"
    ran = cli(*lab)
    assert ran.code == 0
    assert server.headers == [f"Bearer {KEY}"] * 4
    written = [path.read_bytes() for path in here.rglob("*") if path.is_file()]
    assert not [data for data in written if KEY.encode() in data]
    assert any(b"You sent [key]." in data for data in written)
    assert KEY not in ran.out + ran.err


def test_a_wrong_key_is_one_line_that_does_not_repeat_it(
    cli: Cli, lab: list[str], server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "another"
    error = cli(*lab).error
    assert "rejects the key in LAB_KEY" in error
    assert KEY not in error


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--seed", "1"], "anthropic/ takes no seed"),
        (["--verdict", "logits"], "use --verdict text"),
        (["--logprobs"], "leave out --logprobs"),
        (["--model-arg", 'cache_control={"type": "ephemeral"}'], "leave out cache_control"),
    ],
)
def test_what_anthropic_lacks_is_refused_before_it_is_asked(
    cli: Cli, ask: list[str], server: JudgeServer, flags: list[str], said: str
) -> None:
    assert said in cli(*ask, "--model", "anthropic/m", *flags).error
    assert server.requests == []


def test_it_is_refused_before_another_juror_is_paid(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    ask[ask.index("pairwise")] = "pairwise@openai/m,pairwise@anthropic/m"
    assert "anthropic/ takes no seed" in cli(*ask, "--seed", "1").error
    assert server.requests == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_answers_are_generated(cli: Cli, server: JudgeServer, provider: str) -> None:
    words = ["generate", "a.jsonl", "--model", f"{provider}/m", "--base-url", server.base_url]
    assert cli(*words, "--json").json["answers"] == 2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_the_server_refused_is_said_once(
    cli: Cli, ask: list[str], server: JudgeServer, provider: str
) -> None:
    def refuse(body: dict[str, object]) -> tuple[int, object] | None:
        return (400, {"error": {"message": message}}) if body.get("temperature") == 0 else None

    message = "`temperature` is deprecated for this model."
    server.instead = refuse
    ran = cli(*ask, "--model", f"{provider}/m")
    assert ran.out.count("the server refuses temperature: left out") == 1
    assert ran.err.count("temperature") == 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_resumed_run_marks_and_asks_the_same(
    cli: Cli, ask: list[str], server: JudgeServer, provider: str
) -> None:
    first = cli(*ask, "--model", f"{provider}/m", "--limit", "1", "--json").json
    assert (first["calls_now"], first["calls_from_store"]) == (2, 0)
    whole = cli(*ask, "--model", f"{provider}/m", "--json").json
    assert (whole["calls_now"], whole["calls_from_store"]) == (2, 2)
