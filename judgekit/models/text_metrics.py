"""Overlap of an answer with a reference, from 0 to 100: BLEU, ROUGE and token F1.

Words are separated by spaces and punctuation. In scripts without spaces between words each
character counts as a word, also amid other text.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

__all__ = ["MOST_WORDS", "Metric", "TextTooLong", "bleu", "lcs", "rouge_l", "rouge_n", "token_f1"]

Metric: TypeAlias = Callable[[str, str], float]
"""A function of an answer and its reference; 0 to 100."""

MOST_WORDS = 2**17
"""The most words in a text for ROUGE-L, whose time is the product of the two lengths."""

# Thai and Lao, Burmese, Khmer, 々〆〇, kana (also small, old and half-width ones), Han.
_UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f"
    "\U00020000-\U0003ffff]"
)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


class TextTooLong(ValueError):  # noqa: N818 (says what the text is)
    """A text has more words than the metric can take."""


def token_f1(answer: str, reference: str) -> float:
    """F1 of the common words, as SQuAD scores answers (Rajpurkar et al. 2016, arXiv:1606.05250).

    Words are compared in lower case, without punctuation and articles. Two texts without any other
    words are equal (100).
    """
    ours, theirs = (
        _ARTICLES.sub(" ", _space_characters(text).lower().translate(_DELETE_PUNCTUATION)).split()
        for text in (answer, reference)
    )
    if not ours or not theirs:
        return 100.0 * (ours == theirs)
    common = (Counter(ours) & Counter(theirs)).total()
    return 200.0 * common / (len(ours) + len(theirs))


def rouge_l(answer: str, reference: str) -> float:
    """F1 of the longest common subsequence of words (Lin 2004, equations 2 to 4 with beta 1).

    Words are compared in lower case, without punctuation.

    Raises:
        TextTooLong: A text has more than `MOST_WORDS` words.
    """
    ours, theirs = _words(answer), _words(reference)
    if max(len(ours), len(theirs)) > MOST_WORDS:
        raise TextTooLong(f"more than {MOST_WORDS} words")
    if not ours or not theirs:
        return 0.0
    return 200.0 * lcs(ours, theirs) / (len(ours) + len(theirs))


def rouge_n(answer: str, reference: str, n: int) -> float:
    """F1 of the common `n`-grams of words (Lin 2004, section 2, with precision beside its recall).

    Words are compared in lower case, without punctuation; 0 if neither text has an n-gram.
    """
    ours, theirs = (
        Counter(zip(*(words[i:] for i in range(n)), strict=False))
        for words in (_words(answer), _words(reference))
    )
    total = ours.total() + theirs.total()
    return 200.0 * (ours & theirs).total() / total if total else 0.0


def lcs(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence, computed a row of the table at a time.

    Hyyrö 2004, "Bit-parallel LCS-length computation revisited": bit i of `row` is 0 where the
    table's row grows at column i.
    """
    places: dict[str, list[int]] = {}
    for place, word in enumerate(other):
        places.setdefault(word, []).append(place)

    # A mask is as wide as `other`. Only recent ones are kept, so that a long text with many
    # different words does not fill the memory.
    @lru_cache(maxsize=4096)
    def mask(word: str) -> int:
        return sum(1 << place for place in places[word])

    every_column = (1 << len(other)) - 1
    row = every_column
    for word in one:
        if word in places:
            matched = row & mask(word)
            row = ((row + matched) | (row - matched)) & every_column
    return len(other) - row.bit_count()


def bleu() -> Metric:
    """Sentence BLEU by sacrebleu (Papineni et al. 2002), with the n-gram orders that the text has.

    Imports sacrebleu.
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    metric = BLEU(effective_order=True)
    # These caches would each keep 65 536 texts for good: gigabytes if answers are long.
    clear_caches = (Tokenizer13a.__call__.cache_clear, TokenizerRegexp.__call__.cache_clear)

    def score(answer: str, reference: str) -> float:
        value = metric.sentence_score(
            _space_characters(answer), [_space_characters(reference)]
        ).score
        for clear in clear_caches:
            clear()
        return float(value)

    return score


class _PunctuationTable(dict[int, str | int]):
    """A table for `str.translate` that replaces punctuation and leaves everything else.

    It covers ASCII punctuation and symbols and all Unicode punctuation.
    """

    def __init__(self, replacement: str) -> None:
        super().__init__((ord(mark), replacement) for mark in string.punctuation)
        self.replacement = replacement

    def __missing__(self, code: int) -> str | int:
        punctuation = unicodedata.category(chr(code)).startswith("P")
        return self.setdefault(code, self.replacement if punctuation else code)


_DELETE_PUNCTUATION = _PunctuationTable("")
_SPACE_PUNCTUATION = _PunctuationTable(" ")


def _words(text: str) -> list[str]:
    """The words in lower case; punctuation separates them."""
    return _space_characters(text).lower().translate(_SPACE_PUNCTUATION).split()


def _space_characters(text: str) -> str:
    """The text with spaces around each character of a script without spaces."""
    return _unspaced().sub(r" \g<0> ", text)


@lru_cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(_UNSPACED)  # when a text comes: it takes milliseconds
