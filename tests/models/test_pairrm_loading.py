from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkpoints import PREFIXES, write_pairrm

from judgekit.errors import EngineError, InputError

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
pairrm = pytest.importorskip("judgekit.models.pairrm")
PairRM = pairrm.PairRM


def test_fingerprint_is_of_weights_and_config(ranker: Path, network: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ranker, other)
    assert PairRM.load(str(other), dtype="bfloat16").fingerprint == network.fingerprint
    config = other / "config.json"
    config.write_text(config.read_text().replace("412", "400"))
    changed = PairRM.load(str(other))
    assert changed.fingerprint != network.fingerprint
    assert changed.encode("a", "b " * 2000, "c").truncated.first > 0
    write_pairrm(other, seed=1)
    assert PairRM.load(str(other)).fingerprint != network.fingerprint


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def without_prefixes(folder: Path) -> None:
    file = folder / "tokenizer.json"
    saved = json.loads(file.read_bytes())
    saved["added_tokens"] = [t for t in saved["added_tokens"] if t["content"] not in PREFIXES]
    file.write_text(json.dumps(saved))


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


def broken_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")


def pickled_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def with_weights(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        weights = safetensors.load_file(folder / "model.safetensors")
        change(weights)
        safetensors.save_file(weights, folder / "model.safetensors")

    return edit


LAYER = "pretrained_model.encoder.layer.1."
WORDS = "pretrained_model.embeddings.word_embeddings.weight"


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (without_tokenizer, "no tokenizer.json"),
        (without_prefixes, r"no token '<\|source\|>'"),
        (broken_tokenizer, "cannot read .*tokenizer.json"),
        (broken_weights, "cannot read .*model.safetensors"),
        (pickled_weights, "pickles are not read"),
        (without_config, "cannot read .*config.json"),
        (with_weights(lambda w: w.pop("head_layer.1.bias")), "'head_layer.1.bias' is missing"),
        (with_weights(lambda w: w.pop("head_layer.4.bias")), "has no 'head_layer.4.bias'"),
        (with_weights(lambda w: w.pop(WORDS)), "has no 'embeddings.word_embeddings.weight'"),
        (
            with_weights(lambda w: w.pop(f"{LAYER}output.dense.bias")),
            r"layer.1.output.dense.bias' is missing, not \(128,\)",
        ),
        (
            with_weights(
                lambda w: w.update({f"{LAYER}attention.self.pos_key_proj.bias": torch.ones(128)})
            ),
            r"pos_key_proj.bias' is \(128,\), not missing",
        ),
        (with_weights(lambda w: w.update({WORDS: w[WORDS][:600].clone()})), "605 tokens .* 600"),
    ],
)
def test_what_is_no_pairrm(
    harm: Callable[[Path], None], said: str, ranker: Path, tmp_path: Path
) -> None:
    shutil.copytree(ranker, tmp_path / "harmed")
    harm(tmp_path / "harmed")
    with pytest.raises(InputError, match=said) as refused:
        PairRM.load(str(tmp_path / "harmed"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"dtype": "float8"}, "float8"),
        ({"rule": "bach"}, "batch"),
        ({"device": "tpu9"}, "cannot use the device 'tpu9'"),
        ({"dtype": "int8", "device": "meta"}, "int8 runs on the CPU"),
    ],
)
def test_settings_that_cannot_be(setting: dict[str, Any], said: str, ranker: Path) -> None:
    with pytest.raises(InputError, match=said):
        PairRM.load(str(ranker), **setting)


def test_weights_that_vanish_stop_the_run(ranker: Path, tmp_path: Path) -> None:
    shutil.copytree(ranker, tmp_path / "gone")
    network = PairRM.load(str(tmp_path / "gone"))
    (tmp_path / "gone" / "model.safetensors").unlink()
    with pytest.raises(EngineError, match="cannot read"):
        network.logits([("a", "b", "c")])


def test_old_checkpoints_number_their_places(ranker: Path, tmp_path: Path) -> None:
    shutil.copytree(ranker, tmp_path / "old")
    name = "pretrained_model.embeddings.position_ids"
    with_weights(lambda w: w.update({name: torch.arange(512)[None]}))(tmp_path / "old")
    pair = [("a", "b", "c")]
    expected = PairRM.load(str(ranker)).logits(pair)
    assert PairRM.load(str(tmp_path / "old")).logits(pair) == pytest.approx(expected, abs=1e-6)
