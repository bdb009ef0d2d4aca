"""Flags of other tools: the message names ours, where the command has it."""

from __future__ import annotations

import pytest
from commands import Cli

from judgekit.naming import FOREIGN, own_word

KNOWN = ("--learning-rate", "--lora-r", "--out")


@pytest.mark.parametrize(
    ("flag", "ours"),
    [
        *(("--lr", "--learning-rate"), ("--LR", "--learning-rate"), ("-lr", "--learning-rate")),
        *(("--output_dir", "--out"), ("--learning_rate", "--learning-rate")),
        *(("--epochs", None), ("--num-epochs", None), ("--zzz", None)),
    ],
)
def test_a_word_of_another_tool(flag: str, ours: str | None) -> None:
    assert own_word(flag, KNOWN) == ours


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("train dpo x --lr 1", "No such option: --lr; judgekit calls it --learning-rate"),
        ("train sft x --bs 1", "judgekit calls it --batch-size"),
        ("train reward x --num_train_epochs=1", "judgekit calls it --epochs"),
        ("train dpo x --load-in-4bit", "judgekit calls it --quant"),
        ("compare a b --max_new_tokens 3", "judgekit calls it --max-tokens"),
        ("compare a b --lr 1", "No such option: --lr"),
        ("compare a b --temprature 1", "--temperature"),
    ],
)
def test_the_command_line_names_our_flag(cli: Cli, words: str, told: str) -> None:
    assert told in cli(*words.split()).error


def test_every_foreign_word_leads_to_a_flag(cli: Cli) -> None:
    shown = "".join(cli(*words.split(), "--help").out for words in ("train dpo", "compare"))
    flags = {word for words in FOREIGN.values() for word in words}
    assert not {flag for flag in flags if flag not in shown}
