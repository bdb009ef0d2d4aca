"""Data sets of the hub, read from folders as it has them; and what is no source of rows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from judgekit.errors import InputError
from judgekit.train.data.rows_reader import read_pair_rows
from judgekit.train.data.sources import hub_rows

PAIR = {"prompt": "Q", "chosen": "yes", "rejected": "no"}


def write(path: Path, *rows: Mapping[str, Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set as the hub has them, in a folder."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "set"
    (folder / "part").mkdir(parents=True)
    wrong = [{**PAIR, "chosen": ""}, {**PAIR, "rejected": "yes"}, {**PAIR, "prompt": " "}]
    write(folder / "train.jsonl", PAIR, *wrong, {**PAIR, "prompt": "R"})
    write(folder / "test.jsonl", {**PAIR, "prompt": "T"})
    write(folder / "part" / "train.jsonl", {**PAIR, "prompt": "S"})
    return folder


@pytest.mark.parametrize("limit", [None, 4])
def test_rows_of_a_data_set_are_counted_not_refused(public: Path, limit: int | None) -> None:
    (public / "part" / "train.jsonl").unlink()
    found = read_pair_rows(public, limit=limit)
    assert [row.prompt for row in found.rows] == (["Q"] if limit else ["Q", "R"])
    assert found.dropped == {"empty": 1, "identical": 1, "empty_prompt": 1}
    assert found.rows[0].place == f"{public}, row 1"


def test_a_split(public: Path) -> None:
    assert [row.prompt for row in read_pair_rows(f"{public}:test").rows] == ["T"]
    with pytest.raises(InputError, match=r"cannot load the data set .*:dev.* split"):
        read_pair_rows(f"{public}:dev")


def test_a_subset_that_is_a_folder(public: Path) -> None:
    rows = hub_rows(str(public), "part", "train", None, "owner/set/part")
    assert [row.data["prompt"] for row in rows] == ["S"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("data/pairs.jsonl", "no file 'data/pairs.jsonl'"),
        ("pairs", "no file 'pairs'; name a file of rows, or a data set of the hub as OWNER/NAME"),
        ("", "no file ''"),
        ("a/b:c:d", "no file 'a/b:c:d'"),
    ],
)
def test_no_source(here: Path, source: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_pair_rows(source)


def test_a_judged_run_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(InputError, match="is a judged run; make pairs of it first: judgekit pairs"):
        read_pair_rows(tmp_path)


def test_offline_and_without_the_extra(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from judgekit.train.data.rows_reader import read_pair_rows\n"
        "from judgekit.errors import InputError\n"
        "assert not {'torch', 'datasets', 'transformers'} & set(sys.modules)\n"
        "def say(source):\n"
        "    try: read_pair_rows(source, limit=3)\n"
        "    except InputError as error: print(error)\n"
        "say('owner/name')\n"
        "for name in [n for n in sys.modules if n.partition('.')[0] == 'datasets']:\n"
        "    del sys.modules[name]\n"
        "sys.modules['datasets'] = None\n"
        "say('owner/name:test')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    offline, missing = done.stdout.splitlines()
    assert offline.startswith("cannot load the data set 'owner/name': ")
    assert "download it and name its file" in offline
    assert missing.startswith("'owner/name:test' is no file")
    assert missing.endswith(f"run pip install -e '.[train]' in {ROOT}")
