"""`--report-to`: transformers' reporters get the numbers of metrics.jsonl, and no secret."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import transformers
from checkpoints_llama import write_llama
from toy import dpo, write_pairs

from judgekit.errors import InputError, TrainingError
from judgekit.train import plan_training, train_dpo

pytestmark = pytest.mark.usefixtures("one_thread")


REPORTERS: dict[str, Any] = transformers.integrations.integration_utils.INTEGRATION_TO_CALLBACK


class Recorder(transformers.TrainerCallback):
    """A reporter that keeps what it is told."""

    told: list[tuple[str, int, dict[str, float]]]
    settings: str

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        type(self).told, type(self).settings = [], args.to_json_string() + str(args.run_name)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        self.told.append(("log", state.global_step, logs))

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self.told.append(("end", state.global_step, {}))


class Offline(Recorder):
    """A reporter that cannot reach its server."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        raise ConnectionError("no route\nto the server")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("model"))


@pytest.fixture
def installed(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package named trackio, so that the tracker counts as installed."""
    (here / "site").mkdir()
    (here / "site/trackio.py").touch()
    monkeypatch.syspath_prepend(here / "site")
    monkeypatch.setitem(REPORTERS, "trackio", Recorder)
    return here


def test_it_gets_the_rows_of_the_log(
    model: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_SECRET")
    data = write_pairs(installed / "pairs.jsonl")
    recipe = dpo(model, report_to="trackio", steps=2, eval_every=2)
    rows = train_dpo(data, recipe, out=installed / "out").metrics
    plain = train_dpo(data, dpo(model, steps=2, eval_every=2), out=installed / "plain").metrics
    expected = [
        {
            ("eval_" if row.get("heldout") else "") + name: value
            for name, value in row.items()
            if name not in ("step", "heldout") or not row.get("heldout")
        }
        for row in rows
    ]
    assert [logs for kind, _, logs in Recorder.told if kind == "log"] == expected
    assert Recorder.told[-1][0] == "end"
    assert [row["loss"] for row in rows] == [row["loss"] for row in plain]
    assert "hf_SECRET" not in Recorder.settings
    assert Recorder.settings.endswith("out")


def test_another_tracker_may_be_named_when_resuming(model: Path, installed: Path) -> None:
    data = write_pairs(installed / "pairs.jsonl")
    out, recipe = installed / "out", {"steps": 2, "save_every": 1}
    train_dpo(data, dpo(model, **recipe), out=out)
    (out / "train.json").unlink()
    (out / "checkpoints/checkpoint-2/complete.json").unlink()
    train_dpo(data, dpo(model, **recipe, report_to="trackio"), out=out, start="resume")
    assert json.loads((out / "train.json").read_text())["recipe"]["report_to"] == ["trackio"]
    assert next(step for kind, step, _ in Recorder.told if kind == "log") == 2


def test_a_tracker_that_fails_ends_the_training_in_one_line(
    model: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REPORTERS, "trackio", Offline)
    data = write_pairs(installed / "pairs.jsonl")
    with pytest.raises(TrainingError, match=r"--report-to trackio failed.*no route") as caught:
        train_dpo(data, dpo(model, report_to="trackio"), out=installed / "out")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wandbb", "no tracker 'wandbb'; did you mean 'wandb'?"),
        ("all", "no tracker 'all'"),
        ("comet_ml", "no tracker 'comet_ml'"),
        ("mlflow", "needs the package 'mlflow'; run pip install mlflow"),
    ],
)
def test_unknown_and_missing_ones_are_named(
    model: Path, here: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setattr(sys, "path", [p for p in sys.path if not (Path(p) / "mlflow").exists()])
    with pytest.raises(InputError) as caught:
        plan_training(write_pairs(here / "pairs.jsonl"), dpo(model, report_to=name))
    assert told in str(caught.value)


def test_a_real_tensorboard_gets_them(model: Path, here: Path) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is not in the lock")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    data = write_pairs(here / "pairs.jsonl")
    train_dpo(data, dpo(model, report_to="tensorboard", steps=2), out=here / "out")
    [events] = (here / "out").rglob("events.out.tfevents.*")
    found = EventAccumulator(str(events.parent))
    found.Reload()
    assert {"train/loss", "eval/loss", "train/learning_rate"} <= set(found.Tags()["scalars"])
    assert [point.step for point in found.Scalars("train/loss")] == [1, 2]
    assert not (here / "runs").exists()
