"""Secrets are planted in every input, and no output holds one.

A secret that is only recognised by its form must be refused or left unsaid; one that the process
holds itself, since it sends it, must not come back from wherever a server repeats it.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from answers import write_answers
from commands import Cli, Said
from judgekit.plugins.engines.openai_address import address
from servers import Body, JudgeServer

import judgekit
from judgekit.cli import main
from judgekit.cli.output import Redacted
from judgekit.config.settings import Settings
from judgekit.errors import CallFailure, InputError, JudgekitError
from judgekit.extension.engine import EngineSetup
from judgekit.redaction import hide, holds_key, redact, redact_message

KEY = "Zq7/lab+secret-9917="  # of no known form, and with characters that URLs and JSON escape
FORMS = {
    "openai": "sk-proj-4f9a7c2e1b8d4f9a7c2e1b8d",
    "short": "sk-abcdefgh12345678",
    "anthropic": "sk-ant-api03-AbCdEfGh1234_IjKl-5678",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "github": "github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ0123456789",
    "github-classic": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "hub": "hf_AbCdEfGhIjKlMnOpQrStUvWxYz123456",
    "xai": "xai-a1B2c3D4e5F6g7H8i9J0k1L2m3N4",
    "google": "AIzaSyA1234567890abcdefghijklmnopqrstu",
    "groq": "gsk_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "bearer": "Bearer a1B2c3D4e5F6g7H8",
}
ESCAPED = ("Zq7", "lab+secret", "lab%2Bsecret")


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    write_answers(here / "a.jsonl", ["GOOD one", "an answer"])
    write_answers(here / "b.jsonl", ["POOR one", "another"])


@pytest.fixture
def ask(here: Path, server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command that asks the server, which is sent `KEY`."""
    lines = ["[endpoints.lab]", f'base_url = "{server.base_url}"', 'key_env = "LAB_KEY"']
    (here / "config.toml").write_text("\n".join(lines))
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(here / "config.toml"))
    monkeypatch.setenv("LAB_KEY", KEY)
    words = ["compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--model", "lab/m"]
    return [*words, "--retries", "1"]


def outputs(here: Path, *said: Said) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(said):
        yield f"stdout {number}", one.out
        yield f"stderr {number}", one.err
    for file in here.rglob("*"):
        if file.is_file() and file.name not in ("config.toml", "judgekit.toml", "plugin.py"):
            yield str(file), file.read_bytes().decode("utf-8", "replace")


def holding(here: Path, secrets: tuple[str, ...], *said: Said) -> list[str]:
    return [name for name, text in outputs(here, *said) if any(part in text for part in secrets)]


def completion(text: str, **more: Any) -> Body:
    message = {"role": "assistant", "content": text, **more.pop("message", {})}
    return {"choices": [{"message": message, "finish_reason": "stop", **more}]}


SAYS = {
    "text": (200, lambda sent: completion(f"{sent}\n[[A]]")),
    "json": (200, lambda sent: completion(json.dumps({"sent": sent, "winner": "A"}) + "\n[[A]]")),
    "thinking": (200, lambda sent: completion("[[A]]", message={"reasoning_content": sent})),
    "think": (200, lambda sent: completion(f"<think>{sent}</think>[[A]]")),
    "refusal": (200, lambda sent: completion("", message={"refusal": sent})),
    "finish": (200, lambda sent: completion("[[A]]", finish_reason=sent)),
    "no choice": (200, lambda sent: {"sent": sent}),
    "error in 200": (200, lambda sent: {"error": {"message": sent, "code": 500}}),
    "usage": (200, lambda sent: completion("[[A]]") | {"usage": {"prompt_tokens": sent}}),
    **{
        str(status): (status, lambda sent: {"error": {"message": f"you sent {sent}", "code": sent}})
        for status in (400, 401, 403, 404, 422, 429, 500, 503)
    },
    "param": (400, lambda sent: {"error": {"message": "unsupported", "param": sent}}),
    "detail": (422, lambda sent: {"detail": [{"loc": ["body", sent], "msg": sent, "type": sent}]}),
}


@pytest.mark.parametrize("kind", SAYS)
def test_a_server_that_repeats_the_key(
    cli: Cli, here: Path, server: JudgeServer, ask: list[str], kind: str, monkeypatch: Any
) -> None:
    status, says = SAYS[kind]
    sent = []

    def answer(body: Body, authorization: str) -> tuple[int, Body]:
        sent.append(authorization)
        return status, says(authorization)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(server, "answer", answer)
    monkeypatch.setattr("judgekit.harness.limits.RetryPolicy.pause", quick_pause)
    said = [cli(*ask, "--out", "run", "--json"), cli(*ask, "--out", "run")]
    if (here / "run").exists():
        said += [cli("show", "run"), cli("show", "run", "--json"), cli("runs", "list")]
        said += [cli("gate", "run", "--fail-if", "win_rate_a < 0.1", "--junit", "j.xml")]
        said += [cli("pairs", "run", "--out", "p.jsonl"), cli("stats", "run", "--json")]
    said += [cli("generate", "a.jsonl", "--model", "lab/m", "--out", "g.jsonl", "--retries", "0")]
    assert f"Bearer {KEY}" in sent
    assert not holding(here, ESCAPED, *said)


def quick_pause(self: Any, attempt: int, failure: CallFailure, *_: Any, **__: Any) -> float | None:
    return 0.0 if failure.retryable and attempt < 1 else None


@pytest.mark.parametrize("form", FORMS)
def test_a_key_by_its_form_in_a_flag(
    cli: Cli, here: Path, server: JudgeServer, ask: list[str], form: str
) -> None:
    key = FORMS[form]
    files = sorted(here.iterdir())
    said = []
    for flags in (
        ["--model-arg", f"note={key}"],
        ["--model-arg", f'extra={{"headers": ["x {key}"]}}'],
        ["--model-arg", f"{key}=1"],
        ["--engine-arg", f"note={key}"],
        ["--model", f"openai/{key}"],
        ["--model", key],
        ["--judge", key],
        ["--judge", f"pairwise@openai/{key}"],
        ["--prompt", f"./{key}.md"],
        ["--route", f"category=x: pairwise@openai/{key}"],
        ["--adapter", key],
        ["--device", key],
        ["--endpoint", key],
        ["--columns", f"response={key}"],
        ["--store", f"{key}.db"],
        ["--out", f"runs/{key}"],
        ["--temperature", key],
        ["--base-url", f"{server.root}/{key}/v1"],
        ["--base-url", f"{server.root}/v1?x={key}"],
        ["--base-url", f"{server.root}/v1#{key}"],
        ["--base-url", f"https://{key}.example/v1"],
        ["--base-url", f"https://user:{key}@host:1/v1"],
        [f"--{key}"],
        [key],
    ):
        said.append(cli(*ask, *flags))
        assert said[-1].code == 2, (flags, said)
    assert not holding(here, (key, key.removeprefix("Bearer ")), *said)
    assert sorted(here.iterdir()) == files
    assert server.requests == []


@pytest.mark.parametrize("form", FORMS)
def test_a_key_by_its_form_in_a_file(
    cli: Cli, here: Path, ask: list[str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    key, said = FORMS[form], []
    project = here / "judgekit.toml"
    for text in (
        f'model = "openai/{key}"',
        f'judge = "{key}"',
        f'"{key}" = 1',
        f'[options]\nmetric = "{key}"',
        f'[options]\n"{key}" = 1',
        f'concurrency = "{key}"',
        f'= "{key}"',
    ):
        project.write_text(text)
        said.append(cli(*ask))
        assert said[-1].code == 2, (text, said)
    project.unlink()
    for text in (
        f'[endpoints.lab]\nbase_url = "http://127.0.0.1:9/{key}/v1"',
        f'[endpoints.lab]\nbase_url = "{key}"',
        f'[endpoints.lab]\nbase_url = "http://127.0.0.1:9/v1"\nkey_env = "{key}"',
        f'[endpoints.lab]\nbase_url = "http://127.0.0.1:9/v1"\nrpm = "{key}"',
        f'[endpoints.lab]\nbase_url = "http://127.0.0.1:9/v1"\n"{key}" = 1',
        f'[prices]\n"m" = "{key}"',
        f'[prices]\n"{key}" = 3',
        f'["{key}"]\nx = 3',
    ):
        (here / "config.toml").write_text(text)
        said.append(cli(*ask))
        assert said[-1].code == 2, (text, said)
    assert not holding(here, (key, key.removeprefix("Bearer ")), *said)


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT"])
@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2pw@host:99999/v1",
        "http://user:hunter2pw@host:port/v1",
        "user:hunter2pw@host/v1",
        "//user:hunter2pw@host/v1",
        "http://[::1:hunter2pw/v1",
        "http://user:hunter2pw@[::1/v1",
        "http://user:hunter2pw/more@host/v1",
        "http://user:hunter2pw#more@host/v1",
        "http://user:hunter2pw?more@host/v1",
        "http://hunter2pw@host/v1",
        "ftp://user:hunter2pw@host/v1",
        "http:/user:hunter2pw@host/v1",
    ],
)
def test_a_password_in_an_address_of_the_environment(
    cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv(variable, url)
    words = ["compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--model", "openai/m"]
    said = cli(*words, "--retries", "0")
    assert said.code == 2
    assert not holding(here, ("hunter2", *ESCAPED), said)
    with pytest.raises(JudgekitError) as refused:
        address(EngineSetup("m"))
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "url",
    ["http://u:hunter2pw@proxy:99999", "http://u:hunter2pw/x@proxy", "socks5://u:hunter2pw@h"],
)
def test_a_password_in_a_malformed_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(JudgekitError) as refused:
        address(EngineSetup("m"))
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_password_in_a_base_url_of_python() -> None:
    for url in ("http://u:hunter2pw/x@h/v1", "u:hunter2pw@h"):
        with pytest.raises(InputError) as refused:
            Settings(base_url=url)
        assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_key_in_the_path_of_the_environments_url_is_sent_and_not_written(
    here: Path, server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = FORMS["short"]
    server.says = lambda body: f"{server.root}/{key}/v1 was asked with {key}\n[[A]]"
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.root}/{key}/v1")
    run = judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", model="openai/m", out="run")
    assert server.requests
    assert run.summary.win_rate_a is not None
    assert not holding(here, (key,))
    assert "[key]" in (here / "run" / "judgements.jsonl").read_text()


def test_an_exception_of_a_judge_and_its_traceback_hold_no_key(
    cli: Cli, command: Cli, here: Path, ask: list[str]
) -> None:
    (here / "plugin.py").write_text(
        "import os\n"
        "from judgekit.judging import PromptJudge\n"
        "from judgekit.extension import hookimpl\n"
        "class Leaky(PromptJudge):\n"
        "    arity = (2,)\n"
        "    prompt = 'pairwise'\n"
        "    def parse(self, reply, trial):\n"
        "        raise RuntimeError('sent ' + os.environ['LAB_KEY'])\n"
        "@hookimpl\n"
        "def judgekit_judges():\n"
        "    return {'leaky': Leaky}\n"
    )
    words = [*ask, "--plugin", "plugin.py", "--judge", "leaky", "--out", "run", "--json"]
    said = [cli(*words), command("--debug", *words)]
    assert "sent" in (here / "run" / "judgements.jsonl").read_text()
    assert "Traceback" in said[1].err
    assert not holding(here, ESCAPED, *said)


def test_an_internal_error_holds_no_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(words: Sequence[str]) -> None:
        raise RuntimeError(f"{KEY} and {FORMS['aws']} and https://u:hunter2pw@h/")

    hide(KEY)
    monkeypatch.setattr("judgekit.cli.run", broken)
    with pytest.raises(SystemExit):
        main(["runs"])
    assert "RuntimeError: [key] and [key] and https://[key]@h/" in capsys.readouterr().err


def test_a_stream_is_redacted(tmp_path: Path) -> None:
    hide(KEY)
    with (tmp_path / "out").open("wb") as file, Redacted(file) as stream:
        print("it is", KEY, file=stream)
    assert (tmp_path / "out").read_text() == "it is [key]\n"


@pytest.mark.parametrize("form", FORMS)
def test_every_message_of_ours_is_redacted(form: str) -> None:
    for message in (FORMS[form], f"the key '{FORMS[form]}' is", f"http://h/{FORMS[form]}/v1"):
        assert holds_key(message)
        assert FORMS[form].split()[-1] not in str(InputError(message))
        assert FORMS[form].split()[-1] not in str(CallFailure("x", message))


@pytest.mark.parametrize(
    "text",
    [
        "hf-internal-testing/tiny-random-gpt2",
        "openai/gpt-4o-mini-2024-07-18",
        "meta-llama/Llama-3.1-8B-Instruct",
        "openai/sk-learn-style-7b",
        "accounts/fireworks/models/llama-v3p1-8b-instruct",
        "fw-llama-v3p1-8b-instruct",
        "https://gateway.example/v1/0123456789abcdef0123456789abcdef/openai",
        "Bearer tokens are shown in section 12",
        "prompts/pairwise.md",
        "task-risk-2024-and-more-of-it",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
    ],
)
def test_what_is_no_key_is_left_alone(text: str) -> None:
    assert not holds_key(text)
    assert redact_message(text) == text


def test_short_words_are_not_hidden() -> None:
    hide("EMPTY", "x", "ollama", "")
    assert redact("EMPTY ollama x") == "EMPTY ollama x"


@pytest.mark.parametrize(
    "unit", ["sk-", "--sk", "--eyJ", "sk-a", "eyJ", "a-1", "://", "://a", "Bearer ", "?key", "-"]
)
def test_any_text_takes_linear_time(unit: str) -> None:
    began = time.perf_counter()
    redact_message(unit * 50_000)
    holds_key(unit * 50_000)
    assert time.perf_counter() - began < 2
