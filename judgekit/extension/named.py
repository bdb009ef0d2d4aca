"""What a plugin gives by name, imported when it is looked up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, TypeVar

from judgekit.errors import PluginError

__all__ = ["Named"]

T = TypeVar("T")
PLACE = re.compile(r"[\w.]+:\w+")


class Named(Mapping[str, T]):
    """A mapping whose values may be written as ``"MODULE:NAME"``.

    Such a value is imported and checked when it is first asked for; others are checked at once.
    """

    def __init__(
        self,
        values: Mapping[str, T | str] | None = None,
        check: Callable[[str, T], None] = lambda _name, _value: None,
    ) -> None:
        self._values = dict(values or {})
        self._check = check
        for name, value in self._values.items():
            if not is_place(value):
                check(name, value)  # type: ignore[arg-type]

    def __getitem__(self, name: str) -> T:
        value: Any = self._values[name]
        if not is_place(value):
            return value  # type: ignore[no-any-return]
        module, _, attribute = value.partition(":")
        try:
            target: T = getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise PluginError(f"{name!r} cannot be imported from {value!r}: {error}") from error
        self._check(name, target)
        self._values[name] = target
        return target

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def holds(self, value: object) -> bool:
        """Whether one of the values is this class or function; imports nothing."""
        place = f"{getattr(value, '__module__', '')}:{getattr(value, '__qualname__', '')}"
        return any(item is value or item == place for item in self._values.values())


def is_place(value: object) -> bool:
    """Whether a value is written as ``"MODULE:NAME"``."""
    return isinstance(value, str) and PLACE.fullmatch(value) is not None
