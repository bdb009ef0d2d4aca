"""Encodes texts as PairRM's tokens, with its markers, and truncates them.

A pair is `[CLS]<|source|>prompt[SEP][CLS]<|candidate1|>first[SEP][CLS]<|candidate2|>second[SEP]`.
The network's verdict is computed from its states at the three markers, so no text may contain one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from judgekit.errors import InputError
from judgekit.models.library_errors import library_errors

__all__ = ["Encoded", "Limits", "PairTokenizer", "TruncatedCounts"]

SOURCE, CANDIDATE = "<|source|>", "<|candidate|>"
FIRST, SECOND = "<|candidate1|>", "<|candidate2|>"
ROUNDS = 8  # of breaking up control tokens in a text; one is enough for real texts

Tokens = list[int]


@dataclass(frozen=True, slots=True)
class Limits:
    """The most tokens of a prompt, and of an answer beside the longest prompt.

    Control tokens count. What a shorter prompt leaves free is shared equally by the answers.
    """

    source: int = 1224
    candidate: int = 412

    def answer(self, source: int) -> int:
        """The most tokens of an answer beside a prompt of `source` tokens."""
        return self.candidate + (self.source - source) // 2


@dataclass(frozen=True, slots=True)
class TruncatedCounts:
    """The number of tokens that were truncated from the end of each text."""

    prompt: int = 0
    first: int = 0
    second: int = 0

    def __str__(self) -> str:
        """For example ``210 tokens of the first answer``; empty if nothing was truncated."""
        texts = {"the prompt": self.prompt, "the first answer": self.first}
        texts["the second answer"] = self.second
        return ", ".join(f"{n} token{'s' * (n > 1)} of {text}" for text, n in texts.items() if n)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A pair's token ids; `positions` are the places of its three markers."""

    ids: tuple[int, ...]
    positions: tuple[int, int, int]
    truncated: TruncatedCounts = TruncatedCounts()


class PairTokenizer:
    """The tokenizer of a PairRM's folder.

    It is read from `tokenizer.json`, because transformers 5 adds a normaliser to DeBERTa's
    tokenizer, which gives other tokens.

    Args:
        folder: The checkpoint's folder.
        limits: The most tokens of the texts.

    Raises:
        InputError: `tokenizer.json` is missing or lacks PairRM's tokens.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        file = folder / "tokenizer.json"
        if not file.is_file():
            raise InputError(f"no tokenizer.json in {str(folder)!r}; a PairRM has one")
        self.limits = limits
        with library_errors(f"cannot read {str(file)!r}"):
            self._tokenizer: Any = Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        prefixes = (self._id(SOURCE, file), self._id(CANDIDATE, file))
        self._source, self._candidate = prefixes
        self._first, self._second = self._id(FIRST, file), self._id(SECOND, file)
        self._cls, self._sep = self._id("[CLS]", file), self._id("[SEP]", file)
        added = set(self._tokenizer.get_added_tokens_decoder())
        # The unknown token is no control token, although it is listed among the added ones.
        self._control = (added - {self._tokenizer.token_to_id("[UNK]")}) | {self._cls, self._sep}

    @property
    def size(self) -> int:
        """The size of the vocabulary."""
        return int(self._tokenizer.get_vocab_size())

    def encode(
        self, pairs: Sequence[tuple[str, str, str]], groups: Iterable[Sequence[int]]
    ) -> list[Encoded]:
        """Encodes triples (prompt, first answer, second answer); each text is tokenised once.

        Args:
            pairs: The triples.
            groups: Groups of indices of pairs, which cover all pairs. The longest prompt of a group
                decides how long its answers may be.

        Returns:
            The encoded pairs, in order.
        """
        prompts = self._tokens(SOURCE, {prompt for prompt, _, _ in pairs})
        answers = self._tokens(CANDIDATE, {text for _, *both in pairs for text in both})
        most = self.limits.source - 2
        encoded: dict[int, Encoded] = {}
        for group in groups:
            longest = max(min(len(prompts[pairs[i][0]]), most) for i in group) + 2
            room = self.limits.answer(longest) - 2
            for i in group:
                prompt, first, second = pairs[i]
                encoded[i] = self._join(prompts[prompt], answers[first], answers[second], room)
        return [encoded[i] for i in range(len(pairs))]

    def _join(self, prompt: Tokens, first: Tokens, second: Tokens, room: int) -> Encoded:
        most = self.limits.source - 2
        cut = TruncatedCounts(
            max(0, len(prompt) - most), max(0, len(first) - room), max(0, len(second) - room)
        )
        ids = [self._cls, *prompt[:most], self._sep]
        places = [1, len(ids) + 1]
        ids += [self._cls, self._first, *first[1:room], self._sep]
        places.append(len(ids) + 1)
        ids += [self._cls, self._second, *second[1:room], self._sep]
        return Encoded(tuple(ids), (places[0], places[1], places[2]), cut)

    def _tokens(self, prefix: str, texts: Iterable[str]) -> dict[str, Tokens]:
        """Each text's tokens after its marker, which is the only control token among them.

        The marker is tokenised together with the text, as llm-blender does, because the space that
        the tokenizer puts before the first word depends on what precedes it.
        """
        known = list(texts)
        written = [prefix + writable(text) for text in known]
        batch = self._tokenizer.encode_batch_fast(written, add_special_tokens=False)
        return {
            text: encoding.ids
            if self._clean(prefix, encoding.ids)
            else self._tokens_as_text(prefix, line)
            for text, line, encoding in zip(known, written, batch, strict=True)
        }

    def _clean(self, prefix: str, ids: Tokens) -> bool:
        marker = self._source if prefix == SOURCE else self._candidate
        return ids[:1] == [marker] and self._control.isdisjoint(ids[1:])

    def _tokens_as_text(self, prefix: str, line: str) -> Tokens:
        """The tokens of a text with control tokens in it, which are read as plain text.

        The library can read special tokens as text, but neither added tokens that are not special
        (PairRM's markers) nor pieces of the vocabulary (``[CLS]``). A space after the first
        character keeps them from being recognised, also where only the normaliser produces one
        (full-width brackets).
        """
        text = line.removeprefix(prefix)
        for _ in range(ROUNDS):
            encoding = self._tokenizer.encode(prefix + text, add_special_tokens=False)
            if self._clean(prefix, encoding.ids):
                return list(encoding.ids)
            spans = [
                (start - len(prefix), end - len(prefix))
                for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
                if token in self._control and len(prefix) <= start < end
            ]
            if not spans:  # the text's first character changed the marker
                text = f" {text}"
            for start, end in reversed(spans):
                inside = text[start:end]
                at = start + len(inside) - len(inside.lstrip()) + 1
                text = f"{text[: min(at, end - 1)]} {text[at:]}"
        raise ValueError(f"a control token stays in {text[:80]!r}")

    def _id(self, token: str, file: Path) -> int:
        token_id: int | None = self._tokenizer.token_to_id(token)
        if token_id is None:
            raise InputError(f"no token {token!r} in {str(file)!r}; name a folder of PairRM's")
        return token_id


def writable(text: str) -> str:
    """The text as the tokenizer takes it.

    A `[SEP]` becomes a space, as in llm-blender; a lone surrogate, which UTF-8 cannot encode,
    becomes the replacement character.
    """
    text = text.replace("[SEP]", " ")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
