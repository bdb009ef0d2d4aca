"""Case 15: labels, digits and spacings of scores in other scripts."""

from __future__ import annotations

import pytest

from judgekit.judging import parsing
from judgekit.judging.parsing import read
from judgekit.judging.templates import Head
from judgekit.types import Reply, Status

REPLIES = [
    "回答正确，但没有说明理由。\n评分：4",
    "最终评分: 4",
    "评分: 4分",
    "我的评分为4分。",
    "总分：４",
    "得分：4/5",
    "スコア：4",
    "最終評価: 4点",
    "점수: 4점",
    "최종 점수: 4",
    "Оценка: 4",
    "Итоговая оценка: 4 балла",
    "Punktzahl: 4",
    "Gesamtbewertung: **4** von 5 Punkten",
    "Note\u00a0: 4",
    "Note finale\u202f: 4 sur 5",
    "Puntuación final: 4 puntos",
    "Calificación: 4",
    "Nota: 4",
    "Punteggio: 4 su 5",
    "Poäng: 4",
    "Score:\u00a04",
    "Score:\u200b4",
    "Score: $4$",
    r"Score: \(4\)",
    r"Score: \boxed{4}",
    r"Score: $\boxed{4}$",
    "Score: +4",
    "Score:\n4",
    "### Score\n\n4",
    "Score : 4",
    "Ｓｃｏｒｅ：４",
    "Score: ٤",
    "'score': 4",
]


@pytest.mark.parametrize("text", REPLIES)
def test_the_score_is_read(text: str) -> None:
    assert parsing.labelled_score(text).score == 4


@pytest.mark.parametrize("label", ["评分", "得分", "Note", "оценка", "Tone", "語気", "A+B"])
@pytest.mark.parametrize("line", ["{}：4", "{} : 4", "**{}: 4**", "最终{}：４"])
def test_the_label_of_the_head_is_read(label: str, line: str) -> None:
    reply = Reply(f"Because.\n{line.format(label)}")
    assert read(reply, Head("single", "score", (0, 5), label=label), ()).score == 4


@pytest.mark.parametrize(
    "text",
    [
        "准确性评分：4",
        "评分：四",
        "评分：4%",
        "评分：4到5",
        "评分：4分钟",
        "满分：5",
        "Note : 4 sur 10",
        "Note : 4 ou 5",
        "Oценка: 4-5",
        "Score: $4",
        "Score: 4$ a month",
        r"Score: \boxed{4} or \boxed{5}",
        "Note: 4 errors were found.\nThe rest is fine.",
        "Score:\n4 of the five points are met.",
    ],
)
def test_what_is_not_clear_is_no_score(text: str) -> None:
    assert parsing.labelled_score(text).status in (Status.UNPARSED, Status.AMBIGUOUS)


def test_another_word_than_a_custom_label_is_not_read() -> None:
    head = Head("single", "score", (0, 5), label="Tone")
    assert read(Reply("评分：4"), head, ()).status is Status.UNPARSED
