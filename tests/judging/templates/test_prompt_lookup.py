"""Finding prompts by name and by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.errors import InputError
from judgekit.judging.templates import Prompts

TEXT = '+++\nshows = "single"\n+++\n=== user ===\n{}: {{{{ answer }}}}\n'


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    for folder, names in (("mine", ["tone", "_part"]), ("builtin", ["tone", "facts"])):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.md").write_text(TEXT.format(folder), "utf-8")
    return Prompts([tmp_path / "mine", tmp_path / "absent", tmp_path / "builtin"])


def test_the_first_folder_wins(prompts: Prompts, tmp_path: Path) -> None:
    mine = prompts.load(str(tmp_path / "mine" / "tone.md"))
    assert prompts.load("tone").digest == mine.digest
    assert prompts.load("tone").name == "tone"
    assert prompts.load("facts").digest != mine.digest
    assert prompts.names() == ["facts", "tone"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("tona", "did you mean 'tone'? there are: facts, tone; a file of yours: ./tona.md"),
        ("zzz", "no prompt named 'zzz'; there are: facts, tone"),
        ("absent.md", "cannot read the prompt file 'absent.md': No such file"),
        ("./absent", "cannot read the prompt file 'absent'"),
        ("absent.jsonl#x", "cannot read the prompt file 'absent.jsonl'"),
    ],
)
def test_a_miss_says_what_there_is(prompts: Prompts, name: str, part: str) -> None:
    with pytest.raises(InputError) as raised:
        prompts.load(name)
    assert part in str(raised.value)


def test_no_folders_at_all() -> None:
    with pytest.raises(InputError, match="there are: none"):
        Prompts([]).load("pairwise")
