from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.models import text_metrics
from judgekit.models.text_metrics import MOST_WORDS, TextTooLong, lcs, rouge_l, rouge_n, token_f1


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
    ("answer", "reference", "n", "percent"),
    [
        ("police kill the gunman", "police killed the gunman", 1, 75),
        ("police kill the gunman", "police killed the gunman", 2, 200 / 6),  # "the gunman", of 3
        ("the the the", "the", 1, 50),  # a word counts as often as both have it
        ("One, two!", "one two", 2, 100),
        ("one", "one", 2, 0),  # no two words in either
        ("", "one", 1, 0),
    ],
)
def test_rouge_n(answer: str, reference: str, n: int, percent: float) -> None:
    assert rouge_n(answer, reference, n) == pytest.approx(percent)
    assert rouge_n(reference, answer, n) == pytest.approx(percent)


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


def test_rouge_l_says_where_it_stops() -> None:
    with pytest.raises(TextTooLong, match=str(MOST_WORDS)):
        rouge_l("x " * (MOST_WORDS + 1), "x")
    assert rouge_l("x " * MOST_WORDS, "x") > 0


def test_bleu_keeps_no_texts() -> None:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    text_metrics.bleu()("some answer", "some reference")
    assert Tokenizer13a.__call__.cache_info().currsize == 0
