"""What reading large files costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROWS = 100_000
SCRIPT = """
import json, resource, sys
from pathlib import Path
from judgekit.io import join, load_answers

cases = join([load_answers(Path(name)) for name in sys.argv[1:]]).cases
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([len(cases), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux alone")
def test_large_files_are_joined_in_seconds_and_little_memory(tmp_path: Path) -> None:
    """Two files of 100 000 rows of about 600 characters: under 8 CPU-s and 350 MiB."""
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for file in files:
        with file.open("w") as opened:
            for number in range(ROWS):
                row = {
                    "id": number,
                    "prompt": f"Question {number}: " + "what then? " * 8,
                    "response": f"{file.stem} says {number}: " + "so it is, " * 48,
                }
                opened.write(json.dumps(row) + "\n")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
    )
    cases, seconds, mebibytes = json.loads(done.stdout)
    assert cases == ROWS
    assert seconds < 8
    assert mebibytes < 350
