"""From a recipe to a model that is ready to train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import lose_a_weight, write_adapter, write_llama
from checkpoints_reward import write_reward
from fresh import python
from places import ROOT

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("bitsandbytes")

from judgekit.errors import EngineError, InputError  # noqa: E402
from judgekit.models.four_bit import quantised_layers  # noqa: E402
from judgekit.models.loading import quiet_libraries  # noqa: E402
from judgekit.train.network.choose_path import choose_path  # noqa: E402
from judgekit.train.network.lora import TrainableModel, check_model, load_trainable  # noqa: E402
from judgekit.train.network.saving import save_trained  # noqa: E402
from judgekit.train.recipes.language_model import DPO, SFT, Reward  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

IDS = torch.tensor([[5, 60, 70, 8, 90, 33, 41, 7]])


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def tied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose head is its embeddings."""
    return write_tied(tmp_path_factory.mktemp("tied"))


@pytest.fixture(scope="module")
def adapter(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(llama, tmp_path_factory.mktemp("adapter"))


def write_tied(folder: Path) -> Path:
    import transformers

    model = transformers.LlamaForCausalLM.from_pretrained(write_llama(folder))
    model.config.tie_word_embeddings = True
    model.tie_weights()
    model.save_pretrained(folder)
    return folder


def logits(model: Any) -> Any:
    with torch.no_grad():
        return model(input_ids=IDS, use_cache=False).logits.float()


def gradients(model: Any) -> dict[str, Any]:
    model.zero_grad()
    model(input_ids=IDS, use_cache=False).logits.float().logsumexp(-1).sum().backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}


def learnt(model: Any) -> list[str]:
    return [name for name, weight in model.named_parameters() if weight.requires_grad]


def spread(model: Any, scale: float = 0.05) -> None:
    """An adapter that does something: it starts as zero."""
    draw = torch.Generator().manual_seed(3)
    for name, weight in model.named_parameters():
        if "lora_B" in name and weight.requires_grad:
            weight.data.copy_(torch.randn(weight.shape, generator=draw) * scale)


@pytest.mark.parametrize(
    ("changes", "kind", "nested", "dtype"),
    [
        ({}, "nf4", True, torch.float32),
        ({"double_quant": False, "dtype": "bfloat16"}, "nf4", False, torch.bfloat16),
        ({"quant": "fp4", "double_quant": False}, "fp4", False, torch.float32),
        ({"quant": "none", "dtype": "bfloat16"}, None, None, torch.bfloat16),
        ({"quant": "none"}, None, None, torch.float32),
    ],
)
def test_how_the_weights_are_held(
    llama: Path, changes: dict[str, Any], kind: str | None, nested: bool | None, dtype: Any
) -> None:
    made = load_trainable(DPO(model=str(llama), **changes))
    layers = quantised_layers(made.model.get_base_model())
    states = [layer.weight.quant_state for layer in layers.values()]
    assert {(s.quant_type, s.nested, s.dtype) for s in states} == (
        {(kind, nested, dtype)} if kind else set()
    )
    assert not any(layer.support_avx512bf16_for_cpu for layer in layers.values())
    assert len(learnt(made.model)) == 2 * 7 * 2
    assert all("lora_" in name for name in learnt(made.model))
    assert {p.dtype for p in made.model.parameters() if p.requires_grad} == {torch.float32}
    assert made.model.training
    assert made.checkpoint.dtype == dtype
    assert made.tokenizer.decode([2]) == "<|im_end|>"


@pytest.mark.parametrize("quant", ["nf4", "fp4"])
def test_gradients_are_the_same_after_an_evaluation(llama: Path, quant: Any) -> None:
    """On CPUs with AVX512_BF16 bitsandbytes would repack the weights for good, without a word."""
    model = load_trainable(DPO(model=str(llama), quant=quant)).model
    spread(model)
    before = gradients(model)
    model.eval()
    logits(model)
    with model.disable_adapter():
        logits(model)
    model.train()
    after = gradients(model)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert all(gradient.abs().max() > 0 for gradient in after.values())


def test_every_weight_of_the_adapter_moves_at_a_low_learning_rate(llama: Path) -> None:
    """2e-5 is less than half a step of bfloat16 around most weights: there they would stay."""
    model = load_trainable(DPO(model=str(llama), dtype="bfloat16")).model
    spread(model)
    weights = [p for name, p in model.named_parameters() if "lora_A" in name and p.requires_grad]
    before = torch.cat([weight.detach().flatten() for weight in weights]).clone()
    gradients(model)
    torch.optim.AdamW(weights, lr=2e-5, weight_decay=0.0).step()
    after = torch.cat([weight.detach().flatten() for weight in weights])
    assert (after != before).float().mean() > 0.999
    assert (after.bfloat16() == before.bfloat16()).float().mean() > 0.8


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (
            ("all-linear",),
            ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"],
        ),
        (("v_proj", "q_proj"), ["q_proj", "v_proj"]),
        (("layers.1.mlp.up_proj", "lm_head"), ["layers.1.mlp.up_proj", "lm_head"]),
        (
            ("all-linear", "lm_head"),
            [
                "down_proj",
                "gate_proj",
                "k_proj",
                "lm_head",
                "o_proj",
                "q_proj",
                "up_proj",
                "v_proj",
            ],
        ),
    ],
)
def test_targets(llama: Path, asked: tuple[str, ...], found: list[str]) -> None:
    model = load_trainable(DPO(model=str(llama), lora_targets=asked)).model
    assert sorted(model.peft_config["default"].target_modules) == found
    assert any("lm_head" in name for name in learnt(model)) == ("lm_head" in asked)


@pytest.mark.parametrize("changes", [{}, {"quant": "none"}, {"dtype": "bfloat16"}])
def test_a_tied_head_is_untied_before_it_gets_an_adapter(tied: Path, changes: Any) -> None:
    plain = load_trainable(DPO(model=str(tied), **changes)).model.get_base_model()
    assert plain.lm_head.weight is plain.model.embed_tokens.weight
    model = load_trainable(DPO(model=str(tied), lora_targets=("lm_head",), **changes)).model
    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    assert head.weight.data_ptr() != embeddings.weight.data_ptr()
    assert torch.equal(head.weight, embeddings.weight)
    assert not model.config.tie_word_embeddings
    assert type(head.base_layer) is torch.nn.Linear
    gradients(model)
    assert torch.equal(logits(model), logits(plain.train()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lora_targets": ("q_prj",)}, "no linear module 'q_prj'; did you mean 'q_proj'"),
        ({"lora_targets": ("embed_tokens",)}, "no linear module 'embed_tokens'"),
        ({"lora_targets": ()}, "names no module; leave it out for all-linear"),
        ({"lora": False}, r"4 bits \('nf4'\) cannot be trained without an adapter: add --quant"),
        ({"lora_r": 0}, "lora_r must be at least 1, not 0"),
        ({"lora_alpha": -1.0}, "lora_alpha must be more than 0"),
        ({"lora_dropout": 1.0}, "lora_dropout must be from 0 to less than 1, not 1.0"),
        ({"model": "{tmp}/absent"}, "no model .*: no such folder"),
        ({"adapter": "{llama}"}, "is no adapter"),
        ({"device": "cpux"}, "cannot use the device 'cpux'"),
    ],
)
def test_what_cannot_be_is_refused_before_weights_are_read(
    llama: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    told = {
        name: value.format(tmp=tmp_path, llama=llama) if isinstance(value, str) else value
        for name, value in ({"model": str(llama)} | changes).items()
    }
    with pytest.raises(InputError, match=message) as raised:
        check_model(DPO(**told))
    assert "\n" not in str(raised.value)


def test_without_peft_the_extra_is_named(llama: Path, tmp_path: Path) -> None:
    said = python(
        "-c",
        "import sys; sys.modules['peft'] = None\n"
        "from judgekit.errors import InputError\n"
        "from judgekit.train.network.lora import check_model\n"
        "from judgekit.train.recipes.language_model import DPO\n"
        f"try: check_model(DPO(model={str(llama)!r}))\n"
        "except InputError as error: print(error)",
        cwd=tmp_path,
    )
    assert said == f"training needs peft; run pip install -e '.[train]' in {ROOT}\n"


def test_a_check_reads_no_weights(llama: Path, tmp_path: Path) -> None:
    import shutil

    part = lose_a_weight(shutil.copytree(llama, tmp_path / "part"))
    assert check_model(DPO(model=str(part))).name == str(part)
    with pytest.raises(EngineError, match="lacks 1 of its weights"):
        load_trainable(DPO(model=str(part)))


def test_the_same_recipe_starts_the_same(llama: Path) -> None:
    torch.manual_seed(11)
    state = torch.random.get_rng_state()

    def start(seed: int) -> Any:
        model = load_trainable(DPO(model=str(llama), seed=seed)).model
        return torch.cat([p.flatten() for p in model.parameters() if p.requires_grad])

    first = start(1)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(12)
    assert torch.equal(start(1), first)
    assert not torch.equal(start(2), first)


def test_a_model_trained_whole_is_held_in_float32(llama: Path, adapter: Path) -> None:
    recipe = DPO(model=str(llama), quant="none", lora=False, dtype="bfloat16")
    made = load_trainable(recipe)
    assert {(p.dtype, p.requires_grad) for p in made.model.parameters()} == {(torch.float32, True)}
    assert made.checkpoint.dtype == torch.bfloat16
    merged = load_trainable(
        DPO(model=str(llama), adapter=str(adapter), quant="none", lora=False)
    ).model
    assert not hasattr(merged, "peft_config")
    assert all(p.requires_grad for p in merged.parameters())
    going_on = load_trainable(DPO(model=str(llama), adapter=str(adapter), quant="none")).model
    torch.testing.assert_close(logits(merged), logits(going_on), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("quant", ["nf4", "none"])
def test_going_on_from_an_adapter(llama: Path, adapter: Path, quant: Any) -> None:
    model = load_trainable(DPO(model=str(llama), adapter=str(adapter), quant=quant)).model
    plain = load_trainable(DPO(model=str(llama), quant=quant)).model
    names = learnt(model)
    assert len(names) == 2 * 2 * 2
    assert all(".default." in name for name in names)
    started = logits(model)
    assert (started - logits(plain)).abs().max() > 0.1
    spread(model)
    assert (logits(model) - started).abs().max() > 0.1
    with model.disable_adapter():
        assert torch.equal(logits(model), started)
    assert learnt(model) == names
    assert (logits(model) - started).abs().max() > 0.1
    assert all(gradient.abs().max() > 0 for gradient in gradients(model).values())


def test_an_adapter_of_another_kind_is_refused(llama: Path, adapter: Path, tmp_path: Path) -> None:
    import shutil

    other = shutil.copytree(adapter, tmp_path / "other")
    file = other / "adapter_config.json"
    file.write_text(file.read_text().replace('"LORA"', '"IA3"'))
    with pytest.raises(InputError, match="is an adapter of type 'IA3'; only LoRA is supported"):
        check_model(DPO(model=str(llama), adapter=str(other)))


@pytest.mark.parametrize(
    ("size", "quant", "message"),
    [
        ({"layers": 3}, "none", r"layers\.2\.\S+' is missing in the adapter and \[4, 64\] in the"),
        ({"layers": 3}, "nf4", r"layers\.2\.\S+' is missing in the adapter and \[4, 64\] in the"),
        ({"layers": 1}, "none", r"layers\.1\.\S+' is \[4, 64\] in the adapter and missing in the"),
        ({"hidden": 128}, "none", r"layers\.0\.\S+' is \[4, 64\] in the adapter and \[4, 128\] in"),
    ],
)
@pytest.mark.parametrize(("kind", "head"), [(DPO, "lm"), (Reward, "score")])
def test_an_adapter_of_another_model_is_refused(
    adapter: Path, tmp_path: Path, size: Any, quant: Any, message: str, kind: Any, head: Any
) -> None:
    """peft would train random weights in place of the missing ones."""
    other = write_llama(tmp_path / "other", **size)
    with pytest.raises(InputError, match=f"does not fit the model: .*{message}"):
        load_trainable(kind(model=str(other), adapter=str(adapter), quant=quant), head=head)


def test_a_reward_model_goes_on_from_an_adapter_of_the_language_models_head(
    llama: Path, tmp_path: Path
) -> None:
    """A classifier has no such head, and the adapter no score head."""
    recipe = DPO(model=str(llama), quant="none", lora_targets=("q_proj", "lm_head"))
    made = load_trainable(recipe)
    spread(made.model)
    save_trained(made, tmp_path / "tuned", {})
    going_on = Reward(model=str(llama), adapter=str(tmp_path / "tuned"), quant="none")
    model = load_trainable(going_on, head="score").model
    name = "base_model.model.model.layers.1.self_attn.q_proj.lora_B.default.weight"
    assert torch.equal(model.get_parameter(name), made.model.get_parameter(name))
    save_trained(load_trainable(going_on, head="score"), tmp_path / "reward", {})
    with pytest.raises(InputError, match=r"lm_head\S*' is missing in the adapter"):
        load_trainable(DPO(model=str(llama), adapter=str(tmp_path / "reward"), quant="none"))


@pytest.mark.parametrize("targets", [["lm_head"], ["q_proj", "embed_tokens"]])
def test_embeddings_that_peft_saved_beside_an_adapter_are_no_obstacle(
    llama: Path, tmp_path: Path, targets: list[str]
) -> None:
    import peft
    import transformers
    from safetensors.torch import load_file

    model = transformers.LlamaForCausalLM.from_pretrained(llama)
    with quiet_libraries():
        adapted = peft.get_peft_model(model, peft.LoraConfig(r=4, target_modules=targets))
        adapted.save_pretrained(tmp_path, save_embedding_layers=True)
    assert any("lora_" not in name for name in load_file(tmp_path / "adapter_model.safetensors"))
    made = load_trainable(DPO(model=str(llama), adapter=str(tmp_path), quant="none"))
    assert len(learnt(made.model)) == len([n for n in adapted.state_dict() if "lora_" in n])


def test_activations_that_are_computed_twice_give_the_same_gradients(llama: Path) -> None:
    plain = load_trainable(DPO(model=str(llama))).model
    again = load_trainable(DPO(model=str(llama), checkpoint_activations=True)).model
    for model in (plain, again):
        spread(model)
    expected, found = gradients(plain), gradients(again)
    assert again.get_base_model().model.layers[0].gradient_checkpointing
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient)


@pytest.mark.parametrize("quant", ["nf4", "none"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_language_model_gets_a_new_score_head(llama: Path, quant: Any, dtype: Any) -> None:
    recipe = Reward(model=str(llama), quant=quant, dtype=dtype)
    made = load_trainable(recipe, head="score")
    heads = [name for name in learnt(made.model) if "lora_" not in name]
    assert heads == ["base_model.model.score.modules_to_save.default.weight"]
    assert made.model.get_parameter(heads[0]).dtype == torch.float32
    assert type(made.model.score.modules_to_save["default"]) is torch.nn.Linear
    assert logits(made.model).shape == (1, 1)
    assert made.model.config.pad_token_id == made.tokenizer.pad_token_id == 0
    assert choose_path(made.model, "auto", 64)[0] == "shared"
    assert gradients(made.model)[heads[0]].abs().max() > 0
    assert set(load_trainable(recipe, head="score").model.state_dict()) == set(
        made.model.state_dict()
    )


def test_padding_is_no_token_that_answers_end_with(llama: Path, tmp_path: Path) -> None:
    """Whoever reads the saved model scores the last token that is no padding."""
    import shutil

    unwrapped = shutil.copytree(llama, tmp_path / "bare")
    file = unwrapped / "tokenizer_config.json"
    file.write_text(file.read_text().replace('"<|endoftext|>"', '"<|im_end|>"'))  # pad = eos
    made = load_trainable(Reward(model=str(unwrapped), quant="none"), head="score")
    assert made.tokenizer.eos_token_id == 2
    assert made.model.config.pad_token_id == made.tokenizer.pad_token_id == 0


def test_a_reward_model_is_trained_further(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    own = write_reward(tmp_path / "reward")
    made = load_trainable(Reward(model=str(own), quant="none"), head="score")
    held = load_file(own / "model.safetensors")["score.weight"]
    assert torch.equal(made.model.score.modules_to_save["default"].weight, held)
    several = write_reward(tmp_path / "several", outputs=3)
    with pytest.raises(InputError, match="has 3 outputs and a reward model has one"):
        check_model(Reward(model=str(several)), head="score")


def test_layers_that_4_bits_cannot_hold_stay_whole_and_get_an_adapter(tmp_path: Path) -> None:
    odd = write_llama(tmp_path / "odd", intermediate=96)
    model = load_trainable(DPO(model=str(odd))).model
    assert len(quantised_layers(model.get_base_model())) == 2 * 6
    assert len(learnt(model)) == 2 * 7 * 2
    assert all(gradient.isfinite().all() for gradient in gradients(model).values())


def test_weights_that_were_saved_in_4_bits_are_trained_as_they_are(
    llama: Path, tmp_path: Path
) -> None:
    import transformers

    held = transformers.BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="fp4")
    small = transformers.AutoModelForCausalLM.from_pretrained(llama, quantization_config=held)
    small.save_pretrained(tmp_path)
    write_llama(tmp_path / "tokenizer")
    for file in (tmp_path / "tokenizer").glob("tokenizer*"):
        file.rename(tmp_path / file.name)
    made = load_trainable(DPO(model=str(tmp_path)))
    layers = quantised_layers(made.model.get_base_model())
    assert {layer.weight.quant_state.quant_type for layer in layers.values()} == {"fp4"}
    assert len(gradients(made.model)) == 2 * 7 * 2
    with pytest.raises(InputError, match="is already in 4 bits; leave out --quant none"):
        check_model(DPO(model=str(tmp_path), quant="none"))
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"load_in_4bit": true', '"load_in_4bit": false'))
    with pytest.raises(InputError, match=r"already quantized \(bitsandbytes\); name the model it"):
        check_model(DPO(model=str(tmp_path)))


def test_an_encoder_decoder_is_refused(llama: Path, tmp_path: Path) -> None:
    import shutil

    import transformers

    shutil.copytree(llama, tmp_path / "t5")
    transformers.T5Config(d_model=64, num_layers=1, vocab_size=416).save_pretrained(tmp_path / "t5")
    with pytest.raises(InputError, match="is an encoder-decoder, not a causal language model"):
        check_model(DPO(model=str(tmp_path / "t5")))


def test_fingerprints_tell_references_apart(llama: Path, adapter: Path) -> None:
    def made(**changes: Any) -> TrainableModel:
        return load_trainable(DPO(model=str(llama), **changes))

    plain = made().fingerprint
    same = [{"lora_r": 4}, {"seed": 5}, {"checkpoint_activations": True}, {"loss": "ipo"}]
    assert {made(**changes).fingerprint for changes in same} == {plain}
    assert load_trainable(SFT(model=str(llama))).fingerprint == plain
    others = [
        {"quant": "fp4"},
        {"double_quant": False},
        {"quant": "none"},
        {"quant": "none", "lora": False},
        {"dtype": "bfloat16"},
        {"adapter": str(adapter)},
    ]
    assert len({plain, *(made(**changes).fingerprint for changes in others)}) == len(others) + 1
