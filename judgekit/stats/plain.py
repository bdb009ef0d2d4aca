"""Dataclasses as plain JSON values, and back.

A field's `Metric` may name the key under which an older release wrote it (`formerly`). That key is
written beside the new one and read where the new one is missing, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from judgekit.stats.metric import metric_of

__all__ = ["decode", "encode"]

T = TypeVar("T")


def encode(value: Any) -> Any:
    """A value as JSON has it: dataclasses and mappings as dicts, sequences as lists.

    Args:
        value: Of dataclasses, mappings, sequences, enumerations, paths, numbers and texts.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return dict(_items(value))
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(value):
        item, metric = getattr(value, field.name), metric_of(field)
        if metric is not None and metric.optional and item is None:
            continue
        data = encode(item)
        yield field.name, data
        if metric is not None and metric.formerly:
            yield metric.formerly, data


def decode(kind: type[T], data: object) -> T:
    """The value that `encode` made `data` from.

    Keys that the dataclass does not have are ignored; a missing one takes its field's default.

    Raises:
        TypeError: `data` lacks a field, or holds a value of another type.
        ValueError: a text is no member of its enumeration.
    """
    value: T = _decode(kind, data)
    return value


def _decode(kind: Any, data: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return data
    if origin is Literal:
        if not any(type(data) is type(member) and data == member for member in arguments):
            raise ValueError(f"{data!r} is none of {', '.join(map(repr, arguments))}")
        return data
    if origin in (Union, UnionType):
        return _decode_union(arguments, data)
    if origin is tuple:
        if not isinstance(data, list | tuple):
            raise TypeError(f"{data!r} is no list")
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_decode(arguments[0], item) for item in data)
        return tuple(
            _decode(argument, item) for argument, item in zip(arguments, data, strict=True)
        )
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(data, Mapping):
            raise TypeError(f"{data!r} is no object")
        return {key: _decode(arguments[1], item) for key, item in data.items()}
    if is_dataclass(kind):
        return _decode_dataclass(kind, data)
    if issubclass(kind, Enum):
        return kind(data)
    if kind is float and type(data) is int:
        return float(data)
    if not isinstance(data, kind) or (type(data) is bool and kind is not bool):
        raise TypeError(f"{data!r} is no {kind.__name__}")
    return data


def _decode_union(arguments: tuple[Any, ...], data: Any) -> Any:
    if data is None and NoneType in arguments:
        return None
    others = [argument for argument in arguments if argument is not NoneType]
    return _decode(others[0], data) if len(others) == 1 else data


def _decode_dataclass(kind: Any, data: Any) -> Any:
    if not isinstance(data, Mapping):
        raise TypeError(f"{data!r} holds no {kind.__name__}")
    hints = _hints(kind)
    values = {}
    for field in fields(kind):
        metric = metric_of(field)
        key = field.name
        if key not in data and metric is not None and metric.formerly:
            key = metric.formerly
        if key in data:
            values[field.name] = _decode(hints[field.name], data[key])
    return kind(**values)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
