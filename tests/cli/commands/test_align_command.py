from pathlib import Path

from aligned_judges import labelled_pairs, planted
from commands import Cli
from servers import JudgeServer


def test_x(cli: Cli, here: Path, server: JudgeServer, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    server.says = planted
    labelled_pairs(here / "labels.jsonl", 120)
    for more in (["--dry-run"], [], [], ["--cross-fit"], ["--cross-fit", "--dry-run"]):
        said = cli(
            "align",
            "labels.jsonl",
            "--judge",
            "pairwise",
            "--model",
            "openai/gpt-4o-mini",
            "--out",
            "judge.md",
            *more,
        )
        open("/tmp/wt/tmp-align/o.txt", "a").write(
            f"{more} {said.code}\n{said.out}\n--\n{said.err}\n=====\n"
        )
    print((here / "judge.md").read_text())
