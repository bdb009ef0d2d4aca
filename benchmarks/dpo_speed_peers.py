"""TRL's DPOTrainer, with its defaults and with its fastest settings."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from dpo_speed_task import ALPHA, BETA, LINEAR, RANK, RATE, Clock, Task

__all__ = ["make_trainer", "train_with_trl"]

COMPLETIONS_ONLY = "completions_only"  # no setting of TRL's: see `skip_prompts_in_head`


def train_with_trl(task: Task, clock: Clock, folder: Path) -> None:
    """Trains by TRL; the clock gets its steps and losses."""
    trainer = make_trainer(task, clock, folder)
    trainer.add_callback(step_callback(clock))
    trainer.train()
    clock.losses += [row["loss"] for row in trainer.state.log_history if "loss" in row]


def make_trainer(task: Task, clock: Clock, folder: Path) -> Any:
    """A DPOTrainer for the task; its pass for the reference model is timed by `clock`."""
    os.environ["TQDM_DISABLE"] = "1"
    warnings.simplefilter("ignore", FutureWarning)
    import datasets
    import trl

    library: Any = trl
    sets: Any = datasets
    sets.disable_progress_bars()

    class TimedTrainer(library.DPOTrainer):  # type: ignore[misc]
        def _precompute_ref_logps(self, *args: Any, **kwargs: Any) -> Any:
            start = clock.now()
            logps = super()._precompute_ref_logps(*args, **kwargs)
            clock.add_reference(start)
            return logps

    settings = dict(task.settings)
    if settings.pop(COMPLETIONS_ONLY, False):
        skip_prompts_in_head()
    return TimedTrainer(
        model=load_model(task),
        args=dpo_config(task, folder, settings),
        train_dataset=sets.Dataset.from_json(task.data, cache_dir=str(folder / "data")),
        processing_class=load_tokenizer(task),
        peft_config=lora_config(),
    )


def dpo_config(task: Task, folder: Path, settings: dict[str, Any]) -> Any:
    """TRL's defaults, except for what all trainers share and `settings`."""
    import trl

    library: Any = trl
    return library.DPOConfig(
        output_dir=str(folder / "trl"),
        per_device_train_batch_size=task.batch,
        gradient_accumulation_steps=task.accumulate,
        max_steps=task.steps,
        learning_rate=RATE,
        beta=BETA,
        use_cpu=task.device == "cpu",
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **settings,
    )


def load_model(task: Task) -> Any:
    """The model in `task.dtype` or in NF4, protected from a fault of bitsandbytes on some CPUs."""
    import torch
    import transformers

    from judgekit.models.four_bit import bitsandbytes_config, guard_4bit

    library: Any = transformers
    shape = library.AutoConfig.from_pretrained(task.model)
    dtype = getattr(torch, task.dtype)
    model = library.AutoModelForCausalLM.from_pretrained(
        task.model,
        dtype=dtype,
        device_map={"": task.device},
        quantization_config=bitsandbytes_config(shape, dtype) if task.quant else None,
    )
    guard_4bit(model)
    return model


def load_tokenizer(task: Task) -> Any:
    """The model's tokenizer."""
    import transformers

    library: Any = transformers
    return library.AutoTokenizer.from_pretrained(task.model)


def lora_config() -> Any:
    """The adapter that all trainers use."""
    import peft

    library: Any = peft
    return library.LoraConfig(
        r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=LINEAR, task_type="CAUSAL_LM"
    )


def skip_prompts_in_head() -> None:
    """Makes TRL compute the logits of completions only, which it does by itself with Triton.

    TRL has no setting for this. Without it, the head is computed at every position on a CPU.
    """
    import importlib

    module: Any = importlib.import_module("trl.trainer.utils")
    module._use_triton = lambda _device: True


def step_callback(clock: Clock) -> Any:
    """A callback that marks the end of each step on the clock."""
    import transformers

    library: Any = transformers

    class MarkSteps(library.TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.mark_step()

    return MarkSteps()
