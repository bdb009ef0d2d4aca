"""Losses and gradients against TRL 1.16's trainers, on the batch that those make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoints_families import family
from checkpoints_llama import write_tokenizer
from one_by_one import relative
from torch import Tensor

from judgekit.train.data.examples import Example
from judgekit.train.data.packing import pack
from judgekit.train.network.policy import Policy
from judgekit.train.objectives.losses import PreferenceLoss, preference_loss

pytest.importorskip("trl")
# TRL's and peft's own use of transformers
pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore:.*checkpointing.* is deprecated:FutureWarning"),
]

PAIRS = [
    {"prompt": "The capital of Australia is", "chosen": " Canberra.", "rejected": " Sydney, no"},
    {"prompt": "Which answer is", "chosen": " better? Answer B says why", "rejected": " A"},
    {"prompt": "You", "chosen": " are a careful judge", "rejected": " compare both, then say yes"},
]
# fp32: FACTS of the first measurements; bf16: what two orders of the same sums differ by.
LOSS = {torch.float32: 1e-5, torch.bfloat16: 2e-3}
GRADIENT = {torch.float32: 1e-4, torch.bfloat16: 2e-2}


@dataclass(frozen=True)
class Side:
    """A trainer of TRL, its batch, and the same batch as examples."""

    trainer: Any
    batch: dict[str, Tensor]
    examples: tuple[Example, ...]


def settings(folder: Path) -> dict[str, Any]:
    """What every trainer is given."""
    return {
        "output_dir": str(folder / "out"),
        "per_device_train_batch_size": len(PAIRS),
        "report_to": "none",
        "use_cpu": True,
        "gradient_checkpointing": False,
        "disable_tqdm": True,
    }


def side(folder: Path, dtype: torch.dtype) -> Side:
    """TRL's trainer on a tiny Llama with a LoRA adapter that is not at its start."""
    import datasets
    import peft
    import transformers
    import trl

    datasets.disable_progress_bars()
    size = write_tokenizer(folder)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    trainer = trl.DPOTrainer(
        model=family("llama", vocab_size=size).to(dtype),
        args=trl.DPOConfig(**settings(folder), bf16=dtype == torch.bfloat16),
        train_dataset=datasets.Dataset.from_list(PAIRS),
        processing_class=tokenizer,
        peft_config=peft.LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear"),
    )
    torch.manual_seed(0)
    for name, weight in trainer.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.02)
    batch = next(iter(trainer.get_train_dataloader()))
    return Side(trainer, batch, as_examples(batch))


def as_examples(batch: dict[str, Tensor]) -> tuple[Example, ...]:
    """TRL's rows, first all chosen, then all rejected, as pairs of completions to prompts."""
    rows = []
    keys = ("input_ids", "attention_mask", "completion_mask")
    for ids, mask, completion in zip(*(batch[key] for key in keys), strict=True):
        prompt = mask.bool() & ~completion.bool()
        rows.append((tuple(ids[prompt].tolist()), tuple(ids[completion.bool()].tolist())))
    half = len(rows) // 2
    return tuple(
        Example(prompt, (chosen, rejected))
        for (prompt, chosen), (_, rejected) in zip(rows[:half], rows[half:], strict=True)
    )


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="module", params=[torch.float32, torch.bfloat16], ids=str)
def trl(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("trl")
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_DATASETS_CACHE", str(folder / "cache"))
        yield side(folder, request.param)


def trained(model: Any) -> dict[str, Tensor]:
    return {n: w.grad.clone() for n, w in model.named_parameters() if w.grad is not None}


def ours(side: Side, how: PreferenceLoss, path: Any) -> tuple[float, dict[str, Tensor]]:
    """Our loss and its gradients, on the trainer's model in the trainer's precision."""
    model = side.trainer.model
    model.zero_grad()
    policy = Policy(model, path=path, chunk=8).train()
    batch = pack(side.examples)
    with side.trainer.accelerator.autocast():
        reference = None if how.name == "simpo" else policy.reference(batch).view(-1, 2)
        found = policy(**batch).view(-1, 2)
    loss = preference_loss(found, reference, batch["lengths"].view(-1, 2), how).mean()
    loss.backward()
    return float(loss.detach()), trained(model)


def theirs(side: Side, how: PreferenceLoss) -> tuple[float, dict[str, Tensor]]:
    """TRL's loss and its gradients."""
    trainer = side.trainer
    trainer.loss_types, trainer.loss_weights = [how.name], [1.0]
    trainer.beta, trainer.label_smoothing = how.beta, how.label_smoothing
    trainer.model.zero_grad()
    trainer.model.train()
    with trainer.accelerator.autocast():
        loss = trainer.compute_loss(trainer.model, side.batch)
    loss.backward()
    return float(loss.detach()), trained(trainer.model)


@pytest.mark.parametrize("path", ["shared", "padded"])
@pytest.mark.parametrize(
    "how",
    [
        PreferenceLoss("sigmoid", 0.1),
        PreferenceLoss("ipo", 0.5),
        PreferenceLoss("hinge", 0.3),
        PreferenceLoss("robust", 0.1, 0.2),
    ],
    ids=lambda how: how.name,
)
def test_as_trl(trl: Side, how: PreferenceLoss, path: Any) -> None:
    dtype = trl.trainer.model.get_base_model().lm_head.weight.dtype
    loss, gradients = ours(trl, how, path)
    expected, wanted = theirs(trl, how)
    assert abs(loss - expected) <= LOSS[dtype]
    assert relative(gradients, wanted) <= GRADIENT[dtype]


@pytest.mark.filterwarnings("ignore:.*[Ee]xperimental.*:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*[Ee]xperimental.*:UserWarning")
@pytest.mark.parametrize(
    "how",
    [
        PreferenceLoss("simpo", 2.0, gamma=0.5),
        PreferenceLoss("simpo", 2.5, 0.1, gamma=1.0),
        PreferenceLoss("sigmoid", 0.1, 0.2),
    ],
    ids=["simpo", "simpo-smoothed", "conservative"],
)
def test_without_a_reference_as_trl(offline: Path, how: PreferenceLoss) -> None:
    """SimPO, and conservative DPO where the reference finds every answer equally likely.

    TRL has both in its CPO trainer alone. The whole model is trained, its head too.
    """
    import datasets
    import transformers
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    datasets.disable_progress_bars()
    size = write_tokenizer(offline)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(offline)
    model = family("llama", vocab_size=size)
    chosen = {
        "loss_type": how.name,
        "beta": how.beta,
        "label_smoothing": how.label_smoothing,
        "simpo_gamma": how.gamma,
        "cpo_alpha": 0.0,
    }
    trainer = CPOTrainer(
        model=model,
        args=CPOConfig(**settings(offline), **chosen, max_length=64),
        train_dataset=datasets.Dataset.from_list(PAIRS),
        processing_class=tokenizer,
    )
    batch = next(iter(trainer.get_train_dataloader()))
    expected, _ = trainer.get_batch_loss_metrics(model, batch)
    expected.backward()
    wanted = trained(model)

    model.zero_grad()
    packed = pack(labelled(batch))
    lengths = packed["lengths"].view(-1, 2)
    found = Policy(model, path="shared", chunk=8)(**packed).view(-1, 2)
    reference = None if how.name == "simpo" else torch.zeros_like(found)
    loss = preference_loss(found, reference, lengths, how).mean()
    loss.backward()
    assert float((loss - expected).detach().abs()) <= LOSS[torch.float32]
    assert relative(trained(model), wanted) <= GRADIENT[torch.float32]


def labelled(batch: dict[str, Tensor]) -> list[Example]:
    """The rows of TRL's older collator, whose labels are -100 in the prompt, as examples."""
    found: dict[str, list[tuple[int, ...]]] = {}
    for side in ("chosen", "rejected"):
        ids, labels = batch[f"{side}_input_ids"], batch[f"{side}_labels"]
        mask = batch[f"{side}_attention_mask"].bool()
        answers = labels != -100
        found[side] = [tuple(i[a].tolist()) for i, a in zip(ids, answers, strict=True)]
        prompts = mask & ~answers
        found["prompt"] = [tuple(i[p].tolist()) for i, p in zip(ids, prompts, strict=True)]
    trio = zip(found["prompt"], found["chosen"], found["rejected"], strict=True)
    return [Example(prompt, (chosen, rejected)) for prompt, chosen, rejected in trio]
