"""Model folders that are odd, broken or hostile: one line, exit code 2, nothing outside read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import write_answers
from checkpoints import write_pairrm
from checkpoints_llama import write_adapter, write_llama
from commands import Cli

pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")

TRAIN = (
    *("train", "dpo", "pairs.jsonl", "--model", "m", "-o", "out", "--steps", 1, "--samples", 0),
    *("--device", "cpu", "--batch-size", 1, "--accumulate", 1),
)
JUDGE = ("compare", "a.jsonl", "b.jsonl", "--judge")
SECRET = "SECRET-OF-THE-USER"
Spoil = Callable[[Path], object]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, an adapter of it and a PairRM, with files to train on and to judge."""
    here = tmp_path_factory.mktemp("models")
    write_llama(here / "m")
    write_adapter(here / "m", here / "ad")
    write_pairrm(here / "ranker", "hf", hidden=64, layers=1)
    row = {"prompt": "say", "chosen": "good", "rejected": "bad"}
    (here / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for _ in range(4)))
    for name in ("a", "b"):
        write_answers(here / f"{name}.jsonl", [f"{name} says"])
    (here / "outside").mkdir()
    (here / "outside/secret.txt").write_text(SECRET)
    (here / "outside/secret.json").write_text(json.dumps({"key": SECRET}))
    shutil.copy(here / "m/model.safetensors", here / "outside")
    return here


@pytest.fixture
def model(models: Path, here: Path) -> Path:
    shutil.copytree(models, here, dirs_exist_ok=True)
    return here / "m"


def settings(name: str = "config.json", **changes: object) -> Spoil:
    def spoil(folder: Path) -> None:
        file = folder / name
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return spoil


def content(name: str, text: str | bytes) -> Spoil:
    data = text.encode() if isinstance(text, str) else text
    return lambda folder: (folder / name).write_bytes(data)


def cut(name: str, size: int) -> Spoil:
    return lambda folder: os.truncate(folder / name, size)


def link(name: str, target: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return spoil


def fifo(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return spoil


def index(shard: object) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "other.safetensors")
        named = {"metadata": {}, "weight_map": {"a": shard}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(named))

    return spoil


def only_adapter(text: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / "config.json").unlink()
        (folder / "adapter_config.json").write_text(text)

    return spoil


ODD = ["[]", "null", '"x"', "3", "", "{", "\ufeff{", "[" * 100_000, '{"a":' * 5_000, "1" * 5_000]
HUGE = b"\xff" * 7 + b"\x7f{"
SPOILT: dict[str, tuple[Spoil, str]] = {
    **{f"config {t[:9]}": (content("config.json", t), "config.json'") for t in ODD},
    **{f"tokenizer {t[:9]}": (content("tokenizer.json", t), "tokenizer") for t in ODD},
    **{
        f"tokenizer_config {t[:9]}": (content("tokenizer_config.json", t), "tokenizer_config.json'")
        for t in ODD
    },
    **{f"adapter {t[:9]}": (only_adapter(t), "adapter_config.json'") for t in ODD},
    "config in Latin-1": (content("config.json", b'{"\xe9":1}'), "config.json'"),
    "tokenizer {}": (content("tokenizer.json", "{}"), "cannot read the tokenizer"),
    "tokenizer model": (content("tokenizer.json", '{"added_tokens":[],"model":5}'), "tokenizer"),
    "longest": (settings("tokenizer_config.json", model_max_length="x"), "is a number, not"),
    "generation": (content("generation_config.json", "[]"), "generation_config.json'"),
    "special": (content("special_tokens_map.json", "[]"), "special_tokens_map.json'"),
    "added": (content("added_tokens.json", "7"), "added_tokens.json'"),
    "type": (settings(model_type=["a"]), "model_type is a text"),
    "unknown type": (settings(model_type="zzz"), "cannot read the model 'm'"),
    "layers": (settings(num_hidden_layers=10**6), "num_hidden_layers is 1000000"),
    "negative": (settings(num_hidden_layers=-1), "num_hidden_layers is -1"),
    "layers text": (settings(num_hidden_layers="2"), "num_hidden_layers"),
    "hidden": (settings(hidden_size=0), "hidden_size is 0"),
    "hidden huge": (settings(hidden_size=10**30), "have room for"),
    "heads": (settings(num_attention_heads=10**9), "have room for"),
    "head": (settings(head_dim=10**12), "have room for"),
    "vocabulary": (settings(vocab_size=10**9), "have room for"),
    "rope": (settings(rope_scaling={"type": "zzz"}), "'zzz'"),
    "activation": (settings(hidden_act="zzz"), "'zzz'"),
    "end": (settings(eos_token_id="x"), "eos_token_id"),
    "end object": (settings(eos_token_id={"a": 1}), "eos_token_id"),
    "quantised": (settings(quantization_config="x"), "quantization_config is an object"),
    "not quantised": (
        settings(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}),
        "says that the weights are in 4 bits",
    ),
    "attention": (settings(text_config={"attn_implementation": "a/b"}), "never run"),
    "weights cut": (cut("model.safetensors", 1000), "the file is broken"),
    "last weight cut": (cut("model.safetensors", 200_000), "the file is broken"),
    "weights empty": (cut("model.safetensors", 0), "the file is broken"),
    "weights noise": (content("model.safetensors", bytes(range(256)) * 9), "the file is broken"),
    "header huge": (content("model.safetensors", HUGE), "the file is broken"),
    "header text": (
        content("model.safetensors", b"\x02" + b"\0" * 7 + b"[]"),
        "the file is broken",
    ),
    "index outside": (index("../outside/model.safetensors"), "names '../outside/model"),
    "index absolute": (index("/etc/passwd"), "names '/etc/passwd'"),
    "index missing": (index("gone.safetensors"), "names 'gone.safetensors'"),
    "index number": (index(5), "names '5'"),
    "index list": (content("model.safetensors.index.json", "[]"), "index.json'"),
    "index map": (content("model.safetensors.index.json", '{"weight_map": 1}'), "no index"),
    "link": (link("tokenizer.json", "../outside/secret.json"), "a link out of its folder"),
    "link to text": (link("chat_template.jinja", "../outside/secret.txt"), "a link out of its"),
    "link to weights": (link("model.safetensors", "../outside/model.safetensors"), "a link out"),
    "link to nothing": (link("vocab.txt", "nowhere"), "vocab.txt'"),
    "link in a circle": (link("config.json", "config.json"), "config.json'"),
    "templates": (link("additional_chat_templates", "../outside"), "a link out of its folder"),
    "pipe": (fifo("generation_config.json"), "no regular file"),
    "folder": (lambda m: (m / "added_tokens.json").mkdir(), "no regular file"),
    "named file": (
        settings("tokenizer_config.json", tokenizer_file="../outside/secret.json"),
        "names '../outside/secret.json' as its tokenizer_file",
    ),
    "range": (content("chat_template.jinja", "{% for i in range(10**9) %}x{% endfor %}"), "broken"),
    "division": (content("chat_template.jinja", "{{ 1 // 0 }}"), "broken"),
    "no method": (content("chat_template.jinja", "{{ messages.pop(0, 1, 2) }}"), "broken"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_one_line_and_nothing_outside_is_read(cli: Cli, model: Path, name: str) -> None:
    spoil, told = SPOILT[name]
    spoil(model)
    said = cli(*TRAIN)
    assert said.code == 2, said.out + said.err
    last = said.err.splitlines()[-1]
    assert last.startswith("judgekit: ")
    assert told in last
    assert SECRET not in said.out + said.err


JUDGED = ["config [", "layers", "weights cut", "index outside", "link", "tokenizer {}", "division"]


@pytest.mark.parametrize("name", [n for n in SPOILT if n in JUDGED])
def test_a_judge_refuses_it_as_well(cli: Cli, model: Path, name: str) -> None:
    SPOILT[name][0](model)
    assert SPOILT[name][1] in cli(*JUDGE, "pairwise", "--model", "transformers/./m").error


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (content("config.json", "[]"), "no JSON object"),
        (settings(source_maxlength="x"), "source_maxlength is a number above 0, not 'x'"),
        (settings(layer_norm_eps=-1), "layer_norm_eps is a number above 0"),
        (settings(num_attention_heads=10**9), "have room for"),
        (content("tokenizer.json", "[]"), "no JSON object"),
        (content("tokenizer.json", "{}"), "cannot read"),
        (cut("model.safetensors", 999), "the file is broken"),
        (link("tokenizer.json", "../outside/secret.json"), "a link out of its folder"),
    ],
)
def test_a_ranker_is_looked_at_too(cli: Cli, model: Path, spoil: Spoil, told: str) -> None:
    spoil(model.parent / "ranker")
    assert told in cli(*JUDGE, "pairrm", "--model", "./ranker", "--device", "cpu").error


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (content("adapter_config.json", "[]"), "no JSON object"),
        (settings("adapter_config.json", r="x"), "cannot"),
        (settings("adapter_config.json", target_modules=5), "cannot"),
        (settings("adapter_config.json", megatron_config={"a": 1}), "code to import"),
        (settings("adapter_config.json", peft_type="EVIL"), "EVIL"),
        (cut("adapter_model.safetensors", 99), "the file is broken"),
        (link("adapter_model.safetensors", "../outside/model.safetensors"), "a link out"),
    ],
)
def test_an_adapter_is_looked_at_too(cli: Cli, model: Path, spoil: Spoil, told: str) -> None:
    spoil(model.parent / "ad")
    words = (*JUDGE, "pairwise", "--model", "transformers/./m", "--adapter", "./ad")
    said = cli(*words)
    assert (said.code, told in said.err.splitlines()[-1]) == (2, True), said.err


def test_links_within_the_folder_and_into_the_hubs_cache_are_followed(
    cli: Cli, model: Path
) -> None:
    blobs = model.parent / "hub/models--somebody--m/blobs"
    blobs.mkdir(parents=True)
    (model / "model.safetensors").rename(blobs / ("0" * 64))
    (model / "model.safetensors").symlink_to(blobs / ("0" * 64))
    (model / "config.json").rename(model / "c.json")
    (model / "config.json").symlink_to("c.json")
    (model.parent / "elsewhere").symlink_to(model)
    assert cli(*TRAIN[:4], "./elsewhere", *TRAIN[5:], "--dry-run").code == 0
