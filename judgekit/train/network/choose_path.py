"""Chooses how a model encodes prompts: shared between answers, or in padded rows.

Known differences are read from the config. Unknown ones are measured: both paths run on a few
tokens, and where they disagree the padded one is right.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from judgekit.errors import InputError
from judgekit.models.forward import base_model
from judgekit.models.library_errors import one_line
from judgekit.train.data.examples import Example
from judgekit.train.data.packing import Batch, pack
from judgekit.train.network import padded
from judgekit.train.network.attention import (
    Spans,
    UnsupportedModel,
    hidden_states,
    temporarily_attached,
)
from judgekit.train.network.scorer import scored, scores
from judgekit.train.network.token_logprobs import log_probs

__all__ = ["PromptPath", "choose_path"]

PromptPath = Literal["shared", "padded"]

# How much the paths may differ in a token's log-probability or in a score. Rounding gives 1e-5
# in float32; in bfloat16 one logit of 16 to 32 is rounded by up to 0.06.
TOLERANCES = {torch.float16: 0.03, torch.bfloat16: 0.2}
TOLERANCE = 1e-3
TRIAL_LENGTHS = ((5, (4, 6)), (1, (1, 3)))  # tokens of a prompt, of its completions

# Settings of a config, and what they do (unless None or 1) that the shared path does not.
SETTINGS = {
    "attn_logit_softcapping": "caps its attention scores",
    "final_logit_softcapping": "caps its logits",
    "logits_scaling": "scales its logits",
    "logit_scale": "scales its logits",
}
ATTENTIONS = {"full_attention", "sliding_attention", "chunked_attention"}

# What a network that was not made for packed rows may raise.
MISFITS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


def choose_path(
    model: Any, path: Literal["auto", "shared", "padded"], max_length: int
) -> tuple[PromptPath, str]:
    """Chooses the path of a language model or a classifier with one output.

    Args:
        model: The model, perhaps within peft's wrapper. It is in eval mode meanwhile.
        path: The recipe's `path`.
        max_length: Tokens of a prompt with one answer; decides whether a sliding window matters.

    Returns:
        The path, and the reason for it in words.

    Raises:
        InputError: An encoder-decoder, or ``shared`` was asked for and is not possible.
    """
    if base_model(model).config.is_encoder_decoder:
        raise InputError(
            f"cannot train {class_name(model)}: it is an encoder-decoder; choose a decoder-only "
            f"model"
        )
    if path == "padded":
        return "padded", "padded rows, as requested"
    try:
        check_config(model, max_length)
        compare_paths(model, max_length)
    except UnsupportedModel as misfit:
        why = f"{class_name(model)} {misfit}"
        if path == "shared":
            raise InputError(f"cannot share prompts: {why}; use the path auto or padded") from None
        return "padded", f"padded rows: {why}"
    return "shared", "each prompt is encoded once for all its answers"


def check_config(model: Any, max_length: int) -> None:
    """Raises `UnsupportedModel` for settings that the shared path does not compute."""
    config = base_model(model).config.get_text_config()
    for name, what in SETTINGS.items():
        if getattr(config, name, None) not in (None, 1):
            raise UnsupportedModel(f"{what} ({name})")
    odd = set(getattr(config, "layer_types", None) or ()) - ATTENTIONS
    if odd:
        raise UnsupportedModel(f"has layers other than attention ({', '.join(sorted(odd))})")
    chunk = getattr(config, "attention_chunk_size", None)
    if chunk is not None and chunk < max_length:
        raise UnsupportedModel(f"attends within chunks of {chunk} tokens (attention_chunk_size)")


def check_windows(network: Any, spans: Spans, max_length: int) -> None:
    """Raises `UnsupportedModel` where layers do not pass the config's window to the attention.

    The trial batch is too short for a window of thousands of tokens to change its numbers.
    """
    config = network.config.get_text_config()
    window = getattr(config, "sliding_window", None)
    if window is None or window >= max_length:
        return
    kinds = getattr(config, "layer_types", None) or ["sliding_attention"] * len(spans.windows)
    expected = [window if k == "sliding_attention" else None for k in kinds]
    if spans.windows != expected:
        raise UnsupportedModel(
            f"keeps its window of {window} tokens (sliding_window) from the attention"
        )


def compare_paths(model: Any, max_length: int) -> None:
    """Runs both paths on a few tokens.

    Raises `UnsupportedModel` where they differ or the shared one fails.
    """
    network = base_model(model)
    head = network.get_output_embeddings()
    if head is None and not hasattr(network, "score"):
        raise UnsupportedModel("has no head over each token")
    batch = trial_batch(network, ends=head is None)
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            expected = path_values(model, batch, "padded", max_length)
            try:
                with temporarily_attached(model):
                    values = path_values(model, batch, "shared", max_length)
            except torch.OutOfMemoryError:
                raise
            except MISFITS as error:
                raise UnsupportedModel(f"does not take a packed row ({one_line(error)})") from error
    finally:
        network.train(training)
    off = float((values - expected).abs().max())
    if not off <= tolerance(network):  # "not <=", so that NaN fails
        raise UnsupportedModel(f"computes something else in a packed row (off by {off:.2g})")


def tolerance(network: Any) -> float:
    """How much the paths may differ, by the coarsest dtype that the network computes in."""
    dtypes = {weight.dtype for weight in network.parameters()}
    dtypes |= {getattr(module, "compute_dtype", None) for module in network.modules()}  # 4 bits
    return max((TOLERANCES[dtype] for dtype in dtypes if dtype in TOLERANCES), default=TOLERANCE)


def path_values(model: Any, batch: Batch, path: PromptPath, max_length: int) -> Tensor:
    """Each token's log-probability, or each completion's score."""
    network = base_model(model)
    if path == "padded":
        if "ends" in batch:
            return scores(model, batch, path)
        return log_probs(
            torch.nn.Identity(), padded.completion_logits(model, batch), batch["targets"], 256
        )
    states, spans = hidden_states(model, batch)
    check_windows(network, spans, max_length)
    if "ends" in batch:
        return scored(network, states[batch["ends"]])
    return log_probs(
        network.get_output_embeddings(), states[batch["sources"]], batch["targets"], 256
    )


def trial_batch(network: Any, *, ends: bool) -> Batch:
    """A small batch of arbitrary tokens, on the network's device."""
    draw = torch.Generator().manual_seed(0)
    vocabulary = network.config.get_text_config().vocab_size

    def tokens(n: int) -> tuple[int, ...]:
        return tuple(torch.randint(vocabulary, (n,), generator=draw).tolist())

    examples = [Example(tokens(p), tuple(map(tokens, several))) for p, several in TRIAL_LENGTHS]
    batch = pack(examples, ends=ends)
    device = next(network.parameters()).device
    return {k: v.to(device) if isinstance(v, Tensor) else v for k, v in batch.items()}


def class_name(model: Any) -> str:
    """The class name of a model, for messages: ``LlamaForCausalLM``."""
    return type(base_model(model)).__name__
