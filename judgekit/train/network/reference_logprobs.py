"""The reference model's log-probabilities, computed once before the first step and stored.

A value's key is made of what it depends on: the reference model (weights, quantization, dtype) and
the tokens of prompt and completion. So a resumed training, or a second one on the same pairs with
another loss or beta, computes none of them again.
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
NUMERICS = 2  # raised when the same weights give other values
KEYS_PER_QUERY = 500  # SQLite allows 999
BUSY_S = 60.0  # wait at most this long for another training's commit


def keys_of(fingerprint: str, example: Example) -> tuple[str, ...]:
    """The key of each completion of an example."""
    shared = (str(NUMERICS), fingerprint, repr(example.prompt))
    return tuple(digest(*shared, repr(tokens)) for tokens in example.completions)


class ReferenceStore:
    """A file of log-probabilities by key, which several trainings may share.

    SQLite with its ordinary journal: unlike a write-ahead log it also works on network disks, and
    one commit per batch costs little compared with the batch.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._opened() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                raise StoreError(
                    f"the reference log-probabilities in {str(path)!r} were written by a newer "
                    f"judgekit (schema {version}); remove the file; they will be computed again"
                )
            connection.execute(
                "CREATE TABLE IF NOT EXISTS logps (key TEXT PRIMARY KEY, logp REAL NOT NULL)"
            )
            connection.execute(f"PRAGMA user_version={SCHEMA}")

    def get(self, keys: Sequence[str]) -> dict[str, float]:
        """The stored values of the keys."""
        values: dict[str, float] = {}
        with self._opened() as connection:
            for part in slices(keys, KEYS_PER_QUERY):
                marks = ",".join("?" * len(part))
                query = f"SELECT key, logp FROM logps WHERE key IN ({marks})"  # noqa: S608 (marks)
                values.update(connection.execute(query, part))
        return values

    def add(self, values: Mapping[str, float]) -> None:
        """Stores values; a value that another process stored first stays."""
        with self._opened() as connection:
            connection.executemany("INSERT OR IGNORE INTO logps VALUES (?, ?)", values.items())

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction, which is committed at the end."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=BUSY_S)) as connection, connection:
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"cannot use the reference log-probabilities in {str(self.path)!r}: {error}; "
                f"remove the file, or train on a disk that supports file locks"
            ) from error


@dataclass(frozen=True)
class ReferenceLogprobs:
    """Computes reference log-probabilities with a policy whose adapter is disabled.

    For a model that is trained in full, this must happen before the first step.
    """

    policy: Any
    fingerprint: str
    store: ReferenceStore
    plan: TrainingPlan

    def of(self, examples: Sequence[Example], on_progress: OnProgress) -> torch.Tensor:
        """The log-probabilities of n examples' completions.

        Args:
            examples: The examples.
            on_progress: Called with the numbers of computed and of missing values.

        Returns:
            [n, completions per example], float32, in nats.
        """
        keys = [keys_of(self.fingerprint, example) for example in examples]
        # The first process decides what is missing, so that commits of others do not shift shares.
        logprobs = self.plan.processes.gather(
            self.store.get([key for each in keys for key in each])
            if self.plan.processes.first
            else {}
        )[0]
        by_keys = {each: i for i, each in enumerate(keys) if not all(k in logprobs for k in each)}
        missing = sorted(by_keys.values(), key=lambda i: -size_of(examples[i]))
        mine = self.plan.processes.share(missing)
        results: dict[str, float] = {}
        for indices in slices(mine, self.plan.recipe.batch_size):
            values = self._compute([examples[i] for i in indices])
            entries = dict(zip([key for i in indices for key in keys[i]], values, strict=True))
            self.store.add(entries)
            results.update(entries)
            total = sum(len(keys[i]) for i in missing)
            on_progress(min(len(results) * self.plan.processes.count, total), total)
        for part in self.plan.processes.gather(results):
            logprobs.update(part)
        return torch.tensor([[logprobs[key] for key in each] for each in keys])

    def _compute(self, examples: Sequence[Example]) -> list[float]:
        batch = to_device(
            collate(list(enumerate(examples)), ends=False)["inputs"], self.plan.device
        )
        with mixed_precision(self.plan.device, self.plan.dtype):
            values: list[float] = self._values(batch).float().tolist()
        return values

    def _values(self, batch: Mapping[str, Any]) -> torch.Tensor:
        if hasattr(self.policy.model, "disable_adapter"):
            logprobs: torch.Tensor = self.policy.reference(batch)
            return logprobs
        training = self.policy.training
        self.policy.eval()
        try:
            with torch.no_grad():
                logprobs = self.policy(**batch)
        finally:
            self.policy.train(training)
        return logprobs


def size_of(example: Example) -> int:
    """Tokens of an example: the longest come first, so that a lack of memory shows at once."""
    return len(example.prompt) + sum(map(len, example.completions))
