"""DPO at Mistral-7B's shape in 4 bits on a GPU, beside TRL: samples a second and peak memory."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from dpo_speed_data import MISTRAL, Shape, write_model, write_pairs
from dpo_speed_task import PLAIN, Contestant, Task
from processes import measure

__all__ = ["contestants", "measure_gpu", "train_all"]

T4 = 0.136  # samples a second of the lecture's recipe on a Tesla T4, as it was published
PAIRS, ACCUMULATE, STEPS = 20, 4, 5
PROMPTS, COMPLETIONS = (128, 512), (64, 128)  # tokens


def measure_gpu(folder: Path) -> Any:
    """Speed and memory of each trainer; None without a GPU."""
    if not torch.cuda.is_available():
        return None
    half = "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    measured = train_all(folder, MISTRAL, "cuda", half)
    return {"device": torch.cuda.get_device_name(), "t4_samples_per_s": T4, **measured}


def train_all(folder: Path, shape: Shape, device: str, dtype: str) -> dict[str, Any]:
    """Runs every trainer in turn on a model of random weights of that shape."""
    model = write_model(folder / "shape", shape)
    pairs = write_pairs(
        folder / "pairs-gpu.jsonl", PAIRS, PROMPTS, COMPLETIONS, size=shape.vocabulary
    )
    results: dict[str, Any] = {}
    for name, way in contestants(dtype).items():
        task = Task(
            trainer=way.trainer,
            model=str(model),
            data=str(pairs),
            batch=1,
            accumulate=ACCUMULATE,
            steps=STEPS,
            device=device,
            dtype=way.dtype,
            quant=True,
            settings=way.settings,
        )
        try:
            run = measure("dpo_speed_worker.py", json.dumps(asdict(task)))
        except subprocess.CalledProcessError as error:  # out of memory, as a rule
            results[name] = str(error.stderr).strip().splitlines()[-1]
            continue
        rate = round(task.step_pairs / run["wall_s"], 3)
        results[name] = {"samples_per_s": rate, "gpu_mb": round(run["gpu_mb"])}
    return results


def contestants(dtype: str) -> Mapping[str, Contestant]:
    """The trainers by name. `dtype`: what the GPU computes fast in; TRL's default is bfloat16."""
    precision = {} if dtype == "bfloat16" else {"bf16": False, "fp16": True}
    ways = {
        "judgekit": Contestant("judgekit", dtype, 1, {}),
        "judgekit, lecture's recipe": Contestant("judgekit", dtype, 1, {"preset": "lecture"}),
        "trl default": Contestant("trl", dtype, 1, precision),
        "trl best settings": Contestant("trl", dtype, 1, {**PLAIN, **precision}),
    }
    if importlib.util.find_spec("liger_kernel"):
        kernels = {**PLAIN, **precision, "use_liger_kernel": True}
        ways["trl best settings, Liger's kernels"] = Contestant("trl", dtype, 1, kernels)
    return ways
