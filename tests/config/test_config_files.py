"""The two configuration files: what each may say, and what each refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.config.endpoints import Endpoint
from judgekit.config.files import (
    Project,
    UserConfig,
    file_settings,
    load_project,
    load_user,
    user_file,
)
from judgekit.config.prices import Price
from judgekit.config.settings import Settings
from judgekit.errors import InputError

KEY = "sk-proj-4f9a7c2e1b8d4f9a7c2e1b8d"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file, at a place that the environment names; not written yet."""
    path = tmp_path / "mine.toml"
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(path))
    return path


def project(folder: Path, text: str) -> Project:
    (folder / "judgekit.toml").write_text(text, encoding="utf-8")
    return load_project(folder)


def user(path: Path, text: str) -> UserConfig:
    path.write_text(text, encoding="utf-8")
    return load_user()


def test_no_project_file_chooses_nothing(tmp_path: Path) -> None:
    assert load_project(tmp_path) == Project()
    assert Project().under({"judge": "pairwise"}) == {"judge": "pairwise"}


def test_a_project_chooses_names_and_options(tmp_path: Path) -> None:
    chosen = project(
        tmp_path,
        """\ufeff
        judge = "additive"
        model = "openai/gpt-4o-mini"
        endpoint = "office"
        concurrency = 8
        timeout = 30
        temperature = 0.5
        inconsistent = "drop"
        store = "cache/replies.db"
        [columns]
        response = "text"
        [options]
        samples = 5
        strict = true
        weight = 0.5
        metric = "chrf"
        """,
    )
    assert chosen.choices == {
        "judge": "additive",
        "model": "openai/gpt-4o-mini",
        "endpoint": "office",
        "concurrency": 8,
        "timeout": 30.0,
        "temperature": 0.5,
        "inconsistent": "drop",
        "store": tmp_path / "cache/replies.db",
        "columns": {"response": "text"},
        "options": {"samples": 5, "strict": True, "weight": 0.5, "metric": "chrf"},
    }
    assert chosen.choices["options"]["strict"] is True
    assert isinstance(chosen.choices["options"]["samples"], int)
    Settings.of(chosen.under({}))  # every choice is a setting


def test_the_settings_that_a_project_may_choose() -> None:
    names = "judge model endpoint prompt repeats reask tie_margin inconsistent temperature"
    names += " max_tokens concurrency timeout max_calls max_cost store out columns options"
    assert {f.name for f in file_settings()} == set(names.split())


def test_what_of_a_project_is_not_about_its_judge() -> None:
    chosen = Project({"judge": "j", "timeout": 9.0, "model": "m", "columns": {"prompt": "q"}})
    assert chosen.for_all_commands() == {"timeout": 9.0, "columns": {"prompt": "q"}}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {},
            {"judge": "j", "endpoint": "e", "prompt": "p", "options": {"x": 1, "y": 2}},
        ),
        (
            {"options": {"y": 3}, "max_calls": 0},
            {
                "judge": "j",
                "endpoint": "e",
                "prompt": "p",
                "options": {"x": 1, "y": 3},
                "max_calls": 0,
            },
        ),
        ({"judge": "k", "options": {"z": 1}}, {"judge": "k", "endpoint": "e", "options": {"z": 1}}),
        (
            {"judge": "j", "base_url": "http://127.0.0.1"},
            {
                "judge": "j",
                "base_url": "http://127.0.0.1",
                "prompt": "p",
                "options": {"x": 1, "y": 2},
            },
        ),
    ],
)
def test_what_is_said_comes_before_the_project(
    said: dict[str, object], expected: dict[str, object]
) -> None:
    own = Project({"judge": "j", "endpoint": "e", "prompt": "p", "options": {"x": 1, "y": 2}})
    assert own.under(said) == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('base_url = "http://example.org/v1"', "[endpoints.NAME]"),
        ('Base-URL = "example.org"', "[endpoints.NAME]"),
        ('[endpoints.evil]\nbase_url = "https://example.org"', "[endpoints.NAME]"),
        ('api_key = "abc"', "key_env"),
        ('key_env = "OPENAI_API_KEY"', "key_env"),
        ('[options]\nkey_env = "HOME"', "key_env"),
        ('plugin = "./judge.py"', "--plugin FILE"),
        ('plugins = ["./judge.py"]', "--plugin FILE"),
        ('[prices]\n"gpt-4o" = {input = 0, output = 0}', "[prices]"),
        ('model = "openai/https://example.org"', "a URL or a key"),
        ('[options]\nmetric = "http://example.org"', "a URL or a key"),
        ('store = "/elsewhere/replies.db"', "leaves the project"),
        ('out = "../runs"', "leaves the project"),
    ],
)
def test_a_project_cannot_send_anything_elsewhere(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        project(tmp_path, text)
    assert place in str(caught.value)
    assert "judgekit.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('jugde = "pairwise"', "no entry 'jugde'; did you mean 'judge'?"),
        ('concurrency = "many"', "concurrency should be a valid integer, not 'many'"),
        ("concurrency = true", "concurrency should be a valid integer, not True"),
        ("concurrency = 1.5", "concurrency should be a valid integer"),
        ("judge = 3", "judge should be a valid string, not 3"),
        ('inconsistent = "keep"', "inconsistent should be 'half' or 'drop', not 'keep'"),
        ("timeout = 2024-01-01", "timeout should be a valid number"),
        ("[options]\nlist = [1, 2]", "options.list should be a valid"),
        ("judge = pairwise", "not TOML"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        project(tmp_path, text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "judgekit.toml").write_bytes(b'judge = "\xff"')
    with pytest.raises(InputError, match="not UTF-8"):
        load_project(tmp_path)


def test_the_users_endpoints_and_prices(mine: Path) -> None:
    said = user(
        mine,
        """
        [endpoints.office]
        base_url = "https://llm.example.org/v1"
        key_env = "OFFICE_KEY"
        rpm = 60
        price = {input = 0.5, output = 1}
        [endpoints.here]
        base_url = "http://127.0.0.1:8000/v1"
        [prices]
        "my/model" = {input = 1, output = 2.5}
        """,
    )
    assert said.endpoint("office") == Endpoint(
        "office",
        "https://llm.example.org/v1",
        key_env="OFFICE_KEY",
        rpm=60.0,
        price=Price(0.5, 1.0),
    )
    assert said.endpoint("here") == Endpoint("here", "http://127.0.0.1:8000/v1")
    assert said.prices == {"my/model": Price(1.0, 2.5)}
    with pytest.raises(InputError, match="no endpoint named 'offise'; did you mean 'office'"):
        said.endpoint("offise")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[endpoints.x]\nbase_url = "https://h/v1"\nrmp = 3', "did you mean 'rpm'?"),
        ('[endpoint.x]\nbase_url = "https://h/v1"', "did you mean 'endpoints'?"),
        ("[endpoints.x]\nrpm = 3", "endpoints.x.base_url is missing"),
        ('[endpoints.x]\nbase_url = "h/v1"', "'h/v1' is not an http(s) address"),
        ('[endpoints.x]\nbase_url = "ftp://h/v1"', "is not an http(s) address"),
        (
            '[endpoints.x]\nbase_url = "https://h/v1"\nrpm = 0',
            "endpoints.x.rpm must be at least 0.01 and at most",
        ),
        ('[endpoints.x]\nbase_url = "https://h/v1"\ntpm = nan', "tpm must be at least 1 and at"),
        ('[endpoints.x]\nbase_url = "https://h/v1"\ntpm = 1e-300', "tpm must be at least 1 and at"),
        ('[endpoints.x]\nbase_url = "https://h/v1"\nprice = 3', "must be {input = USD"),
        (
            '[endpoints.x]\nbase_url = "https://h/v1"\nprice = {input = 1, ouput = 2}',
            "did you mean 'output'?",
        ),
        ('[prices]\n"m" = {input = 1}', "prices.m.output is missing"),
        ('[prices]\n"m" = {input = -1, output = 2}', "prices.m.input must be 0 or more, not -1"),
        (
            '[prices]\n"m" = {input = 1, output = 2, cached = -1}',
            "prices.m.cached must be 0 or more, not -1",
        ),
        (
            '[prices]\n"m" = {input = 1, output = 2, batch = 2}',
            "prices.m.batch must be from 0 to 1, not 2",
        ),
        ('[prices]\n"m" = {input = "1", output = 2}', "prices.m.input should be a valid number"),
        ('endpoints = "x"', "endpoints must hold tables"),
    ],
)
def test_a_wrong_entry_of_the_user_is_named(mine: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        user(mine, text)
    assert said in str(caught.value)
    assert str(mine) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "entries",
    [
        f'key = "{KEY}"',
        f'api_key = "{KEY}"',
        f'key_env = "{KEY}"',
        'key_env = "hf_AbCdEfGhIjKlMnOp12345"',
        'key_env = "a8Xk29sLmQ0zPw73VbNc"',
        f'anything = "Bearer {KEY}"',
        f'anything = ["{KEY}"]',
    ],
)
def test_a_key_is_refused_and_not_repeated(mine: Path, entries: str) -> None:
    with pytest.raises(InputError) as caught:
        user(mine, f'[endpoints.x]\nbase_url = "https://h/v1"\n{entries}')
    assert "variable" in str(caught.value)
    secret = entries.split('"')[1]
    assert secret not in str(caught.value)


@pytest.mark.parametrize("url", [f"https://me:{KEY}@h/v1", f"https://h/v1?api_key={KEY}"])
def test_a_key_in_a_url_is_refused_and_not_repeated(mine: Path, url: str) -> None:
    with pytest.raises(InputError) as caught:
        user(mine, f'[endpoints.x]\nbase_url = "{url}"')
    assert "key_env" in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("variable", ["HF_TOKEN_FOR_JUDGES_2", "office_key", "_K1"])
def test_names_of_variables_are_no_keys(mine: Path, variable: str) -> None:
    said = user(mine, f'[endpoints.x]\nbase_url = "https://h/v1"\nkey_env = "{variable}"')
    assert said.endpoint("x").key_env == variable


def test_a_file_that_the_environment_names_must_be_there(mine: Path) -> None:
    with pytest.raises(InputError, match="JUDGEKIT_CONFIG"):
        load_user()


def test_without_a_file_nothing_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUDGEKIT_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    said = load_user()
    assert said.path == user_file()
    assert said.path.name == "config.toml"
    with pytest.raises(InputError, match=r"add \[endpoints.office\] with base_url to"):
        said.endpoint("office")
