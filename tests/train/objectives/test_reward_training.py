"""Reward models: what they learn, and that the judge reads what they were trained to say."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from checkpoints_llama import write_adapter, write_llama
from checkpoints_reward import write_reward
from judgekit.plugins.judges.reward import Options
from judgekit.plugins.judges.reward import Reward as Judge

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")
pytest.importorskip("bitsandbytes")

from judgekit.errors import InputError  # noqa: E402
from judgekit.judging import JudgeSetup  # noqa: E402
from judgekit.judging.templates import Prompts  # noqa: E402
from judgekit.models.reward import RewardModel  # noqa: E402
from judgekit.train import train_reward  # noqa: E402
from judgekit.train.data.examples import Example  # noqa: E402
from judgekit.train.data.packing import pack  # noqa: E402
from judgekit.train.data.reward_encoding import RewardEncoder  # noqa: E402
from judgekit.train.data.rows import PairRow  # noqa: E402
from judgekit.train.interfaces.events import Event, WeightsSaved  # noqa: E402
from judgekit.train.interfaces.objective import ScoredBatch  # noqa: E402
from judgekit.train.objectives.reward import RewardObjective  # noqa: E402
from judgekit.train.recipes.language_model import Reward  # noqa: E402
from judgekit.types import Case, Message, Response, Trial  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS = ("Canberra", "Sydney", "town", "answer", "verdict", "brackets", "largest", "shorter")
SETTINGS: dict[str, Any] = {
    "device": "cpu",
    "learning_rate": 3e-3,
    "optimizer": "adamw",
    "batch_size": 8,
    "accumulate": 1,
    "steps": 12,
    "eval_share": 0.2,
    "warmup": 0.0,
    "schedule": "constant",
    "save_every": 6,
    "max_length": 128,
    "max_prompt_length": 64,
}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its template writes a line's end after the end of a turn, as ChatML does."""
    return write_llama(tmp_path_factory.mktemp("llama") / "base")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = Random(0)
    rows = [
        {
            "prompt": f"Is {draw.choice(WORDS)} good, number {n}?",
            "chosen": f"yes {' '.join(draw.choices(WORDS, k=draw.randint(1, 3)))}",
            "rejected": f"no {' '.join(draw.choices(WORDS, k=draw.randint(1, 3)))}",
            "margin": draw.choice((0.5, 1.0, 2.0)),
            "probability": draw.choice((0.6, 0.9)),
        }
        for n in range(60)
    ]
    return write(tmp_path_factory.mktemp("data") / "pairs.jsonl", rows)


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def held_out(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in metrics if row.get("heldout")]


def judged(folder: Path, rows: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """What the judge says of each row's chosen and rejected answer."""
    judge = Judge(JudgeSetup(1, Prompts(()), Options(device="cpu"), model=str(folder)))
    trials = [
        Trial(
            Case("c", (Message("user", row["prompt"]),), (Response(row[side], "m"),)), (0,), ("A",)
        )
        for row in rows
        for side in ("chosen", "rejected")
    ]
    scores = [verdict.score for verdict in judge.judge_batch(trials)]
    return [(a, b) for a, b in zip(scores[::2], scores[1::2], strict=True) if a and b]


@pytest.mark.parametrize(
    "settings",
    [{"quant": "nf4"}, {"quant": "none"}, {"quant": "none", "lora": False, "learning_rate": 1e-3}],
    ids=["4 bits", "lora", "whole"],
)
def test_it_learns_and_the_judge_says_what_training_says(
    settings: dict[str, Any], llama: Path, pairs: Path, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in pairs.read_text(encoding="utf-8").splitlines()]
    other = write(tmp_path / "held.jsonl", rows[:12])
    data = write(tmp_path / "rest.jsonl", rows[12:])
    recipe = Reward(model=str(llama), eval_data=other, **{**SETTINGS, **settings})
    found = train_reward(data, recipe, out=tmp_path / "out")

    before, *_, after = held_out(found.metrics)
    assert (before["step"], after["step"], after["rows"]) == (0, 12, 12)
    assert after["accuracy"] > max(0.8, before["accuracy"])
    assert after["loss"] < before["loss"]

    scores = judged(found.folder, rows[:12])
    assert len(scores) == 12
    for column, name in enumerate(("reward_chosen", "reward_rejected")):
        mean = sum(score[column] for score in scores) / 12
        assert mean == pytest.approx(after[name], abs=2e-3), name
    assert sum(a > b for a, b in scores) / 12 == after["accuracy"]


def test_the_folder_is_a_whole_model(llama: Path, pairs: Path, tmp_path: Path) -> None:
    found = train_reward(
        pairs, Reward(model=str(llama), **{**SETTINGS, "steps": 2}), out=tmp_path / "out"
    )
    assert not list(found.folder.glob("adapter*"))
    network, missing = transformers.AutoModelForSequenceClassification.from_pretrained(
        found.folder, output_loading_info=True
    )
    assert not missing["missing_keys"]
    assert network.config.num_labels == 1
    tokenizer = transformers.AutoTokenizer.from_pretrained(found.folder)
    base = transformers.AutoTokenizer.from_pretrained(llama)
    assert tokenizer.chat_template == base.chat_template
    assert found.facts["objective"] == "reward"
    assert json.loads((found.folder / "train.json").read_text())["steps"] == 2

    # A batch with padding, as transformers' users score one: the same as each by itself.
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": "x"}, {"role": "assistant", "content": answer}],
            tokenize=False,
        )
        for answer in ("yes", "no, it is " * 9)
    ]
    with torch.no_grad():
        batch = tokenizer(texts, padding=True, return_tensors="pt", add_special_tokens=False)
        together = network(**batch).logits.flatten()
        apart = [
            network(
                **tokenizer([text], return_tensors="pt", add_special_tokens=False)
            ).logits.item()
            for text in texts
        ]
    assert together.tolist() == pytest.approx(apart, abs=1e-5)
    shown = [
        RewardModel(str(found.folder), device="cpu").encode(
            (Message("user", "x"), Message("assistant", a))
        )
        for a in ("yes", "no, it is " * 9)
    ]
    scored = RewardModel(str(found.folder), device="cpu").score([one.ids for one in shown])
    assert scored == pytest.approx(apart, abs=1e-5)


def test_padding_that_ends_a_turn_shifts_no_score(llama: Path, pairs: Path, tmp_path: Path) -> None:
    """Many chat models pad with their end of turn, and a template may end with just that."""
    base = tmp_path / "base"
    shutil.copytree(llama, base)
    for name, change in (
        ("config.json", {"pad_token_id": 2}),
        ("tokenizer_config.json", {"pad_token": "<|im_end|>"}),
    ):
        content = json.loads((base / name).read_text(encoding="utf-8")) | change
        (base / name).write_text(json.dumps(content), encoding="utf-8")
    template = (base / "chat_template.jinja").read_text(encoding="utf-8")
    ended = template.replace(
        "'<|im_end|>\n' }}", "'<|im_end|>' }}{%- if not loop.last %}{{- '\n' }}{%- endif %}"
    )
    assert ended != template
    (base / "chat_template.jinja").write_text(ended, encoding="utf-8")
    rows = [json.loads(line) for line in pairs.read_text(encoding="utf-8").splitlines()]
    other = write(tmp_path / "held.jsonl", rows[:6])
    recipe = Reward(model=str(base), eval_data=other, quant="none", **{**SETTINGS, "steps": 2})
    found = train_reward(pairs, recipe, out=tmp_path / "out")
    scores = judged(found.folder, rows[:6])
    after = held_out(found.metrics)[-1]
    assert sum(a for a, _ in scores) / 6 == pytest.approx(after["reward_chosen"], abs=1e-4)
    assert sum(b for _, b in scores) / 6 == pytest.approx(after["reward_rejected"], abs=1e-4)


@pytest.mark.parametrize("kind", ["use_margin", "soft_labels"])
def test_margins_and_probabilities_are_learnt(
    kind: str, llama: Path, pairs: Path, tmp_path: Path
) -> None:
    """The loss before the first step, from the scores that the start gives."""
    rows = [json.loads(line) for line in pairs.read_text(encoding="utf-8").splitlines()]
    other = write(tmp_path / "held.jsonl", rows[:8])
    start = write_reward(tmp_path / "start", "llama")
    recipe = Reward(
        model=str(start),
        eval_data=other,
        quant="none",
        **{**SETTINGS, "steps": 1, kind: True},
    )
    found = train_reward(pairs, recipe, out=tmp_path / "out")
    losses = []
    for row, (chosen, rejected) in zip(rows, judged(start, rows[:8]), strict=False):
        lead = chosen - rejected
        if kind == "use_margin":
            losses.append(math.log1p(math.exp(row["margin"] - lead)))
        else:
            p = row["probability"]
            losses.append(p * math.log1p(math.exp(-lead)) + (1 - p) * math.log1p(math.exp(lead)))
    assert held_out(found.metrics)[0]["loss"] == pytest.approx(sum(losses) / 8, abs=1e-4)


class Killed(Exception):
    pass


def test_goes_on_where_it_was_killed(llama: Path, pairs: Path, tmp_path: Path) -> None:
    """The head is new, and in the checkpoint as the adapter is."""
    recipe = Reward(model=str(llama), **{**SETTINGS, "steps": 4, "save_every": 2})
    whole = train_reward(pairs, recipe, out=tmp_path / "whole")

    def kill(event: Event) -> None:
        if isinstance(event, WeightsSaved) and event.folder.name == "checkpoint-2":
            raise Killed

    with pytest.raises(Killed):
        train_reward(pairs, recipe, out=tmp_path / "killed", on_event=kill)
    resumed = train_reward(pairs, recipe, out=tmp_path / "killed", start="resume")
    timeless = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in found.metrics]
        for found in (whole, resumed)
    ]
    assert timeless[0] == timeless[1]


def test_starts_from_an_adapter_of_the_chat_model(llama: Path, pairs: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in pairs.read_text(encoding="utf-8").splitlines()]
    other = write(tmp_path / "held.jsonl", rows[:6])
    tuned = write_adapter(llama, tmp_path / "sft")
    recipe = Reward(
        model=str(llama), adapter=str(tuned), eval_data=other, **{**SETTINGS, "steps": 2}
    )
    found = train_reward(pairs, recipe, out=tmp_path / "out")
    scores = judged(found.folder, rows[:6])
    after = held_out(found.metrics)[-1]
    assert sum(a for a, _ in scores) / 6 == pytest.approx(after["reward_chosen"], abs=2e-3)


def test_the_objective_by_hand() -> None:
    examples = [Example((1,), ((2,), (3,)), m, p) for m, p in ((1.0, 0.9), (0.5, 0.6))]
    outputs = torch.tensor([2.0, 0.5, 1.0, 1.0])
    inputs = pack(examples, ends=True)
    plain, sums = RewardObjective().loss(ScoredBatch(examples, inputs, outputs, None))
    assert float(plain) == pytest.approx(math.log1p(math.exp(-1.5)) + math.log(2))
    means = {name: float(total) / count for name, (total, count) in sums.items()}
    assert means == pytest.approx(
        {"margin": 0.75, "accuracy": 0.75, "reward_chosen": 1.5, "reward_rejected": 0.75}
    )
    asked, _ = RewardObjective(margins=True).loss(ScoredBatch(examples, inputs, outputs, None))
    assert float(asked) == pytest.approx(math.log1p(math.exp(-0.5)) + math.log1p(math.exp(0.5)))


TURNS = tuple(
    Message("user" if n % 2 == 0 else "assistant", f"{'Sydney ' * 4}{n}") for n in range(9)
)


def test_pairs_are_shown_as_the_judge_shows_them(llama: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(llama)
    rows = [
        PairRow((Message("user", "x"),), "yes", "yes and no", "line 1", "a"),
        PairRow((Message("user", "x"),), "", "<|im_end|> no", "line 2", "b"),
        PairRow(TURNS, "yes", "no", "line 3", "c"),
        PairRow("\n\nHuman: x\n\nAssistant:", " yes", " no", "line 4", "d"),
        PairRow("x", "yes", "no", "line 5", "e"),
        PairRow((Message("user", "x"),), "same " * 200, "other", "line 6", "f"),
        PairRow((Message("user", "x"),), "yes", "yes", "line 7", "g"),
    ]
    found = RewardEncoder(tokenizer, max_length=100, name="llama").pairs(rows)
    assert found.kept == [0, 1, 2, 3, 4]
    assert found.counts == {"prompts_cut": 1, "no_room": 1, "same_once_cut": 1}
    chat = RewardModel(str(write_reward(llama.parent / "rm")), device="cpu", max_length=100)
    for index, example in zip(found.kept, found.examples, strict=True):
        row = rows[index]
        prompt = TURNS if index == 2 else (Message("user", "x"),)
        for answer, completion in zip((row.chosen, row.rejected), example.completions, strict=True):
            text = answer.strip() if index == 3 else answer
            shown = chat.encode((*prompt, Message("assistant", text)))
            assert example.prompt + completion == shown.ids
        assert example.prompt


@pytest.mark.parametrize(
    ("settings", "rows", "said"),
    [
        ({"use_margin": True, "soft_labels": True}, [{}], "exclude each other"),
        ({"template": "plain"}, [{}], "leave out --template plain"),
        ({"use_margin": True}, [{"margin": 1}, {}], "line 2: no margin.*--use-margin"),
        ({"soft_labels": True}, [{"probability": 0.5}, {}], "line 2: no probability"),
    ],
)
def test_says_what_is_wrong(
    settings: dict[str, Any],
    rows: list[dict[str, Any]],
    said: str,
    llama: Path,
    tmp_path: Path,
) -> None:
    pair = {"prompt": "x", "chosen": "yes", "rejected": "no"}
    data = write(tmp_path / "rows.jsonl", [{**pair, **row} for row in rows])
    recipe = Reward(model=str(llama), device="cpu", **settings)
    with pytest.raises(InputError, match=said) as caught:
        train_reward(data, recipe, out=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_model_without_a_template_cannot_be_asked(tmp_path: Path, pairs: Path) -> None:
    bare = write_llama(tmp_path / "bare", chat_template=False)
    with pytest.raises(InputError, match="has no chat template"):
        train_reward(pairs, Reward(model=str(bare), device="cpu"), out=tmp_path / "out")
