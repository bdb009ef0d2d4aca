"""Prices: what is listed, what follows from a family, what stays unknown."""

from __future__ import annotations

import re

import pytest

from judgekit.config.prices import Price, as_of, price


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o-mini", Price(0.15, 0.6)),
        ("gpt-4o-mini-2024-07-18", Price(0.15, 0.6)),  # a snapshot of a listed family
        ("claude-haiku-4-5-20251001", Price(1.0, 5.0)),  # the other way to write a date
        ("gpt-4o", Price(2.5, 10.0)),
        ("gpt-4o-2024-05-13", Price(5.0, 15.0)),  # its own entry before its family's
        ("gpt-4-0613", Price(30.0, 60.0)),
        ("gpt-4-2023-06-13", None),  # the family has no dated snapshots
        ("gpt-4o-mini-2024-07-18-ft", None),  # a date in the middle
        ("gpt-4o-mini-tuned", None),
        ("gpt-4o-audio-preview", None),
        ("gpt-4", Price(30.0, 60.0)),
        ("my-own-model", None),
        ("GPT-4o", None),
        ("", None),
    ],
)
def test_only_what_is_listed_has_a_price(model: str, expected: Price | None) -> None:
    assert price(model) == expected


def test_the_users_prices_come_first() -> None:
    mine = {"gpt-4o": Price(1.0, 2.0), "my-own-model": Price(0.0, 0.0)}
    assert price("gpt-4o", mine) == Price(1.0, 2.0)
    assert price("my-own-model", mine) == Price(0.0, 0.0)
    assert price("gpt-4o-mini", mine) == Price(0.15, 0.6)
    assert price("gpt-4o-2024-08-06", mine) == Price(2.5, 10.0)  # said of that name only


def test_the_table_says_of_which_month_it_is() -> None:
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", as_of())
