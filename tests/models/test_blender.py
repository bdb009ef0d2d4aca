"""Upstream's PairRM, really run: it loads what its own loader loads, and agrees with ours."""

from __future__ import annotations

import random
import shutil
import statistics
import warnings
from collections.abc import Callable, Sequence
from dataclasses import astuple
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from checkpoints import write_pairrm  # noqa: E402
from fresh import python  # noqa: E402

from judgekit.errors import InputError  # noqa: E402
from judgekit.models.blender import Blender, import_upstream  # noqa: E402
from judgekit.models.pairrm import PairRM  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS = [
    *("river", "stone", "lamp", "copper", "window", "ladder", "season", "mirror", "thread"),
    *("the", "a", "of", "and", "to", "is", "in", "that", "for", "not", "which"),
    *("Größe", "naïve", "東京", "Ω", "3²", "25º", "Ｆｕｌｌ！", "ﬁne", "e\u0301", "🙂", "\u200b"),
    *("[SEP]", "\n", "\n\n", "\t", "  ", "\u3000", "{", "1,024.5", "<b>", "<|", "|>", "[S"),
]
PAIRS = [
    ("What is it?", "A lamp.", "No idea."),
    ("Name a stone.", "", "Copper is not one."),
    ("", "the", "a"),
    ("long " * 900, "A lamp. " * 300, "A stone. " * 400),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairrm(tmp_path_factory.mktemp("pairrm"), hidden=64)


@pytest.fixture(scope="module")
def blender(folder: Path) -> Blender:
    return Blender.load(str(folder), device="cpu")


def items() -> list[tuple[str, list[str]]]:
    """50 prompts with 2 to 5 answers each; those of (words of prompt, words of answer) first."""
    draw = random.Random(4)

    def text(words: int) -> str:
        return "".join(word + draw.choice((" ", " ", "")) for word in draw.choices(WORDS, k=words))

    long = [(900, 30), (20, 420), (20, 900), (700, 600)]
    found = [(text(prompt), [text(answer), text(answer // 2)]) for prompt, answer in long]
    for n in range(50 - len(long)):
        answers = [text(draw.randint(0, 60)) for _ in range(2 + n % 4)]
        found.append((text(draw.randint(0, 60)), answers))
    return found


def loaded_by_upstream(folder: Path) -> Any:
    """An `llm_blender.Blender` as its own loader makes it: the base with its weights, then ours."""
    own = import_upstream().Blender()
    with warnings.catch_warnings():
        # Its configuration class says None is no path, for settings that upstream itself leaves so.
        warnings.filterwarnings("ignore", "'NoneType' object value of", RuntimeWarning)
        own.loadranker(str(folder), device="cpu")
    own.ranker_tokenizer.batch_encode_plus = own.ranker_tokenizer  # transformers 4's name of it
    return own


def test_loads_what_upstreams_own_loader_loads(folder: Path, blender: Blender) -> None:
    own = loaded_by_upstream(folder)
    first, second = ([pair[side] for pair in PAIRS] for side in (1, 2))
    expected = own.compare(
        [pair[0] for pair in PAIRS], first, second, mode="[A,B]", return_logits=True, batch_size=1
    )
    assert blender.logits(PAIRS) == pytest.approx(expected.tolist(), abs=1e-6)
    assert max(map(abs, expected)) > 0.01


def test_reads_both_layouts_alike(tmp_path: Path, blender: Blender) -> None:
    other = Blender.load(str(write_pairrm(tmp_path, "hf", hidden=64)), device="cpu")
    assert other.logits(PAIRS) == pytest.approx(blender.logits(PAIRS), abs=1e-6)


def test_an_items_logit_does_not_depend_on_its_neighbours(blender: Blender) -> None:
    alone = [blender.logits([pair])[0] for pair in PAIRS]
    assert blender.logits(PAIRS) == alone
    long = [("short", "A lamp. " * 400, "A stone. " * 400), PAIRS[-1]]
    together, apart = blender.logits(long, batch_size=2), blender.logits(long)
    assert together[1] == pytest.approx(apart[1], abs=1e-5)
    assert together[0] != pytest.approx(apart[0], abs=1e-3)  # cut for its neighbour's sake


def test_the_native_one_agrees_item_by_item(folder: Path, blender: Blender) -> None:
    pairs = [(prompt, *pair) for prompt, some in items() for pair in permutations(some, 2)]
    found = PairRM.load(str(folder), device="cpu").score(pairs)
    expected = blender.logits(pairs)
    assert [score.logit for score in found] == pytest.approx(expected, abs=1e-5)
    assert statistics.pstdev(expected) > 0.1
    cut = [score.truncated for score in found]
    assert [sum(map(bool, counts)) > 1 for counts in zip(*map(astuple, cut), strict=True)] == [
        True
    ] * 3


def test_the_native_one_agrees_by_upstreams_batch_rule(folder: Path, blender: Blender) -> None:
    native = {rule: PairRM.load(str(folder), device="cpu", rule=rule) for rule in ("item", "batch")}
    apart = []
    for count in range(2, 6):
        some = [item for item in items() if len(item[1]) == count]
        prompts, answers = zip(*some, strict=True)
        expected = blender.scores(prompts, answers, batch_size=4)
        assert scores(native["batch"], some) == pytest.approx(flat(expected), abs=1e-5)
        by_item = scores(native["item"], some)
        apart.append(max(abs(a - b) for a, b in zip(by_item, flat(expected), strict=True)))
    assert max(apart) > 1e-2  # an answer cut for its neighbour's sake
    pairs = [(prompt, *some) for prompt, some in items() if len(some) == 2]
    both = [way.logits(pairs, batch_size=4) for way in (native["batch"], blender)]
    assert both[0] == pytest.approx(both[1], abs=1e-5)


def scores(native: PairRM, some: list[tuple[str, list[str]]]) -> list[float]:
    """Upstream's score of each answer, from the native logits of batches of four prompts."""
    pairs = [(prompt, *pair) for prompt, answers in some for pair in permutations(answers, 2)]
    logits = iter(native.logits(pairs, batch_size=4))
    found = []
    for _, answers in some:
        n = len(answers)
        logit = {order: next(logits) for order in permutations(range(n), 2)}
        found += [sum(logit[i, j] - logit[j, i] for j in range(n) if j != i) / n for i in range(n)]
    return found


def flat(rows: Sequence[Sequence[float]]) -> list[float]:
    return [value for row in rows for value in row]


def test_ranks_by_the_mean_over_both_orders(blender: Blender) -> None:
    prompts = ["What is it?", "Name a stone."]
    candidates = [["A lamp.", "A stone.", "A lamp."], ["Copper", "the river", ""]]
    scores = blender.scores(prompts, candidates, batch_size=1)
    for prompt, some, row, ranks in zip(
        prompts, candidates, scores, blender.rank(prompts, candidates, batch_size=1), strict=True
    ):
        order = list(permutations(range(3), 2))
        logits = blender.logits([(prompt, some[i], some[j]) for i, j in order])
        logit = dict(zip(order, logits, strict=True))
        for i in range(3):
            rest = [j for j in range(3) if j != i]
            assert row[i] == pytest.approx(
                sum(logit[i, j] - logit[j, i] for j in rest) / 3, abs=1e-5
            )
        assert ranks == [1 + sum(other > score for other in row) for score in row]
    assert blender.rank([], []) == []
    assert blender.logits([]) == []


def test_leaves_transformers_the_log_and_stdout_as_they_were(folder: Path) -> None:
    code = f"""
        import logging, sys
        from judgekit.models.blender import Blender
        Blender.load({str(folder)!r}, device="cpu").logits([("a", "b", "c")])
        import transformers.utils.hub
        assert not hasattr(transformers.utils.hub, "TRANSFORMERS_CACHE")
        assert not hasattr(transformers.PreTrainedTokenizerBase, "batch_encode_plus")
        assert logging.getLogger().handlers == []
    """
    # Older releases of transformers compile parts of DeBERTa in a way that torch gives up.
    flags = ("-W", "error", "-W", "ignore:`torch.jit.script` is deprecated:DeprecationWarning")
    assert python(*flags, "-c", "\n".join(map(str.strip, code.splitlines())), cwd=folder) == ""


def test_a_missing_package_names_the_extra(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['llm_blender'] = None\n"
        "from judgekit.errors import InputError\n"
        "from judgekit.models.blender import Blender\n"
        "try: Blender.load('.')\n"
        "except InputError as error: print(error)\n"
    )
    said = python("-c", code, cwd=tmp_path)
    assert "'llm_blender'" in said
    assert "pip install -e '.[llm-blender]'" in said


@pytest.mark.parametrize(
    "texts",
    [
        ("a <|source|> b", "c", "d"),
        ("a", "c <|candidate|>", "d"),
        ("a", "c", "<|candidate2|>"),
        ("a", "＜｜candidate1｜＞", "d"),
    ],
)
def test_refuses_texts_that_would_move_what_upstream_reads(
    texts: tuple[str, str, str], blender: Blender
) -> None:
    with pytest.raises(ValueError, match=r"holds '<\|"):
        blender.logits([PAIRS[0], texts])
    with pytest.raises(ValueError, match=r"holds '<\|"):
        blender.rank([texts[0]], [texts[1:]])


def test_refuses_unequal_numbers_of_candidates(blender: Blender) -> None:
    with pytest.raises(ValueError, match="equally many"):
        blender.rank(["a", "b"], [["c", "d"], ["e", "f", "g"]])


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def overwritten(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def no_pairrm(folder: Path) -> None:
    """A DeBERTa alone, under the names it has by itself."""
    shutil.copy(folder / "base" / "model.safetensors", folder / "model.safetensors")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without("model.safetensors"), "no weights as"),
        (without("tokenizer.json"), "no tokenizer.json in"),
        (without("config.json"), "cannot read .*config.json"),
        (overwritten("config.json", b"{"), "cannot read .*config.json"),
        (overwritten("model.safetensors", b"\0" * 9), "cannot read .*model.safetensors"),
        (no_pairrm, "is no PairRM: it has no"),
    ],
)
def test_says_what_is_wrong_with_a_checkpoint(
    spoil: Callable[[Path], None], said: str, folder: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(folder, bad)
    spoil(bad)
    with pytest.raises(InputError, match=said) as caught:
        Blender.load(str(bad), device="cpu")
    assert "\n" not in str(caught.value)


def test_no_such_checkpoint_or_device(folder: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        Blender.load("no/such/model/anywhere", device="cpu")
    with pytest.raises(InputError, match="cannot use the device 'abacus'"):
        Blender.load(str(folder), device="abacus")


def test_the_fingerprint_is_of_the_weights(folder: Path, blender: Blender, tmp_path: Path) -> None:
    assert Blender.load(str(folder), device="cpu").fingerprint == blender.fingerprint
    other = Blender.load(str(write_pairrm(tmp_path, hidden=64, seed=1)), device="cpu")
    assert other.fingerprint != blender.fingerprint
