from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.errors import InputError
from judgekit.trust.audit.families import read_families


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("openai/gpt-4o-mini", "openai"),
        ("gpt4_1106_preview", "openai"),
        ("text-davinci-003", "openai"),
        ("o1-mini", "openai"),
        ("claude-2", "anthropic"),
        ("Meta-Llama-3-8B-Instruct", "meta"),
        ("transformers/meta-llama/some-fine-tune", "meta"),
        ("vicuna-7b", "meta"),
        ("gemma-2b-it", "google"),
        ("Qwen2.5-7B", "alibaba"),
        ("phi-3-dpo", "microsoft"),
        ("phi3", "microsoft"),
        ("DeepSeek-R1-Distill-Llama-8B", "deepseek"),
        ("replay/judged_by_claude.jsonl.gz#gpt-4/pair-v2", "openai"),
        ("replay/judged-llama-pairs.jsonl", None),  # llama was judged
        ("replay/judged_by_claude.jsonl.gz#one", None),
        ("replay/gpt-4/pairs.gz", None),
        ("replay/run#gpt-4.jsonl", None),
        ("Yi-34B", "01ai"),
        ("dolphin", None),  # no phi in it
        ("solo1", None),  # no o1
        ("tuned", None),
        ("", None),
        (None, None),
    ],
)
def test_the_family_of_a_name(name: str | None, family: str | None) -> None:
    assert read_families(None).of(name) == family


def test_what_is_said_goes_before_the_table(tmp_path: Path) -> None:
    said = tmp_path / "families.csv"
    said.write_text("model,family\ntuned,mine\ngpt-4,mine\n", encoding="utf-8")
    families = read_families(said)
    assert families.of("tuned") == "mine"
    assert families.of("openai/gpt-4") == "mine"
    assert families.of("gpt-4o") == "openai"


def test_a_file_of_any_name_tells_nothing_unless_it_is_said(tmp_path: Path) -> None:
    held = tmp_path / "gpt-4"
    held.touch()
    assert read_families(None).of(f"replay/{held}") is None
    assert read_families(None).of(f"transformers/{tmp_path}/other/gpt-4") == "openai"
    assert read_families(None).of("gpt-" * 2000) == "openai"  # too long for a file's
    said = tmp_path / "families.jsonl"
    said.write_text(f'{{"model": "replay/{held}", "family": "mine"}}\n', encoding="utf-8")
    assert read_families(said).of(f"replay/{held}") == "mine"


def test_a_row_without_family_is_refused(tmp_path: Path) -> None:
    said = tmp_path / "families.jsonl"
    said.write_text('{"model": "tuned"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 1: each row needs model and family"):
        read_families(said)
