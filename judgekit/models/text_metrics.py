"""How far an answer overlaps with a reference: BLEU, ROUGE, token-F1; each 0 to 100.

Words are parted by spaces and punctuation. In scripts that put none between words each character
counts as a word, also where such characters stand amid other text.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

__all__ = ["MOST_WORDS", "Metric", "TooLong", "bleu", "lcs", "rouge_l", "rouge_n", "token_f1"]

Metric: TypeAlias = Callable[[str, str], float]
"""Takes an answer and its reference."""

MOST_WORDS = 2**17
"""ROUGE-L reads texts of at most this many words: its work is the product of the two lengths."""

# Thai and Lao, Burmese, Khmer, 々〆〇, kana (also small, old and half-width ones), Han.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f"
    "\U00020000-\U0003ffff]"
)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


class TooLong(ValueError):  # noqa: N818 (says what the text is)
    """A text is longer than the metric reads."""


def token_f1(answer: str, reference: str) -> float:
    """F1 of the words in common as SQuAD scores answers (Rajpurkar et al. 2016): in lower case,
    without punctuation and articles. Two texts that have no other word are equal."""
    ours, theirs = (
        _ARTICLES.sub(" ", _parted(text).lower().translate(_DELETED)).split()
        for text in (answer, reference)
    )
    if not ours or not theirs:
        return 100.0 * (ours == theirs)
    common = (Counter(ours) & Counter(theirs)).total()
    return 200.0 * common / (len(ours) + len(theirs))


def rouge_l(answer: str, reference: str) -> float:
    """F1 of the longest common subsequence of words (Lin 2004, equations 2 to 4 with beta 1), in
    lower case and without punctuation. Raises `TooLong` beyond `MOST_WORDS`."""
    ours, theirs = _words(answer), _words(reference)
    if max(len(ours), len(theirs)) > MOST_WORDS:
        raise TooLong(f"more than {MOST_WORDS} words")
    if not ours or not theirs:
        return 0.0
    return 200.0 * lcs(ours, theirs) / (len(ours) + len(theirs))


def rouge_n(answer: str, reference: str, n: int) -> float:
    """F1 of the `n`-grams of words in common (Lin 2004, section 2, with precision beside its
    recall), in lower case and without punctuation; 0 where either text has none."""
    ours, theirs = (
        Counter(zip(*(words[i:] for i in range(n)), strict=False))
        for words in (_words(answer), _words(reference))
    )
    total = ours.total() + theirs.total()
    return 200.0 * (ours & theirs).total() / total if total else 0.0


def lcs(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence, a whole row of the table at a time.

    Hyyrö 2004, "Bit-parallel LCS-length computation revisited": bit i of `row` is 0 where the
    table's row grows at column i.
    """
    places: dict[str, list[int]] = {}
    for place, word in enumerate(other):
        places.setdefault(word, []).append(place)

    # A mask is as wide as `other`: only those in use are kept, lest many different words in a
    # long text fill the memory.
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
    """BLEU of one text (Papineni et al. 2002) by sacrebleu, of the orders that the text has.

    sacrebleu is imported here.
    """
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    metric = BLEU(effective_order=True)
    # These caches keep 65 536 texts each for good: gigabytes, where answers are long.
    forget = (Tokenizer13a.__call__.cache_clear, TokenizerRegexp.__call__.cache_clear)

    def score(answer: str, reference: str) -> float:
        value = metric.sentence_score(_parted(answer), [_parted(reference)]).score
        for clear in forget:
            clear()
        return float(value)

    return score


class _Without(dict[int, str | int]):
    """For `str.translate`: ASCII punctuation and symbols and all Unicode punctuation become
    `instead`, anything else stays."""

    def __init__(self, instead: str) -> None:
        super().__init__((ord(mark), instead) for mark in string.punctuation)
        self.instead = instead

    def __missing__(self, code: int) -> str | int:
        punctuation = unicodedata.category(chr(code)).startswith("P")
        return self.setdefault(code, self.instead if punctuation else code)


_DELETED = _Without("")
_SPACED = _Without(" ")


def _words(text: str) -> list[str]:
    """In lower case, punctuation taken for spaces."""
    return _parted(text).lower().translate(_SPACED).split()


def _parted(text: str) -> str:
    """With spaces around each character of a script that writes none."""
    return _UNSPACED.sub(r" \g<0> ", text)
