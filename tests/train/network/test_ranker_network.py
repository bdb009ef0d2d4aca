"""What is trained is the judge's network; gradients are transformers' own, losses upstream's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from checkpoints import write_pairrm

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer  # noqa: E402

from judgekit.models.pairrm import PairRM  # noqa: E402
from judgekit.models.pairrm_tokens import Limits, PairTokenizer  # noqa: E402
from judgekit.train.data.packing import pack  # noqa: E402
from judgekit.train.data.ranker_batches import encode, in_both_orders  # noqa: E402
from judgekit.train.data.ranker_rows import RankerRow  # noqa: E402
from judgekit.train.network.ranker_checkpoint import find_checkpoint  # noqa: E402
from judgekit.train.network.ranker_network import entropy_loss, pairwise_loss  # noqa: E402
from judgekit.train.recipes.ranker import Ranker  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

PAIRS = [
    ("Name a colour.", "Red.", "I like trains, and <|candidate1|> too"),
    ("What is it?", "A lamp. " * 60, "No idea."),
    ("", "the", "[SEP] a"),
]
BETTER = [(1.0, 0.0), (0.5, 1.0), (0.0, 0.0)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairrm(tmp_path_factory.mktemp("pairrm"), "hf", n_tasks=2)


@pytest.fixture(scope="module")
def batch(folder: Path) -> Any:
    rows = [
        RankerRow(*texts, better, f"row {n}", str(n))
        for n, (texts, better) in enumerate(zip(PAIRS, BETTER, strict=True))
    ]
    examples, _ = encode(rows, PairTokenizer(folder, Limits()), 2)
    assert [example.better for example in examples] == BETTER
    return pack(examples, ends=True)


def network(folder: Path, **settings: Any) -> Any:
    recipe = Ranker(model=str(folder), **settings)
    return find_checkpoint(recipe).network(recipe, 2)


def shown() -> Any:
    """What is better in each sequence: a pair as it stands, then swapped."""
    return torch.tensor([row for b in BETTER for row in (b, tuple(1 - x for x in b))])


def test_a_batch_is_what_the_judge_is_shown(folder: Path, batch: Any) -> None:
    judge = PairRM.load(str(folder))
    token_id = Tokenizer.from_file(str(folder / "tokenizer.json")).token_to_id
    ids = [token_id(name) for name in ("<|candidate1|>", "<|candidate2|>")]
    found = in_both_orders(batch["input_ids"][0], batch["spans"], (ids[0], ids[1]))
    both = [pair for p, a, b in PAIRS for pair in ((p, a, b), (p, b, a))]
    expected = [judge.encode(*pair) for pair in both]
    assert found.ids.tolist() == [token for one in expected for token in one.ids]
    assert found.lengths == [len(one.ids) for one in expected]
    assert found.places.tolist() == [list(one.positions) for one in expected]


def test_it_says_what_the_judge_says(folder: Path, batch: Any) -> None:
    scores = network(folder).eval()(**batch).detach()
    both = [pair for p, a, b in PAIRS for pair in ((p, a, b), (p, b, a))]
    expected = PairRM.load(str(folder)).logits(both)
    assert (scores[:, 0] - scores[:, 1]).mean(-1).tolist() == pytest.approx(expected, abs=1e-5)
    assert scores.std() > 0.05


@pytest.mark.parametrize("recompute", [False, True])
def test_gradients_are_those_of_transformers(folder: Path, batch: Any, recompute: bool) -> None:
    own = network(folder, checkpoint_activations=recompute, dropout=0.0).train()
    pairwise_loss(own(**batch), shown()).mean().backward()

    other = network(folder).eval()
    rows = in_both_orders(batch["input_ids"][0], batch["spans"], other.prefixes)
    scores = []
    for ids, places in zip(rows.ids.split(rows.lengths), rows.places, strict=True):
        prompt, *answers = other.pretrained_model(ids[None]).last_hidden_state[0][places]
        scores.append(torch.stack([other.head_layer(torch.cat([prompt, a])) for a in answers]))
    pairwise_loss(torch.stack(scores), shown()).mean().backward()

    expected = dict(other.named_parameters())
    for name, weight in own.named_parameters():
        real = expected[name].grad
        assert (weight.grad - real).norm() <= 1e-4 * real.norm() + 1e-7, name
        assert real.norm() > 0 or name == "head_layer.4.bias", name


def test_dropout_is_the_heads_and_of_training_only(folder: Path, batch: Any) -> None:
    own = network(folder, dropout=0.5).train()
    assert not torch.equal(own(**batch), own(**batch))
    own.eval()
    assert torch.equal(own(**batch), own(**batch))
    sure = network(folder, dropout=0.0).train()
    assert torch.equal(sure(**batch), own(**batch))


def test_bfloat16_computes_in_it_and_holds_float32(folder: Path, batch: Any) -> None:
    own = network(folder, dtype="bfloat16", dropout=0.0)
    scores = own(**batch)
    pairwise_loss(scores, shown()).mean().backward()
    assert {w.dtype for w in own.parameters()} == {torch.float32}
    assert all(w.grad is not None and w.grad.dtype == torch.float32 for w in own.parameters())
    exact = network(folder, dropout=0.0)(**batch)
    assert 0 < (scores - exact).abs().max() < 0.2


@pytest.mark.parametrize(
    ("left", "right", "better", "pairwise", "entropy"),
    [
        ([2.0], [0.5], [1.0], math.log1p(math.exp(-1.5)), None),
        ([2.0], [0.5], [0.0], math.log1p(math.exp(1.5)), None),
        ([2.0], [0.5], [0.5], math.log(2), None),
        (
            [1.0, -1.0],
            [0.0, 0.0],
            [1.0, 0.0],
            math.log1p(math.exp(-1)),
            (math.log1p(math.exp(-1)) + math.log(2)) / 2,
        ),
        ([0.0], [0.0], [0.5], math.log(2), math.log(2)),
        # A tie wants both scores at 0: the mean of wanting 1 and wanting 0.
        (
            [3.0],
            [3.0],
            [0.5],
            math.log(2),
            (math.log1p(math.exp(-3)) + math.log1p(math.exp(3))) / 2,
        ),
    ],
)
def test_losses_by_hand(
    left: list[float],
    right: list[float],
    better: list[float],
    pairwise: float,
    entropy: float | None,
) -> None:
    scores, wanted = torch.tensor([[left, right]]), torch.tensor([better])
    assert float(pairwise_loss(scores, wanted)) == pytest.approx(pairwise)
    if entropy is not None:
        assert float(entropy_loss(scores, wanted)) == pytest.approx(entropy)


@pytest.mark.parametrize(("kind", "loss"), [("instructgpt", pairwise_loss), ("BCE", entropy_loss)])
def test_losses_are_upstreams(kind: str, loss: Any) -> None:
    from judgekit.models.blender import import_upstream

    import_upstream()
    from llm_blender.pair_ranker.ranker import CrossCompareReranker

    class Upstream:
        loss_type = kind

    draw = torch.Generator().manual_seed(0)
    scores = torch.randn(6, 2, 3, generator=draw)
    qualities = torch.rand(6, 2, 3, generator=draw)  # no two alike
    better = (qualities[:, 0] > qualities[:, 1]).float()
    expected = CrossCompareReranker.compute_loss(
        Upstream(), scores[:, 0], scores[:, 1], qualities[:, 0], qualities[:, 1]
    )
    assert float(loss(scores, better).mean()) == pytest.approx(float(expected), abs=1e-6)
