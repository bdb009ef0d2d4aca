"""Examples in one row."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from judgekit.errors import InputError
from judgekit.train.data.examples import Example
from judgekit.train.data.packing import Batch, pack
from judgekit.train.network.padded import PaddedRows

TWO = (Example((10, 11, 12), ((20, 21, 22), (30, 31))), Example((13,), ((40,), (50, 51))))


def plain(batch: Batch) -> dict[str, object]:
    return {k: v.tolist() if isinstance(v, Tensor) else v for k, v in batch.items()}


def test_a_row() -> None:
    assert plain(pack(TWO)) == {
        "input_ids": [[10, 11, 12, 20, 21, 30, 13, 50]],
        "position_ids": [[0, 1, 2, 3, 4, 3, 0, 1]],
        "spans": [[3, 2, 1], [1, 0, 1]],
        "lengths": [3, 2, 1, 2],
        "sources": [2, 3, 4, 2, 5, 6, 6, 7],
        "targets": [20, 21, 22, 30, 31, 40, 50, 51],
        "segments": [0, 0, 0, 1, 1, 2, 3, 3],
    }


def test_a_row_of_whole_completions() -> None:
    assert plain(pack(TWO, ends=True)) == {
        "input_ids": [[10, 11, 12, 20, 21, 22, 30, 31, 13, 40, 50, 51]],
        "position_ids": [[0, 1, 2, 3, 4, 5, 3, 4, 0, 1, 1, 2]],
        "spans": [[3, 3, 2], [1, 1, 2]],
        "lengths": [3, 2, 1, 2],
        "ends": [5, 7, 9, 11],
    }


def test_one_completion_is_a_plain_sequence() -> None:
    batch = pack([Example((1, 2), ((3, 4, 5),))])
    assert batch["input_ids"].tolist() == [[1, 2, 3, 4]]
    assert batch["sources"].tolist() == [1, 2, 3]


tokens = st.lists(st.integers(1, 99), min_size=1, max_size=6).map(tuple)
examples = st.builds(Example, tokens, st.lists(tokens, min_size=1, max_size=3).map(tuple))


@given(st.lists(examples, min_size=1, max_size=4), st.booleans())
def test_the_padded_rows_are_the_sequences(many: list[Example], ends: bool) -> None:
    """Whatever is packed comes out again, row by row, in the order of the completions."""
    rows = PaddedRows(pack(many, ends=ends))
    found = [ids[mask.bool()].tolist() for ids, mask in zip(rows.ids, rows.mask, strict=True)]
    drop = 0 if ends else 1
    expected = [[*e.prompt, *c[: len(c) - drop]] for e in many for c in e.completions]
    assert found == expected
    assert rows.inputs.tolist() == [len(row) for row in expected]
    assert bool((rows.mask.diff(dim=1) <= 0).all())  # padding stands on the right alone


@given(st.lists(examples, min_size=1, max_size=4))
def test_each_token_is_predicted_by_the_one_before(many: list[Example]) -> None:
    batch = pack(many)
    ids, places = batch["input_ids"][0], batch["position_ids"][0]
    before = [[e.prompt[-1], *c[:-1]] for e in many for c in e.completions]
    assert ids[batch["sources"]].tolist() == [t for row in before for t in row]
    firsts = torch.cat((torch.tensor([True]), batch["segments"].diff() > 0))
    prompts = [len(e.prompt) - 1 for e in many for _ in e.completions]
    assert places[batch["sources"]][firsts].tolist() == prompts
    assert batch["targets"].tolist() == [t for e in many for c in e.completions for t in c]


@pytest.mark.parametrize(
    ("many", "says"),
    [
        ((), "no examples"),
        ((Example((), ((1,), (2,))),), "at least one token"),
        ((Example((1,), ((1,), ())),), "at least one token"),
        ((Example((1,), ()),), "at least one token"),
    ],
)
def test_nothing_is_no_example(many: tuple[Example, ...], says: str) -> None:
    with pytest.raises(InputError, match=says):
        pack(many)
