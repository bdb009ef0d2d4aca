"""Progress in a notebook: one display, renewed in its place."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from judgekit.config.prices import Price
from judgekit.harness.tally import Tally
from judgekit.jobs.notebook_progress import Progress, kernel_display, notebook_progress


class Screen:
    """Keeps what is displayed, as a notebook's output area does."""

    def __init__(self) -> None:
        self.shown: list[Progress] = []

    def display(self, shown: Progress, *, display_id: bool) -> Screen:
        assert display_id
        assert not self.shown, "one display only"
        self.update(shown)
        return self

    def update(self, shown: Progress) -> None:
        self.shown.append(shown)


def test_it_moves_in_its_place_and_ends_at_the_end() -> None:
    screen = Screen()
    move = notebook_progress(Price(1.0, 2.0), display=screen.display)
    assert move is not None
    tally = Tally(trials=1000)
    for _ in range(1000):
        tally.add_judged("valid")
        move(tally)
    tally.add_judged("unparsed")
    tally.tokens_in, tally.calls_from_store = 2_000_000, 7
    move(tally)
    assert 2 <= len(screen.shown) < 100
    assert repr(screen.shown[-2]) == "1000 of 1000 judged"
    assert repr(screen.shown[-1]) == (
        "1001 of 1000 judged · $2.00 · 7 from the store · 1 without a verdict"
    )
    html = screen.shown[-1]._repr_html_()
    assert html.startswith('<progress value="1001" max="1000"></progress> 1001 of')
    assert "\x1b" not in html + repr(screen.shown[-1])


def test_no_trials_are_no_fault() -> None:
    assert 'max="1"' in Progress(0, 0, "")._repr_html_()


def ipython(monkeypatch: pytest.MonkeyPatch, shell: Any) -> Screen:
    """Stands in for an imported IPython, which is no dependency."""
    screen, package, display = Screen(), ModuleType("IPython"), ModuleType("IPython.display")
    package.get_ipython = lambda: shell  # type: ignore[attr-defined]
    display.display = screen.display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return screen


def test_it_shows_in_kernels_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert notebook_progress(None) is None
    for shell in (None, SimpleNamespace(), SimpleNamespace(kernel=None)):
        ipython(monkeypatch, shell)
        assert kernel_display() is None
    screen = ipython(monkeypatch, SimpleNamespace(kernel=object()))
    move = notebook_progress(None, done="answered", wanted="an answer")
    assert move is not None
    move(Tally(trials=3))
    assert [repr(shown) for shown in screen.shown] == ["0 of 3 answered"]
