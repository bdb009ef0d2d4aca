from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judgekit.plugins.judges import metrics
from judgekit.plugins.judges.metrics import MOST_WORDS, Name, TooLong, lcs, make, rouge_l, token_f1

NAMES: tuple[Name, ...] = ("chrf", "bleu", "rouge-l", "token-f1")


def lcs_by_table(one: str, other: str) -> int:
    row = [0] * (len(other) + 1)
    for character in one:
        above = row[:]
        for place, candidate in enumerate(other, 1):
            hit = candidate == character
            row[place] = above[place - 1] + 1 if hit else max(above[place], row[place - 1])
    return row[-1]


@given(st.text("abcd", max_size=80), st.text("abcd", max_size=80))
def test_lcs_is_that_of_the_textbook(one: str, other: str) -> None:
    assert lcs(one, other) == lcs_by_table(one, other) == lcs(other, one)


@pytest.mark.parametrize(
    ("answer", "reference", "percent"),
    [
        # Lin 2004, section 3: 3 words of 4 in order, and 2 where the order is lost
        ("police kill the gunman", "police killed the gunman", 75),
        ("the gunman kill police", "police killed the gunman", 50),
        ("Police killed the gunman!", "police killed the gunman", 100),
        ("one", "two", 0),
        ("?!", "a word", 0),
        ("don't", "don t", 100),
        ("東京は日本の首都", "日本の首都は東京", 200 * 5 / 16),  # 日本の首都 of 8 characters each
    ],
)
def test_rouge_l(answer: str, reference: str, percent: float) -> None:
    assert rouge_l(answer, reference) == pytest.approx(percent)


@pytest.mark.parametrize(
    ("answer", "reference", "percent"),
    [
        ("The Eiffel Tower.", "an eiffel tower", 100),
        ("Paris, France", "Paris", 200 / 3),
        ("paris paris", "Paris", 200 / 3),  # a word counts as often as both have it
        ("Rome", "Paris", 0),
        ("well-known", "wellknown", 100),  # punctuation is taken out, not replaced
        ("“Paris”…", "Paris", 100),  # Unicode's as well
        ("the", "a", 100),  # nothing is left of either
        ("the", "Paris", 0),
        ("हिन्दी भाषा", "हिन्दी", 200 / 3),  # vowel signs do not part words
        ("富士山", "富士", 80),
        ("Python の list", "list の Python", 100),
        ("ประเทศไทย", "ไทย", 50),
    ],
)
def test_token_f1(answer: str, reference: str, percent: float) -> None:
    assert token_f1(answer, reference) == pytest.approx(percent)


@pytest.mark.parametrize(
    ("answer", "reference", "low", "high"),
    [
        ("the cat sat on the mat", "the cat sat on the mat", 100, 100),
        ("a b", "a b", 100, 100),  # shorter than 4 words: of the orders it has
        ("cat the mat on sat the", "the cat sat on the mat", 5, 40),
        ("dog", "the cat sat on the mat", 0, 0),
        (
            "日本で一番高い山は富士山です",
            "日本で一番高い山は富士山だ",
            70,
            99,
        ),  # one character of 14 differs
    ],
)
def test_bleu(answer: str, reference: str, low: float, high: float) -> None:
    assert low - 1e-9 <= make("bleu")(answer, reference) <= high + 1e-9


@pytest.mark.parametrize("name", NAMES)
@given(answer=st.text(max_size=200), reference=st.text(max_size=200))
def test_any_text_has_an_overlap_of_0_to_100(name: Name, answer: str, reference: str) -> None:
    assert 0 <= make(name)(answer, reference) <= 100 + 1e-9


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", ["word{} ", "字"])
def test_a_text_of_100_000_characters_takes_seconds_at_most(name: Name, unit: str) -> None:
    text = "".join(unit.format(i % 997) for i in range(100_000))[:100_000]
    start = time.process_time()
    assert make(name)(text, text[::-1]) >= 0
    assert make(name)(text, text) == pytest.approx(100)
    assert time.process_time() - start < 20


def test_rouge_l_says_where_it_stops() -> None:
    with pytest.raises(TooLong, match=str(MOST_WORDS)):
        rouge_l("x " * (MOST_WORDS + 1), "x")
    assert rouge_l("x " * MOST_WORDS, "x") > 0


def test_bleu_keeps_no_texts() -> None:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    metrics.make("bleu")("some answer", "some reference")
    assert Tokenizer13a.__call__.cache_info().currsize == 0
