"""The reference model's log-probabilities: computed once, before the first step, and kept.

A completion's value is keyed by what it depends on: the reference (weights, quantisation, dtype),
the prompt's tokens and its own. So a second training on the same pairs, with another loss or beta,
or a resumed one, computes none of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from judgekit.errors import StoreError
from judgekit.train.data.batches import collate, slices
from judgekit.train.data.examples import Example
from judgekit.train.interfaces.precision import mixed_precision
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.interfaces.trainable import OnProgress
from judgekit.train.network.evaluation import to_device
from judgekit.types import digest

__all__ = ["ReferenceLogprobs", "ReferenceStore", "keys_of"]

SCHEMA = 1
NUMERICS = 2  # raised when the same weights give other digits
AT_ONCE = 500  # keys in one question; SQLite allows 999
BUSY_S = 60.0  # how long one training waits for another's commit


def keys_of(fingerprint: str, example: Example) -> tuple[str, ...]:
    """The key of each completion of an example."""
    shared = (str(NUMERICS), fingerprint, repr(example.prompt))
    return tuple(digest(*shared, repr(tokens)) for tokens in example.completions)


class ReferenceStore:
    """A file of log-probabilities by key, that several trainings may share.

    SQLite with its ordinary journal: unlike a write-ahead log it also works on the network disks
    that the nodes of a cluster share, and one commit a batch is little beside the batch.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._opened() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                raise StoreError(
                    f"the reference log-probabilities in {str(path)!r} were written by a newer "
                    f"judgekit (schema {version}); remove the file, they are computed again"
                )
            connection.execute(
                "CREATE TABLE IF NOT EXISTS logps (key TEXT PRIMARY KEY, logp REAL NOT NULL)"
            )
            connection.execute(f"PRAGMA user_version={SCHEMA}")

    def get(self, keys: Sequence[str]) -> dict[str, float]:
        """Those of the keys that are known."""
        known: dict[str, float] = {}
        with self._opened() as connection:
            for part in slices(keys, AT_ONCE):
                marks = ",".join("?" * len(part))
                query = f"SELECT key, logp FROM logps WHERE key IN ({marks})"  # noqa: S608 (marks)
                known.update(connection.execute(query, part))
        return known

    def put(self, values: Mapping[str, float]) -> None:
        """Keeps values; those that another process was faster with stay."""
        with self._opened() as connection:
            connection.executemany("INSERT OR IGNORE INTO logps VALUES (?, ?)", values.items())

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection for one use, at whose end what was written is committed."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=BUSY_S)) as connection, connection:
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"cannot use the reference log-probabilities in {str(self.path)!r}: {error}; "
                f"remove the file, or train in a folder on a disk that can lock files"
            ) from error


@dataclass(frozen=True)
class ReferenceLogprobs:
    """Finds the reference's log-probabilities with a policy whose adapter it turns off.

    For a model that is trained whole it must be asked before the first step.
    """

    policy: Any
    fingerprint: str
    store: ReferenceStore
    plan: TrainingPlan

    def of(self, examples: Sequence[Example], told: OnProgress) -> torch.Tensor:
        """[n, completions of each] float32. `told` hears how many of the missing are done."""
        keys = [keys_of(self.fingerprint, example) for example in examples]
        # The first process says what is missing, or a faster one's commit would shift the shares.
        known = self.plan.processes.gather(
            self.store.get([key for each in keys for key in each])
            if self.plan.processes.first
            else {}
        )[0]
        by_keys = {each: i for i, each in enumerate(keys) if not all(k in known for k in each)}
        missing = sorted(by_keys.values(), key=lambda i: -size_of(examples[i]))
        mine = self.plan.processes.share(missing)
        done: dict[str, float] = {}
        for indices in slices(mine, self.plan.recipe.batch_size):
            values = self._compute([examples[i] for i in indices])
            found = dict(zip([key for i in indices for key in keys[i]], values, strict=True))
            self.store.put(found)
            done.update(found)
            told(min(len(done) * self.plan.processes.count, 2 * len(missing)), 2 * len(missing))
        for part in self.plan.processes.gather(done):
            known.update(part)
        return torch.tensor([[known[key] for key in each] for each in keys])

    def _compute(self, examples: Sequence[Example]) -> list[float]:
        batch = to_device(
            collate(list(enumerate(examples)), ends=False)["inputs"], self.plan.device
        )
        with mixed_precision(self.plan.device, self.plan.dtype):
            values: list[float] = self._asked(batch).float().tolist()
        return values

    def _asked(self, batch: Mapping[str, Any]) -> torch.Tensor:
        if hasattr(self.policy.model, "disable_adapter"):
            found: torch.Tensor = self.policy.reference(batch)
            return found
        training = self.policy.training
        self.policy.eval()
        try:
            with torch.no_grad():
                found = self.policy(**batch)
        finally:
            self.policy.train(training)
        return found


def size_of(example: Example) -> int:
    """Tokens: the longest come first, so that what does not fit in memory shows at once."""
    return len(example.prompt) + sum(map(len, example.completions))
