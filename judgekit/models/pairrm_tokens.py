"""Texts → PairRM's tokens: what is put around them, and where they are cut.

A pair is `[CLS]<|source|>prompt[SEP][CLS]<|candidate1|>first[SEP][CLS]<|candidate2|>second[SEP]`.
The network reads its verdict off the three prefixes, so no text may bring one of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from judgekit.errors import InputError
from judgekit.models.folders import one_line

__all__ = ["Encoded", "Limits", "PairTokenizer", "TruncatedCounts"]

SOURCE, CANDIDATE = "<|source|>", "<|candidate|>"
FIRST, SECOND = "<|candidate1|>", "<|candidate2|>"
ROUNDS = 8  # of taking control tokens out of a text; one is enough for real ones

Tokens = list[int]


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens that a prompt, and an answer beside the longest prompt, may have. Control tokens
    count; what a shorter prompt leaves free goes to the answers, half to each."""

    source: int = 1224
    candidate: int = 412

    def answer(self, source: int) -> int:
        """The most tokens of an answer beside a prompt of `source` tokens."""
        return self.candidate + (self.source - source) // 2


@dataclass(frozen=True, slots=True)
class TruncatedCounts:
    """How many tokens of each text were cut off, at its end."""

    prompt: int = 0
    first: int = 0
    second: int = 0

    def __str__(self) -> str:
        """``210 tokens of the first answer``; empty where nothing was cut."""
        texts = {"the prompt": self.prompt, "the first answer": self.first}
        texts["the second answer"] = self.second
        return ", ".join(f"{n} token{'s' * (n > 1)} of {text}" for text, n in texts.items() if n)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A pair as the network takes it; `positions` are the places of its three prefixes."""

    ids: tuple[int, ...]
    positions: tuple[int, int, int]
    truncated: TruncatedCounts = TruncatedCounts()


class PairTokenizer:
    """The tokenizer of a PairRM's folder.

    Read from `tokenizer.json` as it stands: transformers 5 gives DeBERTa a normaliser of its own,
    and with it other tokens. Raises `InputError` where it is missing or has not PairRM's tokens.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        file = folder / "tokenizer.json"
        if not file.is_file():
            raise InputError(f"no tokenizer.json in {str(folder)!r}; a PairRM has one")
        self.limits = limits
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing narrower
            raise InputError(f"cannot read {str(file)!r}: {one_line(error)}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        prefixes = (self._id(SOURCE, file), self._id(CANDIDATE, file))
        self._source, self._candidate = prefixes
        self._first, self._second = self._id(FIRST, file), self._id(SECOND, file)
        self._cls, self._sep = self._id("[CLS]", file), self._id("[SEP]", file)
        added = set(self._tokenizer.get_added_tokens_decoder())
        # An unknown character is no control token, although its stand-in is listed among them.
        self._control = (added - {self._tokenizer.token_to_id("[UNK]")}) | {self._cls, self._sep}

    @property
    def size(self) -> int:
        """How many tokens it knows."""
        return int(self._tokenizer.get_vocab_size())

    def encode(
        self, pairs: Sequence[tuple[str, str, str]], groups: Iterable[Sequence[int]]
    ) -> list[Encoded]:
        """Each (prompt, first answer, second answer), in order.

        `groups` are indices of pairs; the longest prompt of a group decides how long its answers
        may be. Each distinct text is tokenised once.
        """
        prompts = self._tokens(SOURCE, {prompt for prompt, _, _ in pairs})
        answers = self._tokens(CANDIDATE, {text for _, *both in pairs for text in both})
        most = self.limits.source - 2
        found: dict[int, Encoded] = {}
        for group in groups:
            longest = max(min(len(prompts[pairs[i][0]]), most) for i in group) + 2
            room = self.limits.answer(longest) - 2
            for i in group:
                prompt, first, second = pairs[i]
                found[i] = self._join(prompts[prompt], answers[first], answers[second], room)
        return [found[i] for i in range(len(pairs))]

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
        """Each text's tokens behind its prefix, which is the only control token among them.

        The prefix is tokenised with the text, as upstream does: the space that a tokenizer puts
        before a first word depends on what stands there.
        """
        known = list(texts)
        written = [prefix + writable(text) for text in known]
        batch = self._tokenizer.encode_batch_fast(written, add_special_tokens=False)
        return {
            text: found.ids if self._clean(prefix, found.ids) else self._plain(prefix, line)
            for text, line, found in zip(known, written, batch, strict=True)
        }

    def _clean(self, prefix: str, ids: Tokens) -> bool:
        own = self._source if prefix == SOURCE else self._candidate
        return ids[:1] == [own] and self._control.isdisjoint(ids[1:])

    def _plain(self, prefix: str, line: str) -> Tokens:
        """The tokens of a text that holds control tokens, which are taken for plain text.

        The library can be told to read its special tokens as text, but neither added tokens that
        are not special (PairRM's prefixes) nor pieces of the vocabulary (``[CLS]``). A space
        after the first character keeps any of them from being recognised, also where only the
        normaliser makes it one (full-width brackets).
        """
        text = line.removeprefix(prefix)
        for _ in range(ROUNDS):
            found = self._tokenizer.encode(prefix + text, add_special_tokens=False)
            if self._clean(prefix, found.ids):
                return list(found.ids)
            spans = [
                (start - len(prefix), end - len(prefix))
                for token, (start, end) in zip(found.ids, found.offsets, strict=True)
                if token in self._control and len(prefix) <= start < end
            ]
            if not spans:  # the text's first character has changed the prefix
                text = f" {text}"
            for start, end in reversed(spans):
                inside = text[start:end]
                at = start + len(inside) - len(inside.lstrip()) + 1
                text = f"{text[: min(at, end - 1)]} {text[at:]}"
        raise ValueError(f"a control token stays in {text[:80]!r}")

    def _id(self, token: str, file: Path) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        if found is None:
            raise InputError(f"no token {token!r} in {str(file)!r}; name a folder of PairRM's")
        return found


def writable(text: str) -> str:
    """The text as the tokenizer takes it: a `[SEP]` becomes a space (as upstream), and half of a
    surrogate pair, which no UTF-8 can hold, the replacement character."""
    text = text.replace("[SEP]", " ")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
