"""Prices: what is listed, what follows from a family, what stays unknown."""

from __future__ import annotations

import re

import pytest

from judgekit.config.prices import Price, _table, as_of, price


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
    listed = price(model)
    assert (listed and Price(listed.input, listed.output)) == expected


def test_the_users_prices_come_first() -> None:
    mine = {"gpt-4o": Price(1.0, 2.0), "my-own-model": Price(0.0, 0.0)}
    assert price("gpt-4o", mine) == Price(1.0, 2.0)
    assert price("my-own-model", mine) == Price(0.0, 0.0)
    assert price("gpt-4o-mini", mine) == price("gpt-4o-mini")
    assert price("gpt-4o-2024-08-06", mine) == price("gpt-4o-2024-08-06")  # of that name only


def test_the_table_says_of_which_month_it_is() -> None:
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", as_of())


FULL = Price(2.0, 8.0, cached=0.2, cache_write=2.5, batch=0.5)
PLAIN = Price(2.0, 8.0)
M = 1_000_000


@pytest.mark.parametrize(
    ("known", "tokens", "cost"),
    [
        (FULL, (M, M), 10.0),
        (FULL, (M, 0, M), 0.2),
        (FULL, (M, 0, 0, M), 2.5),
        (FULL, (4 * M, M, 2 * M, M), 2.0 + 0.4 + 2.5 + 8.0),
        (PLAIN, (4 * M, M), 16.0),
        (PLAIN, (4 * M, M, 4 * M), 16.0),  # in full, where the price is not known
        (PLAIN, (M, 0, 0, M), 4.0),  # at the most that any provider takes
    ],
)
def test_what_tokens_cost(known: Price, tokens: tuple[int, ...], cost: float) -> None:
    assert known.cost(*tokens) == pytest.approx(cost)


@pytest.mark.parametrize("known", [FULL, PLAIN, Price(1.0, 0.0, 3.0)])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_most_is_never_less_than_the_cost(known: Price, share: float) -> None:
    cached = int(M * share)
    assert known.most(M, M) >= known.cost(M, M, cached) - 1e-9
    if known.cache_write is not None:
        assert known.most(M, M) >= known.cost(M, M, 0, cached) - 1e-9


def test_tokens_without_a_price_of_their_own_are_counted() -> None:
    assert FULL.unpriced(5, 7) == 0
    assert PLAIN.unpriced(5, 7) == 12
    assert Price(1.0, 1.0, cached=0.1).unpriced(5, 7) == 7


def test_prices_in_a_batch() -> None:
    assert FULL.in_batch() == Price(1.0, 4.0, 0.1, 1.25)
    assert PLAIN.in_batch() is None


def test_the_table_is_consistent() -> None:
    listed = [price(model) for model in _table()["models"]]
    for known in listed:
        assert known is not None
        assert known.cached is None or known.cached < known.input
        assert known.cache_write is None or known.input < known.cache_write < 2 * known.input
        assert known.batch in (None, 0.5)
