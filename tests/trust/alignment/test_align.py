"""An alignment from labels to a prompt file, against servers with a planted fault."""

from __future__ import annotations

from pathlib import Path

from aligned_judges import labelled_pairs, planted
from servers import JudgeServer

from judgekit.trust import align


def test_a_fault_that_examples_cure_is_cured(here: Path, server: JudgeServer) -> None:
    server.says = planted
    labels = labelled_pairs(here / "labels.jsonl", 120)
    report = align(
        labels, judge="pairwise", model="openai/x", base_url=server.base_url, out="judge.md"
    )
    assert report.shown, report.sentence
    print(report)
