"""The reference's log-probabilities: right, computed once, shared."""

from __future__ import annotations

import sqlite3
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoints_llama import write_llama
from toy import dpo

from judgekit.errors import StoreError
from judgekit.train.data.examples import Example
from judgekit.train.data.packing import pack
from judgekit.train.interfaces.distributed import ALONE
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.network.lora import load_trainable
from judgekit.train.network.policy import Policy
from judgekit.train.network.reference_logprobs import ReferenceLogprobs, ReferenceStore, keys_of

pytestmark = pytest.mark.usefixtures("one_thread")


EXAMPLES = [
    Example((5, 6, 7), ((8, 9), (10, 11, 12))),
    Example((5, 6), ((7, 8, 9), (10,))),
    Example((20, 21, 22, 23), ((24,), (25, 26))),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("model"))


def references(model: Path, store: Path, fingerprint: str = "f", **given: Any) -> ReferenceLogprobs:
    recipe = dpo(model, **given)
    network = Policy(load_trainable(recipe).model, path="shared")
    plan = TrainingPlan(recipe, torch.device("cpu"), torch.float32, 1, ALONE)
    return ReferenceLogprobs(network, fingerprint, ReferenceStore(store), plan)


@pytest.mark.parametrize("given", [{"lora_dropout": 0.5}, {"lora": False}])
def test_are_what_the_untouched_model_says(model: Path, here: Path, given: dict[str, Any]) -> None:
    from transformers import AutoModelForCausalLM

    asked = references(model, here / "reference.db", **given)
    found = asked.of(EXAMPLES, lambda *_: None)
    assert asked.policy.training
    plain = Policy(AutoModelForCausalLM.from_pretrained(model), path="shared").eval()
    with torch.no_grad():
        expected = plain(**pack(EXAMPLES)).view(-1, 2)
    torch.testing.assert_close(found, expected)


def test_are_computed_once(model: Path, here: Path) -> None:
    asked = references(model, here / "reference.db")
    told: list[tuple[int, int]] = []
    first = asked.of(EXAMPLES, lambda *at: told.append(at))
    assert told == [(4, 6), (6, 6)]
    told.clear()
    again = references(model, here / "reference.db").of(EXAMPLES[::-1], lambda *at: told.append(at))
    assert not told
    assert torch.equal(again, first.flip(0))


def test_only_what_is_new_is_computed(model: Path, here: Path) -> None:
    told: list[tuple[int, int]] = []
    asked = references(model, here / "reference.db")
    asked.of(EXAMPLES[:2], lambda *_: None)
    asked.of([*EXAMPLES, EXAMPLES[2]], lambda *at: told.append(at))  # and a repeated one once
    assert told == [(2, 2)]


def test_another_reference_is_asked_anew(model: Path, here: Path) -> None:
    told: list[tuple[int, int]] = []
    references(model, here / "reference.db", "one").of(EXAMPLES, lambda *_: None)
    references(model, here / "reference.db", "two").of(EXAMPLES, lambda *at: told.append(at))
    assert told[-1] == (6, 6)


def test_keys_tell_apart_all_that_matters() -> None:
    keys = {
        *keys_of("f", Example((1, 2), ((3,), (4,)))),
        *keys_of("f", Example((1,), ((2, 3), (2, 4)))),
        *keys_of("f", Example((12,), ((3,), (4,)))),
        *keys_of("g", Example((1, 2), ((3,), (4,)))),
    }
    assert len(keys) == 8
    assert keys_of("f", Example((1,), ((2,), (3,)), margin=1.0)) == keys_of(
        "f", Example((1,), ((2,), (3,)))
    )


def test_many_may_write_at_once(here: Path) -> None:
    def write(writer: int) -> None:
        store = ReferenceStore(here / "reference.db")
        for i in range(20):
            store.add({f"{writer}-{i}": float(i), "shared": 1.0})

    with ThreadPool(4) as pool:
        pool.map(write, range(4))
    keys = [f"{writer}-{i}" for writer in range(4) for i in range(20)]
    found = ReferenceStore(here / "reference.db").get([*keys, "shared", "unknown"])
    assert found == {**{f"{w}-{i}": float(i) for w in range(4) for i in range(20)}, "shared": 1.0}


@pytest.mark.parametrize("value", [-123.45678710937500, -0.0, -1e-30, 0.1])
def test_a_value_comes_back_as_it_was(here: Path, value: float) -> None:
    store = ReferenceStore(here / "reference.db")
    store.add({"key": value})
    assert store.get(["key"]) == {"key": value}


def test_a_file_that_is_none_is_refused(here: Path) -> None:
    (here / "reference.db").write_text("not a database, not at all" * 100)
    with pytest.raises(StoreError, match="remove the file"):
        ReferenceStore(here / "reference.db")


def test_a_newer_schema_is_refused(here: Path) -> None:
    connection = sqlite3.connect(here / "reference.db")
    connection.execute("PRAGMA user_version=9")
    connection.close()
    with pytest.raises(StoreError, match="newer judgekit"):
        ReferenceStore(here / "reference.db")
