"""Times one training in this process; `dpo_speed.py` starts it. JSON on the last line.

    python benchmarks/dpo_speed_worker.py '{"trainer": "judgekit", "model": …}'

The first step is warm-up and does not count. Each step's time includes its share of what the
trainer computes for the reference model before the first step.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

import torch
from dpo_speed_peers import train_with_trl
from dpo_speed_task import ALPHA, BETA, LINEAR, RANK, RATE, Clock, Task


def main() -> None:
    task = Task(**json.loads(sys.argv[1]))
    torch.set_num_threads(task.threads)
    clock = Clock()
    # In a temporary working directory: reference log-probabilities are kept there.
    train = train_with_trl if task.trainer == "trl" else train_with_judgekit
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        train(task, clock, Path(folder))
    pairs = len(Path(task.data).read_text(encoding="utf-8").splitlines())
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    result = {
        "cpu_s": clock.step_seconds(0, pairs, task.step_pairs),
        "wall_s": clock.step_seconds(1, pairs, task.step_pairs),
        "reference_cpu_s": clock.reference[0] * task.step_pairs / pairs,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "gpu_mb": gpu / 2**20,
        "losses": clock.losses,
    }
    print(json.dumps(result))


def train_with_judgekit(task: Task, clock: Clock, folder: Path) -> None:
    """Trains by `judgekit.train`, as a script would."""
    from judgekit.train import train_dpo
    from judgekit.train.interfaces.events import Event, ModelLoaded, ReferenceProgress, StepFinished
    from judgekit.train.recipes.language_model import DPO

    starts: list[tuple[float, float]] = []

    def on_event(event: Event) -> None:
        if isinstance(event, ModelLoaded):
            starts.append(clock.now())
        elif isinstance(event, ReferenceProgress) and event.done == event.total:
            clock.add_reference(starts.pop())
        elif isinstance(event, StepFinished):
            clock.mark_step()
            clock.losses.append(event.row["loss"])

    settings = dict(task.settings)
    preset = settings.pop("preset", "default")
    shared = {
        "model": task.model,
        "device": task.device,
        "dtype": task.dtype,
        "template": "plain",
        "batch_size": task.batch,
        "accumulate": task.accumulate,
        "steps": task.steps,
        "eval_share": 0.0,
        "samples": 0,
        "save_every": task.steps,
    }
    defaults = {
        "quant": "nf4" if task.quant else "none",
        "lora_r": RANK,
        "lora_alpha": float(ALPHA),
        "lora_targets": LINEAR,
        "learning_rate": RATE,
        "beta": BETA,
        "optimizer": "adamw",
    }
    # A preset has its own adapter and optimizer.
    chosen = shared if preset != "default" else {**shared, **defaults}
    recipe = DPO.of({**chosen, **settings}, preset)
    train_dpo(task.data, recipe, out=folder / "tuned", on_event=on_event)


if __name__ == "__main__":
    main()
