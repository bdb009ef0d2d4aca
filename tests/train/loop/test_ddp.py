"""Two processes that train together, started by torchrun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy
from checkpoints_llama import write_llama
from places import TESTS
from toy import held_out, losses, write_pairs

from judgekit import train

pytestmark = pytest.mark.usefixtures("one_thread")


TOGETHER = """
import os
import sys
from pathlib import Path
import torch
import toy
from judgekit import train

torch.set_num_threads(1)
objective, model, settings = sys.argv[1], sys.argv[2], eval(sys.argv[3])
told = []
recipe = getattr(toy, objective)(model, **settings)
trained = getattr(train, f"train_{objective}")
trained("pairs.jsonl", recipe, out="together", on_event=told.append)
Path(f"told-{os.environ['RANK']}").write_text(str(len(told)))
"""


@pytest.mark.parametrize("objective", ["dpo", pytest.param("sft", marks=pytest.mark.slow)])
def test_two_processes_do_what_one_does(here: Path, objective: str) -> None:
    model = write_llama(here / "model")
    data = write_pairs(here / "pairs.jsonl")
    settings = {"steps": 3, "batch_size": 1, "save_every": 2}
    (here / "together.py").write_text(TOGETHER)
    halved = repr({**settings, "accumulate": 2})
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"),
            *("together.py", objective, str(model), halved),
        ],
        env={**os.environ, "PYTHONPATH": str(TESTS / "train"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    first, second = (int((here / f"told-{rank}").read_text()) for rank in (0, 1))
    assert first > 0 == second  # only one of them tells
    recipe = getattr(toy, objective)(model, **settings, accumulate=4)
    alone = getattr(train, f"train_{objective}")(data, recipe, out=here / "alone")
    out = here / "together"
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert losses(rows) == pytest.approx(losses(alone.metrics), abs=1e-5)
    for ours, theirs in zip(held_out(rows), held_out(alone.metrics), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)
    assert json.loads((out / "train.json").read_text())["processes"] == 2
    states = sorted(path.name for path in (out / "checkpoints" / "checkpoint-3").glob("rng_*"))
    assert states == ["rng_state_0.pth", "rng_state_1.pth"]
