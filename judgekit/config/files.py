"""The two configuration files: a project's, which may come from anybody, and the user's own.

``judgekit.toml`` in the working directory chooses names and options, and nothing that could send
texts or keys elsewhere or run code. It may hold the settings that are declared with `in_file`
(`judgekit.config.settings`), under their own names; `judgekit.config.reference` lists them.

The user's own file (``config.toml`` in the user's configuration folder, or where
``JUDGEKIT_CONFIG`` points) says where APIs are and what they cost: ``[endpoints.NAME]`` with
``base_url``, ``key_env`` (the name of the variable that holds the key), ``rpm``, ``tpm``,
``price = {input, output}`` and ``engine``; ``[prices]`` with ``"model" = {input, output}``. No key
stands in either file.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, make_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_origin

from judgekit.config.endpoints import Endpoint, parse_base_url
from judgekit.config.fields import check_range, hints
from judgekit.config.prices import Price
from judgekit.config.secrets import KEYS, url_holds_key
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.redaction import holds_key

__all__ = ["Project", "UserConfig", "file_settings", "load_project", "load_user", "user_file"]

T = TypeVar("T")

PLACES = {  # entries that a project's file may not hold, and where they belong
    **dict.fromkeys(
        ("base_url", "url", "api_base", "host", "server", "proxy", "endpoints", "headers"),
        "endpoints belong under [endpoints.NAME] in {user}; choose one here with endpoint = NAME",
    ),
    **dict.fromkeys(
        (*sorted(KEYS), "key_env", "api_key_env"),
        "a key's variable is named by key_env under [endpoints.NAME] in {user}",
    ),
    **dict.fromkeys(("price", "prices"), "prices belong under [prices] in {user}"),
    **dict.fromkeys(
        ("plugin", "plugins"), "install the plugin, or load its file with --plugin FILE"
    ),
}
HISTORY = frozenset({".git", "git~1", ".hg", ".svn", ".jj", ".bzr"})
SHOWN = 80  # characters of a wrong value in a message
LARGEST = 2**20  # bytes of a configuration
DEEPEST = 8  # tables within tables
TOO_DEEP = f"nested more than {DEEPEST} deep; an option is a text, a number or true or false"
Scalars = Mapping[str, str | int | float | bool]
DECLARED = {f.name: f for f in fields(Settings)}
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Project:
    """What a project's file chooses: values by the names of `Settings`."""

    choices: Mapping[str, Any] = field(default_factory=dict)

    def under(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The project's choices with what is given on the command line over them.

        If another judge is given, the options and the prompt of the project's judge do not hold;
        if a URL is given, nor does the project's endpoint.
        """
        choices = dict(self.choices)
        if given.get("judge", choices.get("judge")) != choices.get("judge"):
            choices.pop("options", None)
            choices.pop("prompt", None)
        if "base_url" in given:
            choices.pop("endpoint", None)
        tables = [name for name in choices.keys() & given if is_table(name)]
        both = {name: {**choices[name], **given[name]} for name in tables}
        return {**choices, **given, **both}

    def for_all_commands(self) -> dict[str, Any]:
        """The choices that do not concern the judge alone."""
        names = {f.name for f in file_settings() if f.metadata["in_file"] == "all"}
        return {name: value for name, value in self.choices.items() if name in names}


@dataclass(frozen=True)
class UserConfig:
    """The user's own endpoints and prices, and the file they are read from."""

    path: Path
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name; `InputError` if there is none."""
        if name not in self.endpoints:
            missing = unknown("endpoint named", name, self.endpoints)
            raise InputError(f"{missing}; add [endpoints.{name}] with base_url to {self.path}")
        return self.endpoints[name]


def user_file() -> Path:
    """The path of the user's own configuration."""
    from platformdirs import user_config_path

    path = os.environ.get("JUDGEKIT_CONFIG")
    return Path(path).expanduser() if path else user_config_path("judgekit") / "config.toml"


def load_project(folder: Path) -> Project:
    """The choices of ``judgekit.toml`` in a folder; none if there is no such file.

    Raises:
        InputError: An entry is unknown, not allowed there or of a wrong type, or a path leaves the
            folder.
    """
    path = folder / "judgekit.toml"
    if not path.is_file():
        return Project()
    table = _read(path)
    for where, name, value in _entries(table):
        if name.lower().replace("-", "_") in PLACES:
            place = PLACES[name.lower().replace("-", "_")].format(user=user_file())
            raise InputError(f"{path}: {where} is not allowed in a project's file; {place}")
        if holds_key(name) or (isinstance(value, str) and ("://" in value or holds_key(value))):
            raise InputError(
                f"{path}: {where} holds a URL or a key, which is not allowed in a project's file; "
                f"endpoints belong in {user_file()}"
            )
    choices = {
        name: value
        for name, value in vars(_checked(_file_type(), table, path)).items()
        if value not in (None, {})
    }
    for name, inside in choices.items():
        if isinstance(inside, Path):
            if inside.is_absolute() or ".." in inside.parts:
                raise InputError(
                    f"{path}: {name} = {str(inside)!r} leaves the project; "
                    f"give --{name} for a place elsewhere"
                )
            if history := holds_history(folder / inside):
                raise InputError(
                    f"{path}: {name} = {str(inside)!r} lies in the repository's own folder "
                    f"{history}, where nothing is written; name another place"
                )
            choices[name] = folder / inside
    return Project(choices)


def holds_history(path: Path) -> str:
    """The folder of version control into which a path leads, by a link as well; empty if none."""
    parts = (*path.parts, *path.resolve().parts)
    names = (part.casefold().rstrip(" .") for part in parts)
    return next((name for name in names if name in HISTORY), "")


def file_settings() -> list[Field[Any]]:
    """The settings that ``judgekit.toml`` may hold, plain values before tables."""
    held = [f for f in fields(Settings) if f.metadata["in_file"]]
    return sorted(held, key=lambda f: is_table(f.name))


def is_table(name: str) -> bool:
    """Whether a setting is a table of ``judgekit.toml``."""
    return get_origin(hints(Settings)[name]) is Mapping


def _file_type() -> type[Any]:
    """A dataclass of the settings that ``judgekit.toml`` may hold, each None unless it is given."""
    types = {f.name: hints(Settings)[f.name] for f in file_settings()}
    # A keyword may be any object; a file holds texts, numbers and truth values.
    scalars = {k: Scalars if t == Mapping[str, Any] else t for k, t in types.items()}
    return make_dataclass(
        "ProjectFile", [(name, t | None, None) for name, t in scalars.items()], kw_only=True
    )


def load_user() -> UserConfig:
    """The user's own configuration; empty if there is none.

    Raises:
        InputError: The file that ``JUDGEKIT_CONFIG`` names is absent, an entry is unknown or
            wrong, or the file holds a key itself (which the message does not repeat).
    """
    path = user_file()
    if not path.is_file():
        if os.environ.get("JUDGEKIT_CONFIG"):
            raise InputError(f"JUDGEKIT_CONFIG names {str(path)!r}, which is not a file")
        return UserConfig(path)
    table = _read(path)
    for where, name, value in _entries(table):
        named = name.lower().replace("-", "_") in KEYS and not isinstance(value, dict)
        if named or holds_key(name) or (isinstance(value, str) and holds_key(value)):
            raise InputError(
                f"{path}: {where} holds a key; put it into an environment variable and name that: "
                f'key_env = "MY_KEY"'
            )
    for name in table:
        if name not in ("endpoints", "prices"):
            raise InputError(f"{path}: {unknown('table', name, ('endpoints', 'prices'))}")
    endpoints = _tables(table, "endpoints", path)
    prices = _tables(table, "prices", path)
    return UserConfig(
        path,
        {name: _endpoint(name, entry, path) for name, entry in endpoints.items()},
        {name: _price(entry, path, f"prices.{name}") for name, entry in prices.items()},
    )


def _endpoint(name: str, entry: Mapping[str, Any], path: Path) -> Endpoint:
    where = f"endpoints.{name}"
    price = _price(entry["price"], path, f"{where}.price") if "price" in entry else None
    entry = {key: value for key, value in entry.items() if key != "price"}
    endpoint = _checked(Endpoint, entry, path, where, name=name)
    parse_base_url(endpoint.base_url, f"{path}: {where}.base_url")
    if url_holds_key(endpoint.base_url):
        raise InputError(f"{path}: {where}.base_url holds a key; name its variable in key_env")
    if endpoint.key_env is not None and not _is_variable(endpoint.key_env):
        raise InputError(
            f"{path}: {where}.key_env is not the name of an environment variable; "
            f"put the key into a variable and its name here"
        )
    for limit in ("rpm", "tpm"):
        try:
            check_range(DECLARED[limit], getattr(endpoint, limit))
        except InputError as error:
            raise InputError(f"{path}: {where}.{error}") from error
    return replace(endpoint, price=price)


def _is_variable(text: str) -> bool:
    """Whether a text can be a variable's name, and is not a key that looks like one."""
    mixed = all(any(test(c) for c in text) for test in (str.islower, str.isupper, str.isdigit))
    return VARIABLE.fullmatch(text) is not None and not (mixed and len(text) >= 20)


def _price(entry: object, path: Path, where: str) -> Price:
    if not isinstance(entry, dict):
        raise InputError(f"{path}: {where} must be {{input = USD, output = USD}}, not {entry!r}")
    price = _checked(Price, entry, path, where)
    for name, value in asdict(price).items():
        most = 1.0 if name == "batch" else sys.float_info.max
        if value is not None and not 0 <= value <= most:
            limits = "from 0 to 1" if name == "batch" else "0 or more"
            raise InputError(f"{path}: {where}.{name} must be {limits}, not {value!r}")
    return price


def _read(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError(
                f"{path}: {size} bytes; a configuration has at most {LARGEST}: shorten it"
            )
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not TOML: {error}") from error
    except RecursionError as error:
        raise InputError(f"{path}: {TOO_DEEP}") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise InputError(f"{path}: not TOML: {str(error).partition(';')[0]}") from error
    level: list[Any] = [table]
    for _ in range(DEEPEST):
        if any(type(each) is int and abs(each) >= 2**63 for each in level):
            raise InputError(f"{path}: a number needs more than 64 bits")
        level = [inner for each in level for inner in _inside(each)]
    if level:
        raise InputError(f"{path}: {TOO_DEEP}")
    return table


def _inside(value: object) -> Collection[Any]:
    """The values in a table or an array."""
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _entries(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every entry of a table and its inner tables: dotted place, name, value."""
    for name, value in table.items():
        yield above + name, name, value
        inner = value if isinstance(value, list) else [value]
        for item in inner:
            if isinstance(item, dict):
                yield from _entries(item, f"{above}{name}.")
            elif item is not value:
                yield above + name, name, item


def _tables(table: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    inner = table.get(name, {})
    wrong = not isinstance(inner, dict) or (
        name == "endpoints" and not all(isinstance(entry, dict) for entry in inner.values())
    )
    if wrong:
        raise InputError(f"{path}: {name} must hold tables, as in [{name}.NAME]")
    return dict(inner)


def _checked(
    kind: type[T], table: Mapping[str, Any], path: Path, above: str = "", **given: Any
) -> T:
    """A table as a dataclass, whose names and types must be exactly those of the fields.

    It goes through JSON, in which pydantic's strict mode accepts a dataclass's parts: a number is
    not read from a text, nor a whole number from a truth value.
    """
    from pydantic import TypeAdapter, ValidationError

    known = [f.name for f in fields(kind) if f.name not in given]  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            place = f"{path} [{above}]" if above else str(path)
            raise InputError(f"{place}: {unknown('entry', name, known)}")
    try:
        content = json.dumps({**table, **given}, default=str)
        return TypeAdapter(kind).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in (above, *first["loc"][:2]) if step)
        if first["type"] == "missing":
            raise InputError(f"{path}: {where} is missing") from error
        complaint = first["msg"].removeprefix("Input ")
        shown = repr(first["input"])
        shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
        raise InputError(f"{path}: {where} {complaint}, not {shown}") from error
