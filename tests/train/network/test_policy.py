"""The policy against plain passes of each answer by itself, on every family and path."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from checkpoints_families import FAMILIES, family
from one_by_one import EXAMPLES, answers, gradients, relative

from judgekit.errors import InputError, TrainingError
from judgekit.models.four_bit import bitsandbytes_config, guard_4bit
from judgekit.train.data.packing import pack
from judgekit.train.network.lora import checkpoint_activations
from judgekit.train.network.policy import Policy, choose_path

pytestmark = pytest.mark.usefixtures("one_thread")

PADDED = {
    "gemma2": "caps its attention scores",
    "granite": "scales its logits",
    "gpt-oss": "has attention sinks",
    "bloom": "has its own attention",
}
BATCH = pack(EXAMPLES)


def adapted(model: Any, **settings: Any) -> Any:
    """The model with a LoRA adapter of random weights, so that it does not agree with its base."""
    import peft

    given = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", **settings}
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft's own use of transformers
        torch.manual_seed(2)
        model = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **given))
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.1)
    return model


def test_every_family_is_tried() -> None:
    assert PADDED.keys() < FAMILIES.keys()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family(name: str) -> None:
    """The path it takes, the log-probabilities there, and the gradient of every weight."""
    model = family(name)
    path, why = choose_path(model, "auto", 64)
    assert (path, PADDED.get(name, "once") in why) == (
        ("padded" if name in PADDED else "shared"),
        True,
    )
    expected = answers(model)
    wanted = gradients(model, expected)
    policy = Policy(model, path=path, chunk=5)
    found = policy(**BATCH)
    assert torch.allclose(found, expected, atol=1e-4)
    assert relative(gradients(model, found), wanted) < 1e-4


@pytest.mark.parametrize("name", ["llama", "mistral-window", "gpt2"])
def test_both_paths_agree(name: str) -> None:
    own = {"target_modules": ["c_attn"], "fan_in_fan_out": True} if name == "gpt2" else {}
    model = adapted(family(name), **own)
    padded = Policy(model, path="padded")(**BATCH)
    wanted = gradients(model, padded)
    shared = Policy(model, path="shared")(**BATCH)
    assert torch.allclose(shared, padded, atol=1e-4)
    assert relative(gradients(model, shared), wanted) < 1e-4


@pytest.mark.parametrize("examples", [EXAMPLES[::-1], EXAMPLES[:1], EXAMPLES[3:]])
@pytest.mark.parametrize("path", ["shared", "padded"])
def test_an_answer_depends_on_no_other(path: Any, examples: Any) -> None:
    """However it was packed."""
    model = family("llama")
    found = Policy(model, path=path)(**pack(examples))
    assert torch.allclose(found, answers(model, examples), atol=1e-5)


@pytest.mark.parametrize("path", ["shared", "padded"])
def test_bfloat16(path: Any) -> None:
    model = family("llama").to(torch.bfloat16)
    assert choose_path(model, "auto", 64)[0] == "shared"
    expected = answers(model)
    wanted = gradients(model, expected)
    found = Policy(model, path=path)(**BATCH)
    assert found.dtype == torch.float32
    lengths = BATCH["lengths"]
    assert float(((found - expected) / lengths).detach().abs().max()) < 0.1
    assert relative(gradients(model, found), wanted) < 0.05


@pytest.mark.parametrize("targets", ["all-linear", ["q_proj", "lm_head"]])
@pytest.mark.parametrize("path", ["shared", "padded"])
def test_activation_checkpointing(path: Any, targets: Any) -> None:
    """The backward pass attends again, after another forward pass with other spans."""
    model = adapted(family("llama"), target_modules=targets)
    policy = Policy(model, path=path, chunk=3).train()
    wanted = gradients(model, policy(**BATCH))
    checkpoint_activations(model)
    found = policy(**BATCH)
    with torch.no_grad():
        policy(**pack(EXAMPLES[:1]))
    assert relative(gradients(model, found), wanted) < 1e-5


@pytest.mark.parametrize("tied", [False, True])
def test_a_head_with_an_adapter(*, tied: bool) -> None:
    base = family("llama", tie_word_embeddings=tied)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # peft: merging would change embeddings
        model = adapted(base, target_modules=["lm_head", "v_proj"])
    expected = answers(model)
    wanted = gradients(model, expected)
    assert any("lm_head" in name for name in wanted)
    found = Policy(model, path="shared", chunk=3)(**BATCH)
    assert torch.allclose(found, expected, atol=1e-4)
    assert relative(gradients(model, found), wanted) < 1e-4


@pytest.mark.parametrize("targets", ["all-linear", ["q_proj", "lm_head"]])
@pytest.mark.parametrize("path", ["shared", "padded"])
def test_the_reference_is_the_model_without_its_adapter(path: Any, targets: Any) -> None:
    base = family("llama")
    expected = answers(base).detach()
    model = adapted(base, target_modules=targets, lora_dropout=0.5)
    policy = Policy(model, path=path).train()
    found = policy.reference(BATCH)
    assert torch.allclose(found, expected, atol=1e-4)
    assert not found.requires_grad
    assert policy.training
    assert all(module.training for module in model.modules())
    assert all(w.requires_grad for n, w in model.named_parameters() if "lora_" in n)
    assert not torch.allclose(policy.eval()(**BATCH), expected, atol=0.1)


@pytest.mark.parametrize("targets", ["all-linear", ["q_proj", "lm_head"]])
@pytest.mark.parametrize("path", ["shared", "padded"])
def test_the_divergence_is_exact(path: Any, targets: Any) -> None:
    """Against the whole distributions of plain passes with the adapter and without."""
    model = adapted(family("llama"), target_modules=targets)
    expected = []
    for example in EXAMPLES:
        for completion in example.completions:
            row = torch.tensor([[*example.prompt, *completion]])
            with torch.no_grad():
                p = model(row).logits.log_softmax(-1)
                with model.disable_adapter():
                    q = model(row).logits.log_softmax(-1)
            at = slice(len(example.prompt) - 1, -1)
            expected.append((p.exp() * (p - q)).sum(-1)[0, at].sum())
    policy = Policy(model, path=path, chunk=4)
    assert torch.allclose(policy.divergence(BATCH), torch.stack(expected), atol=1e-4)


def test_a_whole_model_has_no_adapter_to_leave_out() -> None:
    policy = Policy(family("llama"), path="shared").train()
    for ask in (policy.reference, policy.divergence):
        with pytest.raises(TrainingError, match="before the first step"):
            ask(BATCH)
    assert policy.training


def test_the_model_generates_as_before() -> None:
    """With padding on the left, too; the attention of training stays out of the way."""
    model = family("mistral-window")
    prompts = {
        "input_ids": torch.tensor([[1, 2, 3, 4, 5, 6], [0, 0, 0, 7, 8, 9]]),
        "attention_mask": torch.tensor([[1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1]]),
    }
    settings = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
    expected = model.generate(**prompts, **settings)
    assert choose_path(model, "auto", 64)[0] == "shared"
    assert model.config._attn_implementation == "sdpa"
    policy = Policy(model, path="shared")
    policy(**BATCH).sum().backward()
    assert torch.equal(model.generate(**prompts, **settings), expected)
    assert "attn_implementation" not in model.config.to_json_string()


@pytest.mark.parametrize("name", ["mistral-window", "qwen2-window", "gemma3", "phi3-window"])
def test_a_window_that_no_sequence_reaches_does_not_matter(name: str) -> None:
    model = family(name, sliding_window=200)
    assert choose_path(model, "auto", 128)[0] == "shared"
    found = Policy(model, path="shared")(**BATCH)
    assert torch.allclose(found, answers(model), atol=1e-4)


def test_a_window_that_layers_keep_to_themselves() -> None:
    """The few tokens of the trial cannot show it: that the attention is not told does."""
    model = family("llama")
    model.config.sliding_window = 32
    assert choose_path(model, "auto", 32)[0] == "shared"
    path, why = choose_path(model, "auto", 33)
    assert (path, "window of 32 tokens" in why) == ("padded", True)


def test_a_model_that_ignores_positions_falls_back() -> None:
    """Nothing in its config says so; what it says in a packed row does."""
    model = family("llama")
    turn = model.model.rotary_emb

    class Counting(torch.nn.Module):
        def forward(self, x: torch.Tensor, position_ids: torch.Tensor) -> Any:
            return turn(x, torch.arange(x.shape[1])[None].expand(x.shape[0], -1))

    model.model.rotary_emb = Counting()
    path, why = choose_path(model, "auto", 64)
    assert (path, "something else in a packed row" in why) == ("padded", True)
    assert torch.allclose(Policy(model, path=path)(**BATCH), answers(model), atol=1e-4)


def test_the_path_that_was_asked_for() -> None:
    model = family("llama")
    assert choose_path(model, "padded", 64) == ("padded", "padded rows, as requested")
    assert choose_path(model, "shared", 64)[0] == "shared"
    with pytest.raises(InputError, match=r"Gemma2ForCausalLM caps.*; use the path auto or padded"):
        choose_path(family("gemma2"), "shared", 64)


def test_an_encoder_decoder_is_refused() -> None:
    import transformers

    config = transformers.T5Config(
        vocab_size=97, d_model=16, d_ff=16, num_layers=1, num_heads=2, d_kv=8
    )
    with pytest.raises(InputError, match="T5ForConditionalGeneration: it is an encoder-decoder"):
        choose_path(transformers.T5ForConditionalGeneration(config), "auto", 64)


def test_attention_dropout_takes_part_in_training() -> None:
    model = family("llama", attention_dropout=0.0)
    for layer in model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    policy = Policy(model, path=choose_path(model, "auto", 64)[0])
    assert policy.path == "shared"
    assert torch.allclose(policy(**BATCH), answers(model), atol=1e-4)
    policy.train()
    assert not torch.allclose(policy(**BATCH), policy(**BATCH), atol=1e-2)


@pytest.fixture(scope="module")
def in_nf4(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A Llama held in 4 bits, as `judgekit.models` holds one, with an adapter in float32."""
    import transformers

    folder = tmp_path_factory.mktemp("nf4")
    family("llama").save_pretrained(folder)
    auto: Any = transformers.AutoModelForCausalLM
    config = transformers.AutoConfig.from_pretrained(folder)
    model = auto.from_pretrained(
        folder, quantization_config=bitsandbytes_config(config, torch.float32)
    )
    guard_4bit(model)
    return adapted(model, target_modules=["q_proj", "v_proj", "down_proj", "lm_head"])


@pytest.mark.parametrize("path", ["shared", "padded"])
def test_four_bits_survive_an_eval_pass(in_nf4: Any, path: Any) -> None:
    """On CPUs with AVX512_BF16 bitsandbytes would repack the weights in the first one, for good."""
    policy = Policy(in_nf4, path=path, chunk=4).train()
    before = policy(**BATCH)
    wanted = gradients(in_nf4, before)
    assert choose_path(in_nf4, "auto", 64)[0] == "shared"
    reference = policy.reference(BATCH)
    divergence = policy.divergence(BATCH)
    after = policy(**BATCH)
    assert torch.equal(after, before)
    assert relative(gradients(in_nf4, after), wanted) < 1e-6
    assert bool((divergence > 0).all())
    assert not torch.allclose(reference, before, atol=0.1)


def test_four_bits_share_prompts_exactly(in_nf4: Any) -> None:
    expected = answers(in_nf4)
    wanted = gradients(in_nf4, expected)
    found = Policy(in_nf4, path="shared", chunk=4)(**BATCH)
    assert torch.allclose(found, expected, atol=1e-3)
    assert relative(gradients(in_nf4, found), wanted) < 1e-3
