"""Greedy answers of a model in training to a few held-out prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from judgekit.models.checkpoint_checks import end_token_ids
from judgekit.models.loading import quiet_libraries

__all__ = ["sample_answers"]

LONGEST = 128  # tokens of an answer


def sample_answers(
    model: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], *, longest: int = LONGEST
) -> list[str]:
    """The greedy continuation of each prompt (token ids) as text, without control tokens.

    The model's mode is restored, and no random number is drawn.
    """
    training = model.training
    model.eval()
    try:
        with torch.no_grad(), quiet_libraries():
            return [answer(model, tokenizer, prompt, longest) for prompt in prompts]
    finally:
        model.train(training)


def answer(model: Any, tokenizer: Any, prompt: Sequence[int], longest: int) -> str:
    ids = torch.tensor([list(prompt)], device=model.device)
    model_end = model.generation_config.eos_token_id
    ends = end_token_ids(model_end, tokenizer)
    output = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=longest,
        do_sample=False,
        # Unset, or transformers would warn about a model's own sampling settings.
        temperature=None,
        top_p=None,
        top_k=None,
        eos_token_id=sorted(ends) or None,
        pad_token_id=min(ends, default=0),
    )
    text: str = tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
    return text
