"""The page: whole, inert whatever the texts are, and the same numbers as the run's."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from places import TESTS
from report_runs import HOSTILE, compared, ranked, scored, write_rows

from judgekit.api import AnyRun, compare
from judgekit.errors import InputError
from judgekit.report import Options, build_report
from judgekit.report.svg import draw

RECORDED = TESTS / "golden" / "recorded"
VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of each with an id or a name."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, str] = {}
        self._name = ""
        self.feed(html.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self._name = attributes.get("id") or tag
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag
        self._name = ""

    def handle_data(self, data: str) -> None:
        if self._name:
            self.texts[self._name] = self.texts.get(self._name, "") + data


def unpacked(page: Page, name: str) -> object:
    return json.loads(gzip.decompress(base64.b64decode(page.texts[name])))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> AnyRun:
    return compared(tmp_path_factory.mktemp("runs"))


def test_the_page_is_whole_and_asks_nothing(run: AnyRun) -> None:
    page = Page(build_report([run.folder]).html)
    assert page.open == []
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv")) or ""
    for name in ("script", "style"):
        digest = hashlib.sha256(page.texts[name].encode()).digest()
        assert f"{name}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "default-src 'none'" in policy
    runnable = [a for t, a in page.tags if t == "script" and "type" not in a]
    assert runnable == [{}]


def test_the_sentence_and_every_metric_stand_in_it(run: AnyRun) -> None:
    html = build_report([run.folder]).html.decode()
    assert run.sentence in html
    rate = run.stored.summary.win_rate_a  # type: ignore[union-attr]
    assert rate.value is not None
    assert f"{100 * rate.value:.1f} %" in html
    for title in ("Length", "Categories", "Cost", "Settings", "Outcomes"):
        assert f"<h3>{title}</h3>" in html


def test_every_picture_has_its_numbers_beside_it(run: AnyRun) -> None:
    [part] = build_report([run.folder]).parts
    drawn = [section for section in part.sections if draw(section)]
    assert {"win-rates", "outcomes", "lengths", "categories"} <= {s.name for s in drawn}
    for section in drawn:
        assert section.rows
        root = ElementTree.fromstring(draw(section))  # well-formed
        shown = " ".join(root.itertext())
        assert str(section.rows[0][0])[:8] in shown


def test_the_cases_are_the_rows_of_the_run(run: AnyRun) -> None:
    page = Page(build_report([run.folder]).html)
    index = unpacked(page, "index-0")
    rows = unpacked(page, "chunk-0-0")
    assert isinstance(index, dict)
    assert isinstance(rows, list)
    assert index["id"] == [f"q{n}" for n in range(12)] == [row["case"]["id"] for row in rows]
    lines = (run.folder / "cases.jsonl").read_text().splitlines()
    assert [row["case"] for row in rows] == [json.loads(line) for line in lines]


def test_the_same_run_gives_the_same_bytes(run: AnyRun) -> None:
    assert build_report([run.folder]).html == build_report([run.folder]).html


def test_hostile_texts_are_inert(tmp_path: Path) -> None:
    texts = list(HOSTILE)
    a = write_rows(tmp_path / "a.jsonl", texts, model="</title><script>x</script>")
    b = write_rows(tmp_path / "b.jsonl", [t[::-1] for t in texts], model="<b>&amp;")
    run = compare(a, b, judge="longer", out=tmp_path / "run", store=tmp_path / "s.db")
    html = build_report([run.folder]).html
    page = Page(html)
    assert page.open == []
    assert [a for t, a in page.tags if t == "script" and "type" not in a] == [{}]
    assert {t for t, _ in page.tags}.isdisjoint({"img", "iframe", "b", "object"})
    for mark in (b"onerror", b"\x1b", "\u2028".encode(), "\u202e".encode()):
        assert mark not in html
    assert json.loads(page.texts["proof"])["runs"][0]["metrics"]["a"].startswith("</title>")
    shown = [row["case"]["responses"][0]["text"] for row in unpacked(page, "chunk-0-0")]  # type: ignore[attr-defined]
    assert shown == texts


def test_more_cases_than_a_chunk(tmp_path: Path) -> None:
    report = build_report([compared(tmp_path, 501).folder])
    assert [len(packed.chunks) for packed in report.cases] == [3]
    limited = build_report([tmp_path / "compared"], Options(limit_cases=3))
    assert (limited.cases[0].shown, limited.cases[0].cases) == (3, 501)
    assert limited.parts[0].sections[0] == report.parts[0].sections[0]


@pytest.mark.parametrize("name", ["additive", "jury", "pairwise", "rank"])
def test_recorded_runs_of_every_kind(name: str) -> None:
    page = Page(build_report([RECORDED / name]).html)
    assert page.open == []
    names = {a.get("id") for _, a in page.tags}
    assert "s-settings" in names
    assert ("s-position" in names) == (name in ("pairwise", "rank"))


@pytest.mark.parametrize("name", ["bench", "audit", "drift"])
def test_results_beside_runs(name: str) -> None:
    report = build_report([RECORDED / name])
    assert report.parts[0].sections
    assert Page(report.html).open == []


def test_several_runs_have_a_leaderboard_and_each_its_part(tmp_path: Path) -> None:
    folders = [compared(tmp_path).folder, ranked(tmp_path).folder, scored(tmp_path).folder]
    report = build_report(folders)
    assert report.parts[0].title == "Leaderboard"
    assert [s.name for s in report.parts[0].sections] == ["1-leaderboard", "1-heat-map"]
    assert len(report.parts) == 4
    names = [s.name for part in report.parts for s in part.sections]
    assert len(set(names)) == len(names)


def test_a_foreign_file_is_not_replaced(run: AnyRun, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("mine")
    report = build_report([run.folder])
    with pytest.raises(InputError, match="is no report, and would be replaced"):
        report.write(target)
    report.write(target, force=True)
    report.write(target)  # a report may be renewed
    assert target.read_bytes() == report.html


def test_a_damaged_run_makes_no_report(tmp_path: Path) -> None:
    run = compared(tmp_path, 3)
    rows = (run.folder / "outcomes.jsonl").read_text()
    (run.folder / "outcomes.jsonl").write_text(rows.replace('"winner":0', '"winner":1'))
    with pytest.raises(InputError, match="other bytes than were written"):
        build_report([run.folder])


def test_a_notebook_shows_it_in_a_frame_that_reaches_nothing(run: AnyRun) -> None:
    shown = run.report()._repr_html_()
    [(tag, attributes)] = Page(shown.encode()).tags
    assert (tag, attributes["sandbox"]) == ("iframe", "allow-scripts")
    assert (attributes["srcdoc"] or "").encode() == build_report([run.folder]).html
