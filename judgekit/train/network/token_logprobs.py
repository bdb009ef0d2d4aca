"""Log-probabilities of tokens from hidden states, a chunk of positions at a time.

At most the logits of one chunk, [chunk, vocabulary], are held at once. The softmax is computed in
float32 (float64 stays float64), whatever the model computes in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear
from torch.utils.checkpoint import checkpoint

__all__ = ["Head", "kl", "log_probs"]

# Makes logits [m, vocabulary] of states [m, width]: a model's head, or the identity where the
# states are logits already.
Head = Callable[[Tensor], Tensor]


def log_probs(head: Head, states: Tensor, targets: Tensor, chunk: int) -> Tensor:
    """The log-probabilities of target tokens.

    The gradient of a frozen linear head is computed in the forward pass (`FrozenHead`); any other
    head computes each chunk again in the backward pass.

    Args:
        head: Makes logits of states.
        states: [M, width].
        targets: [M], token ids.
        chunk: The number of positions at a time.

    Returns:
        [M], in nats, float32 or wider.
    """
    if torch.is_grad_enabled() and is_frozen(head):
        weight, bias = head.weight, head.bias  # type: ignore[attr-defined]
        frozen: Any = FrozenHead  # torch has no types for autograd functions
        out: Tensor = frozen.apply(states, weight, bias, targets, chunk)
        return out

    def some(states: Tensor, targets: Tensor) -> Tensor:
        return of_logits(head(states), targets)

    pieces = zip(torch.split(states, chunk), torch.split(targets, chunk), strict=True)
    if not torch.is_grad_enabled():
        return torch.cat([some(*piece) for piece in pieces])
    return torch.cat([checkpoint(some, *piece, use_reentrant=False) for piece in pieces])


def of_logits(logits: Tensor, targets: Tensor) -> Tensor:
    """The log-probability of each target, [m], from logits [m, vocabulary]."""
    logits = precise(logits)
    return logits.gather(1, targets[:, None])[:, 0] - logits.logsumexp(1)


def kl(policy: Tensor, reference: Tensor) -> Tensor:
    """The exact KL divergence of the next token at each position: Σ p (log p - log q).

    Args:
        policy: [m, vocabulary], logits of p.
        reference: [m, vocabulary], logits of q.

    Returns:
        [m], KL(policy ‖ reference) in nats.
    """
    p, q = precise(policy).log_softmax(1), precise(reference).log_softmax(1)
    return (p.exp() * (p - q)).sum(1)


def precise(logits: Tensor) -> Tensor:
    """The logits in float32 at least."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def is_frozen(head: Head) -> bool:
    """Whether it is a plain frozen linear layer: without an adapter, not quantized."""
    if type(head) is not torch.nn.Linear:
        return False
    return not any(weight.requires_grad for weight in head.parameters())


class FrozenHead(torch.autograd.Function):
    """`log_probs` of a frozen linear head.

    With ``z = W h + b`` and ``p = softmax(z)``, ``∂ log p_y / ∂h = Wᵀ (onehot_y - p)``. This is
    computed while the logits exist, so that the backward pass needs none: two matrix products in
    all instead of three.
    """

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, chunk: int
    ) -> Tensor:
        kind = states.device.type
        # Under autocast the head itself would compute in autocast's dtype.
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype
        values = states.new_empty(len(states), dtype=torch.promote_types(dtype, torch.float32))
        jacobian = states.new_empty(states.shape, dtype=dtype) if ctx.needs_input_grad[0] else None
        with torch.autocast(kind, enabled=False):
            weight, bias = weight.to(dtype), None if bias is None else bias.to(dtype)
            for start in range(0, len(states), chunk):
                part = slice(start, start + chunk)
                logits = precise(linear(states[part].to(dtype), weight, bias))
                norm, index = logits.logsumexp(1, keepdim=True), targets[part, None]
                values[part] = (logits.gather(1, index) - norm)[:, 0]
                if jacobian is not None:
                    # Subtracted before the product: where p_y is near 1, the difference of two
                    # rounded products would be noise.
                    residual = logits.sub_(norm).exp_().neg_()
                    residual.scatter_add_(1, index, torch.ones_like(norm))
                    jacobian[part] = residual.to(dtype) @ weight
        ctx.save_for_backward(jacobian)
        ctx.dtype = states.dtype
        return values

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None]:
        (jacobian,) = ctx.saved_tensors
        return (jacobian * grad[:, None]).to(ctx.dtype), None, None, None, None
