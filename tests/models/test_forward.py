"""Arguments of a forward pass, by what its signature names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from judgekit.models.forward import cache_argument, forward_arguments  # noqa: E402


def newer(input_ids: Any, cache: Any = None, **more: Any) -> None: ...


def older(input_ids: Any, past_key_values: Any = None, use_cache: bool = False) -> None: ...


def both(input_ids: Any, past_key_values: Any = None, cache: Any = None) -> None: ...


def neither(input_ids: Any, **more: Any) -> None: ...


@pytest.mark.parametrize(
    ("forward", "name"),
    [(newer, "cache"), (older, "past_key_values"), (both, "cache"), (neither, None)],
)
def test_the_signature_names_the_cache(forward: Any, name: str | None) -> None:
    model = SimpleNamespace(forward=forward)
    assert cache_argument(model) == name
    assert cache_argument(SimpleNamespace(get_base_model=lambda: model)) == name


def test_the_installed_release_is_understood() -> None:
    sizes = {"vocab_size": 8, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    config = transformers.LlamaConfig(**sizes, num_attention_heads=2)
    model = transformers.LlamaForCausalLM(config)
    name = cache_argument(model)
    assert name is not None
    assert {"input_ids", "position_ids", name} <= forward_arguments(model)
    empty = transformers.OpenAIGPTConfig(vocab_size=8, n_embd=8, n_layer=1, n_head=2)
    assert cache_argument(transformers.OpenAIGPTLMHeadModel(empty)) is None
