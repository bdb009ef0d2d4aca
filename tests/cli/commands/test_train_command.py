"""`judgekit train`: flags, plans, a training from end to end, stopped and resumed, over the CLI."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from answers import read_jsonl, write_jsonl
from checkpoints_llama import write_llama
from commands import Cli, Start
from servers import JudgeServer

from judgekit.cli.render.train_metrics import duration
from judgekit.cli.render.train_progress import TrainingState, interruption_message, training_display
from judgekit.train.interfaces.events import (
    HeldOutMeasured,
    ModelLoaded,
    StepFinished,
    TrainingStarted,
    WeightsSaved,
)

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = (
    *("--quant", "none", "--optimizer", "adamw", "--lora-r", "4", "--learning-rate", "3e-3"),
    *("--steps", "4", "--batch-size", "2", "--accumulate", "2", "--eval-share", "0.2"),
    *("--max-length", "128", "--max-prompt-length", "96", "--eval-every", "2"),
    *("--save-every", "2", "--samples", "0", "--device", "cpu"),
)


@pytest.fixture(scope="module", name="llama")
def _llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("train") / "llama")


@pytest.fixture
def words(here: Path, llama: Path) -> list[str]:
    write_jsonl(
        here / "pairs.jsonl",
        [
            {"prompt": f"Which, {i}?", "chosen": "[[A]] is better.", "rejected": "[[B]] no" * 2}
            for i in range(20)
        ],
    )
    return ["pairs.jsonl", "--model", str(llama), *TINY]


@pytest.mark.parametrize("name", ["dpo", "sft", "reward", "ranker"])
def test_help_needs_no_torch(name: str) -> None:
    code = (
        "import sys\nfrom judgekit.cli import main\n"
        f"try: main(['train', '{name}', '--help'])\nexcept SystemExit as e: assert not e.code\n"
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines()[-1] == "False False"
    assert "--learning-rate" in out.stdout
    assert ("--preset" in out.stdout) == (name == "dpo")


def test_from_pairs_to_a_folder(cli: Cli, here: Path, words: list[str]) -> None:
    said = cli("train", "dpo", *words, "--samples", "2")
    assert said.code == 0, said.err
    assert said.out.splitlines()[-1] == "trained"
    told = " ".join(said.out.split())
    assert re.search(r"held-out rows before after loss 0\.6931 0\.\d+ .*accuracy 50\.0 % ", told)
    assert "prompt Which, " in told
    assert "4 steps in" in told
    metric_text = " ".join(said.err.split())
    assert "rows 20 read, " in metric_text
    assert "loaded; each prompt is encoded once" in metric_text
    assert re.findall(r"^step (\d+), held out: ", said.err, re.M) == ["0", "2", "4"]
    assert re.findall(r"^step (\d+) of 4: ", said.err, re.M) == ["1", "2", "3", "4"]
    assert (here / "trained/adapter_model.safetensors").exists()


def test_json_is_one_object_and_a_second_time_needs_a_word(cli: Cli, words: list[str]) -> None:
    found = cli("train", "dpo", *words, "-o", "t", "--json").json
    assert (found["folder"], found["objective"], found["steps"]) == ("t", "dpo", 4)
    assert found["before"]["accuracy"] == 0.5
    assert found["after"]["step"] == 4
    assert found["counts"]["read"] == 20
    assert found["estimate"]["total"] > 0
    assert "--resume continues it" in cli("train", "dpo", *words, "-o", "t").error
    again = cli("train", "dpo", *words, "-o", "t", "--resume", "--json").json
    assert again == found


@pytest.mark.parametrize(
    ("name", "measures"),
    [("sft", ("loss", "kl")), ("reward", ("accuracy", "margin"))],
)
def test_the_others(cli: Cli, words: list[str], name: str, measures: tuple[str, ...]) -> None:
    found = cli("train", name, *words, "--json").json
    assert found["objective"] == name
    assert set(measures) <= found["after"].keys()
    assert found["after"]["loss"] < found["before"]["loss"]


def test_a_dry_run_trains_nothing(cli: Cli, here: Path, words: list[str]) -> None:
    found = cli("train", "dpo", *words, "--dry-run", "--json").json
    assert found["steps"] == 4
    assert found["counts"]["read"] == 20
    assert found["estimate"]["fits"] is True
    told = " ".join(cli("train", "dpo", *words, "--dry-run").out.split())
    assert "steps 4, at least" in told
    assert "free on cpu weights" in told
    assert not (here / "trained").exists()


@pytest.mark.parametrize(
    ("flags", "tells"),
    [
        (["--label-smoothing", "0.1", "--label-smoothing-from", "r"], "not both"),
        (["--label-smoothing-from", "nowhere"], "no run in 'nowhere'"),
        (["--preset", "other"], "one of default, lecture, not 'other'"),
        (["--learning-rate", "0"], "learning_rate must be more than 0"),
        (["--loss", "hinge", "--label-smoothing", "0.1"], "'hinge' has no label_smoothing"),
        (["--resume", "--force"], "choose one"),
        (["--eval-data", "none.jsonl"], "none.jsonl"),
    ],
)
def test_what_is_refused(
    cli: Cli, here: Path, words: list[str], flags: list[str], tells: str
) -> None:
    assert tells in cli("train", "dpo", *words, *flags).error
    assert not (here / "trained").exists()


def test_without_a_model(cli: Cli, words: list[str]) -> None:
    assert "add --model FOLDER or HUB-ID" in cli("train", "dpo", "pairs.jsonl").error


def test_the_lecture_preset_gives_way_to_flags(cli: Cli, words: list[str]) -> None:
    found = cli("train", "dpo", "pairs.jsonl", "--preset", "lecture", *words[1:], "--dry-run")
    assert found.code == 0, found.err
    assert "steps 4, " in " ".join(found.out.split())
    flags = ["--quant", "none", "--device", "cpu", "--lora-targets", "q_proj"]
    lecture = ["--preset", "lecture", *words[1:3], *flags]
    found = cli("train", "dpo", "pairs.jsonl", *lecture, "--dry-run")
    assert "steps 50, " in " ".join(found.out.split())


def test_label_smoothing_from_a_judge_that_contradicts_itself(
    cli: Cli, here: Path, words: list[str], server: JudgeServer
) -> None:
    """Of ten cases nine are won by the same answer in both orders, one by the first shown."""

    def says(body: Any) -> str:
        text = body["messages"][-1]["content"]
        first = "Q0?" in text or text.index("GOOD") < text.index("POOR")
        return "[[A]]" if first else "[[B]]"

    server.says = says
    for name, text in (("a", "GOOD"), ("b", "POOR")):
        rows = [{"prompt": f"Q{i}?", "response": f"{text} {i}"} for i in range(10)]
        write_jsonl(here / f"{name}.jsonl", rows)
    judge = ["--judge", "pairwise", "--model", "openai/j", "--base-url", server.base_url]
    run = cli("compare", "a.jsonl", "b.jsonl", *judge, "--json").json["run"]
    said = cli("train", "dpo", *words, "--label-smoothing-from", run)
    assert said.code == 0, said.err
    q = 0.1
    wrong = ((1 - (1 - 2 * q) ** 0.5) / 2) ** 2 / (1 - q)
    assert "different winners in 10.0 % of 10 cases" in said.err
    assert f"{100 * wrong:.2f} % of pairs on which both agree" in said.err
    recipe = json.loads((here / "trained/train.json").read_text())["recipe"]
    assert recipe["label_smoothing"] == pytest.approx(wrong)


def test_ctrl_c_says_how_to_go_on(cli: Cli, words: list[str], start: Start) -> None:
    words = ["train", "dpo", *words, "--steps", "12"]
    process = start(*words, env={"OMP_NUM_THREADS": "1"})
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("step 4, held out"):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    says = (
        r"stopped at step (\d+); the checkpoint of step (\d+) is kept: run the same .* --resume .*"
    )
    told = re.fullmatch(says, err.splitlines()[-1])
    assert told, err
    assert 0 <= int(told[1]) - int(told[2]) <= 2
    again = cli(*words, "--resume", "--json")
    assert again.json["after"]["step"] == 12
    assert f"continuing after step {told[2]}" in again.err


def test_texts_of_models_and_data_cannot_act(cli: Cli, here: Path, words: list[str]) -> None:
    rows = read_jsonl(here / "pairs.jsonl")
    write_jsonl(here / "pairs.jsonl", [{**r, "prompt": f"\x1b[2J{r['prompt']}"} for r in rows])
    said = cli("train", "dpo", *words, "--samples", "2")
    assert said.code == 0, said.err
    assert "\x1b" not in said.out + said.err
    assert "␛[2J" in said.out


def test_only_the_first_process_prints(
    cli: Cli, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")  # without the rest of torchrun's words there is one process
    said = cli("train", "dpo", *words, "--dry-run")
    assert (said.code, said.out, said.err) == (0, "", "")


ROW = {"loss": 0.5, "accuracy": 0.75, "margin": 0.1}
BEGUN = TrainingStarted(
    {
        **dict.fromkeys(("weights", "adapter", "optimizer", "activations", "logits"), 2**30),
        "total": 5 * 2**30,
        "free": 2**30,
        "fits": False,
        "advice": "try --batch-size 1",
        "device": "cuda:0",
        "seconds": 7800.0,
        "trainable": 1,
        "parameters": 100,
    },
    {"read": 12, "train": 9, "held_out": 1, "answers_cut": 3, "tie": 2},
    steps=50,
)


def test_what_is_said_before(capsys: pytest.CaptureFixture[str]) -> None:
    with training_display(TrainingState(), 4) as tell:
        tell(BEGUN)
        tell(ModelLoaded("padded", "padded rows: Gemma2ForCausalLM caps its attention scores"))
    told = " ".join(capsys.readouterr().err.split())
    assert "5.0 GiB of 1.0 GiB free on cuda:0 weights 1.0 GiB" in told
    assert "answers cut 3, tie 2" in told
    assert "50, at least 2.2 h" in told
    assert "not enough free memory: try --batch-size 1" in told
    assert "padded rows: Gemma2ForCausalLM caps" in told


@pytest.mark.parametrize(
    ("happened", "says"),
    [
        ([BEGUN], "stopped at step 0, before the first checkpoint: use --force to start again"),
        (
            [
                BEGUN,
                StepFinished(5, 50, ROW),
                WeightsSaved(Path("t/checkpoints/checkpoint-5")),
                StepFinished(7, 50, ROW),
            ],
            "stopped at step 7; the checkpoint of step 5 is kept: run the same command with "
            "--resume to continue",
        ),
    ],
)
def test_what_ctrl_c_says(happened: list[Any], says: str) -> None:
    state = TrainingState()
    for event in happened:
        state.update(event)
    assert interruption_message(state) == says


def test_lines_at_sensible_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    with training_display(TrainingState(), 4) as tell:
        for step in range(1, 1001):
            tell(StepFinished(step, 1000, ROW))
        tell(HeldOutMeasured(1000, {**ROW, "kl_chosen": 0.1, "rows": 9}))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10 + 1
    assert lines[0].startswith("step 100 of 1000: loss 0.5000, accuracy 75.0 %, margin 0.100, ")
    assert lines[-1].startswith("step 1000, held out: loss 0.5000, accuracy 75.0 %")


@pytest.mark.parametrize(
    ("seconds", "says"), [(7.2, "7 s"), (99, "99 s"), (600, "10 min"), (7800, "2.2 h")]
)
def test_duration(seconds: float, says: str) -> None:
    assert duration(seconds) == says


def test_a_terminal_gets_a_bar(here: Path, words: list[str]) -> None:
    """In a terminal of 80 columns: no line is wider, and the libraries are silent."""
    pty = pytest.importorskip("pty")
    words = [w if w != "none" else "nf4" for w in words]
    script = Path(sys.executable).with_name("judgekit")
    main, other = pty.openpty()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "80", "TERM": "xterm"}
    process = subprocess.Popen(
        [str(script), "train", "dpo", *words],
        cwd=here,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=other,
    )
    os.close(other)
    seen = b""
    while chunk := read(main):
        seen += chunk
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    lines = [line for part in text.split("\n") for line in part.split("\r")]
    assert max(map(len, lines)) <= 80
    assert "training ━" in text
    for noise in ("kernels", "Warning", "Loading weights", "it/s"):
        assert noise not in text
    assert out.decode().splitlines()[-1] == "trained"


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # what Linux says at the end
        return b""
