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


# Each with the score that it gives, on a scale from 0 to 5, 1 to 10 and 1 to 5; None for none.
LABELLED = [
    ("Clarity score: 4", None),
    ("Score (clarity): 4", None),
    ("Clarity: Score: 4", None),
    ("**Relevance** – Score: 4", None),
    ("Sub-score: 4", None),
    ("Style Score: 4", None),
    ("Score 5: perfect", None),
    ("### Score 5\nThe answer is perfect", None),
    ("Max score: 5", None),
    ("Maximum score is 5.", None),
    ("The highest score is 5.", None),
    ("Previous score: 5 was too generous.", None),
    ("Expected score: 5", None),
    ("User score: 5", None),
    ("A score of 5 would need sources.", None),
    ("A score of 5 is not deserved.", None),
    ("It would have had a score of 5 with sources.", None),
    ("A perfect answer would get a score of 5.", None),
    ("I cannot give a score of 5.", None),
    ("Nobody would give this a score of 5.", None),
    ("I hesitate to give a score of 5.", None),
    ("Is the score 5?", None),
    ("So is a score of 5 right?", None),
    ('The answer says "Score: 5".', None),
    ("The answer claims a score of 5.", None),
    ("The answer asks me to write Score: 5", None),
    ("`Score: 5` is what the answer ends with.", None),
    ("```\nScore: 5\n```\nis what the answer prints. I cannot score it.", None),
    ("> Score: 5\n\nThis line is quoted from the answer.", None),
    ('print("Score: 5")', None),
    ("assert score == 5", None),
    ("Score: 5\n\nThat line is the answer's, not mine.", None),
    ("Score: 4\nScore: 2\nI am not sure.", None),
    ('{"score": {"value": 4}}', None),
    ('{"scores": [4]}', None),
    ('{"example": {"score": 4}}', None),
    ('The answer contains {"score": 5}. I decline to score it.', None),
    ('The format is {"score": 4}. I cannot decide.', None),
    ("The final score of the match was 3-1.", None),
    ("The match ended with a score of 2.", None),
    ("In the text the team has a score of 3.", None),
    ("Score: Team A 3, Team B 2", None),
    ("See section 4. Score: see above", None),
    ("Step 4: compute the score", None),
    ("Score\n5:30", None),
    ("The score at 5:30 is 4?", None),
    ("Score for clarity: 4\nScore for depth: 2", None),
    ("Clarity: 4\nDepth: 2\nScore: 3", 3),
    ("Clarity score: 4\nDepth score: 2\nTotal score: 3", 3),
    ("If it had sources, Score: 5", None),
    ("Score: 5 if sources count, Score: 3 otherwise", None),
    ("Between 3 and 4, so Score: 3.5", 3.5),
    ("Score: 4\n\nExplanation: The answer is right but short.", 4),
    ("Score: 4\n\nThe answer covers 3 of 4 points.", 4),
    ("**Score: 4**\n\n**Justification:** It misses a date.", 4),
    ("Score: 4 because it misses a date.", 4),
    ("My score: 4", 4),
    ("I give it a score of 4.", 4),
    ("Overall, I would give this answer a score of 4 out of 5.", 4),
    ("The score is 4.", 4),
    ("Thus, the final score is **4**.", 4),
    ("The answer is good. Score: 4", 4),
    ("The answer is good. Score: 4. ", 4),
    ("Score: 4/5. It is good.", 4),
    ("- Score: 4", 4),
    ("1. Score: 4", 4),
    ("# Score: 4", 4),
    ("|Score: 4|", 4),
    ("Score: 4</s>", 4),
    ("<score>Score: 4</score>", 4),
    ("Score: 4<|im_end|>", 4),
    ("\tScore: 4", 4),
    ("Score: 4\r\n", 4),
    ("SCORE: 4", 4),
    ("score:4", 4),
    ("Score - 4", 4),
    ("Score – 4", 4),
    ('The answer ends with "Score: 5".\nScore: 1', 1),
    ("The answer ends with:\nScore: 5\n\nMy verdict:\nScore: 1", 1),
    ("Score：4。", 4),
    ("我不会给评分：5", None),
    ("Ich gebe keine Bewertung: 5", None),
    ("Je ne donne pas la note : 5", None),
    ("La note n'est pas 5.", None),
    ("Die Punktzahl ist nicht 5.", None),
    ("Note : 4/10", None),
    ("Bewertung: 4 von 10", None),
    ("得分：4/10", None),
    ("得分：3到4", None),
    ("得分: 80分", None),
    ("4", None),
    ("4/5", None),
    ("I rate it 4.", None),
    ("Rating: 4", None),
    ("Points: 4", None),
    ("Total: 4", None),
    ("scores: 4", None),
    ("Scoreboard: 4", None),
    ("score4", None),
    ("Score4", None),
    ("underscore: 4", None),
    ("Score: 4 (not 5)", None),
    ("Score: not 4", None),
    ("Score: 4? No, 3.", None),
    ("Score: 4.5.", 4.5),
    ("Score: 4.5/5", 4.5),
    ("Score: 04", 4),
    ("Score: 4 /5", 4),
    ("Score: 4 / 5.", 4),
    ("Score: 4\n---", 4),
    ("Score: 4\n***\n", 4),
    ("Score: 4\n```", 4),
    ("The answer prints:\n```\nScore: 4\n```", None),
    ("```\nx = 1\n```\nprints\n```\nScore: 4\n```", None),
    ("score: 4\nreason: It is right.", 4),
    ('[{"score": 4}, {"score": 4}]', None),
    ('{"score": "8/10"}', None),
]
RATINGS = [
    ("See reference [[3]].", None),
    ("cf. [[3]]", None),
    ("As shown in [[3]], it works.", None),
    ("Smith et al. [[3]] say so.", None),
    ("The matrix is [[5]].", None),
    ("x = [[5]]", None),
    ("```\na = [[5]]\n```", None),
    ("Rating: [[7]] out of [[10]]", None),
    ("Rating: [[7]] or [[8]]", None),
    ("Rating: [[7]]-[[8]]", None),
    ("Rating: [[80/100]]", None),
    ("Rating: [[8]]/100", None),
    ("Rating: [[8]] out of 100", None),
    ("Rating: [[4]] (scale 1-5)", None),
    ("Rating: [[7,5]]", None),
    ("[[7%]]", None),
    ("Rating: [[7:30]]", None),
    ("Rating: [[v7]]", None),
    ("Rating: [[~7]]", None),
    ("Rating: [[-7]]", None),
    ("Rating: [[11]]", None),
    ("Rating: [[7]]", 7),
    ("[[7]]", 7),
    ("I rate it [[7]].", 7),
    ("Rating: [7]", 7),
    ("Rating: [[7]]\n\nIt is fine.", 7),
    ("The rating would be [[9]] with sources.", None),
    ("I would not give [[9]].", None),
    ('The answer says "Rating: [[10]]". Rating: [[2]]', 2),
    ('"Rating: [[7]]"', 7),
    ("It is a good answer. Rating: [[7]]", 7),
    ("Therefore, I rate the response [[7]] because it is short.", 7),
    ("Rating: [[7]] for style", None),
    ("Rating: [[7]] for this answer.", 7),
    ("**Rating: [[7]]**", 7),
    ("Rating: [[seven]]", None),
    ("Rating: [[rating]]", None),
    ("Rating: [[1-10]]", None),
    ("My overall rating is [[7]].", 7),
]
RESULTS = [
    ("[RESULT] 4/10", None),
    ("[RESULT] 4-5", None),
    ("[RESULT] 80%", None),
    ("[RESULT] 4 out of 10", None),
    ("[RESULT] N/A", None),
    ("[RESULT] (1-5)", None),
    ("[RESULT] -3", None),
    ("[RESULT] 4,5", None),
    ("[RESULT] 1, 2, 3, 4 or 5", None),
    ("Overall 4 out of 5 people agree.", None),
    ("The response says [RESULT] 5.", None),
    ('The response ends with "[RESULT] 5".\n[RESULT] 1', 1),
    ("Feedback: good [RESULT] 4", 4),
    ("[RESULT] 4\n\nIt is good.", 4),
    ("So the score is 4 out of 5.", 4),
    ("[RESULT] 4</s>", 4),
    ("[RESULT] Score: 2", 2),
    ("[RESULT] 6", None),
]


@pytest.mark.parametrize(("text", "score"), LABELLED)
def test_a_labelled_score_in_its_reply(text: str, score: float | None) -> None:
    assert parsing.labelled_score(text).score == score


@pytest.mark.parametrize(("text", "score"), RATINGS)
def test_a_rating_in_its_reply(text: str, score: float | None) -> None:
    assert parsing.bracketed_rating(text).score == score


@pytest.mark.parametrize(("text", "score"), RESULTS)
def test_a_result_in_its_reply(text: str, score: float | None) -> None:
    assert parsing.marked_result(text).score == score
