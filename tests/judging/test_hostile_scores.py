"""Scores in replies that mislead: what is read, and what must not be."""

from __future__ import annotations

import pytest

from judgekit.judging import parsing
from judgekit.types import Status

# After "Score: ", on a scale from 0 to 5.
CLEAR = """
4 | 4. | 4! | **4** | *4* | __4__ | `4` | "4" | (4) | [4]
<4> | +4 | 4.0 | 4/5 | 4 / 5 | **4**/5
4 out of 5 | 4 (out of 5) | 4 of 5 | 4 points | 4 pts. | 4 stars
4/5 points | 4 (good) | $4$
4 ✅ | 4</s> | 4<|eot_id|> | 4 (on a scale of 0 to 5) | 4 (scale: 0-5)
4 | (4/5) | 4 von 5
1 + 1 + 1 + 1 = 4 | 4 (1 + 1 + 1 + 1) | ４ | 4分 | 4점 | 4 балла
"""
UNCLEAR = """
8/10 | 8 / 10 | 4 of 10 | 40/50 | 4/100 | 4/10 | 4 out of 10 | 4 out of ten | 4 (out of 10)
4 (out of a maximum of 10) | 4. (Out of 10) | 4 sur 10 | 4 von 10
4 de 10 | 4 из 10 | 4（满分10分）
4 stars out of 10 | 4 (scale: 1-10) | 4 on a scale of 1 to 10 | 3 / 4 | 4/5/10
3-4 | 3 - 4 | 3–4 | 3—4 | 3~4 | 3..4 | 3…4 | 3 to 4
3 bis 4 | 3 à 4 | 3 до 4 | 3 or 4 | 3 oder 4
between 3 and 4 | from 3 to 4 | 3, maybe 4 | 3 (or 4) | 3 (maybe 4) | 3 → 4
3 and 4 | 3 & 4 | 3; 4
3, 4 | 3 / 5 or 4 / 5 | 3, or even 4 | 3 or so | 3 and a half | 3 1/2 | 4½ | 4¼ | 4²
4% | 4 % | 80% | 4 percent | 4 per cent | 4 Prozent | 4‰ | 0.8 (80%)
5:30 | 4:00 | 4 pm | 4h | 4 min | 4/5/2024 | 4.5.2024
2024-05-04 | 4 May | 4 May 2024 | 4th
4.5.1 | v4.5 | 4.x | 4.1.0-rc1 | 4 000 | 4'000 | 4,000 | 4_000 | 4 000 000
4k | 4K | 4e0 | 1e1 | 0x4
4,5 | 4,0 | -1 | −1 | - 1 | minus 1 | (-1) | -4/5 | 6
55 | 5.5 | 5.0000001 | 4 billion | 4°
<4 | >4 | ≥4 | ≤ 4 | ~4 | ≈4 | about 4 | at least 4 | up to 4 | less than 4
4+ | 4- | 4 + | 4? | 4 ?
4 (?) | 4a | 4x | four | IV | N/A | null | none | X | ?
_____ | <number> | [score] | {score} | $4 | 4 €
0-5 | [1-5] | 1/2/3/4/5 | 0, 1, 2, 3, 4 or 5 | 1|2|3|4|5 | 4 errors | 4 goals | 4 points off
4 points deducted | 4 below the best | 4 for clarity | 4 in style
4 regarding tone | 4 on accuracy
1 + 1 + 1 | 2 + 1 = 4 | 1 + 1 = 2 or 3 | 4 = 1 + 1
4 (1 + 1) | 4 (5 would need sources) | 4 wait, 3
~~4~~ | 4 → 3 | 4 => 3 | 4 (was 5) | 4 (previously 3) | 4 a month
4 minutes | 4 am | 4 Fehler | 4 Minuten
"""


def entries(table: str) -> list[str]:
    return [entry.strip() for line in table.strip().splitlines() for entry in line.split(" | ")]


@pytest.mark.parametrize("written", entries(CLEAR))
@pytest.mark.parametrize(
    "form", ["Score: {}", "Because.\n\n**Score:** {}\n", "Final score: {}\nIt is."]
)
def test_a_clear_number_is_read(written: str, form: str) -> None:
    assert parsing.labelled_score(form.format(written)).score == 4


@pytest.mark.parametrize("written", entries(UNCLEAR))
@pytest.mark.parametrize(
    "form",
    [
        "Score: {}",
        "Because.\n\n**Final score:** {}\n",
        "Score: {}\n\nIt is short.",
        "So, a score of {}.",
    ],
)
def test_what_is_no_clear_number_is_not(written: str, form: str) -> None:
    text = form.format(written)
    verdict = parsing.labelled_score(text)
    assert verdict.status in (Status.UNPARSED, Status.AMBIGUOUS), verdict
