"""What goes wrong is one line on standard error, exit code 2, and never a traceback or a secret."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import write_answers, write_jsonl
from commands import Cli
from servers import JudgeServer

PAIR = ["compare", "a.jsonl", "b.jsonl"]
ASKING = [*PAIR, "--judge", "pairwise", "--model"]
KEY = "sk-verysecret0123456789abcdef"


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write_answers(here / name, [f"answer of {name}", "the other"])
    write_answers(here / "more.jsonl", ["x", "y", "z"])
    write_answers(here / "told.jsonl", ["x", "y"], reference="z")
    write_jsonl(here / "apart.jsonl", [{"id": "elsewhere", "prompt": "?", "response": "x"}])
    shown = [{"type": "image_url", "image_url": {"url": "data:,"}}]
    prompt = [{"role": "user", "content": shown}]
    write_jsonl(here / "image.jsonl", [{"id": "q0", "prompt": prompt, "response": "x"}])
    (here / "empty.jsonl").touch()
    (here / "folder").mkdir()


@pytest.mark.parametrize(
    ("words", "tells"),
    [
        (["compare", "nope.jsonl", "b.jsonl"], ["nope.jsonl"]),
        (["compare", "folder", "b.jsonl"], ["folder"]),
        (["compare", "empty.jsonl", "b.jsonl"], ["empty.jsonl", "no rows"]),
        (["compare", "a.jsonl", "apart.jsonl"], ["a.jsonl, line 1", "'q0'", "--join inner"]),
        (["compare", "a.jsonl", "more.jsonl"], ["more.jsonl, line 3", "'q2'"]),
        (["compare", "image.jsonl", "b.jsonl"], ["image.jsonl, line 1", "image_url"]),
        (["compare", "told.jsonl"], ["holds single answers", "judgekit score told.jsonl"]),
        ([*PAIR, "--judge", "pairwize", "--model", "openai/m"], ["did you mean 'pairwise'?"]),
        ([*PAIR, "--judge", "./no.md", "--model", "openai/m"], ["no.md"]),
        ([*PAIR, "--judge", "pairwise"], ["--model openai/gpt-4o-mini"]),
        ([*PAIR, "--judge", "overlap"], ["2 of 2 cases have none", "--references"]),
        ([*PAIR, "--judge", "overlap", "--model", "openai/m"], ["--model 'openai/m'"]),
        ([*ASKING, "gpt-4o"], ["'gpt-4o'", "'openai/gpt-4o'"]),
        ([*ASKING, "openai/"], ["'openai/'"]),
        ([*ASKING, "opnai/m"], ["'opnai'", "did you mean 'openai'?"]),
        ([*ASKING, "replay/nope.jsonl"], ["nope.jsonl"]),
        ([*ASKING, "openai/m", "--prompt", "nope"], ["'nope'", "pairwise"]),
        ([*ASKING, "openai/m", "--endpoint", "nope"], ["'nope'", "[endpoints.nope]"]),
        ([*ASKING, "openai/m", "--max-cost", "1"], ["'openai/m'", "--max-calls"]),
        ([*ASKING, "openai/m", "--base-url", "example.org"], ["'example.org'"]),
        ([*ASKING, "openai/m", "--model-arg", "nothing"], ["--model-arg", "NAME=VALUE"]),
        ([*ASKING, "openai/m", "--limit", "0"], ["limit", "at least 1"]),
        ([*ASKING, "openai/m", "--timeout", "0"], ["timeout", "more than 0"]),
        ([*ASKING, "openai/m", "--columns", "response"], ["--columns", "'response'"]),
        ([*ASKING, "openai/m", "--columns", "response=txt"], ["a.jsonl", "'txt'"]),
        ([*ASKING, "openai/m", "--prompts", "nope.jsonl"], ["nope.jsonl"]),
        ([*ASKING, "openai/m", "--references", "nope.jsonl"], ["nope.jsonl"]),
        ([*PAIR, "--plugin", "nope.py"], ["'nope.py'"]),
        (["compare", "told.jsonl", "told.jsonl", "--store", "folder"], ["'folder'", "--store"]),
        (["compare", "told.jsonl", "told.jsonl", "--out", "a.jsonl"], ["'a.jsonl'", "--out"]),
        (["compare", "--baseline", "a.jsonl", "a.jsonl"], ["--baseline"]),
        (["score", "a.jsonl", "--judge", "pairwise", "--model", "openai/m"], ["'pairwise'"]),
        (["show", "folder"], ["'folder'", "run.json"]),
        (["show"], ["'runs/latest'", "judgekit compare"]),
        (["pairs", "nowhere"], ["'nowhere'", "judgekit compare"]),
        (["plugins", "new", "Bad Name"], ["'Bad Name'", "'my-judge'"]),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_one_line_that_tells_what_to_do(
    cli: Cli, here: Path, words: list[str], tells: list[str]
) -> None:
    before = sorted(here.iterdir())
    error = cli(*words).error
    for part in tells:
        assert part in error
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "tells"),
    [
        ([*ASKING, "openai/m", "--metric", "bleu"], ["an option of the judge overlap"]),
        ([*PAIR, "--games", "9"], ["--games", "only with `judgekit rank`"]),
        (["train", "dpo", "p.jsonl", "--lr", "1"], ["did you mean --learning-rate?"]),
        (["show", "--frobnicate"], ["`judgekit show --help`"]),
        ([*ASKING, "openai/m", "--limit", "few"], ["--limit takes a whole number, not 'few'"]),
        (["compare", "told.jsonl", "told.jsonl", "--metrc", "bleu"], ["--metrc", "--metric"]),
        (["compare", "told.jsonl", "told.jsonl", "--metric", "blue"], ["'blue'", "bleu"]),
        ([*ASKING, "openai/m", "--temperature", "hot"], ["--temperature"]),
        (
            [*ASKING, "openai/m", "--orders", "three"],
            ["--orders", "one of both, one, adaptive, not 'three'"],
        ),
        (["compare"], ["files"]),
        (["compar", "a.jsonl", "b.jsonl"], ["'compar'"]),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_a_wrong_flag_is_one_line_as_well(cli: Cli, words: list[str], tells: list[str]) -> None:
    error = cli(*words).error
    for part in tells:
        assert part in error


@pytest.mark.parametrize("command", ["compare", "score"])
def test_without_judge_model_and_references_three_commands_are_offered(
    cli: Cli, here: Path, command: str
) -> None:
    (here / "my files").mkdir()
    files = ["my files/a.jsonl", "b.jsonl"] if command == "compare" else ["my files/a.jsonl"]
    (here / "a.jsonl").rename(here / "my files/a.jsonl")
    said = cli(command, *files)
    assert (said.code, said.out) == (2, "")
    line, *offered = said.err.splitlines()
    assert line.startswith("judgekit: ")
    assert len(offered) == 3
    write_answers(here / "references.jsonl", ["true", "so"])
    for text in offered:
        program, *words = shlex.split(text)
        assert program == "judgekit"
        assert words[: 1 + len(files)] == [command, *files]
        # As it stands, but for what would be asked of a server: it parses, and its files fit.
        assert cli(*words, "--dry-run", "--json").json["cases"] == 2


def test_version_and_help(cli: Cli) -> None:
    said = cli("--version")
    assert (said.code, said.err) == (0, "")
    assert said.out.strip()[0].isdigit()
    for words in (["--help"], ["compare", "--help"], ["score", "-h"], ["plugins", "--help"]):
        said = cli(*words)
        assert (said.code, said.err) == (0, "")
        assert "judgekit" in said.out


def test_the_help_of_compare_shows_the_judges_own_options(cli: Cli) -> None:
    assert "--logprobs" in cli("compare", "--judge", "pairwise", "--help").out
    assert "--metric" in cli("compare", "--judge", "overlap", "--help").out


def test_a_missing_key_fails_before_any_connection(
    cli: Cli, server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.root)  # whatever is sent out would come here
    error = cli(*ASKING, "openai/gpt-4o-mini").error
    assert "OPENAI_API_KEY" in error
    assert "api.openai.com" in error
    assert server.connects == 0
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert cli(*ASKING, "openai/gpt-4o-mini", "--retries", "0", "--limit", "1").code in (0, 2)
    assert server.connects > 0, "the check above would have seen a connection"


def test_a_key_is_not_taken_from_a_flag_nor_repeated(cli: Cli) -> None:
    for flags in (
        ["--model-arg", f"api_key={KEY}"],
        ["--model-arg", f"Authorization=Bearer {KEY}"],
        ["--base-url", f"https://me:{KEY}@example.org/v1"],
    ):
        said = cli(*ASKING, "openai/m", *flags)
        assert said.error
        assert KEY not in said.err


@pytest.fixture
def keyed(server: JudgeServer, here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The flags of a server that wants a key, named in the user's own configuration."""
    config = here.parent / f"{here.name}.toml"
    config.write_text(f'[endpoints.mine]\nbase_url = "{server.base_url}"\nkey_env = "MY_KEY"\n')
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(config))
    server.key = KEY
    yield ["openai/m", "--endpoint", "mine"]
    config.unlink()


def test_a_wrong_key_stops_at_once(
    cli: Cli, keyed: list[str], server: JudgeServer, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "MY_KEY" in cli(*ASKING, *keyed).error
    assert server.requests == []
    monkeypatch.setenv("MY_KEY", "sk-wrong0123456789wrong")
    said = cli(*ASKING, *keyed, "--concurrency", "1")
    assert "rejects the key in MY_KEY" in said.error
    assert "wrong0123456789" not in said.err
    assert len(server.requests) == 1
    assert not (here / "runs").exists() or list((here / "runs").iterdir()) == []


def test_a_secret_is_written_nowhere(
    command: Cli, keyed: list[str], server: JudgeServer, here: Path
) -> None:
    for words in ([*ASKING, *keyed], [*ASKING, *keyed, "--json"], ["show", "--full"], ["pairs"]):
        said = command(*words, env={"MY_KEY": KEY})
        assert KEY not in said.out + said.err
        assert "Traceback" not in said.err
    assert server.headers == [f"Bearer {KEY}"] * 2
    written = [file for file in here.rglob("*") if file.is_file()]
    assert {"run.json", "replies.db"} <= {file.name for file in written}
    for file in written:
        assert KEY.encode() not in file.read_bytes()


def test_an_unknown_model_stops_at_once(cli: Cli, server: JudgeServer) -> None:
    server.models = ("m",)
    words = [*ASKING, "openai/n", "--base-url", server.base_url, "--concurrency", "1"]
    error = cli(*words).error
    assert "has no model 'n'" in error
    assert len(server.requests) == 1


def test_no_server_on_that_port(cli: Cli, here: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [*ASKING, "openai/m", "--base-url", f"http://127.0.0.1:{port}/v1", "--retries", "0"]
    error = cli(*words).error
    assert f"127.0.0.1:{port}" in error
    assert "is it running?" in error
    assert not (here / "runs").exists() or list((here / "runs").iterdir()) == []


def test_a_folder_that_cannot_be_made(cli: Cli) -> None:
    error = cli("compare", "told.jsonl", "told.jsonl", "--out", "a.jsonl/run").error
    assert "'a.jsonl/run'" in error
    assert "--out" in error


def test_a_process_ends_as_plainly(command: Cli) -> None:
    said = command("compare", "nope.jsonl", "b.jsonl")
    assert "nope.jsonl" in said.error
