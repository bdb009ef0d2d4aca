from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import lose_a_weight, write_adapter, write_llama
from fresh import python

pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

from judgekit.errors import EngineError, InputError  # noqa: E402
from judgekit.models.folders import folder_digest  # noqa: E402
from judgekit.models.loading import Weights, default_dtype, find_checkpoint  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

IDS = [[5, 60, 70, 8, 90, 33]]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def adapter(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(llama, tmp_path_factory.mktemp("adapter"))


def logits(model: Any) -> Any:
    with torch.no_grad():
        return model(input_ids=torch.tensor(IDS)).logits


def linear_4bit(model: Any) -> dict[str, Any]:
    bitsandbytes = pytest.importorskip("bitsandbytes")
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, bitsandbytes.nn.Linear4bit)
    }


def test_the_same_model_as_transformers_own(llama: Path) -> None:
    from transformers import LlamaForCausalLM

    found = find_checkpoint(Weights(str(llama)))
    model = found.load_model()
    own = LlamaForCausalLM.from_pretrained(llama).eval()
    assert torch.equal(logits(model), logits(own))
    assert (found.dtype, found.device.type, model.training) == (torch.float32, "cpu", False)
    assert found.load_tokenizer().decode([2]) == "<|im_end|>"


def test_dtypes(llama: Path) -> None:
    model = find_checkpoint(Weights(str(llama), dtype="bfloat16")).load_model()
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    assert default_dtype(torch.device("cpu")) is torch.float32
    assert default_dtype(torch.device("mps")) is torch.float16


def test_4_bits(llama: Path) -> None:
    model = find_checkpoint(Weights(str(llama), quant="4bit")).load_model()
    layers = linear_4bit(model)
    assert len(layers) == 2 * 7  # every projection, and not the head
    state = next(iter(layers.values())).weight.quant_state
    assert (state.quant_type, state.nested, state.dtype) == ("nf4", True, torch.float32)
    plain = logits(find_checkpoint(Weights(str(llama))).load_model())
    likeness = torch.cosine_similarity(logits(model).flatten(), plain.flatten(), dim=0)
    assert 0.8 < likeness < 0.9999


def test_4_bits_stay_what_they_are_under_evaluation(llama: Path) -> None:
    """On CPUs with AVX512_BF16 bitsandbytes would repack them in the first pass without
    gradients; elsewhere this holds anyway."""
    model = find_checkpoint(Weights(str(llama), quant="4bit")).load_model()
    inputs = torch.randn(2, 3, 64, generator=torch.Generator().manual_seed(0))
    layer = next(iter(linear_4bit(model).values()))

    def gradient() -> Any:
        own = inputs.clone().requires_grad_()
        layer(own).square().sum().backward()
        return own.grad

    packed = layer.weight.data.clone()
    before, first = gradient(), logits(model)
    assert torch.equal(logits(model), first)
    assert torch.equal(layer.weight.data, packed)
    assert torch.equal(gradient(), before)


def test_layers_that_4_bits_cannot_hold_stay_as_they_are(tmp_path: Path) -> None:
    odd = write_llama(tmp_path / "odd", intermediate=96)
    model = find_checkpoint(Weights(str(odd), quant="4bit")).load_model()
    held = linear_4bit(model)
    assert len(held) == 2 * 6
    assert not any("down_proj" in name for name in held)
    assert type(model.lm_head) is torch.nn.Linear
    assert logits(model).isfinite().all()
    none = write_llama(tmp_path / "none", hidden=96, intermediate=96)
    with pytest.raises(EngineError, match="multiple of 64 inputs; leave out quant"):
        find_checkpoint(Weights(str(none), quant="4bit")).load_model()


@pytest.mark.parametrize("quant", [None, "4bit"])
def test_an_adapter_changes_what_the_model_says(llama: Path, adapter: Path, quant: Any) -> None:
    plain = find_checkpoint(Weights(str(llama), quant=quant))
    adapted = find_checkpoint(Weights(str(llama), quant=quant, adapter=str(adapter)))
    model = adapted.load_model()
    assert (logits(model) - logits(plain.load_model())).abs().max() > 0.1
    if quant:
        assert not any(m.support_avx512bf16_for_cpu for m in linear_4bit(model).values())


def test_an_adapter_of_another_model_is_refused(llama: Path, adapter: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    other = shutil.copytree(adapter, tmp_path / "other")
    file = other / "adapter_model.safetensors"
    weights = load_file(file)
    first = sorted(weights)[0]
    deeper = first.replace("layers.0.", "layers.9.")
    assert deeper != first
    save_file(weights | {deeper: weights[first].clone()}, file)
    with pytest.raises(InputError, match=r"1 of its weights .*layers\.9.* are in the adapter only"):
        find_checkpoint(Weights(str(llama), adapter=str(other))).load_model()
    save_file({name: weight for name, weight in weights.items() if name != first}, file)
    with pytest.raises(InputError, match="are in the model only"):
        find_checkpoint(Weights(str(llama), adapter=str(other))).load_model()


def test_fingerprints_differ_by_all_that_decides(
    llama: Path, adapter: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(llama, tmp_path / "copy")
    plain = find_checkpoint(Weights(str(llama))).fingerprint
    assert find_checkpoint(Weights(str(copy), device="cpu")).fingerprint == plain
    (copy / "notes.py").write_text("code is never read")
    assert find_checkpoint(Weights(str(copy))).fingerprint == plain
    template = (copy / "chat_template.jinja").read_text()
    (copy / "chat_template.jinja").write_text(template + " ")
    others = [
        Weights(str(copy)),
        Weights(str(llama), dtype="bfloat16"),
        Weights(str(llama), quant="4bit"),
        Weights(str(llama), adapter=str(adapter)),
        Weights(str(write_llama(tmp_path / "other", seed=1))),
    ]
    assert len({plain, *(find_checkpoint(weights).fingerprint for weights in others)}) == 6


def test_the_hubs_cache_knows_large_files_digests(llama: Path, tmp_path: Path) -> None:
    """Its files are links to blobs that are named by what they hold."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "main"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for file in llama.iterdir():
        blob = blobs / hashlib.sha256(file.read_bytes()).hexdigest()
        shutil.copy(file, blob)
        (snapshot / file.name).symlink_to(blob)
    assert folder_digest(snapshot) == folder_digest(llama)
    blob.write_bytes(b"never read, since its name says what it holds")
    assert folder_digest(snapshot) == folder_digest(llama)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"model": "{tmp}"}, r"no weights as \*\.safetensors in .*pickles are not read"),
        ({"model": "{tmp}/absent"}, "no model .*: no such folder, and the hub says: "),
        ({"model": "{adapter}"}, "is an adapter of '{llama}': name that as the model"),
        ({"adapter": "{llama}"}, "is no adapter: it has no adapter_config.json"),
        ({"adapter": "{tmp}/absent"}, "no adapter .*: no such folder"),
        ({"dtype": "float23"}, "no dtype 'float23'; did you mean 'float32'"),
        ({"quant": "4bits"}, "no quant '4bits'; did you mean '4bit'"),
        ({"device": "cpux"}, "cannot use the device 'cpux'"),
    ],
)
def test_what_cannot_be_loaded_is_refused_in_one_line(
    weights: dict[str, Any], message: str, llama: Path, adapter: Path, tmp_path: Path
) -> None:
    places = {"tmp": tmp_path, "llama": llama, "adapter": adapter}
    said = {
        name: value.format(**places) for name, value in ({"model": "{llama}"} | weights).items()
    }
    with pytest.raises(InputError, match=message.format(**places)) as raised:
        find_checkpoint(Weights(**said))
    assert "\n" not in str(raised.value)


def test_weights_that_are_not_all_there(llama: Path, tmp_path: Path) -> None:
    part = lose_a_weight(shutil.copytree(llama, tmp_path / "part"))
    with pytest.raises(EngineError, match=r"lacks 1 of its weights \('model.layers.1.mlp.up"):
        find_checkpoint(Weights(str(part))).load_model()
    (part / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(InputError, match=r"model.safetensors': .*the file is broken"):
        find_checkpoint(Weights(str(part)))


def test_without_torch_the_extra_is_named(tmp_path: Path) -> None:
    said = python(
        "-c",
        "import sys; sys.modules['torch'] = None\n"
        "from judgekit.errors import InputError\n"
        "from judgekit.models.loading import Weights, find_checkpoint\n"
        "try: find_checkpoint(Weights('any'))\n"
        "except InputError as error: print(error)",
        cwd=tmp_path,
    )
    assert "pip install -e '.[local]'" in said
    assert said.count("\n") == 1
