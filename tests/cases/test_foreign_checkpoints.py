"""Checkpoints and folders of others: no code is run, no pickle read, and ties are seen twice.

The numbers in the names are those of the cases as they were reported.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from answers import write_answers
from checkpoints_llama import write_llama
from commands import Cli
from places import ROOT

torch = pytest.importorskip("torch")

TOKEN_IDS = torch.tensor([[5, 6, 7, 8, 9, 10]])
TRAIN = ("--device", "cpu", "--quant", "none", "--batch-size", 4, "--accumulate", 1, "--samples", 0)
LOADERS = {"from_pretrained", "from_config"}
PEFT = {"LoraConfig", "PeftModel"}  # these read JSON and safetensors, and know no such argument


@pytest.fixture
def model(here: Path) -> Path:
    """A tiny random chat model in the folder ``m``."""
    write_llama(here / "m")
    return here / "m"


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def write_pairs(path: Path) -> None:
    rows = [
        {"prompt": f"question {n}", "chosen": f"good {n}", "rejected": "bad"} for n in range(12)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def judge_with(cli: Cli, here: Path, model: str, *more: object) -> str:
    """Why judging with this model is refused."""
    for name in ("a", "b"):
        write_answers(here / f"{name}.jsonl", [f"{name} says"])
    words = ("compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--model", model, *more)
    return cli(*words).error


def calls_without(file: Path, argument: str) -> list[str]:
    """The calls of transformers' loaders in a file that do not give the argument."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = ast.unparse(node.func.value).rsplit(".", 1)[-1]
        given = {keyword.arg for keyword in node.keywords}
        if node.func.attr in LOADERS and owner not in PEFT and argument not in given:
            found.append(f"{file.name}:{node.lineno}")
    return found


def test_61_every_loader_says_that_foreign_code_is_not_run() -> None:
    files = [*(ROOT / "judgekit").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    assert [place for file in files for place in calls_without(file, "trust_remote_code")] == []


@pytest.mark.parametrize("type_", ["zzz", "llama"])
def test_61_code_beside_a_config_is_neither_asked_about_nor_run(
    model: Path, here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, type_: str
) -> None:
    code = "from pathlib import Path\nPath('RAN').touch()\nclass A: pass\n"
    (model / "evil.py").write_text(code)
    auto_map = {"AutoConfig": "evil.A", "AutoModelForCausalLM": "evil.A"}
    change_config(model, model_type=type_, auto_map=auto_map)
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked on the terminal"))
    if type_ == "zzz":
        assert "cannot read the model" in judge_with(cli, here, "transformers/./m")
    else:  # transformers has this one itself
        write_answers(here / "a.jsonl", ["one"])
        cli("generate", "a.jsonl", "--model", "transformers/./m", "-o", "out.jsonl")
    assert not (here / "RAN").exists()


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation"])
def test_61_an_attention_from_a_hub_is_refused(model: Path, here: Path, cli: Cli, key: str) -> None:
    change_config(model, **{key: "somebody/kernel"})
    error = judge_with(cli, here, "transformers/./m")
    assert "'somebody/kernel'" in error
    assert "never run" in error


def lora(folder: Path, model: Path, *targets: str) -> None:
    """Saves a LoRA of random weights."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(3)
    base = AutoModelForCausalLM.from_pretrained(model)
    config = LoraConfig(r=4, task_type="CAUSAL_LM", target_modules=[*targets])
    with warnings.catch_warnings(action="ignore"):  # peft warns of tied weights, and of itself
        wrapped = get_peft_model(base, config)
        for weight in wrapped.parameters():
            if weight.requires_grad:
                torch.nn.init.normal_(weight, std=0.3)
        wrapped.save_pretrained(folder)
    AutoTokenizer.from_pretrained(model).save_pretrained(folder)


def test_81_an_adapter_as_a_pickle_is_refused_whatever_lies_beside_it(
    model: Path, here: Path, cli: Cli
) -> None:
    lora(here / "ad", model, "q_proj")
    (here / "ad/adapter_model.safetensors").rename(here / "ad/decoy.safetensors")
    torch.save({"weight": torch.ones(1)}, here / "ad/adapter_model.bin")
    error = judge_with(cli, here, "transformers/./m", "--adapter", "./ad")
    assert "pickles (adapter_model.bin) are not read" in error


def test_10_an_adapter_of_tied_embeddings_is_merged_as_it_was_trained(
    model: Path, here: Path, cli: Cli
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, LlamaConfig

    config = LlamaConfig.from_pretrained(model)
    config.tie_word_embeddings = True
    AutoModelForCausalLM.from_config(config).save_pretrained(model)
    lora(here / "ad", model, "q_proj", "embed_tokens")
    base = AutoModelForCausalLM.from_pretrained(model)
    with torch.no_grad(), warnings.catch_warnings(action="ignore"):
        expected = PeftModel.from_pretrained(base, here / "ad").eval()(TOKEN_IDS).logits
        merged = cli("train", "merge", "ad", "-o", "merged", "--device", "cpu")
        assert merged.code == 0, merged.err
        found = AutoModelForCausalLM.from_pretrained(here / "merged").eval()(TOKEN_IDS).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_08_a_model_may_have_several_end_tokens(model: Path, here: Path, cli: Cli) -> None:
    change_config(model, eos_token_id=[2, 0, 3])
    write_pairs(here / "pairs.jsonl")
    trained = cli("train", "reward", "pairs.jsonl", "--model", "m", "-o", "rm", *TRAIN)
    assert trained.code == 0, trained.err


def test_09_a_tokenizer_larger_than_its_model_is_refused(model: Path, here: Path, cli: Cli) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig.from_pretrained(model)
    config.vocab_size -= 20
    LlamaForCausalLM(config).save_pretrained(model)
    write_pairs(here / "pairs.jsonl")
    trained = cli("train", "dpo", "pairs.jsonl", "--model", "m", "-o", "out", *TRAIN)
    for error in (trained.error, judge_with(cli, here, "transformers/./m")):
        assert f"the model {config.vocab_size} embeddings: 20 tokens" in error
    assert not (here / "out").exists()


def test_78_the_module_imports_nothing_from_the_working_directory(here: Path) -> None:
    for name in ("sacrebleu", "typer", "rich"):
        (here / f"{name}.py").write_text("raise SystemExit('run from the working directory')\n")
    examples = ROOT / "examples"
    for name in ("tuned", "base"):
        shutil.copy(examples / f"{name}.jsonl", here)
    words = ("-m", "judgekit", "compare", "tuned.jsonl", "base.jsonl", "--judge", "overlap")
    done = subprocess.run(
        [sys.executable, *words],
        cwd=here,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
