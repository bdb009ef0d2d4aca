"""An adapter merged into its model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import write_adapter, write_llama
from commands import Cli

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")

from judgekit.errors import EngineError, InputError  # noqa: E402
from judgekit.models.loading import quiet_libraries  # noqa: E402
from judgekit.models.reward import RewardModel  # noqa: E402
from judgekit.train.merge import merge_adapter  # noqa: E402
from judgekit.train.network.lora import load_trainable  # noqa: E402
from judgekit.train.network.saving import save_trained  # noqa: E402
from judgekit.train.recipes.language_model import DPO, Reward  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

IDS = torch.tensor([[5, 60, 70, 8, 90, 33]])
LECTURE = {"quant": "fp4", "double_quant": False, "lora_targets": ("q_proj", "lm_head")}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def tied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_llama(tmp_path_factory.mktemp("tied"))
    model = transformers.LlamaForCausalLM.from_pretrained(folder)
    model.config.tie_word_embeddings = True
    model.tie_weights()
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tuned(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    write_tuned(DPO(model=str(llama)), folder)
    return folder


def write_tuned(recipe: DPO | Reward, folder: Path, head: Any = "lm") -> Any:
    """A tuned model, saved; its logits."""
    made = load_trainable(recipe, head=head)
    draw = torch.Generator().manual_seed(3)
    for name, weight in made.model.named_parameters():
        if "lora_B" in name:
            weight.data.copy_(torch.randn(weight.shape, generator=draw) * 0.05)
    save_trained(made, folder, {})
    return logits(made.model.eval())


def logits(model: Any) -> Any:
    with torch.no_grad():
        return model(input_ids=IDS).logits.float()


def off(found: Any, expected: Any) -> float:
    return float((found - expected).norm() / expected.norm())


def loaded(folder: Path, **how: Any) -> Any:
    return transformers.AutoModelForCausalLM.from_pretrained(folder, **how).eval()


@pytest.mark.parametrize("base", ["llama", "tied"])
@pytest.mark.parametrize(
    ("changes", "dtype", "tolerance"),
    [
        ({}, "auto", 1e-5),
        ({"double_quant": False}, "auto", 1e-5),
        (LECTURE, "auto", 1e-5),
        ({"quant": "none"}, "auto", 1e-5),
        ({"quant": "none", "lora_targets": ("all-linear", "lm_head")}, "auto", 1e-5),
        ({"lora_targets": ("all-linear", "lm_head")}, "float16", 0.005),
        ({}, "bfloat16", 0.03),
        ({"dtype": "bfloat16"}, "float32", 0.03),
    ],
)
def test_what_is_merged_says_what_the_adapter_said(
    base: str,
    changes: dict[str, Any],
    dtype: Any,
    tolerance: float,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """To rounding; of bfloat16 this small and wide a model's logits keep two digits."""
    model = request.getfixturevalue(base)
    expected = write_tuned(DPO(model=str(model), **changes), tmp_path / "tuned")
    out = merge_adapter(tmp_path / "tuned", tmp_path / "merged", dtype=dtype)
    found = loaded(out)
    assert off(logits(found), expected) < tolerance
    assert off(logits(loaded(model)), expected) > 0.1
    assert str(found.dtype) == f"torch.{'float32' if dtype == 'auto' else dtype}"
    still = base == "tied" and "lm_head" not in changes.get("lora_targets", ())
    assert (found.lm_head.weight is found.model.embed_tokens.weight) == still
    trained = getattr(torch, changes.get("dtype", "float32"))
    own = embeddings(model).to(trained).to(found.dtype)
    assert torch.equal(found.model.embed_tokens.weight, own)
    assert not (out / "adapter_config.json").exists()
    tokenizer = transformers.AutoTokenizer.from_pretrained(out)
    assert tokenizer.chat_template


def embeddings(folder: Path) -> Any:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")["model.embed_tokens.weight"]


def test_in_the_model_before_quantisation_it_would_be_off_by_more(
    tuned: Path, tmp_path: Path
) -> None:
    expected = logits(trained_model(tuned))
    there = merge_adapter(tuned, tmp_path / "there")
    blind = shutil.copytree(tuned, tmp_path / "blind")
    (blind / "train.json").unlink()  # as an adapter that says nothing of how it was trained
    elsewhere = merge_adapter(blind, tmp_path / "elsewhere")
    assert off(logits(loaded(there)), expected) < 1e-5
    assert off(logits(loaded(elsewhere)), expected) > 0.01


def trained_model(tuned: Path) -> Any:
    from judgekit.models.loading import Weights, find_checkpoint
    from judgekit.train.merge import read_adapter

    base = read_adapter(tuned).base
    return find_checkpoint(Weights(base, quant="nf4", adapter=str(tuned))).load_model()


def test_any_lora_of_peft_is_merged_into_the_model_it_names(llama: Path, tmp_path: Path) -> None:
    import peft

    adapter = write_adapter(llama, tmp_path / "adapter")
    with quiet_libraries():  # peft and transformers warn about one another
        model = peft.PeftModel.from_pretrained(loaded(llama), adapter).eval()
    out = merge_adapter(adapter, tmp_path / "merged")
    assert off(logits(loaded(out)), logits(model)) < 1e-5
    assert transformers.AutoTokenizer.from_pretrained(out).chat_template


def test_a_reward_model_can_judge_once_it_is_merged(llama: Path, tmp_path: Path) -> None:
    expected = write_tuned(Reward(model=str(llama)), tmp_path / "tuned", "score")
    out = merge_adapter(tmp_path / "tuned", tmp_path / "merged")
    score = RewardModel(str(out)).score([IDS[0].tolist()])
    assert score == pytest.approx(expected.flatten().tolist(), rel=1e-4)


def test_what_is_there_is_kept_unless_told(tuned: Path, llama: Path, tmp_path: Path) -> None:
    out = tmp_path / "merged"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / "model-00001-of-00002.safetensors").write_bytes(b"of an older model")
    with pytest.raises(InputError, match=r"is not empty; .* with --force"):
        merge_adapter(tuned, out)
    merge_adapter(tuned, out, force=True)
    assert {"notes.txt", "config.json", "model.safetensors"} <= {f.name for f in out.iterdir()}
    assert not list(out.glob("model-*"))
    assert logits(loaded(out)).isfinite().all()


@pytest.mark.parametrize("place", ["{tuned}", "{adapter}"])
def test_an_adapter_is_never_overwritten(
    tuned: Path, llama: Path, tmp_path: Path, place: str
) -> None:
    """transformers would put that adapter onto the model that is merged."""
    adapter = write_adapter(llama, tmp_path / "adapter")
    out = Path(place.format(tuned=tuned, adapter=adapter))
    before = sorted(file.name for file in out.iterdir())
    with pytest.raises(InputError, match="holds an adapter; choose another folder"):
        merge_adapter(tuned, out, force=True)
    assert sorted(file.name for file in out.iterdir()) == before


@pytest.mark.parametrize("place", ["llama", "a link", "models"])
def test_the_base_is_never_overwritten(tmp_path: Path, llama: Path, place: str) -> None:
    base = Path(shutil.copytree(llama, tmp_path / "models" / "llama"))
    adapter = write_adapter(base, tmp_path / "adapter")
    (tmp_path / "a link").symlink_to(base)
    out = {"llama": base}.get(place, tmp_path / place)
    before = {file: file.read_bytes() for file in base.iterdir()}
    for force in (False, True):
        with pytest.raises(InputError, match=r"lies there, .* be lost; choose another folder"):
            merge_adapter(adapter, out, force=force)
    assert {file: file.read_bytes() for file in base.iterdir()} == before


def test_what_cannot_be_merged_is_refused_in_one_line(
    tuned: Path, llama: Path, tmp_path: Path
) -> None:
    lost = shutil.copytree(tuned, tmp_path / "lost")
    config = lost / "adapter_config.json"
    config.write_text(config.read_text().replace(str(llama), str(tmp_path / "gone")))
    torn = shutil.copytree(tuned, tmp_path / "torn")
    (torn / "train.json").write_text("{")
    other = {}
    for name, content in (("list", "[]"), ("null", "null"), ("model", '{"model": "mine"}')):
        other[name] = shutil.copytree(tuned, tmp_path / name)
        (other[name] / "train.json").write_text(content)
    for name, base in (("unnamed", None), ("numbered", 7)):
        other[name] = shutil.copytree(tuned, tmp_path / name)
        told = {**json.loads((tuned / "adapter_config.json").read_text())}
        told["base_model_name_or_path"] = base
        (other[name] / "adapter_config.json").write_text(json.dumps(told))
    other["bare"] = shutil.copytree(tuned, tmp_path / "bare")
    (other["bare"] / "adapter_config.json").write_text("[]")
    file = tmp_path / "file"
    file.write_text("")
    cases: list[tuple[Path, Path, dict[str, Any], str]] = [
        (llama, tmp_path / "a", {}, "is a whole model, with nothing to merge"),
        (tmp_path, tmp_path / "a", {}, "is not an adapter: it has no adapter_config.json"),
        (lost, tmp_path / "a", {}, "no model .*gone"),
        (torn, tmp_path / "a", {}, "cannot read .*train.json"),
        *(
            (other[name], tmp_path / "a", {}, "has no object 'model'")
            for name in ("list", "null", "model")
        ),
        (other["unnamed"], tmp_path / "a", {}, "base_model_name_or_path .* is None; name the"),
        (other["numbered"], tmp_path / "a", {}, "base_model_name_or_path .* is 7; name the"),
        (other["bare"], tmp_path / "a", {}, "no JSON object"),
        (tuned, file, {}, "is not a folder"),
        (tuned, file / "inside", {}, "cannot write .*inside"),
        (tuned, tmp_path / "a", {"dtype": "float17"}, "no dtype 'float17'; did you mean 'float1"),
        (tuned, tmp_path / "a", {"device": "cpux"}, "cannot use the device"),
    ]
    for source, out, more, message in cases:
        with pytest.raises(InputError, match=message) as raised:
            merge_adapter(source, out, **more)
        assert "\n" not in str(raised.value)
    assert not (tmp_path / "a").exists()


def test_weights_that_are_not_finite_are_not_written(tuned: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    broken = shutil.copytree(tuned, tmp_path / "broken")
    weights = load_file(broken / "adapter_model.safetensors")
    next(iter(weights.values()))[0, 0] = float("nan")
    save_file(weights, broken / "adapter_model.safetensors")
    with pytest.raises(EngineError, match="NaNs detected"):
        merge_adapter(broken, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_the_command(tuned: Path, llama: Path, cli: Cli) -> None:
    said = cli("merge", tuned, "-o", "merged", "--dtype", "bfloat16", "--device", "cpu")
    assert (said.code, said.out) == (0, "merged\n")
    assert loaded(Path("merged")).dtype == torch.bfloat16
    again = cli("merge", tuned, "-o", "merged")
    assert (again.code, again.out) == (2, "")
    assert "is not empty" in again.err
    told = cli("merge", tuned, "-o", "merged", "--force", "--json")
    assert json.loads(told.out) == {
        "out": "merged",
        "adapter": str(tuned),
        "base": str(llama),
        "quant": "nf4",
    }
