"""Log-probabilities from hidden states: values, gradients, and what is not computed."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from judgekit.train.network.token_logprobs import kl, log_probs

M, WIDTH, VOCABULARY = 7, 8, 50
PRODUCT = 2 * M * WIDTH * VOCABULARY  # the operations of one product over all positions


def head(
    *, bias: bool = True, frozen: bool = True, dtype: torch.dtype = torch.float64
) -> torch.nn.Linear:
    torch.manual_seed(0)
    return torch.nn.Linear(WIDTH, VOCABULARY, bias=bias, dtype=dtype).requires_grad_(not frozen)


def inputs(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    states = (3 * torch.randn(M, WIDTH, dtype=dtype)).requires_grad_()
    return states, torch.randint(VOCABULARY, (M,))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_values_and_gradients(chunk: int, *, frozen: bool, bias: bool) -> None:
    """As by the whole logits, for states, weight and bias."""
    read, (states, targets) = head(bias=bias, frozen=frozen), inputs()
    weights = [w for w in (states, *read.parameters()) if w.requires_grad]
    upstream = torch.linspace(-1, 2, M, dtype=torch.float64)
    expected = -cross_entropy(read(states), targets, reduction="none")
    found = log_probs(read, states, targets, chunk)
    assert torch.allclose(found, expected)
    for one, other in zip(
        torch.autograd.grad(found, weights, upstream),
        torch.autograd.grad(expected, weights, upstream),
        strict=True,
    ):
        assert torch.allclose(one, other)


def test_the_gradient_by_differences() -> None:
    read, (states, targets) = head(), inputs()
    assert torch.autograd.gradcheck(lambda h: log_probs(read, h, targets, 3), (states,))


def operations(read: torch.nn.Linear, *, grad: bool) -> tuple[int, int]:
    """The operations of matrix products on the way forward and back."""
    states, targets = inputs()
    states.requires_grad_(grad)
    with FlopCounterMode(display=False) as forward, torch.set_grad_enabled(grad):
        values = log_probs(read, states, targets, 3)
    with FlopCounterMode(display=False) as backward:
        if grad:
            values.sum().backward()
    return forward.get_total_flops(), backward.get_total_flops()


def test_a_frozen_head_makes_logits_once() -> None:
    assert operations(head(), grad=True) == (2 * PRODUCT, 0)


def test_without_gradient_nothing_is_prepared_for_one() -> None:
    assert operations(head(), grad=False) == (PRODUCT, 0)


def test_a_head_that_learns_makes_logits_again() -> None:
    assert operations(head(frozen=False), grad=True) == (PRODUCT, 3 * PRODUCT)


@pytest.mark.parametrize("frozen", [True, False])
def test_the_logits_of_all_positions_are_never_kept(*, frozen: bool) -> None:
    kept: list[int] = []
    read, (states, targets) = head(frozen=frozen), inputs()

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        log_probs(read, states, targets, 3)
    assert kept
    assert max(kept) <= max(M * WIDTH, VOCABULARY * WIDTH if not frozen else 0)


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(dtype: torch.dtype, *, frozen: bool) -> None:
    """The softmax is in float32: only the logits themselves are rounded."""
    read, (states, targets) = head(frozen=frozen, dtype=dtype), inputs(dtype)
    expected = -cross_entropy(read(states).float(), targets, reduction="none")
    found = log_probs(read, states, targets, 3)
    assert found.dtype == torch.float32
    assert torch.allclose(found, expected, atol=1e-6)
    (one,) = torch.autograd.grad(found.sum(), states)
    (other,) = torch.autograd.grad(expected.sum(), states)
    assert one.dtype == dtype
    assert (one - other).float().norm() < 0.02 * other.float().norm()


@pytest.mark.parametrize("frozen", [True, False])
def test_under_autocast(*, frozen: bool) -> None:
    """As the head itself: products in bfloat16, the softmax in float32."""
    read, (states, targets) = head(frozen=frozen, dtype=torch.float32), inputs(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        logits = read(states)
        found = log_probs(read, states, targets, 3)
    assert logits.dtype == torch.bfloat16
    assert found.dtype == torch.float32
    expected = -cross_entropy(logits.float(), targets, reduction="none")
    assert torch.allclose(found, expected, atol=1e-6)
    (one,) = torch.autograd.grad(found.sum(), states)
    (other,) = torch.autograd.grad(expected.sum(), states)
    assert (one - other).norm() < 0.02 * other.norm()


def test_divergence_of_distributions() -> None:
    """Σ p log(p/q), by hand: p is (1/4, 3/4), q is (1/2, 1/2), at any shift of the logits."""
    p = torch.tensor([[1.0, 3.0], [1.0, 3.0]]).log() + 5
    q = torch.tensor([[1.0, 1.0], [1.0, 3.0]]).log()
    expected = 0.25 * torch.tensor(0.5).log() + 0.75 * torch.tensor(1.5).log()
    assert kl(p, q).tolist() == pytest.approx([float(expected), 0.0])
