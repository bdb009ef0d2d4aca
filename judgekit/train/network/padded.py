"""The plain way: one padded row for each prompt and completion, through the whole model.

For architectures that cannot share prompts: slower, more memory, correct for any decoder.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from judgekit.models.forward import base_model, forward_arguments
from judgekit.train.data.packing import Batch

__all__ = ["PaddedRows", "completion_logits", "ending_states"]


class PaddedRows:
    """A packed batch as S padded rows, the longest of L tokens.

    Attributes:
        ids: [S, L], token ids, padded on the right, so that positions stay.
        mask: [S, L], 1 at tokens and 0 at padding.
        prompts: [S], tokens of each row's prompt.
        inputs: [S], tokens of each row.
    """

    def __init__(self, batch: Batch) -> None:
        packed = batch["input_ids"][0]
        places: list[Tensor] = []
        prompts: list[int] = []
        start = 0
        for prompt, *completions in batch["spans"]:
            head = torch.arange(start, start + prompt)
            start += prompt
            for length in completions:
                places.append(torch.cat((head, torch.arange(start, start + length))))
                prompts.append(prompt)
                start += length
        index = torch.nn.utils.rnn.pad_sequence(places, batch_first=True).to(packed.device)
        self.prompts = torch.tensor(prompts, device=packed.device)
        self.inputs = torch.tensor([len(p) for p in places], device=packed.device)
        columns = torch.arange(index.shape[1], device=packed.device)
        self.mask = (columns < self.inputs[:, None]).long()
        self.ids = packed[index]


def completion_logits(model: Any, batch: Batch) -> Tensor:
    """The logits that predict each completion's tokens, [M, vocabulary], in the batch's order."""
    network, padded = base_model(model), PaddedRows(batch)
    lengths = batch["lengths"]
    first = int(padded.prompts.min()) - 1
    positions = torch.arange(first, padded.ids.shape[1], device=padded.ids.device)
    some = {"logits_to_keep": positions} if "logits_to_keep" in forward_arguments(network) else {}
    # No position ids: a model that counts from the left is right, whatever it calls them.
    output = network(input_ids=padded.ids, attention_mask=padded.mask, use_cache=False, **some)
    ahead = positions - (padded.prompts[:, None] - 1)
    chosen = (ahead >= 0) & (ahead < lengths[:, None])
    logits: Tensor = output.logits
    return logits[:, -len(positions) :][chosen]


def ending_states(model: Any, batch: Batch) -> Tensor:
    """The last hidden state of each row's last token, [S, width]."""
    padded = PaddedRows(batch)
    out = base_model(model).base_model(
        input_ids=padded.ids, attention_mask=padded.mask, use_cache=False
    )
    states: Tensor = out.last_hidden_state
    return states[torch.arange(len(padded.ids)), padded.inputs - 1]
