"""Rubrics: their scales, their file, and every way in which that can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.errors import InputError
from judgekit.judging.rubric_files import read_rubric
from judgekit.judging.rubrics import YES_NO, levels, whole_numbers

GOOD = """\
# how our support answers are judged
[[criteria]]
name = "correct"
text = "What the answer says is true."
weight = 3

[[criteria]]
name = "tone"
text = "How the answer speaks to the customer."
scale = {rude = 0, neutral = 1, friendly = 4}

[[criteria]]
name = "padding"
text = "How much of it could be left out."
weight = -1.5
scale = [1, 5]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "rubric.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_reads_names_texts_weights_and_scales(tmp_path: Path) -> None:
    rubric = read_rubric(written(tmp_path, GOOD))
    correct, tone, padding = rubric.criteria
    assert (correct.name, correct.weight, correct.scale) == ("correct", 3.0, YES_NO)
    assert tone.weight == 1.0
    assert tone.scale.verdicts == (("rude", 0.0), ("neutral", 0.25), ("friendly", 1.0))
    assert (padding.weight, padding.scale.value("4")) == (-1.5, 0.75)
    assert [c.scale.in_words() for c in rubric.criteria] == [
        "yes or no",
        "rude, neutral or friendly",
        "a whole number from 1 to 5",
    ]


def test_a_change_of_any_part_is_another_rubric(tmp_path: Path) -> None:
    changes = [
        ("3", "2"),
        ("true", "right"),
        ("[1, 5]", "[1, 4]"),
        ("friendly = 4", "friendly = 3"),
    ]
    digests = {read_rubric(written(tmp_path, GOOD)).digest}
    for old, new in changes:
        digests.add(read_rubric(written(tmp_path, GOOD.replace(old, new))).digest)
    assert len(digests) == 1 + len(changes)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("[[criteria]]", "[[criterion]]", 2, "no key of a rubric is called 'criterion'"),
        ('name = "correct"', "naem = 'x'", 3, "no key of a criterion is called 'naem'"),
        ('name = "correct"\n', "", 2, "criterion 1: it has no name"),
        ('name = "tone"', "name = 3", 8, "name = 3 is no text"),
        ('name = "tone"', 'name = "a: b"', 8, "name = 'a: b' is no plain name"),
        ('text = "How much of it could be left out."', 'text = " "', 14, "text is empty"),
        ("weight = 3", "weight = '3'", 5, "weight = '3' is no number"),
        ("weight = 3", "weight = nan", 5, "weight = nan is not between"),
        ("weight = 3", "weight = true", 5, "weight = True is no number"),
        ("[1, 5]", "[5, 1]", 16, "scale = [5, 1]: 5 is not below 1"),
        ("[1, 5]", "[0, 500]", 16, "more than 101 numbers"),
        ("[1, 5]", "[1, 2.5]", 16, 'scale is "yes-no", whole numbers'),
        ("[1, 5]", "'stars'", 16, "scale = 'stars'"),
        ("rude = 0", "rude = 'x'", 10, 'scale is "yes-no"'),
        ("neutral = 1, friendly = 4", "Rude = 1", 10, "differ only in case"),
        ("rude = 0, neutral = 1, ", "", 10, "at least two names with different numbers"),
    ],
)
def test_an_error_names_file_line_and_value(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    file = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        read_rubric(file)
    assert str(error.value).startswith(f"{file}:{line}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no criteria; write [[criteria]]"),
        ("criteria = []", "there is no criterion; add one"),
        ("criteria = 3", "no criteria; write [[criteria]]"),
        ("[[criteria", "not TOML"),
        (GOOD.replace('"tone"', '"Correct"'), "two criteria are called 'Correct'"),
        (
            GOOD.replace("weight = 3", "weight = 0").replace("scale = {", "weight = -1\nscale = {"),
            "no criterion has a positive weight",
        ),
        ("\n".join(f'[[criteria]]\nname="c{n}"\ntext="t"' for n in range(201)), "keep to 200"),
        (GOOD.replace("true.", "true" * 1100), "shorten it to 4,000"),
        ("#" * 1_000_001, "more than 1000 kB"),
    ],
)
def test_refuses_what_is_no_rubric(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        read_rubric(written(tmp_path, text))


def test_says_when_the_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="check the path"):
        read_rubric(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'[[criteria]]\nname = "caf\xe9"\n')
    with pytest.raises(InputError, match=r"latin\.toml:2: not UTF-8"):
        read_rubric(tmp_path / "latin.toml")


def test_tables_in_one_line_are_criteria_too(tmp_path: Path) -> None:
    text = 'criteria = [{name = "a", text = "t"}, {name = "b", text = "t", weight = "x"}]'
    with pytest.raises(InputError, match="criterion 2: weight = 'x'"):
        read_rubric(written(tmp_path, text))


def test_scales_turn_verdicts_into_values() -> None:
    assert [whole_numbers(-1, 1).value(word) for word in ("-1", "0", "1", "2")] == [0, 0.5, 1, None]
    assert YES_NO.value(" YES ") == 1
    assert YES_NO.value("maybe") is None
    assert levels({"not found": 0, "found": 2}).value("Not_Found") == 0
