"""Tiny models of random weights in the architectures that people train; always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from checkpoints_llama import write_tokenizer

__all__ = ["FAMILIES", "family", "write_family"]

WINDOW = 4  # tokens; shorter than any of the tests' sequences
# A family by its name: what transformers calls it, and what it is given beside SIZES.
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {}),
    "mistral": ("mistral", {"sliding_window": None}),
    "mistral-window": ("mistral", {"sliding_window": WINDOW}),
    "qwen2": ("qwen2", {"tie_word_embeddings": True}),
    "qwen2-window": (
        "qwen2",
        {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1},
    ),
    "qwen3": ("qwen3", {"head_dim": 16}),
    "gemma2": ("gemma2", {"head_dim": 16, "query_pre_attn_scalar": 16}),
    "gemma3": (
        "gemma3_text",
        {
            "head_dim": 16,
            "query_pre_attn_scalar": 16,
            "sliding_window": WINDOW,
            "layer_types": ["sliding_attention", "full_attention"],
        },
    ),
    "phi": ("phi", {"partial_rotary_factor": 0.5}),
    "phi3": ("phi3", {"sliding_window": None, "tie_word_embeddings": False}),
    "phi3-window": ("phi3", {"sliding_window": WINDOW}),
    "gpt2": ("gpt2", {"n_inner": 128}),
    "granite": ("granite", {"logits_scaling": 4.0}),
    "gpt-oss": ("gpt_oss", {"head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "bloom": ("bloom", {}),
}
SIZES = {
    "vocab_size": 97,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": None,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def family(name: str, *, seed: int = 0, score: bool = False, **settings: Any) -> Any:
    """A model of the family, in eval mode; with `score` a classifier of one output.

    Its weights are spread wide, so that every token that is seen shows. `settings` go to its
    config over the family's own. Nothing is dropped out.
    """
    import torch
    import transformers

    called, own = FAMILIES[name]
    config = transformers.AutoConfig.for_model(called, **{**SIZES, **own, **settings})
    for given in vars(config):
        if given.endswith(("_pdrop", "_dropout")):
            setattr(config, given, 0.0)
    auto: Any = transformers.AutoModelForCausalLM
    if score:
        config.num_labels = 1
        auto = transformers.AutoModelForSequenceClassification
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = auto.from_config(config)
        with torch.no_grad():
            for weight in model.parameters():
                # Matrices alone: a norm's scale of nearly nothing would hide what is before it.
                weight.normal_(std=0.2) if weight.ndim > 1 else weight.add_(
                    torch.randn_like(weight) * 0.05
                )
    model.tie_weights()
    return model.eval()


def write_family(folder: Path, name: str, *, score: bool = False) -> Path:
    """A family's model with a chat tokenizer, as a checkpoint in `folder`."""
    model = family(name, score=score, vocab_size=write_tokenizer(folder))
    model.save_pretrained(folder)
    return folder
