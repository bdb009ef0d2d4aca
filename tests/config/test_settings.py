"""What may be said of a run: types, ranges, and no keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from judgekit.config.settings import Settings
from judgekit.errors import InputError

KEY = "sk-verysecret0123456789abcdef"


def test_texts_may_be_paths_and_one_path_several() -> None:
    made = Settings(store="x.db", out="o", prompt=Path("p.md"), plugins="./p.py")  # type: ignore[arg-type]
    assert (made.store, made.out, made.prompt) == (Path("x.db"), Path("o"), "p.md")
    assert made.plugins == (Path("p.py"),)
    assert Settings(plugins=["p.py", Path("q.py")]).plugins == (Path("p.py"), Path("q.py"))  # type: ignore[arg-type]
    assert Settings(references="r", prompts="q").references == Path("r")  # type: ignore[arg-type]


def test_numbers_are_what_they_are_declared_as() -> None:
    """So that the same number, however it is said, makes the same run."""
    for tie_margin in (1, 1.0, np.float32(1), np.int64(1)):
        made = Settings(tie_margin=tie_margin, limit=np.int64(5))  # type: ignore[arg-type]
        assert (type(made.tie_margin), type(made.limit)) == (float, int)
        assert made == Settings(tie_margin=1.0, limit=5)


@pytest.mark.parametrize(
    ("name", "value", "tells"),
    [
        pytest.param("concurrency", 10**6000, "not a number of 4983 hexadecimal digits", id="huge"),
        ("orders", "bth", "orders should be 'both' or 'one' or 'adaptive', not 'bth'"),
        ("orders", [], r"not \[\]"),
        ("join", "iner", "join should be 'strict' or 'inner', not 'iner'"),
        ("inconsistent", "x", "'half' or 'drop', not 'x'"),
        ("tie_margin", float("nan"), "tie_margin should be a number, not nan"),
        ("timeout", float("inf"), "timeout should be a number, not inf"),
        ("temperature", "hot", "temperature should be a number, not 'hot'"),
        ("temperature", -0.5, "temperature must be at least 0, not -0.5"),
        ("tie_margin", -1, "tie_margin must be at least 0"),
        ("limit", "5", "limit should be a whole number, not '5'"),
        ("limit", 2.5, "whole number, not 2.5"),
        ("limit", True, "whole number, not True"),
        ("limit", 0, "limit must be at least 1, not 0"),
        ("max_tokens", 0, "max_tokens must be at least 1"),
        ("max_calls", -1, "max_calls must be at least 0"),
        ("rpm", 0, "rpm must be at least 0.01 and at most 1000000000, not 0"),
        ("tpm", 1e-300, "tpm must be at least 1 and at most 1000000000, not 1e-300"),
        ("tpm", float("nan"), r"tpm should be a number, not nan \(it must be at least 1 and"),
        ("rpm", float("inf"), r"rpm should be a number, not inf \(it must be at least 0.01 and"),
        ("concurrency", 10**6, "concurrency must be at least 1 and at most 10000, not 1000000"),
        ("max_reply_mb", 0, "max_reply_mb must be at least 0.01 and at most 4096, not 0"),
        ("top_p", 1.5, "top_p must be more than 0 and at most 1, not 1.5"),
        ("skip_bad_rows", 1, "skip_bad_rows should be True or False, not 1"),
        ("columns", {"response": 1}, "columns should be names with their values"),
        ("options", [], r"options should be names with their values, not \[\]"),
        ("store", None, "store should be a path, not None"),
        ("out", 7, "out should be a path, not 7"),
        ("plugins", 7, "plugins should be a path or several, not 7"),
        ("plugins", ["p.py", 7], "plugins should be a path, not 7"),
        ("model", 4, "model should be a text, not 4"),
        ("modle", "m", r"no setting 'modle'; did you mean 'model'\?"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: Any, tells: str) -> None:
    with pytest.raises(InputError, match=tells) as raised:
        Settings.of({name: value})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": f"http://h/v1?api-key={KEY}"},
        {"base_url": "http://h/v1?sig=short"},
        {"base_url": f"http://h/v1?x={KEY}"},
        {"base_url": "http://me:pass@h/v1"},
        {"base_url": "http://me@h/v1"},
        {"base_url": "http://[::1"},
        {"model_args": {"api_key": "short"}},
        {"model_args": {"extra_headers": {"Authorization": f"Bearer {KEY}"}}},
        {"model_args": {"extra_headers": {"X-Api-Key": "short"}}},
        {"model_args": {"extra_body": [{"x": [f"the key is {KEY}"]}]}},
        {"model_args": {"extra_body": {KEY: 1}}},
        {"model_args": {KEY: 1}},
        {"options": {"style": KEY}},
        {"prompt": KEY},
    ],
    ids=str,
)
def test_a_key_is_refused_and_not_repeated(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError) as raised:
        Settings.of(settings)
    message = str(raised.value)
    assert KEY not in message
    assert "pass" not in message.replace("a password", "")


@pytest.mark.parametrize(
    "arguments",
    [
        {"prompt_cache_key": "judge", "stop_token": "</s>", "stop_token_ids": [2]},
        {"response_format": {"schema": {"properties": {"key": {"type": "string"}}}}},
        {"max_completion_tokens": 9, "keywords": ["a"]},
    ],
)
def test_arguments_that_hold_no_key_pass(arguments: dict[str, Any]) -> None:
    assert Settings(model_args=arguments).model_args == arguments


def test_what_is_written_down_has_no_query() -> None:
    url = "https://h/openai?api-version=2024-10-21&code=abc"
    written = Settings(base_url=url, plugins=(Path("p.py"),), options={"a": {"b": 1}}).as_dict()
    assert written["base_url"] == "https://h/openai"
    assert written["plugins"] == ["p.py"]
    assert orjson.loads(orjson.dumps(written)) == written
