"""The curve: an SVG that stands alone and shows what was measured, whatever the numbers are."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.train.loop.curve import curve_svg, ticks

NAMES = ("step", "loss", "accuracy", "margin", "kl_chosen", "kl_rejected")
SVG = "{http://www.w3.org/2000/svg}"

values = st.none() | st.text(max_size=3) | st.floats() | st.integers(-(10**9), 10**9)
rows = st.lists(
    st.dictionaries(st.sampled_from(NAMES), values) | st.just({"heldout": True, "step": 1}),
    max_size=8,
)


def course(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"step": i, "loss": 1 / (i + 1), **more} for i in range(1, count + 1)]


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter(f"{SVG}text")]


@given(rows, st.text())
def test_anything_makes_a_whole_picture(found: list[dict[str, Any]], title: str) -> None:
    """Well-formed whatever is given; no number in it is no number."""
    title = "".join(c for c in title if c.isprintable())
    svg = curve_svg(found, title=title)
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    for node in root.iter(f"{SVG}path"):
        assert "nan" not in node.attrib["d"]
        assert "inf" not in node.attrib["d"]


@pytest.mark.parametrize(
    ("found", "panels"),
    [
        ([], []),
        (course(5), ["Loss"]),
        (course(5, accuracy=0.5, margin=0.1), ["Loss", "Reward accuracy", "Reward margin"]),
        ([{"step": 0, "heldout": True, "kl_chosen": 0.0}], ["KL per token"]),
        ([{"step": 0, "heldout": True, "kl": 0.0}], ["KL per token"]),
        ([{"step": 1, "loss": float("nan")}, {"step": 2, "loss": "x"}], []),
    ],
)
def test_a_panel_for_what_was_measured(found: list[dict[str, Any]], panels: list[str]) -> None:
    shown = texts(curve_svg(found))
    titles = ("Loss", "Reward accuracy", "Reward margin", "KL per token")
    assert [t for t in shown if t in titles] == panels
    assert ("no metrics" in shown) == (not panels)


def test_it_stands_alone_and_stays_small() -> None:
    svg = curve_svg(course(20_000, accuracy=0.7, margin=1.0))
    assert len(svg) < 20_000
    for outside in ("<script", "href", "url(", "<image"):
        assert outside not in svg


def test_a_long_course_is_averaged() -> None:
    """Not picked from: one step in ten that is high shows as a tenth everywhere."""
    found = [{"step": i, "loss": float(i % 10 == 0), "margin": 0.0} for i in range(9000)]
    paths = [p for p in ET.fromstring(curve_svg(found)).iter(f"{SVG}path") if "class" in p.attrib]
    heights = [float(y) for y in paths[0].attrib["d"][1:].replace("L", " ").split()[1::2]]
    assert len(heights) <= 90
    assert max(heights) - min(heights) < 0.5


def test_a_title_is_text() -> None:
    assert texts(curve_svg([], title="<b>&"))[0] == "<b>&"


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.0, 0.7), (3.0, 3.0), (-0.3, 512.0), (-7e-5, -6e-5)]
)
def test_ticks_are_evenly_apart_and_enclose(low: float, high: float) -> None:
    found = ticks(low, high, 4)
    assert found[0] <= low
    assert found[-1] >= high
    assert 3 <= len(found) <= 9
    steps = [b - a for a, b in pairwise(found)]
    assert steps == pytest.approx([steps[0]] * len(steps))


def test_ticks_are_round() -> None:
    assert ticks(0.0, 1.0, 4) == [0.0, 0.5, 1.0]
    assert ticks(-3.0, 11.0, 4) == [-5.0, 0.0, 5.0, 10.0, 15.0]
