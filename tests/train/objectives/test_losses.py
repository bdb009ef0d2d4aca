"""Losses against values worked out by hand, and by what must hold of them."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, tensor

from judgekit.errors import InputError
from judgekit.train.objectives.losses import (
    PreferenceLoss,
    accuracy,
    preference_loss,
    reward_loss,
    rewards,
)

# Two pairs. Log-ratios: (2, -1) and (-1, 0), so d is 3 and -1; per token (1, -0.25) and (-0.5, 0).
POLICY = tensor([[-10.0, -13.0], [-8.0, -4.0]], dtype=torch.float64)
REFERENCE = tensor([[-12.0, -12.0], [-7.0, -4.0]], dtype=torch.float64)
LENGTHS = tensor([[2, 4], [2, 1]])


def softplus(x: float) -> float:
    """``-log σ(-x)``"""
    return log(1 + exp(x))


def value(how: PreferenceLoss, policy: Tensor = POLICY) -> list[float]:
    reference = None if how.name == "simpo" else REFERENCE
    found: list[float] = preference_loss(policy, reference, LENGTHS, how).tolist()
    return found


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (PreferenceLoss("sigmoid", 0.1), [softplus(-0.3), softplus(0.1)]),
        (
            PreferenceLoss("sigmoid", 0.1, 0.2),
            [
                0.8 * softplus(-0.3) + 0.2 * softplus(0.3),
                0.8 * softplus(0.1) + 0.2 * softplus(-0.1),
            ],
        ),
        (
            PreferenceLoss("robust", 0.1, 0.2),
            [
                (0.8 * softplus(-0.3) - 0.2 * softplus(0.3)) / 0.6,
                (0.8 * softplus(0.1) - 0.2 * softplus(-0.1)) / 0.6,
            ],
        ),
        (PreferenceLoss("hinge", 0.5), [0.0, 1.5]),
        # 1 / (2 * 0.5) = 1
        (PreferenceLoss("ipo", 0.5), [0.25**2, 1.5**2]),
        # per token: -5 + 3.25 = -1.75, and -4 + 4 = 0
        (PreferenceLoss("simpo", 2.0, gamma=0.5), [softplus(3.5 + 0.5), softplus(0.5)]),
        (
            PreferenceLoss("simpo", 2.0, 0.1, gamma=0.0),
            [0.9 * softplus(3.5) + 0.1 * softplus(-3.5), log(2)],
        ),
    ],
    ids=str,
)
def test_values(how: PreferenceLoss, expected: list[float]) -> None:
    assert value(how) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sigmoid", [[1.0, -0.5], [-0.5, 0.0]]),
        ("ipo", [[0.5, -0.125], [-0.25, 0.0]]),
        ("simpo", [[-2.5, -1.625], [-2.0, -2.0]]),
    ],
)
def test_rewards(name: Any, expected: list[list[float]]) -> None:
    policy = POLICY.clone().requires_grad_()
    found = rewards(policy, REFERENCE, PreferenceLoss(name, 0.5), LENGTHS)
    assert found.tolist() == expected
    assert not found.requires_grad


def test_a_tie_is_half_right() -> None:
    """An adapter that has learnt nothing ties everywhere."""
    found = accuracy(tensor([[1.0, 0.5], [0.5, 1.0], [0.3, 0.3]]))
    assert found.tolist() == [1.0, 0.0, 0.5]
    near = tensor([[0.30004, 0.3], [0.31, 0.3]])
    assert accuracy(near, same=1e-4).tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("name", "smoothing"),
    [(name, 0.0) for name in ("sigmoid", "ipo", "hinge", "robust", "simpo")]
    + [(name, 0.3) for name in ("sigmoid", "robust", "simpo")],
)
def test_gradients(name: Any, smoothing: float) -> None:
    how = PreferenceLoss(name, 0.7, smoothing)
    policy = POLICY.clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda p: preference_loss(p, REFERENCE, LENGTHS, how), (policy,)
    )


def test_the_gradient_of_dpo_is_the_papers() -> None:
    """-β σ(-βd) for the chosen answer, the opposite for the rejected one (eq. 7's gradient)."""
    policy = POLICY.clone().requires_grad_()
    preference_loss(policy, REFERENCE, LENGTHS, PreferenceLoss("sigmoid", 0.1)).sum().backward()
    weight = 0.1 * torch.sigmoid(-0.1 * tensor([3.0, -1.0], dtype=torch.float64))
    assert torch.allclose(policy.grad, torch.stack([-weight, weight], 1))  # type: ignore[arg-type]


numbers = st.floats(-50, 0)


@given(st.tuples(numbers, numbers, numbers, numbers), st.floats(0.01, 3), st.floats(0, 0.45))
def test_swapping_the_answers(pair: tuple[float, ...], beta: float, smoothing: float) -> None:
    """A swapped label turns the smoothed loss into that of the other smoothing; robust averages."""
    policy = tensor([pair[:2]], dtype=torch.float64)
    reference = tensor([pair[2:]], dtype=torch.float64)
    one = torch.ones(1, 2)

    def loss(name: Any, share: float, *, swapped: bool = False) -> float:
        p, r = (policy.flip(1), reference.flip(1)) if swapped else (policy, reference)
        return float(preference_loss(p, r, one, PreferenceLoss(name, beta, share)))

    plain, other = loss("sigmoid", 0), loss("sigmoid", 0, swapped=True)
    assert plain - other == pytest.approx(
        -beta * float((policy - reference) @ tensor([1.0, -1.0], dtype=torch.float64)), abs=1e-9
    )
    assert loss("sigmoid", smoothing) == pytest.approx((1 - smoothing) * plain + smoothing * other)
    # Unbiased: in expectation over labels of which that share is flipped, it is the plain loss.
    robust = loss("robust", smoothing), loss("robust", smoothing, swapped=True)
    assert (1 - smoothing) * robust[0] + smoothing * robust[1] == pytest.approx(plain, abs=1e-9)
    assert loss("robust", 0) == plain


@given(st.tuples(numbers, numbers), st.floats(0.01, 3))
def test_equal_answers(pair: tuple[float, float], beta: float) -> None:
    """Where policy and reference agree, the loss does not depend on the answers."""
    policy = tensor([pair])
    found = {
        name: float(preference_loss(policy, policy, torch.ones(1, 2), PreferenceLoss(name, beta)))
        for name in ("sigmoid", "robust", "hinge", "ipo")
    }
    expected = {"sigmoid": log(2), "robust": log(2), "hinge": 1.0, "ipo": 1 / (2 * beta) ** 2}
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "sigmoid", "beta": 0.0}, "beta must be greater than 0, not 0.0"),
        ({"name": "ipo", "beta": float("nan")}, "beta must be"),
        ({"name": "robust", "beta": 0.1, "label_smoothing": 0.5}, "less than 0.5, not 0.5"),
        ({"name": "sigmoid", "beta": 0.1, "label_smoothing": -0.1}, "not -0.1"),
        ({"name": "hinge", "beta": 0.1, "label_smoothing": 0.1}, "'hinge' has no label_smoothing"),
        ({"name": "simpo", "beta": 2.0, "gamma": -1.0}, "gamma must be at least 0, not -1.0"),
        ({"name": "sigmod", "beta": 0.1}, "'sigmoid'"),
    ],
)
def test_nonsense_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        PreferenceLoss(**given)


def test_only_simpo_goes_without_a_reference() -> None:
    with pytest.raises(InputError, match="'ipo' needs the reference"):
        preference_loss(POLICY, None, LENGTHS, PreferenceLoss("ipo", 0.1))


def test_the_loss_of_rewards() -> None:
    scores = tensor([[2.0, 1.0], [0.0, 0.5]])
    assert reward_loss(scores).tolist() == pytest.approx([softplus(-1), softplus(0.5)])
    margins = reward_loss(scores, margins=tensor([1.0, 0.5]))
    assert margins.tolist() == pytest.approx([softplus(0), softplus(1)])
    soft = reward_loss(scores, probabilities=tensor([1.0, 0.25]))
    assert soft.tolist() == pytest.approx(
        [softplus(-1), 0.25 * softplus(0.5) + 0.75 * softplus(-0.5)]
    )


def test_soft_labels_are_learnt_as_they_are() -> None:
    """The cross entropy is least where σ(d) is the probability."""
    d = torch.logit(tensor([0.7], dtype=torch.float64))
    scores = torch.stack([d, torch.zeros_like(d)], 1).requires_grad_()
    reward_loss(scores, probabilities=tensor([0.7], dtype=torch.float64)).backward()
    assert scores.grad is not None
    assert scores.grad.abs().max() < 1e-12


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"probabilities": tensor([1.5])}, "within 0 and 1"),
        ({"probabilities": tensor([float("nan")])}, "within 0 and 1"),
        ({"probabilities": tensor([0.5]), "margins": tensor([1.0])}, "not both"),
    ],
)
def test_rewards_refuse_nonsense(given: dict[str, Tensor], says: str) -> None:
    with pytest.raises(InputError, match=says):
        reward_loss(tensor([[1.0, 0.0]]), **given)
