from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from judgekit.plugins.judges.chrf import OUTSIDE, chrf
from sacrebleu.metrics.chrf import CHRF

SACREBLEU = CHRF()
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("ab \n", max_size=60),  # long runs in common
    st.text(st.characters(codec=None), max_size=60),  # lone surrogates too
    st.text("的是了不 。a", max_size=40),
)


def by_sacrebleu(answer: str, reference: str) -> float:
    return float(SACREBLEU.sentence_score(answer, [reference]).score)


@given(TEXTS, TEXTS)
@example("", "")
@example("a", "")
@example(" \n", "abc")
@example("abcde", "abcdef")
@example("xab", "abx")  # the end of one is the beginning of the other
@example("a\0\0\0\0\0", "a\0")
@example("\ud800x", "\ud800x")
@example("𝔘𝔫𝔦", "𝔘𝔫𝔦𝔠")
def test_is_the_value_of_sacrebleu(answer: str, reference: str) -> None:
    assert chrf(answer, reference) == pytest.approx(by_sacrebleu(answer, reference), abs=1e-9)


@given(TEXTS.filter(str.strip))
def test_the_same_text_scores_100(text: str) -> None:
    assert chrf(text, text) == pytest.approx(100)


@pytest.mark.parametrize("different", [OUTSIDE - 3, OUTSIDE - 2, OUTSIDE - 1, OUTSIDE, 3000])
def test_many_different_characters(different: int) -> None:
    everything = "".join(chr(0x4E00 + i) for i in range(different))
    answer = everything[::-1] + everything[:50]
    assert chrf(answer, everything) == pytest.approx(by_sacrebleu(answer, everything), abs=1e-9)
    assert 0 < chrf(answer, everything) < 100
