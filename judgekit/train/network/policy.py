"""A language model in training: the log-probabilities of completions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from judgekit.errors import TrainingError
from judgekit.models.forward import base_model
from judgekit.train.data.packing import Batch
from judgekit.train.network import padded
from judgekit.train.network.attention import attach, hidden_states
from judgekit.train.network.choose_path import PromptPath, choose_path
from judgekit.train.network.scorer import Scorer
from judgekit.train.network.token_logprobs import Head, kl, log_probs

__all__ = ["Policy", "Scorer", "choose_path"]


class Policy(torch.nn.Module):
    """A causal language model over batches of `packing.pack`.

    Args:
        model: The model, perhaps with an adapter.
        path: The path that `choose_path` chose. ``shared`` replaces the model's attention for
            good; generation is unchanged.
        chunk: The number of positions whose logits are held at once.
    """

    def __init__(self, model: Any, *, path: PromptPath, chunk: int = 256) -> None:
        super().__init__()
        self.model = model
        self.path: PromptPath = path
        self.chunk = chunk
        if path == "shared":
            attach(model)

    def forward(self, **batch: Any) -> Tensor:
        """The summed log-probability of each completion given its prompt, [S], in float32."""
        states, head = self._states(batch)
        return summed(log_probs(head, states, batch["targets"], self.chunk), batch)

    def reference(self, batch: Batch) -> Tensor:
        """What `forward` gives without the adapter, [S], in eval mode and without gradients.

        Raises `TrainingError` where there is no adapter to disable.
        """
        with self._measuring(), self._without_adapter():
            values: Tensor = self(**batch)
        return values

    def divergence(self, batch: Batch) -> Tensor:
        """KL(policy ‖ reference) summed over each completion's tokens, [S], in nats.

        Exact: over the whole vocabulary, at each token of the batch. Raises `TrainingError` where
        there is no adapter to disable.
        """
        with self._measuring():
            states, head = self._states(batch)
            with self._without_adapter():
                base_states, base_head = self._states(batch)
            divergences = []
            chunks = torch.split(states, self.chunk), torch.split(base_states, self.chunk)
            for some, base_some in zip(*chunks, strict=True):
                logits = head(some)
                with self._without_adapter():  # there may be one on the head, too
                    divergences.append(kl(logits, base_head(base_some)))
        return summed(torch.cat(divergences), batch)

    def _states(self, batch: Batch) -> tuple[Tensor, Head]:
        """The states that predict completions' tokens, [M, …], and the module that makes logits."""
        if self.path == "shared":
            hidden = hidden_states(self.model, batch)[0]
            return hidden[batch["sources"]], base_model(self.model).get_output_embeddings()
        return padded.completion_logits(self.model, batch), torch.nn.Identity()

    @contextmanager
    def _measuring(self) -> Iterator[None]:
        """Eval mode without gradients inside the context; the former mode afterwards."""
        training = self.training
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.train(training)

    @contextmanager
    def _without_adapter(self) -> Iterator[None]:
        if not hasattr(self.model, "disable_adapter"):
            raise TrainingError(
                "a model that is trained in full has no adapter to disable; compute the reference "
                "log-probabilities before the first step, or train an adapter"
            )
        with self.model.disable_adapter():
            yield


def summed(values: Tensor, batch: Batch) -> Tensor:
    """Sums of tokens' values [M] for each completion, [S].

    In float64 where the device has it: float32 sums lose a digit or two, which matters to the
    gradient of the difference of two large sums.
    """
    wide = values if values.device.type == "mps" else values.double()
    total = wide.new_zeros(len(batch["lengths"])).index_add(0, batch["segments"], wide)
    return total.to(values.dtype)
