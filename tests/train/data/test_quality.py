"""Qualities of an answer against a reference: BERTScore by hand, and through its batches."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkpoints_reward import write_reward

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from judgekit.errors import InputError  # noqa: E402
from judgekit.models.text_metrics import bleu, rouge_l, rouge_n  # noqa: E402
from judgekit.train.data.quality import BATCH, BertScore, greedy_f1, qualities  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

TEXTS = [
    "Canberra is the capital of Australia.",
    "The capital is Sydney, I think",
    "no",
    "The largest of its towns is Sydney. " * 8,
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reward(tmp_path_factory.mktemp("encoder") / "bert", "bert")


@pytest.fixture(scope="module")
def bertscore(encoder: Path) -> BertScore:
    return BertScore(str(encoder), device="cpu")


@pytest.mark.parametrize(
    ("answer", "reference", "f1"),
    [
        ([[1, 0], [0, 1]], [[0, 1], [1, 0]], 1),  # order does not count
        ([[1, 0]], [[0, 1]], 0),
        ([[1, 0]], [[1, 0], [0, 1]], 2 / 3),  # precision 1, recall one half
        ([[0.6, 0.8], [1, 0]], [[1, 0]], 2 * 0.8 / 1.8),  # precision (0.6 + 1) / 2, recall 1
        ([], [[1, 0]], 0),
    ],
)
def test_greedy_matching(
    answer: list[list[float]], reference: list[list[float]], f1: float
) -> None:
    found = greedy_f1(torch.tensor(answer).float(), torch.tensor(reference).float())
    assert found == pytest.approx(f1, abs=1e-6)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_bertscore_is_the_papers(encoder: Path, layer: int) -> None:
    """Against the definition in loops, one text at a time."""
    pairs = [(a, r) for a in TEXTS for r in TEXTS]
    network = transformers.AutoModel.from_pretrained(encoder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder)

    def vectors(text: str) -> list[torch.Tensor]:
        with torch.no_grad():
            found = network(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
        return [v / v.norm() for v in found.hidden_states[layer][0]]

    expected = []
    for answer, reference in pairs:
        a, r = vectors(answer), vectors(reference)
        precision = sum(max(float(x @ y) for y in r) for x in a) / len(a)
        recall = sum(max(float(x @ y) for x in a) for y in r) / len(r)
        expected.append(200 * precision * recall / (precision + recall))
    scores = BertScore(str(encoder), layer=layer, device="cpu").f1(*zip(*pairs, strict=True))
    assert scores == pytest.approx(expected, abs=1e-3)
    assert scores[0] == pytest.approx(100)
    assert len({round(score, 2) for score in scores}) > 6


def test_the_layer_is_three_quarters_up(bertscore: BertScore, encoder: Path) -> None:
    assert bertscore.layer == 2  # of 2: 1.5, to the even one
    with pytest.raises(InputError, match="layers 0 to 2, not 3"):
        BertScore(str(encoder), layer=3, device="cpu")


def test_a_text_without_a_token_scores_nothing(bertscore: BertScore) -> None:
    assert bertscore.f1(["", TEXTS[0]], [TEXTS[0], ""]) == [0, 0]
    assert bertscore.f1([], []) == []


def test_a_long_text_is_cut(bertscore: BertScore) -> None:
    [score] = bertscore.f1(["word " * 5000], [TEXTS[0]])
    assert 0 < score < 100


def test_batches_change_nothing(bertscore: BertScore) -> None:
    answers = [f"{text} {n}" for n in range(BATCH // 2) for text in TEXTS]
    references = TEXTS[::-1] * (BATCH // 2)
    together = bertscore.f1(answers, references)
    for i in (0, BATCH - 1, BATCH, len(answers) - 1):
        assert bertscore.f1([answers[i]], [references[i]]) == pytest.approx([together[i]], abs=1e-3)


def test_qualities_stand_in_the_order_asked(bertscore: BertScore) -> None:
    names = ("rouge-l", "bertscore", "bleu", "rouge-2", "rouge-1")
    reference = "The capital of Australia is Canberra."
    found = qualities(names, TEXTS[:2], [reference] * 2, bertscore=bertscore)
    for text, row in zip(TEXTS, found, strict=False):
        assert row == pytest.approx(
            (
                rouge_l(text, reference),
                bertscore.f1([text], [reference])[0],
                bleu()(text, reference),
                rouge_n(text, reference, 2),
                rouge_n(text, reference, 1),
            ),
            abs=1e-3,
        )
    assert qualities((), ["a"], ["b"]) == [()]


@pytest.mark.parametrize(
    ("names", "text", "said"),
    [
        (("blue",), "a", "no metric 'blue'; did you mean 'bleu'"),
        (("bertscore",), "a", "add --bertscore-model"),
        (("rouge-l",), "a " * 200_000, "rouge-l cannot be measured"),
    ],
)
def test_says_what_cannot_be_measured(names: tuple[str, ...], text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        qualities(names, [text], ["a"])
