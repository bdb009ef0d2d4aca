"""Rows of labelled pairs, as `judgekit bench` reads them: two answers, and which is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgekit.io.labelled_pairs import label_of
from judgekit.io.layout import Layout
from judgekit.io.pairs import PARTS, SIDES, read_pair
from judgekit.io.row import Row, RowError
from judgekit.io.values import read_prompt
from judgekit.train.data.preference import (
    Preference,
    UnusableRow,
    as_conversation,
    find_column,
    number_in,
    read_asked,
    with_input,
)

__all__ = ["read_labelled"]


def read_labelled(data: Mapping[str, Any]) -> Preference:
    """The answer that the label names over the other one.

    Raises `RowError`, and `UnusableRow` for a tie, a row without a label, and two answers after
    different answers to earlier turns.
    """
    column = find_column(data, "prompt")
    if column is None:
        raise RowError("no column for the prompt; name it with --columns prompt=NAME")
    row = Row(1, dict(data))
    messages, turns = read_prompt(with_input(data, column))
    asked = read_asked(data) if turns is None else None
    columns = {*SIDES, *(part for part in PARTS if part in data)} - {"id"}
    layout = Layout({part: part for part in columns}, {}, {})
    pair = read_pair(layout, row, None, as_conversation(asked or messages), turns)
    label = label_of(row, "label" if "label" in data else "winner", pair.models)
    if label is None:
        raise UnusableRow("unlabelled", "it has no label", lasting=True)
    if label == "tie":
        raise UnusableRow("tie", "its label is a tie", lasting=True)
    prompts = [pair.case.conversation(side) for side in (0, 1)]
    if prompts[0] != prompts[1]:
        why = "the two answers follow different answers to earlier turns"
        raise UnusableRow("different_prompts", why, lasting=True)
    chosen, rejected = (pair.answers[side][-1] for side in (label, 1 - label))
    prompt = prompts[0] if asked is None or not isinstance(asked, str) else asked
    return Preference(prompt, chosen, rejected, number_in(data, "margin"))
