"""Words of many languages that stand around a score: its label, its kind, its unit.

Each is an alternation for regular expressions that ignore case. Another language is another word
here.
"""

from __future__ import annotations

__all__ = [
    "BEFORE",
    "DENOMINATORS",
    "HEDGES",
    "JOINED_LINKS",
    "LABELS",
    "LINKS",
    "OVERALL",
    "REASONS",
    "UNITS",
]

_LABELS = """
score grade note nota punktzahl bewertung wertung punkte puntuación puntuacion puntaje
calificación calificacion valoración pontuação pontuacao classificação punteggio voto
valutazione poäng betyg poeng karakter pisteet arvosana beoordeling cijfer wynik ocena
hodnocení skóre skore pontszám scor punctaj puan skor điểm nilai оценка балл баллы оцінка
βαθμολογία βαθμός 评分 总分 總分 分数 得分 打分 评价分数 評分 分數 スコア 評価 評点 点数 得点
採点 점수 평점 평가 النتيجة الدرجة التقييم ציון अंक स्कोर คะแนน
"""
LABELS = frozenset(_LABELS.split())
"""What a score is called. A reply may use any of them where the prompt's own label is one."""

OVERALL = (
    r"finale?|totale?|overall|gesamt|end|endgültige|globale?|générale?|"
    r"geral|generale|complessivo|finala|итогов(?:ая|ый)|общ(?:ая|ий)|итого|slutlig|totalt|totaal|"
    r"eind|końcowa|ostateczna|toplam|最终|最終|最后|最後|总体|总|總|综合|總體|総合|全体|最終的な|我的|本次|私の|"
    r"최종|총|종합|전체|النهائية|الكلية"
)
"""Words beside the label of a score for the whole answer."""

BEFORE = (
    r"a|an|additive|and|average|following|given?|i|is|so|therefore|this|thus|the|my|der|die|das|meine|"
    r"le|la|ma|mon|el|mi|il|mia|minha|o|min|mijn|de|het|moja|моя|мой|제"
)
"""Words right before the label of a score for the whole answer; other words name an aspect."""

LINKS = r"is|of|would be|est|ist|es|è|é|är|beträgt|lautet|равна"
"""Words between the label and the number."""

JOINED_LINKS = r"为|為|是|は|는|은"
"""Words between the label and the number in languages that put no spaces between words."""

UNITS = (
    r"points?|pts?\.?|stars?|marks?|punkten?|puntos?|punt[io]|pontos?|балл(?:а|ов)?|очк(?:о|а|ов)|"
    r"poäng|poeng|punten|punkt(?:y|ów)?|puan|分|点|點|점"
)
"""What a score is counted in."""

DENOMINATORS = r"out of|of|sur|von|aus|de|di|su|sobre|из|av|af|van|na|满分|滿分|満点|만점"
"""Words between a score and the highest one."""

HEDGES = (
    r"maybe|perhaps|possibly|probably|or|rather|even|no(?=[,:;.!])|wait|make that|and a half|"
    r"vielleicht|oder|peut-être|ou|quizás?|oppure|или|может"
)
"""Words after a score that take it back or offer another one."""

REASONS = (
    r"because|since|as|but|and|which|due|given|with|so|therefore|thus|where|overall|total|based|"
    r"weil|denn|da|car|parce|puisque|porque|pues|já|perché|poiché|потому|так|omdat|eftersom"
)
"""Words that may follow a score in its sentence."""
