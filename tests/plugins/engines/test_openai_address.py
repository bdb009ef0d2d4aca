"""Where calls go, and that a key goes nowhere that the user did not mean."""

from __future__ import annotations

import re
import tomllib

import pytest
from judgekit.plugins.engines.http_address import Address
from judgekit.plugins.engines.openai_address import address

from judgekit.config.endpoints import Endpoint
from judgekit.errors import EngineError, InputError, JudgekitError
from judgekit.extension.engine import EngineSetup

KEY = "sk-test-0123456789"


def at(
    base_url: str | None = None, *, endpoint: Endpoint | None = None, model: str = "m"
) -> Address:
    return address(EngineSetup(model, base_url=base_url, endpoint=endpoint))


def endpoint(base_url: str, key_env: str | None = None) -> Endpoint:
    return Endpoint("lab", base_url, key_env)


def test_openai_itself_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    where = at()
    assert where.name == "https://api.openai.com/v1"
    assert where.url == "https://api.openai.com/v1/chat/completions"
    assert where.headers["Authorization"] == f"Bearer {KEY}"
    assert where.headers["OpenAI-Organization"] == "org-1"
    assert where.headers["User-Agent"].startswith("judgekit/")
    assert all(isinstance(value, str) for value in where.headers.values())
    assert not [name for name in where.headers if name.lower().startswith("x-stainless")]
    assert (where.variable, where.secrets) == ("OPENAI_API_KEY", (KEY,))


@pytest.mark.parametrize(
    ("given", "named", "environment", "expected"),
    [
        ("http://localhost:1/v1", "http://localhost:2/v1", "http://localhost:3/v1", "1"),
        (None, "http://localhost:2/v1", "http://localhost:3/v1", "2"),
        (None, None, "http://localhost:3/v1", "3"),
    ],
)
def test_the_nearest_base_url_counts(
    monkeypatch: pytest.MonkeyPatch,
    given: str | None,
    named: str | None,
    environment: str,
    expected: str,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", environment)
    where = at(given, endpoint=endpoint(named) if named else None)
    assert where.name == f"http://localhost:{expected}/v1"


@pytest.mark.parametrize(
    "same",
    [
        "HTTP://LocalHost:80/v1/",
        "http://localhost/v1",
        " http://localhost/v1/chat/completions ",
        "http://localhost/v1?secret=0123456789#top",
    ],
)
def test_one_name_for_one_place(same: str) -> None:
    assert at(same).name == "http://localhost/v1"


def test_a_query_is_sent_and_not_shown() -> None:
    where = at("http://127.0.0.1:9/v1?token=0123456789")
    assert where.url == "http://127.0.0.1:9/v1/chat/completions?token=0123456789"
    assert "0123456789" not in where.name
    assert where.secrets == ("0123456789",)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "http://127.8.9.1/v1",
        "http://localhost:8000/v1",
        "http://[::1]:8000/v1",
        "http://0.0.0.0:8000/v1",
        "https://api.localhost/v1",
    ],
)
def test_loopback_needs_no_key_and_gets_none(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert at(url).variable is None
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    where = at(url)
    assert KEY not in str(where)
    assert not {"authorization", "api-key"} & {name.lower() for name in where.headers}


def test_loopback_gets_the_key_that_its_endpoint_names(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://localhost:4000/v1"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-this-one")
    with pytest.raises(EngineError, match="PROXY_KEY is not set"):
        at(endpoint=endpoint(url, "PROXY_KEY"))
    monkeypatch.setenv("PROXY_KEY", KEY)
    assert at(endpoint=endpoint(url, "PROXY_KEY")).headers["Authorization"] == f"Bearer {KEY}"


def test_an_endpoints_key_stays_with_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", KEY)
    lab = endpoint("https://lab.example/v1", "LAB_KEY")
    assert at("https://LAB.example:443/v2", endpoint=lab).variable == "LAB_KEY"
    assert at("http://localhost:8000/v1", endpoint=lab).variable is None
    for elsewhere in ("https://other.example/v1", "https://lab.example:8443/v1"):
        with pytest.raises(EngineError, match="OPENAI_API_KEY is not set"):
            at(elsewhere, endpoint=lab)
    assert at("http://lab.example/v1", endpoint=lab).variable is None


def test_without_encryption_only_a_named_endpoint_gets_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "http://gpu.example:8000/v1"
    assert at(url).variable is None, "no key is set, so none could be sent"
    assert "Authorization" not in at(url).headers
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("JUDGEKIT_CONFIG", "/mine/config.toml")
    with pytest.raises(EngineError, match="not encrypted") as refused:
        at(url)
    assert "/mine/config.toml" in str(refused.value)
    lines = re.findall(r"endpoints\.lan = \{.*?\}", str(refused.value))
    for line, variable in zip(lines, (None, "OPENAI_API_KEY"), strict=True):
        entry = tomllib.loads(line)["endpoints"]["lan"]
        assert at(endpoint=Endpoint("lan", **entry)).variable == variable
    with pytest.raises(EngineError, match="not encrypted"):
        at(endpoint=endpoint("http://api.openai.com/v1"))
    assert at(endpoint=endpoint(url)).variable is None
    assert at(endpoint=endpoint(url, "OPENAI_API_KEY")).variable == "OPENAI_API_KEY"


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("https://eu.api.openai.com/v1", "OPENAI_API_KEY"),
        ("https://x.openai.azure.com/openai/v1", "AZURE_OPENAI_API_KEY"),
        ("https://api.lab.example/v1", None),
        ("https://evil-openai.com/v1", None),
    ],
)
def test_an_endpoint_that_names_no_key(
    monkeypatch: pytest.MonkeyPatch, url: str, variable: str | None
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    assert at(endpoint=endpoint(url)).variable == variable
    assert at("https://api.lab.example/v1").variable == "OPENAI_API_KEY"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:8000/v1", "not an http"),
        ("ftp://localhost/v1", "not an http"),
        ("http:///v1", "not an http"),
        ("http://localhost:port/v1", "a port that cannot be read"),
        ("http://localhost:99999/v1", "base URL"),
        ("https://me:hunter22@lab.example/v1", "key_env"),
    ],
)
def test_a_wrong_base_url_is_refused_in_one_line(url: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        at(url)
    assert "\n" not in str(refused.value)
    assert "hunter22" not in str(refused.value)


def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match=r"OPENAI_API_KEY is not set.*base-url"):
        at()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-é")
    with pytest.raises(EngineError, match="OPENAI_API_KEY holds characters") as refused:
        at()
    assert "sk-" not in str(refused.value)


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        (
            "https://x.openai.azure.com",
            "https://x.openai.azure.com/openai/deployments/my%2Fm/chat/completions",
        ),
        (
            "https://x.openai.azure.com/openai/",
            "https://x.openai.azure.com/openai/deployments/my%2Fm/chat/completions",
        ),
        (
            "https://x.openai.azure.com/openai/deployments/d",
            "https://x.openai.azure.com/openai/deployments/d/chat/completions",
        ),
    ],
)
def test_azure_addresses_a_deployment(
    monkeypatch: pytest.MonkeyPatch, base_url: str, url: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-azures")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    with pytest.raises(EngineError, match="OPENAI_API_VERSION"):
        at(base_url)
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    where = at(base_url, model="my/m")
    assert where.url == f"{url}?api-version=2024-10-21"
    assert where.headers["api-key"] == KEY
    assert "Authorization" not in where.headers
    monkeypatch.delenv("AZURE_OPENAI_API_KEY")
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "token-1")
    assert at(base_url).headers["Authorization"] == "Bearer token-1"


def test_azure_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://gateway.example/azure/openai")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_VERSION", "v")
    expected = "https://gateway.example/azure/openai/deployments/m/chat/completions?api-version=v"
    assert at().url == expected


def test_azures_newer_door_has_no_deployments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    where = at("https://x.openai.azure.com/openai/v1/")
    assert where.url == "https://x.openai.azure.com/openai/v1/chat/completions"
    assert where.headers["Authorization"] == f"Bearer {KEY}"


def test_the_environments_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert at().proxy == "http://proxy.example:3128"
    assert at("http://localhost:1/v1").proxy is None
    monkeypatch.setenv("no_proxy", "api.openai.com")
    assert at().proxy is None
    monkeypatch.setenv("https_proxy", "socks5://proxy.example:1080")
    with pytest.raises(JudgekitError, match="not an HTTP one"):
        at("https://other.example/v1")


@pytest.mark.parametrize(
    "url",
    ["https://api.openai.com/v1", "http://127.0.0.1:8000/v1/", "https://llm.example.org/a?b=c"],
)
def test_a_plain_place_is_as_the_package_has_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    plain = at(url)
    monkeypatch.setenv("OPENAI_LOG", "info")  # has no say in this, but the package is asked
    assert at(url) == plain


def test_the_packages_variables_are_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    assert at().headers["OpenAI-Organization"] == "org-mine"
