"""The run's folder: what is written, and how it is read back.

``cases.jsonl`` (what was judged), ``judgements.jsonl``, ``outcomes.jsonl``, ``summary.json`` and
``run.json`` (every setting, version, digest and count). All but ``run.json`` are a pure function of
the inputs and the reply store. They are written beside the folder and moved in at the end, so a
folder never holds half a run. What is the same for every judgement (judge, engine, prompt and
their digests) stands once, in ``run.json`` under ``decides``; the rows belong to it.
"""

from judgekit.runs.metadata import PartMetadata, RunCounts, RunMetadata
from judgekit.runs.reader import (
    CaseResult,
    StoredJudgement,
    StoredRun,
    read_json,
    read_rows,
    resolve,
)
from judgekit.runs.writer import RunWriter, check_folder, folder_name, write_latest

__all__ = [
    "CaseResult",
    "PartMetadata",
    "RunCounts",
    "RunMetadata",
    "RunWriter",
    "StoredJudgement",
    "StoredRun",
    "check_folder",
    "folder_name",
    "read_json",
    "read_rows",
    "resolve",
    "write_latest",
]
