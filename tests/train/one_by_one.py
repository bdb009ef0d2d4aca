"""What a model says of completions where nothing is shared, packed, padded or split in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from judgekit.train.data.examples import Example

__all__ = ["EXAMPLES", "answers", "gradients", "relative"]

EXAMPLES = (
    Example((1, 2, 3, 4, 5, 6, 7), ((6, 7, 8, 9, 11, 12, 13), (3, 4, 5, 14, 15))),
    Example((30, 31), ((6,), (3, 4, 5))),  # completions of one token have no inputs
    Example((40, 41, 42), ((8, 9, 10, 11), (12,))),
    Example((9,), ((5,), (6,))),  # nothing but a prompt of one token
)


def answers(model: Any, examples: Sequence[Example] = EXAMPLES) -> Tensor:
    """The summed log-probability of each completion, [S], by one plain pass for each."""
    sums = []
    for example in examples:
        for completion in example.completions:
            row = torch.tensor([[*example.prompt, *completion]])
            logits = model(input_ids=row).logits[0, len(example.prompt) - 1 : -1]
            wide = torch.promote_types(logits.dtype, torch.float32)
            found = logits.to(wide).log_softmax(-1)
            sums.append(found[torch.arange(len(completion)), torch.tensor(completion)].sum())
    return torch.stack(sums)


def gradients(model: Any, values: Tensor) -> dict[str, Tensor]:
    """The gradient of a weighted sum of `values` in every trainable weight, by its name."""
    model.zero_grad()
    signs = torch.linspace(-1.0, 1.5, len(values), dtype=values.dtype)
    (values * signs).sum().backward()
    trained = {name: w for name, w in model.named_parameters() if w.requires_grad}
    return {name: w.grad.clone() for name, w in trained.items() if w.grad is not None}


def relative(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    """|found - expected| / |expected| over all weights; the names must be the same."""
    assert found.keys() == expected.keys()
    assert found
    off = torch.stack([(found[n].double() - expected[n].double()).norm() for n in found]).norm()
    size = torch.stack([expected[n].double().norm() for n in found]).norm()
    assert size > 0
    return float(off / size)
