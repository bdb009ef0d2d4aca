"""`--backend llm-blender` on texts whose first mark joins the marker before them."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from checkpoints import write_pairrm  # noqa: E402

from judgekit.models.blender import Blender  # noqa: E402
from judgekit.models.pairrm import PairRM  # noqa: E402

TEXTS = (
    *("\u0338x", "\u0323\u0338x", "\u0338", "\u0338\u0338 x", "\u0301abc", "\u20d2x"),
    *(
        "\u200dabc",
        "\ufe0fabc",
        "\u0345\u0338\u0301",
        "\u0338" + "long " * 600,
        "=\u0338",
        "\u0345\u0338\u0301",
    ),
)


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> tuple[PairRM, Blender]:
    folder = str(write_pairrm(tmp_path_factory.mktemp("pairrm"), hidden=64, layers=1))
    return PairRM.load(folder), Blender.load(folder, device="cpu")


@pytest.mark.parametrize("text", TEXTS)
def test_it_gives_the_native_logits(backends: tuple[PairRM, Blender], text: str) -> None:
    native, blender = backends
    pairs = [("p", text, "y"), (text, "x", "y"), ("p", "x", text), (text, text, text)]
    assert blender.logits(pairs) == pytest.approx(native.logits(pairs), abs=1e-4)


def test_it_ranks_them(backends: tuple[PairRM, Blender], here: Path) -> None:
    [ranks] = backends[1].rank(["p"], [["\u0338x", "y", "z"]])
    assert sorted(ranks) == [1, 2, 3]
