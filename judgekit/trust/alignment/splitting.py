"""Three parts of labelled prompts: to train on, to pick by, to test with.

A prompt's part is a hash of the prompt alone. So neither a seed nor more rows moves a prompt, and
whoever aligns a judge with the same prompts again has the same test part.

Near-duplicates must not stand on two sides, and no rule that looks at one prompt at a time can keep
them together: prompts that differ by a word each lead, step by step, from any prompt to any other.
So a prompt that resembles one of a later part is left out of its own: of training, where the other
is picked by or tested with, and of picking, where the other is tested with. The test part never
loses a prompt. Prompts that differ in case, punctuation or white space alone have the same hash.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from judgekit.io.prompt_digest import normalised_prompt, prompt_digest
from judgekit.types import Case, digest

__all__ = ["FOLDS", "Part", "Split", "fold_of", "near_duplicates", "split", "split_without"]

Part = Literal["train", "pick", "test"]
PARTS: tuple[Part, ...] = ("train", "pick", "test")
SHARES = (0.3, 0.6)  # where training ends and picking ends; the rest is tested with
FOLDS = 5
SHINGLE = 3  # words
ALIKE = 0.7  # the share of shingles that near-duplicates have in common, of all that they have


@dataclass(frozen=True)
class Split:
    """Labelled prompts by their part.

    `parts` is by the prompt's digest (`judgekit.io.prompt_digest`). `left_out` holds the prompts
    that resemble one of a later part: they are used nowhere.
    """

    parts: Mapping[str, Part]
    left_out: frozenset[str]

    def without_tested(self, prompts: frozenset[str]) -> Split:
        """The same without some prompts of the test part; the other parts keep theirs."""
        kept = {n: p for n, p in self.parts.items() if p != "test" or n not in prompts}
        return Split(kept, self.left_out)

    def prompts(self, part: Part) -> tuple[str, ...]:
        """The digests of a part's prompts, sorted."""
        return tuple(sorted(name for name, shingles in self.parts.items() if shingles == part))

    def cases(self, part: Part, cases: Iterable[Case]) -> list[Case]:
        """The cases of a part, in their order."""
        return [case for case in cases if self.parts.get(prompt_digest(case)) == part]


def split(cases: Sequence[Case]) -> Split:
    """The three parts of all prompts of these cases."""
    return _without_near_duplicates(cases, lambda name: _part(_place("part", name), SHARES))


def split_without(cases: Sequence[Case], fold: int | None) -> Split:
    """The parts for one round of cross-fitting.

    Args:
        cases: All cases.
        fold: The fold to test with; the other prompts are trained on and picked by, half of them
            each. None has no test part: the judge that is written learns from all prompts.
    """

    def part(name: str) -> Part:
        return "test" if fold_of(name) == fold else _part(_place("half", name), (0.5, 1.0))

    return _without_near_duplicates(cases, part)


def fold_of(name: str) -> int:
    """The fold of cross-fitting, from 0, to which a prompt's digest belongs."""
    return int(_place("fold", name) * FOLDS)


def _place(salt: str, name: str) -> float:
    """A number in [0, 1) that depends on a prompt's digest alone."""
    return int(digest("judgekit.align", salt, name, size=6), 16) / 16**12


def _part(place: float, ends: tuple[float, float]) -> Part:
    return PARTS[sum(place >= end for end in ends)]


def _without_near_duplicates(cases: Sequence[Case], part_of: Callable[[str], Part]) -> Split:
    texts = {prompt_digest(case): normalised_prompt(case) for case in cases}
    parts: dict[str, Part] = {name: part_of(name) for name in texts}
    dropped = set()
    for one, other in near_duplicates(texts):
        first, second = sorted((one, other), key=lambda name: PARTS.index(parts[name]))
        if parts[first] != parts[second]:
            dropped.add(first)
    kept = {name: part for name, part in parts.items() if name not in dropped}
    return Split(kept, frozenset(dropped))


def near_duplicates(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The pairs of texts of which at least `ALIKE` of the word triples are common (Jaccard).

    All such pairs are found, without comparing all texts: two sets that have so much in common
    share one of their rarest elements (prefix filtering, Bayardo et al. 2007, WWW, 131-140).

    Args:
        texts: Normalised texts by name.

    Returns:
        Pairs of names, each sorted, in order.
    """
    sets = {name: _shingles(text) for name, text in texts.items()}
    counts = Counter(shingle for shingles in sets.values() for shingle in shingles)
    holders: defaultdict[str, list[str]] = defaultdict(list)
    pairs = set()
    for name in sorted(sets):
        shingles = sets[name]
        rarest = sorted(shingles, key=lambda shingle: (counts[shingle], shingle))
        prefix = rarest[: len(shingles) - ceil(ALIKE * len(shingles)) + 1]
        for other in {holder for shingle in prefix for holder in holders[shingle]}:
            common = len(shingles & sets[other])
            if common >= ALIKE * (len(shingles) + len(sets[other]) - common):
                pairs.add((other, name))
        for shingle in prefix:
            holders[shingle].append(name)
    return sorted(pairs)


def _shingles(text: str) -> frozenset[str]:
    words = text.split()
    return frozenset(
        " ".join(words[start : start + SHINGLE])
        for start in range(max(1, len(words) - SHINGLE + 1))
    )
