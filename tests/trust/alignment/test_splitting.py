"""Three parts by a hash: nothing moves a prompt, and near-duplicates stand on one side."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from judgekit.io.prompt_digest import prompt_digest
from judgekit.trust.alignment.splitting import (
    ALIKE,
    FOLDS,
    Part,
    fold_of,
    near_duplicates,
    split,
    split_without,
)
from judgekit.types import Case, Message, Response

PARTS: tuple[Part, ...] = ("train", "pick", "test")


def case(text: str, name: str = "") -> Case:
    answers = (Response("x", "a"), Response("y", "b"))
    return Case(name or text, (Message("user", text),), answers)


CASES = [case(f"Tell me of thing number {n * 37}, {'abcde'[n % 5] * 3}") for n in range(600)]


def test_the_shares_of_the_parts() -> None:
    counts = Counter(split(CASES).parts.values())
    assert sum(counts.values()) == 600
    for part, share in zip(PARTS, (0.3, 0.3, 0.4), strict=True):
        assert abs(counts[part] / 600 - share) < 0.06


def test_neither_more_rows_nor_another_order_moves_a_prompt() -> None:
    few, all_ = split(CASES[:200]), split(CASES[::-1])
    assert {name: all_.parts[name] for name in few.parts} == few.parts


def test_case_and_punctuation_do_not_make_another_prompt() -> None:
    assert prompt_digest(case("What is 2 + 2?")) == prompt_digest(case("what is 2 2"))
    assert prompt_digest(case("What is 2?")) != prompt_digest(case("What is 3?"))
    assert prompt_digest(case("?!")) != prompt_digest(case("!?"))
    chat = (Message("user", "one"), Message("assistant", "x"), Message("user", "two"))
    assert prompt_digest(Case("c", chat, ())) == prompt_digest(case("one"))
    system = Case("c", (Message("system", "Be brief."), Message("user", "one")), ())
    assert prompt_digest(system) != prompt_digest(case("one"))


WORDS_MORE = ("soon", "now", "today", "please", "quickly", "friend")
LONG = "Write a letter to the council about the old bridge near the mill that needs new rails"


def test_near_duplicates_stand_on_one_side_and_the_test_part_keeps_its_own() -> None:
    cases = [
        case(f"{LONG} {word}") for word in ["soon", "now", "today", "please", "quickly", "friend"]
    ]
    parts = split([*CASES, *cases])
    plain = {prompt_digest(own): split([own]).parts for own in cases}
    alone = {name: part for parts_ in plain.values() for name, part in parts_.items()}
    assert len(set(alone.values())) > 1  # they would stand on several sides
    kept = {name: parts.parts[name] for name in alone if name in parts.parts}
    [side] = set(kept.values())
    assert side == max(alone.values(), key=PARTS.index)
    assert {name for name, part in alone.items() if part != side} <= parts.left_out
    # More rows leave prompts out, and move none.
    assert all(parts.parts.get(name, part) == part for name, part in alone.items())


def test_each_prompt_is_in_one_fold_and_the_rest_is_split_in_two() -> None:
    folds = Counter(fold_of(prompt_digest(own)) for own in CASES)
    assert sorted(folds) == list(range(FOLDS))
    for fold in range(FOLDS):
        parts = split_without(CASES, fold)
        assert len(parts.prompts("test")) == folds[fold]
        assert abs(len(parts.prompts("train")) - len(parts.prompts("pick"))) < 80
    assert split_without(CASES, None).prompts("test") == ()


WORDS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=9).map(" ".join)


@given(st.lists(WORDS, max_size=12))
def test_all_near_duplicates_are_found(texts: list[str]) -> None:
    named = {f"t{n}": text for n, text in enumerate(texts)}

    def shingles(text: str) -> set[str]:
        words = text.split()
        return {" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2))}

    expected = [
        (one, other)
        for one, other in combinations(sorted(named), 2)
        if (a := shingles(named[one])) | (b := shingles(named[other]))
        and len(a & b) >= ALIKE * len(a | b)
    ]
    assert near_duplicates(named) == expected
