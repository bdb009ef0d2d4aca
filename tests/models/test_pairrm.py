from __future__ import annotations

import itertools
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from checkpoints import PREFIXES, example_texts, write_pairrm
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")
safetensors = pytest.importorskip("safetensors.torch")
pairrm = pytest.importorskip("judgekit.models.pairrm")
deberta = pytest.importorskip("judgekit.models.deberta")

pytestmark = pytest.mark.usefixtures("one_thread")

PairRM = pairrm.PairRM
Pair = tuple[str, str, str]

# What was measured on the small random networks here, times two; docs/guides/local-models.md.
TOLERANCE = {"bfloat16": 0.1, "int8": 0.3}


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = write_pairrm(tmp_path_factory.mktemp("pairrm") / "ranker")
    return folder


@pytest.fixture(scope="module")
def hf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = write_pairrm(tmp_path_factory.mktemp("pairrm") / "hf", "hf", n_tasks=3)
    return folder


@pytest.fixture(scope="module")
def network(ranker: Path) -> Any:
    return PairRM.load(str(ranker))


@pytest.fixture(scope="module")
def items() -> list[tuple[str, list[str]]]:
    """50 prompts with 2 to 5 answers each, from none to more tokens than there is room for."""
    draw = random.Random(7)
    words = " ".join(example_texts()).split()

    def text(longest: int) -> str:
        start = draw.randrange(len(words))
        return " ".join((words * 3)[start : start + draw.randrange(longest)])

    # Prompts beyond their length, then answers beyond theirs, then short ones.
    longest = [(900, 500)] * 2 + [(30, 700)] * 3 + [(60, 80)] * 45
    return [
        (text(prompt), [text(answer) for _ in range(2 + number % 4)])
        for number, (prompt, answer) in enumerate(longest)
    ]


@pytest.fixture(scope="module")
def pairs(items: list[tuple[str, list[str]]]) -> list[Pair]:
    """Of each item two answers in both orders, of every fifth all ordered pairs."""
    return [
        (prompt, *both)
        for number, (prompt, answers) in enumerate(items)
        for both in itertools.permutations(answers if number % 5 == 4 else answers[:2], 2)
    ]


class Reference:
    """The contract in plain steps, on transformers' own network, one unpadded pair at a time."""

    def __init__(self, folder: Path) -> None:
        weights = safetensors.load_file(folder / "model.safetensors")
        own = folder / "base" if (folder / "base").is_dir() else folder
        config = transformers.AutoConfig.from_pretrained(own)
        self.encoder = transformers.DebertaV2Model(config).eval()
        name = "pretrained_model."
        state = {k.removeprefix(name): v for k, v in weights.items() if k.startswith(name)}
        self.encoder.load_state_dict(state)
        tasks, hidden = weights["head_layer.4.weight"].shape
        self.head_layer = torch.nn.Sequential(
            torch.nn.Dropout(0.05),
            torch.nn.Linear(2 * hidden, hidden),
            torch.nn.Tanh(),
            torch.nn.Dropout(0.05),
            torch.nn.Linear(hidden, tasks),
        ).eval()
        head = {k.removeprefix("head_layer."): v for k, v in weights.items() if "head_layer" in k}
        self.head_layer.load_state_dict(head)
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.ids = [self.tokenizer.token_to_id(prefix) for prefix in PREFIXES]

    def tokens(self, prefix: str, text: str, most: int) -> list[int]:
        """With its [CLS] and [SEP], cut by the library itself."""
        self.tokenizer.enable_truncation(most)
        ids: list[int] = self.tokenizer.encode(prefix + text.replace("[SEP]", " ")).ids
        return ids

    def logit(self, prompt: str, first: str, second: str, longest: int | None = None) -> float:
        """`longest`: of the batch's prompts in tokens, where that rule holds."""
        source = self.tokens("<|source|>", prompt, 1224)
        room = 412 + (1224 - (longest or len(source))) // 2
        both = [self.tokens("<|candidate|>", text, room) for text in (first, second)]
        for ids, own in zip(both, self.ids[1:3], strict=True):
            ids[ids.index(self.ids[3])] = own
        ids = torch.tensor([source + both[0] + both[1]])
        with torch.inference_mode():
            states = self.encoder(ids).last_hidden_state[0]
            at = [states[ids[0] == i].squeeze(0) for i in self.ids[:3]]
            left = self.head_layer(torch.cat([at[0], at[1]]))
            right = self.head_layer(torch.cat([at[0], at[2]]))
        return float((left - right).mean())


@pytest.mark.parametrize("layout", ["ranker", "hf"])
def test_gives_the_contracts_logits(
    layout: str, pairs: list[Pair], request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(layout)
    some = pairs if layout == "ranker" else pairs[-40:]
    found = PairRM.load(str(folder)).score(some)
    reference = Reference(folder)
    expected = [reference.logit(*pair) for pair in some]
    assert [s.logit for s in found] == pytest.approx(expected, abs=1e-5)
    assert any(s.truncated.prompt for s in found) == (layout == "ranker")
    assert any(s.truncated.second for s in found) == (layout == "ranker")
    assert torch.tensor(expected).std() > 0.1


def test_both_layouts_of_the_same_weights_agree(tmp_path: Path, pairs: list[Pair]) -> None:
    one = write_pairrm(tmp_path / "ranker", "ranker", seed=3, n_tasks=2)
    other = write_pairrm(tmp_path / "hf", "hf", seed=3, n_tasks=2)
    some = pairs[-20:]
    expected = PairRM.load(str(one)).logits(some)
    assert PairRM.load(str(other)).logits(some) == pytest.approx(expected, abs=1e-6)


def test_the_rule_by_batches(ranker: Path, network: Any, items: list[Any]) -> None:
    some = [(prompt, answers[0], answers[1]) for prompt, answers in items[1:7]]
    both = [pair for p, a, b in some for pair in ((p, a, b), (p, b, a))]
    reference = Reference(ranker)
    expected = []
    for start in range(0, len(both), 4):
        batch = both[start : start + 4]
        longest = max(len(reference.tokens("<|source|>", p, 1224)) for p, _, _ in batch)
        expected += [reference.logit(*pair, longest=longest) for pair in batch]
    by_batch = PairRM.load(str(ranker), rule="batch").logits(both, batch_size=2)
    assert by_batch == pytest.approx(expected, abs=1e-5)
    assert by_batch != pytest.approx(network.logits(both), abs=1e-3)


def test_a_logit_depends_on_nothing_beside_its_pair(network: Any, pairs: list[Pair]) -> None:
    draw = random.Random(1)
    together = dict(zip(pairs, network.logits(pairs), strict=True))
    for budget in (1, 700, 20_000):
        some = draw.sample(pairs, 25)
        found = network.logits(some, token_budget=budget)
        assert found == pytest.approx([together[pair] for pair in some], abs=5e-6)


def test_the_orders_are_two_questions(network: Any, pairs: list[Pair]) -> None:
    """Nothing may be saved by taking one order's logit for the other's."""
    there = network.logits(pairs[-20:])
    back = network.logits([(p, b, a) for p, a, b in pairs[-20:]])
    assert max(abs(x + y) for x, y in zip(there, back, strict=True)) > 0.05


@pytest.mark.parametrize("dtype", ["bfloat16", "int8"])
def test_fewer_bits_stay_near(
    dtype: Literal["bfloat16", "int8"], ranker: Path, network: Any, pairs: list[Pair]
) -> None:
    some = pairs[6:]  # with long answers, without the longest prompts
    exact = torch.tensor(network.logits(some))
    rounded = torch.tensor(PairRM.load(str(ranker), dtype=dtype).logits(some))
    off = (rounded - exact).abs()
    assert 0 < off.max() < TOLERANCE[dtype]
    assert torch.corrcoef(torch.stack([exact, rounded]))[0, 1] > 0.97


def test_nothing_to_score(network: Any) -> None:
    assert network.score([]) == []


@given(
    st.lists(st.integers(1, 50)), st.integers(1, 120), st.lists(st.sampled_from("abc"), max_size=30)
)
def test_packs_and_batches(lengths: list[int], budget: int, prompts: list[str]) -> None:
    packs = list(pairrm.packs(lengths, budget))
    assert sorted(itertools.chain(*packs)) == list(range(len(lengths)))
    assert all(len(p) == 1 or sum(lengths[i] for i in p) <= budget for p in packs)
    flat = [lengths[i] for i in itertools.chain(*packs)]
    assert flat == sorted(flat, reverse=True)
    batches = list(pairrm.prompt_batches(prompts, 2))
    assert list(itertools.chain(*batches)) == list(range(len(prompts)))
    assert all(len(list(itertools.groupby(prompts[i] for i in b))) <= 2 for b in batches)


def test_the_published_example() -> None:
    """The two greetings of LLM-Blender's README, on the published weights."""
    name = os.environ.get("JUDGEKIT_PAIRRM")
    if not name:
        pytest.skip("JUDGEKIT_PAIRRM names no real PairRM (a folder, or llm-blender/PairRM)")
    prompts = ["hello, how are you!", "I love you!"]
    answers = [
        ["get out!", "hi! I am fine, thanks!", "bye!"],
        ["I love you too!", "I hate you!", "Thanks! You're a good guy!"],
    ]
    assert [ranks(PairRM.load(name), p, a) for p, a in zip(prompts, answers, strict=True)] == [
        [3, 1, 2],
        [1, 3, 2],
    ]


def ranks(network: Any, prompt: str, answers: Sequence[str]) -> list[int]:
    """By the mean of logit(i, j) - logit(j, i), 1 being the best."""
    orders = list(itertools.permutations(range(len(answers)), 2))
    found = network.logits([(prompt, answers[i], answers[j]) for i, j in orders])
    logit = dict(zip(orders, found, strict=True))
    score = [
        sum(logit[i, j] - logit[j, i] for j in range(len(answers)) if j != i)
        for i in range(len(answers))
    ]
    return [1 + sum(other > own for other in score) for own in score]
