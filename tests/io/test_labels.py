"""Files of people's labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import write_jsonl

from judgekit.errors import InputError
from judgekit.io.labels import read_labels


@pytest.mark.parametrize(
    ("row", "models", "said"),
    [
        ({"id": "x", "label": "A"}, ("B", "A"), "'A' could mean either where the models are"),
        ({"id": "x", "label": "m"}, ("m", "m"), "write response_a or response_b"),
        ({"id": "x", "label": "A", "winner": "B"}, ("m", "n"), "label 'A' and winner 'B' contra"),
        ({"id": "x", "label": "m", "winner": "tie"}, ("m", "n"), "contradict each other"),
    ],
)
def test_what_could_mean_two_things_is_refused(
    row: dict[str, str], models: tuple[str, str], said: str, tmp_path: Path
) -> None:
    path = write_jsonl(tmp_path / "labels.jsonl", [{"id": "w", "label": "tie"}, row])
    with pytest.raises(InputError, match=rf"labels.jsonl, line 2: .*{said}"):
        read_labels(path, models)


def test_letters_and_names_that_mean_the_same(tmp_path: Path) -> None:
    rows = [
        {"id": "x", "label": "A", "winner": "a"},
        {"id": "y", "label": "b", "winner": "not told"},
        {"id": "z", "winner": "model_b"},
    ]
    path = write_jsonl(tmp_path / "labels.jsonl", rows)
    assert read_labels(path, ("A", "B")) == {"x": 0, "y": 1, "z": 1}
    swapped = write_jsonl(tmp_path / "swapped.jsonl", [{"id": "x", "label": "response_a"}])
    assert read_labels(swapped, ("B", "A")) == {"x": 0}
