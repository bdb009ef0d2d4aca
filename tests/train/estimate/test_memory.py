"""What a training will take, before any weight is loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import lose_a_weight, write_adapter, write_llama

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
bitsandbytes = pytest.importorskip("bitsandbytes")

from judgekit.train.data.encoding import TokenCounts  # noqa: E402
from judgekit.train.data.examples import Example  # noqa: E402
from judgekit.train.data.packing import pack  # noqa: E402
from judgekit.train.estimate.memory import ResourceEstimate, estimate, free_bytes  # noqa: E402
from judgekit.train.network.lora import load_trainable  # noqa: E402
from judgekit.train.network.policy import Policy  # noqa: E402
from judgekit.train.objectives.registry import task_of  # noqa: E402
from judgekit.train.recipes.language_model import DPO, SFT, LanguageModelRecipe, Reward  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

EXAMPLES = [
    Example(tuple(range(5, 45)), (tuple(range(50, 62)), tuple(range(70, 92)))),
    Example(tuple(range(9, 49)), (tuple(range(60, 82)), tuple(range(90, 102)))),
]
TOKENS = TokenCounts.of(EXAMPLES)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama"), hidden=128, intermediate=320, layers=3)


@pytest.fixture(scope="module")
def adapter(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(llama, tmp_path_factory.mktemp("adapter"))


def told(recipe: LanguageModelRecipe, tokens: TokenCounts = TOKENS) -> ResourceEstimate:
    source = task_of(recipe).find_model()
    return estimate(source.checkpoint, recipe, source.use, tokens)


def frozen_bytes(model: Any) -> int:
    """What a loaded model holds but does not train: weights, scales and their tables, buffers."""
    total = sum(buffer.nbytes for buffer in model.buffers())
    for weight in model.parameters():
        if weight.requires_grad:
            continue
        total += weight.nbytes
        state = getattr(weight, "quant_state", None)
        if state is not None:
            total += state.absmax.nbytes + state.code.nbytes
        if state is not None and state.nested:
            total += state.state2.absmax.nbytes + state.state2.code.nbytes + state.offset.nbytes
    return int(total)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"double_quant": False, "dtype": "bfloat16"},
        {"quant": "fp4", "lora_targets": ("q_proj", "lm_head")},
        {"quant": "none"},
        {"quant": "none", "dtype": "float16", "lora_r": 3},
    ],
)
def test_weights_and_adapter_to_the_byte(llama: Path, changes: dict[str, Any]) -> None:
    recipe = DPO(model=str(llama), **changes)
    model = load_trainable(recipe).model
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    found = told(recipe)
    assert found.weights == frozen_bytes(model)
    assert found.adapter == 2 * sum(weight.nbytes for weight in learnt)
    assert found.trainable == sum(weight.numel() for weight in learnt)
    whole = load_trainable(DPO(model=str(llama), quant="none", lora=False)).model
    untied = found.parameters - sum(weight.numel() for weight in whole.parameters())
    assert untied == 0


def test_a_head_that_is_untied_counts(llama: Path, tmp_path: Path) -> None:
    tied = shutil.copytree(llama, tmp_path / "tied")
    config = tied / "config.json"
    settings = json.loads(config.read_text())
    config.write_text(json.dumps(settings | {"tie_word_embeddings": True}))
    plain = told(DPO(model=str(tied)))
    untied = told(DPO(model=str(tied), lora_targets=("all-linear", "lm_head")))
    assert untied.weights - plain.weights == settings["vocab_size"] * 128 * 4


def test_what_training_goes_on_from_stays_beside(llama: Path, adapter: Path) -> None:
    recipe = DPO(model=str(llama), adapter=str(adapter))
    model = load_trainable(recipe).model
    found = told(recipe)
    trained = sum(weight.nbytes for weight in model.parameters() if weight.requires_grad)
    assert found.adapter == 3 * trained
    assert found.weights + trained == frozen_bytes(model)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("adamw", torch.optim.AdamW), ("adamw_8bit", bitsandbytes.optim.AdamW8bit)],
)
def test_the_optimizers_state_to_the_byte(llama: Path, name: Any, kind: Any) -> None:
    recipe = DPO(model=str(llama), optimizer=name, lora_r=32)
    model = load_trainable(recipe).model
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = kind(learnt)
    for weight in learnt:
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    held = {
        tensor.untyped_storage().data_ptr(): tensor.nbytes
        for state in optimizer.state.values()
        for key, tensor in state.items()
        if isinstance(tensor, torch.Tensor) and key != "step"
    }
    assert told(recipe).optimizer == sum(held.values())


@pytest.mark.parametrize("path", ["shared", "padded"])
@pytest.mark.parametrize("changes", [{}, {"quant": "none"}, {"checkpoint_activations": True}])
def test_activations_are_what_autograd_keeps(
    llama: Path, path: Any, changes: dict[str, Any]
) -> None:
    """To 10 % without checkpointing; masks, positions and the head's own are not in it. With it
    only a bound: what is kept between layers, and one layer's."""
    recipe = DPO(model=str(llama), path=path, **changes)
    model = load_trainable(recipe).model
    policy = Policy(model, path=path).train()
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept: dict[int, Any] = {}

    def note(tensor: Any) -> Any:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        values = policy(**pack(EXAMPLES))
    measured = sum(t.untyped_storage().nbytes() for at, t in kept.items() if at not in weights)
    assert values.requires_grad
    largest = 0 if recipe.quant == "none" else 128 * 320 * 4
    found = told(recipe).activations - largest
    if recipe.checkpoint_activations:
        assert measured * 0.5 < found < told(DPO(model=str(llama), path=path)).activations
    else:
        assert found == pytest.approx(measured, rel=0.1)


def test_no_weight_is_read(llama: Path, tmp_path: Path) -> None:
    part = lose_a_weight(shutil.copytree(llama, tmp_path / "part"))
    assert told(DPO(model=str(part))).weights == told(DPO(model=str(llama))).weights


@pytest.mark.parametrize(
    "recipe",
    [
        {"lora": False, "quant": "none", "dtype": "bfloat16"},
        {"quant": "none", "path": "padded"},
        {"checkpoint_activations": True},
    ],
)
@pytest.mark.parametrize("kind", [DPO, SFT, Reward])
def test_every_kind_of_training(llama: Path, kind: Any, recipe: dict[str, Any]) -> None:
    found = told(kind(model=str(llama), **recipe))
    sizes = (found.weights, found.adapter, found.optimizer, found.activations, found.trainable)
    assert all(size > 0 for size in sizes)
    assert found.seconds is not None
    assert 0 < found.seconds < 60
    assert found.device == "cpu"
    row = json.loads(json.dumps(found.as_dict()))
    assert row["total"] == found.total == sum(sizes[:4]) + found.logits
    assert row["fits"] is True
    assert row["advice"] == ""


def test_more_to_do_takes_longer(llama: Path) -> None:
    recipe = DPO(model=str(llama), steps=2)
    few, many = told(recipe).seconds, told(DPO(model=str(llama), steps=2000)).seconds
    assert few is not None
    assert many is not None
    assert many > 20 * few


def test_what_does_not_fit_says_what_to_lower(llama: Path) -> None:
    huge = TokenCounts(2, 10**9, 10**9, 10**9, 10**9)
    found = told(DPO(model=str(llama)), huge)
    assert found.free == pytest.approx(free_bytes(torch.device("cpu")), rel=0.2)
    assert not found.fits
    assert "--batch-size 1 --accumulate 16" in found.advice
    assert free_bytes(torch.device("meta")) is None


def test_a_model_saved_in_4_bits(llama: Path, tmp_path: Path) -> None:
    import transformers

    small = shutil.copytree(llama, tmp_path / "small")
    held = transformers.BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_use_double_quant=False)
    transformers.AutoModelForCausalLM.from_pretrained(
        llama, quantization_config=held
    ).save_pretrained(small)
    recipe = DPO(model=str(small))
    assert told(recipe).weights == frozen_bytes(load_trainable(recipe).model)
