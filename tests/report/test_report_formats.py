"""The other forms of a report say the same numbers, and are as inert."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
from places import TESTS
from report_runs import compared, write_rows

from judgekit.api import AnyRun, compare
from judgekit.errors import InputError
from judgekit.report import build_report
from judgekit.report.formats import WRITERS, write_figures
from judgekit.report.methods import methods_text, references

RECORDED = TESTS / "golden" / "recorded"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> AnyRun:
    return compared(tmp_path_factory.mktemp("runs"))


def test_csv_has_every_digit(run: AnyRun) -> None:
    rows = list(csv.DictReader(io.StringIO(WRITERS["csv"](build_report([run.folder])))))
    [row] = [row for row in rows if row["row"] == "win rate"]
    rate = run.stored.summary.win_rate_a  # type: ignore[union-attr]
    assert [float(row[name]) for name in ("value", "low", "high")] == [
        rate.value,
        rate.low,
        rate.high,
    ]


def test_markdown_and_latex_hold_the_sentence_and_the_interval(run: AnyRun) -> None:
    report = build_report([run.folder])
    assert run.sentence in WRITERS["markdown"](report).replace("\\", "")
    assert "| win rate |" in WRITERS["markdown"](report)
    latex = WRITERS["latex"](report)
    assert latex.count("\\toprule") == latex.count("\\bottomrule") == len(report.parts[0].sections)
    [line] = [line for line in latex.splitlines() if line.startswith("win rate & ")]
    assert "\\,\\% [" in line


def test_names_are_inert_in_every_form(tmp_path: Path) -> None:
    names = ("=cmd|x", r"\input{x} $ _ | `b` <i>")
    files = [
        write_rows(tmp_path / f"{n}.jsonl", ["a", "bb"][:: 1 - 2 * n], model=name)
        for n, name in enumerate(names)
    ]
    made = compare(*files, judge="longer", out=tmp_path / "run", store=tmp_path / "s.db")
    report = build_report([made.folder])
    cells = [cell for row in csv.reader(io.StringIO(WRITERS["csv"](report))) for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]
    assert "\\input{" not in WRITERS["latex"](report)
    assert "<i>" not in WRITERS["markdown"](report).replace("\\<", "")


def test_figures_are_pictures_with_their_numbers(run: AnyRun, tmp_path: Path) -> None:
    report = build_report([run.folder])
    paths = write_figures(report, tmp_path / "figures")
    assert {path.suffix for path in paths} == {".svg", ".csv"}
    for svg, numbers in zip(paths[::2], paths[1::2], strict=True):
        assert ElementTree.parse(svg).getroot().tag.endswith("svg")
        assert "<style>" in svg.read_text()
        assert svg.stem == numbers.stem
        assert len(numbers.read_text().splitlines()) > 1
    with pytest.raises(InputError, match="exists already"):
        write_figures(report, tmp_path / "figures")
    write_figures(report, tmp_path / "figures", force=True)


@pytest.mark.parametrize("name", ["additive", "jury", "pairwise", "rank"])
def test_methods_cite_what_they_list(name: str) -> None:
    text = methods_text(build_report([RECORDED / name]))
    paragraph, _, entries = text.partition("\n@")
    cited = {key for key in references() if key in paragraph}
    assert cited == {key for key in references() if f"{{{key}," in "@" + entries}
    assert cited


def test_methods_name_every_setting_that_decides() -> None:
    report = build_report([RECORDED / "pairwise"])
    text = methods_text(report)
    decides = report.runs[0].decides
    for name in ("prompt_digest", "sampling", "merge", "repeats", "judge_code"):
        if decides.get(name):
            assert f"{name} {decides[name]}" in text
    assert str(report.runs[0].model) in text
