"""Time and memory of a DPO step, compared with TRL's trainer.

    python benchmarks/dpo_speed.py              # all parts, half an hour
    python benchmarks/dpo_speed.py --only steps agreement
    python benchmarks/dpo_speed.py --quick      # two pairs a step, one round, three minutes
    python benchmarks/dpo_speed.py --quick --json

Both trainers get the same Llama of random weights, the same pairs and LoRA, and one thread. Each
training runs in its own process, and the trainers take turns. A step includes its share of the
reference model's pass, but neither loading nor the first step. Parts: `steps` (CPU seconds of a
step and peak memory, in bf16 autocast, TRL's default, and in fp32), `agreement` (loss and gradients
of one batch), `grid` (lengths of prompts and answers, with the saving expected from sharing prompts
alone), `head` (the head's share of a step, which is large on a CPU), `gpu` (Mistral-7B's shape in 4
bits; null without a GPU).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dpo_speed_data import LARGE, write_model, write_pairs
from dpo_speed_gpu import measure_gpu
from dpo_speed_task import PLAIN, Contestant, Task
from options import option_parser
from processes import measure

PARTS = ("steps", "agreement", "grid", "head", "gpu")
PROMPTS, COMPLETIONS = (128, 512), (64, 128)  # tokens
GRID = ((128, 64), (256, 128), (512, 64), (512, 128), (320, 96), (200, 400))  # prompt, completion
STEPS = 2  # of a training; the first does not count
FEW_WORDS = 1024  # a vocabulary whose head costs next to nothing
Measured = Mapping[str, Any]
FORCED = {**PLAIN, "completions_only": True}
FP32 = {"bf16": False}
# By default TRL keeps weights in the checkpoint's dtype, here fp32, and computes in bf16.
BF16_WAYS = {
    "judgekit": Contestant("judgekit", "bfloat16", 1, {}),
    "trl default": Contestant("trl", "float32", None, {}),
    "trl best settings": Contestant("trl", "bfloat16", 1, PLAIN),
    "trl best settings, head forced": Contestant("trl", "bfloat16", 1, FORCED),
}
FP32_WAYS = {
    "judgekit": Contestant("judgekit", "float32", 1, {}),
    "trl default": Contestant("trl", "float32", None, FP32),
    "trl best settings": Contestant("trl", "float32", 1, {**PLAIN, **FP32}),
    "trl best settings, head forced": Contestant("trl", "float32", 1, {**FORCED, **FP32}),
}
BEST = "trl best settings, head forced"


@dataclass(frozen=True)
class Rig:
    """The folder for models and pairs, and how much to run."""

    folder: Path
    quick: bool

    @property
    def step_pairs(self) -> int:
        return 2 if self.quick else 4

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 3

    def model(self, vocabulary: int = LARGE.vocabulary) -> Path:
        folder = self.folder / f"model-{vocabulary}"
        if not folder.exists():
            write_model(folder, replace(LARGE, vocabulary=vocabulary))
        return folder

    def pairs(
        self,
        prompts: Sequence[int] = PROMPTS,
        completions: Sequence[int] = COMPLETIONS,
        words: int = LARGE.vocabulary,
    ) -> Path:
        """A file of as many pairs as a training takes."""
        name = "-".join(map(str, (*prompts, *completions, words)))
        path = self.folder / f"pairs-{name}.jsonl"
        return write_pairs(path, STEPS * self.step_pairs, prompts, completions, words)

    def train(self, way: Contestant, model: Path, pairs: Path) -> Measured:
        """One training in its own process; returns what the worker prints."""
        batch = min(way.batch or self.step_pairs, self.step_pairs)
        task = Task(
            trainer=way.trainer,
            model=str(model),
            data=str(pairs),
            batch=batch,
            accumulate=self.step_pairs // batch,
            steps=STEPS,
            dtype=way.dtype,
            settings=way.settings,
        )
        return measure("dpo_speed_worker.py", json.dumps(asdict(task)))


def main() -> None:
    options = parse()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), options.quick)
        for part in PARTS:
            if part in options.only:
                measured = RUN[part](rig)
                print(json.dumps(measured, indent=1), flush=True)
                results |= measured
    if options.json:
        print(json.dumps(results))


def parse() -> argparse.Namespace:
    parser = option_parser(__doc__, "fewer pairs, one round, no grid")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="run only these parts")
    options = parser.parse_args()
    options.only = options.only or (("steps", "agreement", "gpu") if options.quick else PARTS)
    return options


def steps(rig: Rig) -> dict[str, Any]:
    """All trainers on pairs of mixed lengths; the ratios are in TRL's default precision."""
    in_bf16 = table(rig, BF16_WAYS, rig.rounds)
    results = {**ratios(in_bf16), "bf16": in_bf16}
    if not rig.quick:
        in_fp32 = table(rig, FP32_WAYS, 1)
        results |= {f"{name}_fp32": ratio for name, ratio in ratios(in_fp32).items()}
        results["fp32"] = in_fp32
    return results


def table(rig: Rig, ways: Mapping[str, Contestant], rounds: int) -> dict[str, Measured]:
    """Medians over the rounds; each trainer trains once in a round."""
    model, pairs = rig.model(), rig.pairs()
    runs: dict[str, list[Measured]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            runs[name].append(rig.train(way, model, pairs))
    kinds = ("cpu_s", "wall_s", "reference_cpu_s", "peak_mb")
    return {
        name: {kind: round(statistics.median(run[kind] for run in some), 2) for kind in kinds}
        for name, some in runs.items()
    }


def ratios(measurements: Mapping[str, Measured]) -> dict[str, float]:
    """TRL's time and memory, divided by ours."""
    named = {"default": "trl default", "best_settings": "trl best settings", "best": BEST}
    return {
        f"{kind}_{short}": round(measurements[name][measure] / measurements["judgekit"][measure], 2)
        for kind, measure in (("ratio", "cpu_s"), ("memory_ratio", "peak_mb"))
        for short, name in named.items()
    }


def agreement(rig: Rig) -> dict[str, Any]:
    """How far loss and gradients of one batch differ, in fp32."""
    task = Task(
        trainer="trl",
        model=str(rig.model()),
        data=str(rig.pairs()),
        batch=rig.step_pairs,
        accumulate=1,
        steps=1,
        settings={**FP32, "gradient_checkpointing": False},
    )
    return measure("dpo_speed_agreement.py", json.dumps(asdict(task)))


def grid(rig: Rig) -> dict[str, Any]:
    """Prompts and answers of one length each, against TRL's fastest settings."""
    rig = replace(rig, quick=True)
    cells = []
    for prompt, completion in GRID:
        pairs = rig.pairs((prompt,), (completion,))
        ours, theirs = (
            rig.train(BF16_WAYS[name], rig.model(), pairs) for name in ("judgekit", BEST)
        )
        cells.append(
            {
                "prompt": prompt,
                "completion": completion,
                "ratio": round(theirs["cpu_s"] / ours["cpu_s"], 2),
                "predicted": round(2 * (prompt + completion) / (prompt + 2 * completion), 2),
                "memory_ratio": round(theirs["peak_mb"] / ours["peak_mb"], 2),
                "samples_per_s": round(rig.step_pairs / ours["cpu_s"], 3),
            }
        )
    return {"grid": cells}


def head(rig: Rig) -> dict[str, Any]:
    """The head's share of a step: what a tiny vocabulary saves."""
    rig = replace(rig, quick=True)
    words = (LARGE.vocabulary, FEW_WORDS)
    shares = {}
    for name, way in BF16_WAYS.items():
        full_time, without = (
            rig.train(way, rig.model(size), rig.pairs(words=size))["cpu_s"] for size in words
        )
        shares[name] = round(1 - without / full_time, 2)
    return {"head_share": shares}


def gpu(rig: Rig) -> dict[str, Any]:
    """Mistral-7B's shape in 4 bits; null without a GPU."""
    return {"gpu": measure_gpu(rig.folder)}


RUN = {"steps": steps, "agreement": agreement, "grid": grid, "head": head, "gpu": gpu}

if __name__ == "__main__":
    main()
