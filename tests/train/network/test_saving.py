"""The folder of a tuned model, as others load it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import write_adapter, write_llama

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from judgekit.models.folders import folder_digest  # noqa: E402
from judgekit.models.loading import Weights, find_checkpoint, quiet_libraries  # noqa: E402
from judgekit.train.network.lora import TrainableModel, load_trainable  # noqa: E402
from judgekit.train.network.saving import save_trained  # noqa: E402
from judgekit.train.recipes.language_model import DPO, Reward  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

IDS = torch.tensor([[5, 60, 70, 8, 90, 33]])
PROJECTIONS = {
    f"base_model.model.model.layers.{layer}.{module}.lora_{side}.weight"
    for layer in (0, 1)
    for module in (
        *(f"self_attn.{name}_proj" for name in "qkvo"),
        *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
    )
    for side in "AB"
}
HEAD = {f"base_model.model.lm_head.lora_{side}.weight" for side in "AB"}
FILES = {
    *("adapter_config.json", "adapter_model.safetensors", "train.json"),
    *("chat_template.jinja", "tokenizer.json", "tokenizer_config.json"),
}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama"))


def trained(recipe: DPO | Reward, head: Any = "lm") -> TrainableModel:
    """As after a training: an adapter that does something."""
    made = load_trainable(recipe, head=head)
    draw = torch.Generator().manual_seed(3)
    for name, weight in made.model.named_parameters():
        if "lora_B" in name and weight.requires_grad:
            weight.data.copy_(torch.randn(weight.shape, generator=draw) * 0.05)
    made.model.eval()
    return made


def logits(model: Any) -> Any:
    with torch.no_grad():
        return model(input_ids=IDS).logits.float()


def keys(folder: Path) -> set[str]:
    from safetensors import safe_open

    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        return set(file.keys())


def config(folder: Path) -> Any:
    return json.loads((folder / "adapter_config.json").read_text())


@pytest.mark.parametrize(
    ("targets", "names"),
    [(("all-linear",), PROJECTIONS), (("all-linear", "lm_head"), PROJECTIONS | HEAD)],
)
def test_an_adapter_has_plain_names_and_nothing_else(
    llama: Path, tmp_path: Path, targets: tuple[str, ...], names: set[str]
) -> None:
    """Those that vLLM takes: no whole modules, no bias, no rank of its own for any module."""
    save_trained(trained(DPO(model=str(llama), lora_targets=targets)), tmp_path, {})
    assert keys(tmp_path) == names
    found = config(tmp_path)
    assert found["base_model_name_or_path"] == str(llama)
    assert (found["r"], found["lora_alpha"], found["task_type"]) == (16, 32, "CAUSAL_LM")
    assert found["target_modules"] == sorted(found["target_modules"])
    assert (found["modules_to_save"], found["bias"], found["use_dora"]) == (None, "none", False)
    assert (found["rank_pattern"], found["use_rslora"]) == ({}, False)
    assert {file.name for file in tmp_path.iterdir()} == FILES


def test_a_folder_is_named_by_its_whole_path(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(llama.parent)
    save_trained(trained(DPO(model=llama.name)), tmp_path, {})
    assert config(tmp_path)["base_model_name_or_path"] == str(llama)
    assert json.loads((tmp_path / "train.json").read_text())["model"]["name"] == str(llama)


@pytest.mark.parametrize("targets", [("all-linear",), ("q_proj", "lm_head")])
def test_peft_and_judgekit_load_what_was_trained(
    llama: Path, tmp_path: Path, targets: tuple[str, ...]
) -> None:
    import peft
    import transformers

    made = trained(DPO(model=str(llama), quant="none", lora_targets=targets))
    save_trained(made, tmp_path, {})
    expected = logits(made.model)
    with made.model.disable_adapter():
        assert (logits(made.model) - expected).abs().max() > 0.1
    with quiet_libraries():  # peft and transformers warn about one another
        base = transformers.AutoModelForCausalLM.from_pretrained(llama)
        theirs = peft.PeftModel.from_pretrained(base, tmp_path).eval()
        auto = peft.AutoPeftModelForCausalLM.from_pretrained(tmp_path).eval()
    assert torch.equal(logits(theirs), expected)
    assert torch.equal(logits(auto), expected)
    ours = find_checkpoint(Weights(str(llama), adapter=str(tmp_path))).load_model()
    assert torch.equal(logits(ours), expected)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.chat_template == made.tokenizer.chat_template


@pytest.mark.parametrize("quant", ["nf4", "fp4"])
def test_in_4_bits_it_is_read_back_as_it_was_trained(
    llama: Path, tmp_path: Path, quant: Any
) -> None:
    made = trained(DPO(model=str(llama), quant=quant))
    save_trained(made, tmp_path, {})
    again = find_checkpoint(Weights(str(llama), quant=quant, adapter=str(tmp_path))).load_model()
    assert torch.equal(logits(again), logits(made.model))


def test_a_reward_model_keeps_its_head(llama: Path, tmp_path: Path) -> None:
    import peft

    made = trained(Reward(model=str(llama), quant="none"), "score")
    save_trained(made, tmp_path, {})
    assert keys(tmp_path) == {*PROJECTIONS, "base_model.model.score.weight"}
    assert config(tmp_path)["task_type"] == "SEQ_CLS"
    auto = peft.AutoPeftModelForSequenceClassification
    with quiet_libraries():
        again = auto.from_pretrained(tmp_path, num_labels=1)
    again.config.pad_token_id = made.model.config.pad_token_id
    assert torch.equal(logits(again.eval()), logits(made.model))


def test_a_model_trained_whole(llama: Path, tmp_path: Path) -> None:
    made = load_trainable(DPO(model=str(llama), quant="none", lora=False))
    with torch.no_grad():
        made.model.lm_head.weight.add_(0.25)
    save_trained(made, tmp_path, {})
    again = find_checkpoint(Weights(str(tmp_path)))
    assert torch.equal(logits(again.load_model()), logits(made.model))
    assert again.load_tokenizer().decode([2]) == "<|im_end|>"


def test_only_the_adapter_that_was_trained_is_saved(llama: Path, tmp_path: Path) -> None:
    earlier = write_adapter(llama, tmp_path / "earlier")
    made = trained(DPO(model=str(llama), adapter=str(earlier)))
    save_trained(made, tmp_path / "tuned", {})
    assert {file.name for file in (tmp_path / "tuned").iterdir()} == FILES
    again = find_checkpoint(
        Weights(str(llama), quant="nf4", adapter=str(tmp_path / "tuned"))
    ).load_model()
    assert torch.equal(logits(again), logits(made.model))


def test_the_facts_stand_beside_how_the_model_was_held(llama: Path, tmp_path: Path) -> None:
    recipe = DPO(model=str(llama), quant="fp4", double_quant=False, dtype="bfloat16")
    made = load_trainable(recipe)
    save_trained(made, tmp_path, {"recipe": recipe.as_dict(), "steps": 7})
    told = json.loads((tmp_path / "train.json").read_text())
    assert told["schema_version"] == 1
    assert (told["steps"], told["recipe"]["beta"]) == (7, None)
    assert told["model"] == {
        "name": str(llama),
        "quant": "fp4",
        "double_quant": False,
        "dtype": "bfloat16",
        "head": "lm",
        "fingerprint": made.fingerprint,
    }


def test_the_same_training_writes_the_same_bytes(llama: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_trained(trained(DPO(model=str(llama))), tmp_path / name, {"steps": 1})
    assert folder_digest(tmp_path / "one") == folder_digest(tmp_path / "two")


def test_a_folder_that_was_not_finished_has_no_facts(llama: Path, tmp_path: Path) -> None:
    made = load_trainable(DPO(model=str(llama)))
    save_trained(made, tmp_path, {"steps": 1})
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    with pytest.raises(TypeError):
        save_trained(made, tmp_path, {"steps": object()})
    assert {file.name for file in tmp_path.iterdir()} == FILES - {"train.json"} | {"metrics.jsonl"}
