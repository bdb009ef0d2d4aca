from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from judgekit.plugins.judges.chrf import Chrf
from judgekit.plugins.judges.chrf_arrays import MOST_DIFFERENT, match_arrays
from sacrebleu.metrics.chrf import CHRF

SACREBLEU = CHRF()
COUNTED, ARRAYS = Chrf(most_counted=10**9), Chrf(most_counted=0)
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
    score = COUNTED(answer, reference)
    assert score == pytest.approx(by_sacrebleu(answer, reference), abs=1e-9)
    assert score == ARRAYS(answer, reference)


@given(TEXTS.filter(str.strip))
def test_the_same_text_scores_100(text: str) -> None:
    assert COUNTED(text, text) == ARRAYS(text, text) == pytest.approx(100)


@pytest.mark.parametrize("different", [MOST_DIFFERENT + n for n in (-2, -1, 0, 1, 2000)])
def test_many_different_characters(different: int) -> None:
    everything = "".join(chr(0x4E00 + i) for i in range(different))
    answer = everything[::-1] + everything[:50]
    fits = match_arrays(answer, everything, 1) is not None
    assert fits == (different < MOST_DIFFERENT)  # the filler is one more
    score = ARRAYS(answer, everything)
    assert score == COUNTED(answer, everything)
    assert score == pytest.approx(by_sacrebleu(answer, everything), abs=1e-9)
    assert 0 < score < 100


def test_a_small_comparison_does_not_import_numpy() -> None:
    program = (
        "import sys; from judgekit.plugins.judges.chrf import Chrf; chrf = Chrf(most_counted=20)\n"
        "values = []\n"
        "for _ in range(3):\n"
        "    values.append(chrf('abcd efg', 'abcefg')); print('numpy' in sys.modules)\n"
        "assert len(set(values)) == 1"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.stdout.split(), said.stderr) == (["False", "True", "True"], "")
