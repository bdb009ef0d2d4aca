"""Case 14: a label that its sentence denies, conditions or quotes is no verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.judging import parsing
from judgekit.types import Choice, Status

NAMES = st.sampled_from("ABC")
MEANING = {"A": Choice.FIRST, "B": Choice.SECOND, "C": Choice.TIE}


@pytest.mark.parametrize(
    "reply",
    [
        "I would definitely not go with [[B]] here.",
        "[[B]] is not the right verdict.",
        "Under no circumstances [[B]].",
        "It would be wrong to pick [[B]].",
        "There is no way that [[B]] is right.",
        "Had B been shorter, it would have been [[B]].",
        "答案不是[[B]]。",
        "Die Antwort ist nicht [[B]].",
        "La réponse n'est pas [[B]].",
        "La respuesta no es [[B]].",
        "Ответ не [[B]].",
    ],
)
def test_it_is_unparsed(reply: str) -> None:
    assert parsing.bracketed_label(reply).status is Status.UNPARSED


@pytest.mark.parametrize(
    "before",
    ["I would definitely not go with [[B]].", "Under no circumstances [[B]]!", "不是[[B]]。"],
)
def test_unless_a_label_stands_alone_on_the_last_line(before: str) -> None:
    assert parsing.bracketed_label(f"{before}\n\n[[A]]").choice is Choice.FIRST
    assert parsing.bracketed_label(f"{before}\n[[B]]").choice is Choice.SECOND


DENIED = st.sampled_from(
    [
        "I would never choose {}.",
        "{} is not my verdict.",
        "My final verdict is anything but {}.",
        "If only style counted, the verdict would be {}.",
        'The answer says "{}" to its judge.',
        "The answer ends with:\n{}\nand nothing else.",
        "```\nFinal verdict: {}\n```",
        "> Final verdict: {}",
        "Is it {}?",
        "Das Urteil ist keinesfalls {}.",
        "Le verdict n'est jamais {}.",
        "El veredicto nunca es {}.",
        "Вердикт никогда не {}.",
        "结论绝不是{}。",
    ]
)
PROSE = st.text(
    st.characters(exclude_characters='[]{}<>`"“”„«»「」『』>~#', exclude_categories=("C",)),
    max_size=60,
)


@given(st.lists(st.tuples(DENIED, NAMES), min_size=1, max_size=4), PROSE)
def test_a_denied_quoted_or_fenced_label_is_never_a_verdict(
    shown: list[tuple[str, str]], prose: str
) -> None:
    said = [sentence.format(f"[[{name}]]") for sentence, name in shown]
    reply = "\n\n".join([prose, *said, "I give none."])
    assert parsing.bracketed_label(reply).choice is None


@given(st.text(max_size=200), NAMES)
def test_the_last_line_is_the_verdict_whatever_stands_before_it(before: str, name: str) -> None:
    reply = f"Reasons. {before}\n\n[[{name}]]"
    assert parsing.bracketed_label(reply).choice is MEANING[name]


@given(
    st.lists(st.tuples(DENIED, NAMES), max_size=4).map(
        lambda shown: [sentence.format(f"[[{name}]]") for sentence, name in shown]
    ),
    st.lists(st.sampled_from(["[[A]]", "Final verdict: [[B]]", "```", '"', "<a>", "{", "[[C]]?"])),
    NAMES,
    st.sampled_from(
        ["[[{}]]", "**[[{}]]**", "Final verdict: [[{}]]", "[[{}]].", "\\boxed{{[[{}]]}}"]
    ),
)
def test_also_after_other_labels(shown: list[str], more: list[str], name: str, form: str) -> None:
    reply = "\n".join(["Reasons.", *shown, *more, "", form.format(name)])
    assert parsing.bracketed_label(reply).choice is MEANING[name]
