from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.train.interfaces.order import RowOrder


@given(
    rows=st.integers(1, 40),
    batch=st.integers(1, 4),
    accumulate=st.integers(1, 4),
    processes=st.integers(1, 3),
    steps=st.integers(1, 5),
    seed=st.integers(0, 3),
)
def test_every_process_gets_its_part_of_one_stream(
    rows: int, batch: int, accumulate: int, processes: int, steps: int, seed: int
) -> None:
    parts = [
        list(RowOrder(rows, batch, accumulate, steps, seed, rank, processes))
        for rank in range(processes)
    ]
    assert all(len(part) == steps * accumulate for part in parts)
    assert all(len(indices) == batch for part in parts for indices in part)
    stream = [index for passes in zip(*parts, strict=True) for part in passes for index in part]
    alone = [i for indices in RowOrder(rows, 1, len(stream), 1, seed) for i in indices]
    assert stream == alone
    for start in range(0, len(stream) - rows + 1, rows):
        assert sorted(stream[start : start + rows]) == list(range(rows))


def test_a_resumed_order_goes_on_where_the_first_stopped() -> None:
    order = RowOrder(7, 2, 2, 5, seed=3)
    assert list(islice(iter(order), 6, None)) == list(order)[6:]


@pytest.mark.parametrize(
    ("epochs", "rows", "step_rows", "steps"),
    [
        (1.0, 16, 16, 1),
        (1.0, 17, 16, 2),
        (3.0, 16, 16, 3),
        (0.5, 64, 16, 2),
        (0.1, 10, 16, 1),
        (0.1, 30, 1, 3),
    ],
)
def test_steps_of_epochs(epochs: float, rows: int, step_rows: int, steps: int) -> None:
    assert RowOrder.steps_of(epochs, rows, step_rows) == steps
