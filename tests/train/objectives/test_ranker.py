"""Training PairRM: what it starts from, what it learns, and the folder that others load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest
from checkpoints import PREFIXES, write_pairrm
from checkpoints_reward import write_reward

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
safetensors = pytest.importorskip("safetensors.torch")

from judgekit.errors import InputError  # noqa: E402
from judgekit.models.blender import Blender  # noqa: E402
from judgekit.models.pairrm import PairRM  # noqa: E402
from judgekit.train import train_ranker  # noqa: E402
from judgekit.train.data.ranker_rows import RankerRow, from_pair, read_candidates  # noqa: E402
from judgekit.train.data.rows import PairRow  # noqa: E402
from judgekit.train.interfaces.events import Event, TrainingStarted, WeightsSaved  # noqa: E402
from judgekit.train.recipes.ranker import Ranker  # noqa: E402
from judgekit.types import Message  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS = ("river", "stone", "lamp", "copper", "window", "ladder", "season", "mirror")
SETTINGS: dict[str, Any] = {
    "device": "cpu",
    "learning_rate": 1e-3,
    "batch_size": 8,
    "accumulate": 1,
    "steps": 16,
    "eval_share": 0.2,
    "warmup": 0.0,
    "schedule": "constant",
    "save_every": 8,
}


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In upstream's own layout; its `base` is the encoder alone."""
    return write_pairrm(tmp_path_factory.mktemp("pairrm") / "ranker", hidden=64, layers=1)


@pytest.fixture(scope="module")
def encoder(ranker: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The encoder alone, which knows nothing of PairRM's prefixes."""
    folder = tmp_path_factory.mktemp("encoder") / "deberta"
    shutil.copytree(ranker / "base", folder)
    weights = safetensors.load_file(folder / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    weights[name] = weights[name][: -len(PREFIXES)].clone()
    safetensors.save_file(weights, folder / "model.safetensors", {"format": "pt"})
    for file, change in (("config.json", fewer), ("tokenizer.json", without_prefixes)):
        content = json.loads((folder / file).read_text(encoding="utf-8"))
        change(content)
        (folder / file).write_text(json.dumps(content), encoding="utf-8")
    return folder


def fewer(config: dict[str, Any]) -> None:
    config["vocab_size"] -= len(PREFIXES)


def without_prefixes(tokenizer: dict[str, Any]) -> None:
    kept = [token for token in tokenizer["added_tokens"] if token["content"] not in PREFIXES]
    tokenizer["added_tokens"] = kept


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good answers say so."""
    draw = Random(0)
    rows = [
        {
            "prompt": f"Is a {draw.choice(WORDS)} good, number {n}?",
            "chosen": f"good {' '.join(draw.choices(WORDS, k=draw.randint(1, 2)))}",
            "rejected": f"bad {' '.join(draw.choices(WORDS, k=draw.randint(1, 2)))}",
        }
        for n in range(60)
    ]
    return write(tmp_path_factory.mktemp("data") / "pairs.jsonl", rows)


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers with more or fewer of the reference's words."""
    draw = Random(1)
    rows = []
    for n in range(14):
        words = draw.sample(WORDS, 6)
        for model, share in (("whole", 6), ("half", 3), ("none", 0)):
            said = words[:share] + [f"bad{i}" for i in range(6 - share)]
            rows.append(
                {
                    "id": n,
                    "prompt": f"Say it, {n}.",
                    "reference": " ".join(words),
                    "model": model,
                    "response": " ".join(said),
                }
            )
    return write(tmp_path_factory.mktemp("data") / "candidates.jsonl", rows)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def held_out(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in metrics if row.get("heldout")]


PROBES = [
    ("Is a lamp good?", "good river", "bad river stone"),
    ("", "", "copper"),
    ("Name a stone. " * 80, "good " * 500, "bad"),
]


@pytest.mark.parametrize(
    ("start", "loss"), [("ranker", "pairwise"), ("encoder", "pairwise"), ("encoder", "bce")]
)
def test_it_learns_and_both_read_what_it_saves(
    start: str, loss: str, pairs: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    told: list[Event] = []
    model = request.getfixturevalue(start)
    recipe = Ranker(model=str(model), loss=loss, **SETTINGS)
    found = train_ranker(pairs, recipe, out=tmp_path / "out", on_event=told.append)

    before, *_, after = held_out(found.metrics)
    assert (before["step"], after["step"], after["rows"]) == (0, 16, 12)
    assert after["accuracy"] > max(0.9, before["accuracy"])
    assert after["loss"] < before["loss"]
    assert found.facts["recipe"] == recipe.as_dict()
    [began] = [event for event in told if isinstance(event, TrainingStarted)]
    assert began.counts == {"read": 60, "train": 48, "held_out": 12}
    assert began.estimate["total"] > 4 * 4 * began.estimate["parameters"]

    native, upstream = (
        PairRM.load(str(found.folder), device="cpu"),
        Blender.load(str(found.folder), device="cpu"),
    )
    logits = native.logits(PROBES)
    assert logits == pytest.approx(upstream.logits(PROBES), abs=1e-5)
    assert logits[0] > 0.1
    assert logits != pytest.approx(
        PairRM.load(str(request.getfixturevalue("ranker"))).logits(PROBES)
    )


def test_the_folder_is_laid_out_as_pairrm_hf_is(encoder: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = Ranker(model=str(encoder), dropout=0.1, **{**SETTINGS, "steps": 1})
    folder = train_ranker(pairs, recipe, out=tmp_path / "out").folder
    published = write_pairrm(tmp_path / "hf", "hf", hidden=64, layers=1)
    read = transformers.DebertaV2Config.from_pretrained
    config, expected = (read(at).to_dict() for at in (folder, published))
    assert config["drop_out"] == 0.1
    for name in expected.keys() - {"drop_out", "dtype", "_name_or_path"}:
        assert config[name] == expected[name], name
    own, other = (safetensors.load_file(at / "model.safetensors") for at in (folder, published))
    assert {n: w.shape for n, w in own.items()} == {n: w.shape for n, w in other.items()}


def test_held_out_accuracy_is_what_the_judge_finds(
    ranker: Path, pairs: Path, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in pairs.read_text(encoding="utf-8").splitlines()]
    other = write(tmp_path / "held.jsonl", rows[:9])
    recipe = Ranker(model=str(ranker), eval_data=other, **{**SETTINGS, "steps": 1})
    found = train_ranker(pairs, recipe, out=tmp_path / "out")
    judge = PairRM.load(str(ranker), device="cpu")
    leads = [
        (
            judge.logits([(r["prompt"], r["chosen"], r["rejected"])])[0]
            - judge.logits([(r["prompt"], r["rejected"], r["chosen"])])[0]
        )
        / 2
        for r in rows[:9]
    ]
    before = held_out(found.metrics)[0]
    assert before["accuracy"] == pytest.approx(sum(lead > 0 for lead in leads) / 9)
    assert before["margin"] == pytest.approx(sum(leads) / 9, abs=1e-5)


def test_learns_from_measured_candidates(encoder: Path, candidates: Path, tmp_path: Path) -> None:
    metrics = ("bleu", "rouge-2", "bertscore")
    bert = write_reward(tmp_path / "bert", "bert")
    recipe = Ranker(
        model=str(encoder), metrics=metrics, bertscore_model=str(bert), loss="bce", **SETTINGS
    )
    found = train_ranker(candidates, recipe, out=tmp_path / "out")
    before, *_, after = held_out(found.metrics)
    assert after["accuracy"] > max(0.9, before["accuracy"])
    weights = safetensors.load_file(found.folder / "model.safetensors")
    assert weights["head_layer.4.bias"].shape == (3,)
    both = PairRM.load(str(found.folder)), Blender.load(str(found.folder), device="cpu")
    assert both[0].logits(PROBES) == pytest.approx(both[1].logits(PROBES), abs=1e-5)


def test_candidates_become_pairs(candidates: Path) -> None:
    def lengths(answers: Any, references: Any) -> list[tuple[float, ...]]:
        """More of the reference, and fewer letters."""
        return [
            (float(len(set(a.split()) & set(r.split()))), -float(len(a)))
            for a, r in zip(answers, references, strict=True)
        ]

    rows = read_candidates(candidates, lengths, most=10, seed=0)
    assert len(rows) == 14 * 3
    first = rows[0]
    assert first.prompt == "Say it, 0."
    assert first.better[0] == 1.0  # the whole against half of it
    assert first.better[1] == (1.0 if len(first.first) < len(first.second) else 0.0)
    assert "answers 1 and 2" in first.place
    assert len({row.cluster for row in rows}) == 14

    some = read_candidates(candidates, lengths, most=1, seed=0)
    assert len(some) == 14
    assert some == read_candidates(candidates, lengths, most=1, seed=0)
    assert some != read_candidates(candidates, lengths, most=1, seed=1)
    assert len(read_candidates(candidates, lengths, most=10, seed=0, limit=2)) == 6

    def alike(answers: Any, references: Any) -> list[tuple[float, ...]]:
        return [(1.0, float("none" in a)) for a in answers]

    with pytest.raises(InputError, match="equally good by all metrics"):
        read_candidates(candidates, alike, most=10, seed=0)


def test_a_conversation_is_written_as_the_judge_writes_it() -> None:
    turns = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    row = PairRow(turns, "yes", "no", "f, line 1", "x")
    shown = RankerRow("USER: a\nASSISTANT: b\nUSER: c", "yes", "no", (1.0,), "f, line 1", "x")
    assert from_pair(row) == shown
    assert from_pair(PairRow("text", "yes", "no", "p", "x")).prompt == "text"
    assert from_pair(PairRow((turns[0],), "yes", "no", "p", "x")).prompt == "a"


class Killed(Exception):
    pass


def test_goes_on_where_it_was_killed(ranker: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = Ranker(model=str(ranker), dropout=0.2, **{**SETTINGS, "steps": 6, "save_every": 3})
    whole = train_ranker(pairs, recipe, out=tmp_path / "whole")

    def kill(event: Event) -> None:
        if isinstance(event, WeightsSaved) and event.folder.name == "checkpoint-3":
            raise Killed

    with pytest.raises(Killed):
        train_ranker(pairs, recipe, out=tmp_path / "killed", on_event=kill)
    resumed = train_ranker(pairs, recipe, out=tmp_path / "killed", start="resume")
    timeless = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in found.metrics]
        for found in (whole, resumed)
    ]
    assert timeless[0] == timeless[1]
    assert PairRM.load(str(resumed.folder)).logits(PROBES) == PairRM.load(str(whole.folder)).logits(
        PROBES
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": ""}, "needs a model"),
        ({"metrics": ("blue",)}, "no metric 'blue'; did you mean 'bleu'"),
        ({"metrics": ("bleu", "bleu")}, "named twice"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"loss": "hinge"}, "loss should be 'pairwise' or 'bce'"),
        ({"metrics": ("bleu", "rouge-l")}, "1 heads for 2 metrics"),
        ({"metrics": ("bertscore",)}, "add --bertscore-model"),
        ({"metrics": ("bleu",)}, "no reference answer"),
    ],
)
def test_says_what_is_wrong(
    settings: dict[str, Any], said: str, ranker: Path, tmp_path: Path
) -> None:
    rows = [{"id": 1, "prompt": "p", "response": text, "model": text} for text in ("one", "two")]
    if settings.get("metrics") == ("bertscore",):
        rows = [{**row, "reference": "r"} for row in rows]
    data = write(tmp_path / "rows.jsonl", rows)
    with pytest.raises(InputError, match=said) as caught:
        train_ranker(
            data, Ranker(**{"model": str(ranker), "device": "cpu", **settings}), out=tmp_path / "o"
        )
    assert "\n" not in str(caught.value)


def test_refuses_what_is_no_deberta(tmp_path: Path, encoder: Path, pairs: Path) -> None:
    bert = write_reward(tmp_path / "bert", "bert")
    with pytest.raises(InputError, match="neither a PairRM nor a DeBERTa-v3"):
        train_ranker(pairs, Ranker(model=str(bert)), out=tmp_path / "o")
    bare = tmp_path / "bare"
    shutil.copytree(encoder, bare)
    (bare / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"no tokenizer\.json"):
        train_ranker(pairs, Ranker(model=str(bare)), out=tmp_path / "o")
    config = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    odd = {**config, "position_biased_input": True}
    shutil.copy(encoder / "tokenizer.json", bare)
    (bare / "config.json").write_text(json.dumps(odd), encoding="utf-8")
    with pytest.raises(InputError, match="differs from DeBERTa-v3"):
        train_ranker(pairs, Ranker(model=str(bare)), out=tmp_path / "o")
    assert not (tmp_path / "o").exists()
